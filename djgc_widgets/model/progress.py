"""How far a piece of work has come."""

from collections.abc import Callable
from dataclasses import dataclass

from djgc_widgets.model.codes import Step
from djgc_widgets.model.messages import STEPS


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work has come; passed to progress callbacks once per page."""

    step: Step
    """What is being done."""
    done: int = 0
    """Files, values or objects that are dealt with."""
    total: int | None = None
    """How many there are; None where that is not known yet."""
    size_bytes: int | None = None
    """Bytes of the files that were listed so far."""
    part: int = 0
    """Which store column is being read; 0 elsewhere."""
    parts: int = 0
    """Of how many."""
    subject: str = ""
    """The store that is listed, or the column that is read."""

    def __str__(self) -> str:
        return STEPS[self.step].format(subject=self.subject)


ProgressCallback = Callable[[Progress], None]
"""Called once per page from the working thread; may raise `Cancelled` to stop."""


def no_progress(_: Progress) -> None:
    """Ignore progress."""
