"""The vocabulary: statuses, sections, problems, progress, stores and tables."""

from dataclasses import dataclass
from enum import StrEnum


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
