"""Requests that are made again while a server is busy, and none of them is forgotten.

The libraries repeat requests by themselves, and tell of the last answer only. A
deletion whose first answer was lost may still be carried out, whatever comes next.
"""

import errno
import time
from collections.abc import Callable
from random import random
from typing import Any, TypeVar

from djgc_widgets.stores.bucket.protocol import ChangedError, RefusedError

BUSY = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses after which the same may be asked again."""

_PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
_Answer = TypeVar("_Answer")


class BusyError(OSError):
    """The server did not say what it did; it may be asked again."""


def repeat_nothing(session: Any) -> None:  # noqa: ANN401 - of aiohttp, which may be absent
    """Let a session repeat no request whose connection ended, as it does by itself."""
    session._retry_connection = False  # noqa: SLF001 - aiohttp has no public switch


def until_answered(ask: Callable[[], _Answer]) -> _Answer:
    """Ask until there is an answer, with growing pauses.

    `RefusedError` is raised only if no earlier request may still be carried out, or if
    its condition never holds again.
    """
    lost = False
    for pause in _PAUSES_SECONDS:
        try:
            return _ask(ask, lost=lost)
        except BusyError:
            lost = True
            time.sleep(pause * (0.5 + random()))  # noqa: S311 - no secret
    return _ask(ask, lost=lost)


def _ask(ask: Callable[[], _Answer], *, lost: bool) -> _Answer:
    try:
        return ask()
    except ChangedError:
        raise
    except RefusedError as error:
        if lost:
            raise OSError(errno.EIO, error.strerror) from None
        raise
