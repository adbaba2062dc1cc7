"""The sources of the panel's script, beside the packages that build and test it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).parents[2] / "djgc_widgets/panel/frontend"
PACKAGES = Path(sys.prefix, "frontend/node_modules")
_SECONDS = 600


class Frontend:
    """A copy of the sources, from which tools of npm run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "frontend"
        left_out = shutil.ignore_patterns("node_modules")
        shutil.copytree(SOURCES, self.folder, ignore=left_out)
        (self.folder / "node_modules").symlink_to(PACKAGES)

    def run(self, tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a tool, and return its outcome."""
        return subprocess.run(  # noqa: S603 - ours
            [PACKAGES / ".bin" / tool, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )


class Page:
    """The page's end of the wire, in Node; each step says what it did."""

    def __init__(self, frontend: Frontend) -> None:
        script = frontend.folder / "driver.mjs"
        built = frontend.run(
            *("esbuild", "test/driver.ts", "--bundle", "--platform=node"),
            *("--format=esm", f"--outfile={script}"),
        )
        assert built.returncode == 0, built.stderr
        self._node = subprocess.Popen(  # noqa: S603 - ours
            [shutil.which("node") or "nodejs", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def step(self, do: str, **more: Any) -> dict[str, Any]:
        """Let the page do something."""
        assert self._node.stdin is not None
        assert self._node.stdout is not None
        self._node.stdin.write(json.dumps({"do": do, **more}) + "\n")
        self._node.stdin.flush()
        done: dict[str, Any] = json.loads(self._node.stdout.readline())
        return done

    def close(self) -> None:
        """End Node."""
        self._node.kill()
        self._node.communicate()
