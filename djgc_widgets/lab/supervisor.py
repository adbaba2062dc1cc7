"""Run a server until the parent process ends, then remove its folder.

Run as a script with its orders as one line of JSON on standard input; the end of that
pipe is the end of the parent, for whatever reason. Imports the standard library
only, and starts without the rest of the package.
"""

import ctypes
import json
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

ENDED = "ended"
"""Name of the file that says that the server ended before its parent."""

STOP_SECONDS = 20
"""How long a server may take to stop before it is killed."""

_PR_SET_PDEATHSIG = 1


def run_supervisor() -> None:
    """Supervise a server."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    orders = json.loads(sys.stdin.buffer.readline())
    folder = Path(orders["folder"])
    common: dict[str, Any] = {
        "cwd": folder,
        "env": orders["environment"],
        "stdin": subprocess.DEVNULL,
        "stderr": subprocess.STDOUT,
    }
    if orders["account"]:
        uid, gid = orders["account"]
        common |= {"user": uid, "group": gid, "extra_groups": []}
    try:
        with (folder / "log").open("ab") as log:
            _run_server(orders, {**common, "stdout": log}, folder)
    finally:
        shutil.rmtree(folder)


def _run_server(orders: dict[str, Any], common: dict[str, Any], folder: Path) -> None:
    try:
        for command in orders["setup"]:
            subprocess.run(command, check=True, **common)  # noqa: S603 - our parent's
        server = subprocess.Popen(  # noqa: S603 - our parent's
            orders["serve"],
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - no thread has started yet
            **common,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        common["stdout"].write(f"{error}\n".encode())
        common["stdout"].flush()
        (folder / ENDED).touch()
        sys.stdin.buffer.read()  # the parent reads the log before it goes
        return

    def report_end() -> None:
        server.wait()
        if folder.exists():
            (folder / ENDED).touch()

    threading.Thread(target=report_end, daemon=True).start()
    try:
        sys.stdin.buffer.read()
    finally:
        server.send_signal(orders["stop"])
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    run_supervisor()
