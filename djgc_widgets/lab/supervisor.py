"""Run a server until the parent process ends, then remove its folder.

Run as a script with its orders as one line of JSON on standard input; the end of that
pipe is the end of the parent, for whatever reason. Imports the standard library
only, and starts without the rest of the package.
"""

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

ENDED = "ended"
"""Name of the file that says that the server ended before its parent."""

STOP_SECONDS = 20
"""How long a server may take to stop before it is killed."""

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def run_supervisor() -> None:
    """Supervise a server."""
    signal.signal(signal.SIGTERM, _end_once)
    _set_process_option(_PR_SET_CHILD_SUBREAPER, 1)
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
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the folder has to go
        _kill_descendants()
        shutil.rmtree(folder)


def _end_once(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)


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

    try:
        _wait_for_parent(server, folder / ENDED)
    finally:
        server.send_signal(orders["stop"])
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_for_parent(server: subprocess.Popen[bytes], ended: Path) -> None:
    """Wait until the parent ends; note if the server ends before it."""
    changed, wakeup = os.pipe()
    os.set_blocking(wakeup, False)
    signal.set_wakeup_fd(wakeup)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    parent = sys.stdin.fileno()
    while True:
        if server.poll() is not None:
            ended.touch()
        ready, _, _ = select.select([parent, changed], [], [])
        if parent in ready:
            return
        os.read(changed, 4096)


def _kill_descendants() -> None:
    """End whatever the server left behind: it would still write to the folder.

    On Linux its orphans are children of this process, whatever their process group.
    """
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    while True:
        for child in children.read_text().split() if children.exists() else ():
            os.kill(int(child), signal.SIGKILL)
        try:
            os.wait()
        except ChildProcessError:
            return


def _die_with_parent() -> None:
    _set_process_option(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _set_process_option(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value)


if __name__ == "__main__":
    run_supervisor()
