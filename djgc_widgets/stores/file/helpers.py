"""Processes that list folders at the same time."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from selectors import EVENT_READ, DefaultSelector
from typing import BinaryIO, Self, cast

from djgc_widgets.stores.file import folder_pages
from djgc_widgets.stores.file.folder_pages import Page, receive, send

_MOST = 8
_MOST_FOLDERS = 1_000
"""That a process is asked for at once."""


def n_helpers() -> int:
    """Return how many processes list a large store at the same time; 0 if none can."""
    # a program that has Python in it must not be started again
    is_python = os.path.basename(sys.executable or "").startswith("python")  # noqa: PTH119 - it may be None
    if os.name != "posix" or not is_python or getattr(sys, "frozen", False):
        return 0
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return min(cores, _MOST) if cores > 1 else 0


class Helpers:
    """Processes that list folders below a root; they end with the ``with`` block."""

    def __init__(self, root: bytes, count: int) -> None:
        self._root = root
        self._all: list[_Helper] = []
        with suppress(OSError):  # those that could be started have to do
            for _ in range(count):
                self._all.append(_Helper())

    def pages(self, waiting: list[bytes]) -> Iterator[Page]:
        """Yield what folders have; whoever is given a page may let more of them wait.

        What a process was asked for that ended by itself waits again.

        Raises
        ------
        ChildProcessError
            If it ended after it had told a part.
        """
        idle = [*self._all]
        with DefaultSelector() as busy:
            while busy.get_map() or (waiting and idle):
                while waiting and idle:
                    share = len(waiting) // (2 * len(self._all)) + 1
                    first = max(len(waiting) - min(share, _MOST_FOLDERS), 0)
                    helper = idle.pop()
                    busy.register(helper.told, EVENT_READ, helper)
                    helper.ask(self._root, waiting[first:])
                    del waiting[first:]
                for key, _ in busy.select():
                    helper = key.data
                    try:
                        page, is_more = helper.answer()
                    except EOFError:
                        busy.unregister(helper.told)
                        waiting.extend(helper.unlisted)
                        continue
                    if not is_more:
                        busy.unregister(helper.told)
                        idle.append(helper)
                    yield page

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for helper in self._all:
            helper.end()


class _Helper:
    """One of these processes."""

    def __init__(self) -> None:
        telling, to_tell = os.pipe()
        self.told: BinaryIO = open(telling, "rb", buffering=0)  # noqa: SIM115, PTH123 - until it ends
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-I", "-S", folder_pages.__file__, str(to_tell)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,  # what else starts with Python may print
                bufsize=0,
                pass_fds=[to_tell],
                start_new_session=True,  # whoever interrupts means us
            )
        except BaseException:
            self.told.close()
            raise
        finally:
            os.close(to_tell)
        self._asked = cast("BinaryIO", self._process.stdin)
        self.unlisted: list[bytes] = []
        """Folders that it was asked for and has told nothing of."""

    def ask(self, root: bytes, folders: list[bytes]) -> None:
        """Let it list folders below a root."""
        self.unlisted = folders
        with suppress(BrokenPipeError):  # it ended, as its answer says
            send(self._asked, (root, folders))

    def answer(self) -> tuple[Page, bool]:
        """Return the next page of what it lists, and whether there are more.

        Raises
        ------
        EOFError
            If it ended before it told anything of it.
        ChildProcessError
            If it ended later.
        """
        try:
            page, is_more = receive(self.told)
        except EOFError:
            if self.unlisted:
                raise
            code = self._process.wait()
            what = f"the process that listed folders ended with code {code}"
            raise ChildProcessError(what) from None
        self.unlisted = []
        return page, is_more

    def end(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.communicate()
        self.told.close()
