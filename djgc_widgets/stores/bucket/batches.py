"""Objects dealt with together, by several threads, until nothing more may be moved."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

from djgc_widgets.stores.pinned_objects import PinnedObject
from djgc_widgets.stores.protocol import Stopped

_BATCH_FILES = 1_000
WORKERS = 32
"""Requests at once."""

_ASK_SECONDS = 0.05

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Instead = TypeVar("Instead")


class StoppedError(OSError):
    """A request was not made, since nothing more may be moved."""


def batches(
    objects: Iterable[PinnedObject],
) -> Iterator[tuple[list[PinnedObject], Executor]]:
    """Yield objects of about 1,000 files at a time, and threads to work on them."""
    batch: list[PinnedObject] = []
    n_files = 0
    with ThreadPoolExecutor(WORKERS) as pool:
        for pinned in objects:
            batch.append(pinned)
            n_files += len(pinned.files)
            if n_files >= _BATCH_FILES:
                yield batch, pool
                batch, n_files = [], 0
        if batch:
            yield batch, pool


def each_until(
    stopped: Stopped,
    pool: Executor,
    function: Callable[[Item], Answer],
    items: Iterable[Item],
    instead: Instead,
) -> Iterator[Answer | Instead]:
    """Call a function for each item; once stopped, give `instead` and do not call it.

    `stopped` is asked on this thread, the function is called on others.
    """
    halt = threading.Event()

    def answer(item: Item) -> Answer | Instead:
        return instead if halt.is_set() else function(item)

    if stopped():
        halt.set()
    try:
        for future in [pool.submit(answer, item) for item in items]:
            while not future.done():
                wait([future], _ASK_SECONDS)  # a copy may take minutes
                if stopped():
                    halt.set()
            yield future.result()
    finally:
        halt.set()


def pages_of(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield so many items at a time."""
    rest = iter(items)
    while page := list(islice(rest, size)):
        yield page
