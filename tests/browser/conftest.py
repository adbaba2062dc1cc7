"""The demo as a user starts it, a real Chromium, and a notebook per journey in it."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, Request, expect, sync_playwright
from playwright.sync_api import TimeoutError as Late
from services import Services
from unprivileged import open_folder
from waiting import wait_for

from djgc_widgets.lab.demo_lab import LAB_VARIABLE, DemoLab, attach_lab
from djgc_widgets.lab.jupyterlab import NotebookServer
from djgc_widgets.lab.server import EmbeddedServer, free_port

_LIMIT_SECONDS = 120
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
_TRIES = 12
_AXE = Path(sys.prefix) / "axe/node_modules/axe-core/axe.min.js"
_SHOWN = {
    *("objects-wide-light", "plan-wide-dark", "overview-wide-dark"),
    *("objects-narrow-light", "trash-wide-light", "missing-wide-light"),
    *("references-wide-light", "problems-wide-light", "second-opinion-wide-light"),
}
"""Pictures of the README and of the documentation."""
_SERIOUS = {"serious", "critical"}
HOSTS = ("lab", "notebook", "voila", "marimo")
HABITS = {  # what a page without a panel asks of other machines, or complains about
    "lab": ("Could not restore the debugger state",),
    "notebook": ("reading 'schema'", "'filebrowser:open-path' not registered"),
    "voila": (
        "/@fortawesome/",
        "/mathjax/",
        "net::ERR_NAME_NOT_RESOLVED",  # these two
        "The getter for the shared module",
        "403 (Forbidden)",  # as it shuts the kernel of a page down that is left
    ),
}
in_every_host = pytest.mark.parametrize("host", HOSTS, indirect=True)
PANEL = """\
from djgc_widgets import GCPanel, open_lab
lab = open_lab()
panel = GCPanel(lab.schema)
panel.show()
"""


_MARIMO = """\
import marimo
app = marimo.App(width="full")
@app.cell
def _():
    from djgc_widgets import GCPanel, open_lab
    lab = open_lab()
    panel = GCPanel(lab.schema)
    panel
    return
"""
_BUSY = "while True: pass"


@dataclass(slots=True)
class Demo:
    """The running demo: its address, its token, its folder, and that of marimo."""

    url: str
    folder: Path
    marimo: str = ""

    @property
    def lab_folder(self) -> Path:
        (folder,) = self.folder.glob("djgc-postgresql-*/lab")
        return folder

    @property
    def server(self) -> NotebookServer:
        (folder,) = self.folder.glob("djgc-jupyter-*")
        parts = urlsplit(self.url)
        token = parts.query.removeprefix("token=")
        server = EmbeddedServer(folder, parts.port or 0, "", token)
        return NotebookServer(server, self.notebooks)

    @property
    def notebooks(self) -> Path:
        return self.lab_folder / "notebooks"

    @property
    def stores(self) -> dict[str, Path]:
        return {path.name: path for path in (self.lab_folder / "stores").iterdir()}

    def end_kernels(self) -> None:
        """End the kernels of notebooks that nobody looks at any more.

        Each holds connections to the database, which are not many.
        """
        server = self.server
        for kernel in server.request("kernels"):
            request = urllib.request.Request(  # noqa: S310 - loopback
                f"{server.address}/api/kernels/{kernel['id']}",
                headers={"Authorization": f"token {server.server.password}"},
                method="DELETE",
            )
            try:
                urllib.request.urlopen(request, timeout=_LIMIT_SECONDS).close()  # noqa: S310
            except HTTPError as error:
                assert error.code == HTTPStatus.NOT_FOUND  # Voila has ended it  # noqa: PT017

    def address(self, frontend: str, notebook: str) -> str:
        if frontend == "marimo":
            return self.marimo
        parts = urlsplit(self.url)
        page = {
            "lab": f"lab/workspaces/{Path(notebook).stem}/tree",  # opens nothing else
            "notebook": "notebooks",
            "voila": "voila/render",
        }
        root = f"{parts.scheme}://{parts.netloc}"
        return f"{root}/{page[frontend]}/{notebook}?{parts.query}"


@dataclass(slots=True)
class Journey:
    """A page on a notebook of its own."""

    page: Page
    demo: Demo
    dark: bool = False
    frontend: str = "lab"
    notebook: str = ""
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def panel(self) -> Locator:
        return self.page.locator(".djgc")

    @property
    def file(self) -> Path:
        return self.demo.notebooks / self.notebook

    def watch(self) -> None:
        def note(request: Request) -> None:
            parts = urlsplit(request.url)
            if parts.scheme not in {"data", "blob"} and parts.hostname != "127.0.0.1":
                self.foreign.append(request.url)

        self.page.on("request", note)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console",
            lambda message: (
                self.errors.append(message.text) if message.type == "error" else None
            ),
        )

    def open(self, name: str, *cells: str, frontend: str = "lab") -> None:
        """Write a notebook, run it on its kernel and open it; Voila runs it itself.

        marimo has an app of its own, with the panel alone.
        """
        self.frontend, self.notebook = frontend, f"{name}.ipynb"
        content = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in (cells or (PANEL,))],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(content, self.file)
        if frontend in {"lab", "notebook"}:
            self.demo.server.execute(self.notebook)
        address = self.demo.address(frontend, self.notebook)
        theme = "&theme=dark" if self.dark and frontend == "voila" else ""
        self.page.goto(f"{address}{theme}")

    def run_all(self) -> None:
        """Run the cells again, from the page that shows them."""
        prompt = self.page.locator(".jp-InputArea-prompt").first
        before = prompt.inner_text()
        self.choose("Run", "Run All Cells")
        expect(prompt).not_to_have_text(before)
        expect(prompt).to_have_text(re.compile(r"\d"))

    def choose(self, menu: str, entry: str) -> None:
        wanted = self.page.get_by_role("menuitem", name=entry, exact=True)
        for _ in range(_TRIES):  # a menu closes when the page is still being built
            self.page.get_by_role("menuitem", name=menu, exact=True).click()
            try:
                return wanted.click(timeout=5000)
            except Late:
                self.page.keyboard.press("Escape")
        return pytest.fail(f"the menu {menu} does not stay open")

    def ready(self) -> None:
        """Wait until the kernel answers the page, and the first scan is shown."""
        expect(self.live).to_be_attached()
        expect(self.card("Referenced")).to_contain_text("544 objects")

    @property
    def live(self) -> Locator:
        """The panel, once its kernel has answered this page."""
        return self.page.locator(".djgc[data-connection=live]")

    def grid(self, table: str = "objects") -> Locator:
        return self.panel.locator(f".djgc-list[data-table={table}]")

    def status(self, table: str = "objects") -> Locator:
        """What a list says below its rows."""
        return self.grid(table).locator(".djgc-foot [role=status]")

    def card(self, label: str) -> Locator:
        return self.panel.locator(".djgc-card", has_text=label)

    @property
    def basket(self) -> Locator:
        return self.panel.locator(".djgc-basket")

    @property
    def confirmation(self) -> Locator:
        return self.panel.locator(".djgc-plan")

    @property
    def receipt(self) -> Locator:
        return self.panel.locator(".djgc-receipt")

    def tab(self, name: str) -> None:
        self.panel.get_by_role("tab", name=name).click()

    def press(self, label: str) -> None:
        self.panel.get_by_role("button", name=label, exact=True).click()

    def violations(self) -> list[str]:
        """Return what axe-core calls serious in the panel."""
        self.page.add_script_tag(path=_AXE)
        result: dict[str, Any] = self.page.evaluate(
            "axe.run('.djgc', {resultTypes: ['violations']})"
        )
        return [
            f"{each['id']}: {[node['html'][:200] for node in each['nodes']]}"
            for each in result["violations"]
            if each["impact"] in _SERIOUS
        ]


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def marimo(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An app of marimo with the panel, beside the notebooks of the demo."""
    folder = tmp_path_factory.mktemp("marimo")
    (folder / "panel.py").write_text(_MARIMO)
    port = free_port()
    process = subprocess.Popen(  # noqa: S603 - ours
        [
            *(sys.executable, "-m", "marimo", "-q", "run", str(folder / "panel.py")),
            *("--headless", "--no-token", "--port", str(port), "--host", "127.0.0.1"),
        ],
        cwd=demo.notebooks,
        env={**os.environ, LAB_VARIABLE: str(demo.lab_folder), "HOME": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def answers() -> bool:
        assert process.poll() is None, "marimo has ended"
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_for(answers)
        demo.marimo = f"http://127.0.0.1:{port}/"
        yield
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def host(request: pytest.FixtureRequest) -> str:
    """Where a journey goes; `in_every_host` names them."""
    name: str = request.param
    if name == "marimo":
        request.getfixturevalue("marimo")
    return name


@pytest.fixture
def load() -> Iterator[None]:
    """Two processes that do nothing, all the time."""
    command = [sys.executable, "-c", _BUSY]
    busy = [subprocess.Popen(command) for _ in range(2)]  # noqa: S603 - ours
    yield
    for process in busy:
        process.kill()
        process.wait()


@pytest.fixture
def lab(demo: Demo) -> Iterator[DemoLab]:
    """The demo's lab, for what a journey does behind the panel's back."""
    with attach_lab(demo.lab_folder) as lab:
        yield lab


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    expect.set_options(timeout=_LIMIT_SECONDS * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path, args=_ARGUMENTS
        )
        yield browser
        browser.close()


@pytest.fixture
def start(browser: Browser, demo: Demo) -> Iterator[Callable[..., Journey]]:
    """Begin a journey; it fails if the panel leaves the machine or complains."""
    journeys: list[Journey] = []

    def begin(width: int = 1360, scheme: str = "light", height: int = 2200) -> Journey:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(_LIMIT_SECONDS * 1000)
        journey = Journey(context.new_page(), demo, dark=scheme == "dark")
        journey.watch()
        journeys.append(journey)
        return journey

    yield begin
    for journey in journeys:
        journey.page.context.close()
    demo.end_kernels()
    for journey in journeys:
        seen = [*journey.foreign, *journey.errors]
        own = HABITS.get(journey.frontend, ())
        assert [text for text in seen if not any(map(text.__contains__, own))] == []


@pytest.fixture
def journey(start: Callable[..., Journey]) -> Journey:
    return start()


@pytest.fixture(scope="session")
def axe(services: Services) -> None:
    """Fails or skips, as the services do, if axe-core was not installed."""
    if not _AXE.exists():
        services.miss("axe-core", f"npm ci --prefix {_AXE.parents[2]}")


@pytest.fixture
def shoot(
    pytestconfig: pytest.Config, tmp_path: Path
) -> Callable[[Journey, str], None]:
    """Take a picture of the panel; those of documents are renewed if asked for."""

    def shoot(journey: Journey, name: str) -> None:
        shown = pytestconfig.getoption("--pictures") and name in _SHOWN
        folder = Path(__file__).parent / "pictures" if shown else tmp_path
        journey.panel.screenshot(path=folder / f"{name}.png")

    return shoot
