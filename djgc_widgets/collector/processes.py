"""Whether a process of this machine has ended: only the kernel's own word counts.

A process that cannot be seen may be there all the same: in another container, on
another machine, or hidden by how ``/proc`` is mounted.
"""

import os
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")
_ENDED = {"Z", "X"}


class _Seen(NamedTuple):
    state: str
    n_threads: int
    started: str
    """In ticks since boot."""


def own_process() -> str:
    """Identify this process beyond its number; empty if that is not possible."""
    here, seen = _machine(), _seen(os.getpid())
    return f"{here}/{os.getpid()}/{seen.started}" if here and seen else ""


def has_ended(pid: int, process: str) -> bool:
    """Return whether a process has certainly ended.

    Parameters
    ----------
    pid : int
        Its number.
    process : str
        What `own_process` returned in it.
    """
    here = f"{_machine()}/{pid}/"
    if here.startswith("/") or not process.startswith(here):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # it belongs to another account
    seen = _seen(pid)
    if seen is None:
        return False
    ended = seen.state in _ENDED and seen.n_threads <= 1
    return ended or process != f"{here}{seen.started}"


def _machine() -> str:
    """Identify what process numbers and times belong to; empty if that is not known."""
    try:
        if os.readlink(_PROC / "self") != str(os.getpid()):  # noqa: PTH115 - a text
            return ""  # the processes of another namespace
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii")
        spaces = [str((_PROC / "self/ns" / n).readlink()) for n in ("pid", "time")]
    except OSError:
        return ""
    return "/".join([boot.strip(), *spaces])


def _seen(pid: int) -> _Seen | None:
    """Look at a process; None if it cannot be seen."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, *rest = text.rpartition(")")[2].split()
    return _Seen(state, int(rest[16]), rest[18])
