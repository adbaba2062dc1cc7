"""Problems, warnings and progress, as values."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing a person should know: a problem (the scan is incomplete) or a warning.

    Parameters
    ----------
    place : str
        Where it is: a column, a table, a store's folder.
    message : str
        What was expected and what came.
    remedy : str
        What to do about it.

    Examples
    --------
    >>> from djgc_widgets import Notice
    >>> print(Notice("store raw", "the folder is gone", "Mount it"))
    store raw: the folder is gone. Mount it.
    """

    place: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}. {self.remedy}."


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work has come; passed to progress callbacks once per page.

    Parameters
    ----------
    step : str
        What is being done.
    done, total : int
        Files, values or objects; the total is None where nobody knows it yet.
    size_bytes : int, optional
        Bytes of the files that were listed so far.
    part, parts : int
        Which of how many store columns is being read; 0 elsewhere.

    Examples
    --------
    >>> from djgc_widgets import Progress, open_lab, scan
    >>> steps = []
    >>> with open_lab() as lab:
    ...     _ = scan(lab.schema, progress=steps.append)
    >>> all(isinstance(step, Progress) for step in steps), steps[-1].step
    (True, 'reconciling')
    """

    step: str
    done: int
    total: int | None = None
    size_bytes: int | None = None
    part: int = 0
    parts: int = 0


ProgressCallback = Callable[[Progress], None]
"""Called once per page from the working thread; may raise `Cancelled` to stop."""


def no_progress(_: Progress) -> None:
    """Ignore progress."""
