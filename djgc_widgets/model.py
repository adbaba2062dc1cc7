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


class InputError(ValueError):
    """The caller asked for what cannot be done; nothing was read or changed."""


class SweepRefusedError(RuntimeError):
    """A sweep or restore was refused as a whole; nothing was moved."""


class Cancelled(Exception):  # noqa: N818 - a request by the user, not an error
    """Raised out of a progress callback to stop the work at the next page."""


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
    """

    place: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}. {self.remedy}."


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work has come; passed to progress callbacks once per page."""

    step: str
    done: int
    total: int | None = None


ProgressCallback = Callable[[Progress], None]
"""Called once per page from the working thread; may raise `Cancelled` to stop."""


def no_progress(_: Progress) -> None:
    """Ignore progress."""


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """A physical store: one place, whatever number of names lead to it.

    Parameters
    ----------
    name : str
        The first configured name of this place; frames carry it.
    aliases : tuple of str
        Every configured name of this place.
    address : str
        Physical address, for example the real path of a folder.
    spellings : tuple of str
        Every configured spelling of the address, its own included.
    hash_prefix, schema_prefix : str
        Sections of the store, without outer slashes; may be empty.
    filepath_prefix : str
        Where users keep the files of ``<filepath@>``; empty when unrestricted.
    """

    name: str
    aliases: tuple[str, ...]
    address: str
    spellings: tuple[str, ...] = ()
    hash_prefix: str = "_hash"
    schema_prefix: str = "_schema"
    filepath_prefix: str = ""


@dataclass(frozen=True, slots=True)
class StoreNames:
    """Which store a recorded name stands for.

    Parameters
    ----------
    stores : tuple of StoreInfo
        The stores that are scanned.
    default, filepath_default : str or None
        Names of the configured default stores.
    unscanned : frozenset of str
        Configured names that this scan leaves out.
    """

    stores: tuple[StoreInfo, ...]
    default: str | None = None
    filepath_default: str | None = None
    unscanned: frozenset[str] = frozenset()


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
