"""The demo as a user starts it, and a real Chromium on it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, expect, sync_playwright
from unprivileged import open_folder

_LIMIT_SECONDS = 120
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclass(slots=True)
class Demo:
    url: str
    folder: Path
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def stores(self) -> dict[str, Path]:
        (folder,) = self.folder.glob("djgc-postgresql-*/lab/stores")
        return {path.name: path for path in folder.iterdir()}

    def watch(self, page: Page) -> None:
        """Note what the page asks of other machines, and what it complains about."""

        def note(request: Request) -> None:
            parts = urlsplit(request.url)
            if parts.scheme not in {"data", "blob"} and parts.hostname != "127.0.0.1":
                self.foreign.append(request.url)

        page.on("request", note)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console",
            lambda said: (
                self.errors.append(said.text) if said.type == "error" else None
            ),
        )


@pytest.fixture
def demo() -> Iterator[Demo]:
    """The demo, started by its command, in a temporary folder of its own."""
    with open_folder() as folder:
        folder.chmod(0o711)
        process = subprocess.Popen(
            [sys.executable, "-m", "djgc_widgets.cli", "demo", "--no-browser"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(folder)},
            start_new_session=True,
        )
        try:
            assert process.stdout is not None
            yield Demo(process.stdout.readline().strip(), folder)
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=_LIMIT_SECONDS)


@pytest.fixture
def page(demo: Demo, chromium: str) -> Iterator[Page]:
    """A page on the demo; fails the test if it leaves the machine or complains."""
    expect.set_options(timeout=_LIMIT_SECONDS * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_ARGUMENTS)
        page = browser.new_page(
            viewport={"width": 1360, "height": 1700}, color_scheme="light"
        )
        page.set_default_timeout(_LIMIT_SECONDS * 1000)
        demo.watch(page)
        page.goto(demo.url)
        yield page
        browser.close()
    assert demo.foreign == []
    assert demo.errors == []


@pytest.fixture
def pictures(pytestconfig: pytest.Config, tmp_path: Path) -> Path:
    """Where pictures go: those that the README shows, or a temporary folder."""
    renew = pytestconfig.getoption("--pictures")
    return Path(__file__).parent / "pictures" if renew else tmp_path
