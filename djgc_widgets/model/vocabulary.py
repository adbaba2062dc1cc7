"""Sections, states, kinds of files, tables, and what an account sees."""

from dataclasses import dataclass
from enum import StrEnum


class Section(StrEnum):
    """The parts of a store that DataJoint itself fills."""

    HASH = "hash"
    SCHEMA = "schema"


class State(StrEnum):
    """Whether the object that a row refers to is in its store."""

    PRESENT = "present"
    MISSING = "missing"
    UNKNOWN = "unknown"
    """It was not listed, and could not be looked at either."""


class FileKind(StrEnum):
    """What an entry is; only plain files can ever be swept."""

    FILE = "file"
    SYMLINK = "symlink"
    SPECIAL = "special"
    UNUSUAL_KEY = "unusual key"
    UNLISTED = "unlisted"
    """The rest of a live folder that was not listed: its row says how much it is."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What an account sees of the servers."""

    hidden: frozenset[str] = frozenset()
    """Servers, databases, schemas and tables that it does not see completely."""
    schemas: frozenset[str] = frozenset()
    """Schemas that it sees."""

    def lost_since(self, before: "Sight") -> list[str]:
        """Return what was seen before and may only be hidden now."""
        lost = self.hidden - before.hidden
        if self.hidden:  # otherwise what is no longer seen is no longer there
            lost |= before.schemas - self.schemas
        return sorted(lost)


@dataclass(frozen=True, slots=True)
class SchemaNames:
    """The names of the schemas of all servers."""

    every: frozenset[str] = frozenset()
    caseless: frozenset[str] = frozenset()
    """Those of servers on which case does not count: DataJoint's paths keep the case
    that a program gave, the server need not."""

    def on_server(self, name: str) -> str:
        """Return how the server calls a schema; the name as it is if it has none."""
        if name in self.every:
            return name
        alike = (known for known in self.caseless if known.lower() == name.lower())
        return min(alike, default=name)


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
