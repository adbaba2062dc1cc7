"""Tell a slow answer from a server that fell silent, and end the wait for the latter.

A count over a large table may take an hour in which not a byte arrives, so no limit on
an answer is right. Instead the server is asked over another connection whether it
still works on ours.
"""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_MISSES = 2
"""One may be an answer that is on its way."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a server."""

    connect_seconds: int = 20
    """For it to accept a connection."""
    silent_seconds: float = 30
    """For a part of an answer, before it is asked whether it still works on it."""


PATIENCE = Patience()


@dataclass(slots=True)
class Wait:
    """The wait for one answer."""

    ended: threading.Event = field(default_factory=threading.Event)
    cut: bool = False
    """The server had fallen silent, so its connection was shut down."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    _is_ours: bool = False
    _was_ours: bool = False

    @contextmanager
    def ours(self) -> Iterator[None]:
        """Let what we do with a part of the answer be no silence of the server."""
        self._is_ours = self._was_ours = True
        try:
            yield
        finally:
            self._is_ours = False

    def was_ours(self) -> bool:
        """Return whether we have been at work since this was last asked."""
        was, self._was_ours = self._was_ours, self._is_ours
        return was


@contextmanager
def cut_if_silent(
    descriptor: int,
    seconds: float,
    works: Callable[[], bool],
    wait: Wait | None = None,
) -> Iterator[Wait]:
    """Shut a connection down if its server falls silent; its driver then raises.

    `works` is called, on another thread, whenever so many seconds have passed.
    """
    # a driver that starts TLS replaces its socket, but not the connection
    line = socket.socket(fileno=os.dup(descriptor))
    wait = wait or Wait()
    threading.Thread(target=_watch, args=(line, wait, seconds, works)).start()
    try:
        yield wait
    finally:
        with wait.lock:
            wait.ended.set()


def _is_true(works: Callable[[], bool]) -> bool:
    """Ask; a question that fails is no sign of life, and must not end the watch."""
    try:
        return works()
    except Exception:  # noqa: BLE001 - whatever a driver raises; the wait then ends
        return False


def _watch(
    line: socket.socket, wait: Wait, seconds: float, works: Callable[[], bool]
) -> None:
    with line:
        misses = 0
        while misses < _MISSES:
            if wait.ended.wait(seconds):
                return
            misses = 0 if wait.was_ours() or _is_true(works) else misses + 1
        with wait.lock:
            if not wait.ended.is_set():
                wait.cut = True
                line.shutdown(socket.SHUT_RDWR)
