"""Progress over objects, and what may stop it between two of them."""

from collections.abc import Callable, Iterable, Iterator

from djgc_widgets.model import Cancelled, Progress, ProgressCallback, Step
from djgc_widgets.stores import PinnedObject, Result

Stops = Callable[[], Result | None]
"""Why nothing more may be done, if so."""


class Steps:
    """Reports progress over the objects of all stores, once before each object."""

    def __init__(self, step: Step, total: int, progress: ProgressCallback) -> None:
        self._step, self._total, self._progress = step, total, progress
        self._done = 0
        self._canceled: Cancelled | None = None

    def passing(
        self, objects: Iterable[PinnedObject], stops: Stops
    ) -> Iterator[PinnedObject]:
        """Pass objects on until something stops it."""
        for pinned in objects:
            if self._canceled is not None:
                raise self._canceled
            self._progress(Progress(self._step, self._done, self._total))
            self._done += 1
            if stops():
                return
            yield pinned

    def stopped(self, stops: Stops) -> bool:
        """Return whether nothing more may be moved of what was passed on already."""
        if self._canceled is None:
            try:
                self._progress(Progress(self._step, self._done, self._total))
            except Cancelled as canceled:
                self._canceled = canceled
        return self._canceled is not None or stops() is not None
