"""The vocabulary: statuses, sections, problems, progress, stores and tables."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

TRASH_FOLDER = "_trash"
"""Folder at a store's root that holds what was swept."""


class Status(StrEnum):
    """What the rows of the server say about a stored object."""

    LIVE = "live"
    ORPHAN = "orphan"
    YOUNG = "young"
    UNKNOWN = "unknown"


class Section(StrEnum):
    """The parts of a store that DataJoint itself fills."""

    HASH = "hash"
    SCHEMA = "schema"


class State(StrEnum):
    """Whether the object that a row refers to is in its store."""

    PRESENT = "present"
    MISSING = "missing"


class FileKind(StrEnum):
    """What an entry is; only plain files with a UTF-8 name can ever be swept."""

    FILE = "file"
    SYMLINK = "symlink"
    SPECIAL = "special"
    UNREADABLE_NAME = "unreadable name"
    UNUSUAL_KEY = "unusual key"


class InputError(ValueError):
    """The caller asked for what cannot be done; nothing was read or changed.

    Examples
    --------
    >>> from djgc_widgets import InputError, scan
    >>> try:
    ...     scan("lab_ephys")
    ... except InputError as error:
    ...     print(str(error)[:62])
    Expected a datajoint Schema or Connection; got str 'lab_ephys'
    """


class SweepRefusedError(RuntimeError):
    """A sweep or restore was refused as a whole; nothing was moved.

    Examples
    --------
    >>> from djgc_widgets import SweepRefusedError, open_lab, scan
    >>> with open_lab() as lab:
    ...     s = scan(lab.schema)
    ...     plan = s.plan(s.orphans.query("store == 'derived'"))
    ...     try:
    ...         plan.sweep()
    ...     except SweepRefusedError:
    ...         print("some doubts have to be acknowledged by name")
    some doubts have to be acknowledged by name
    """


class Cancelled(Exception):  # noqa: N818 - a request by the user, not an error
    """Raised out of a progress callback to stop the work at the next page.

    Examples
    --------
    >>> from djgc_widgets import Cancelled, open_lab, scan
    >>> def stop(progress):
    ...     raise Cancelled
    >>> with open_lab() as lab:
    ...     try:
    ...         scan(lab.schema, progress=stop)
    ...     except Cancelled:
    ...         print("stopped within a page")
    stopped within a page
    """


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


@dataclass(frozen=True, slots=True)
class Sight:
    """What an account sees of the servers.

    Parameters
    ----------
    hidden : frozenset of str
        Places of which it does not see everything.
    schemas : frozenset of str
        Schemas that it sees.
    """

    hidden: frozenset[str] = frozenset()
    schemas: frozenset[str] = frozenset()

    def lost_since(self, before: "Sight") -> list[str]:
        """Name what was seen before and may only be hidden now."""
        lost = self.hidden - before.hidden
        if self.hidden:  # otherwise what is no longer seen is no longer there
            lost |= before.schemas - self.schemas
        return sorted(lost)


@dataclass(frozen=True, slots=True)
class TableInfo:
    """A base table of the server, as its catalog describes it."""

    schema: str
    name: str
    attributes: tuple[str, ...]
    primary_key: tuple[str, ...]

    @property
    def full_name(self) -> str:
        """Schema and table, as shown to people."""
        return f"{self.schema}.{self.name}"


def is_plain_path(path: str) -> bool:
    """Tell whether a path stays below the folder it is relative to.

    True for a non-empty relative POSIX path without empty, ``.`` or ``..`` segments.
    """
    return (
        bool(path)
        and "\0" not in path
        and not any(s in {"", ".", ".."} for s in path.split("/"))
    )


def parent_of(path: str) -> str:
    """Return the folder of a relative path; the empty string at the root."""
    return path.rpartition("/")[0]
