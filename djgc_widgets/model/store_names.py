"""What stores are called, and which locations that means."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """A physical store: one location, whatever number of names lead to it."""

    name: str
    """The first configured name of this location; frames carry it."""
    aliases: tuple[str, ...]
    """Every configured name of this location."""
    address: str
    """The real path of a folder, or server, bucket and key of an object store."""
    spellings: tuple[str, ...] = ()
    """Every configured spelling of the address, its own included."""
    hash_prefixes: tuple[str, ...] = ("_hash",)
    """Of the section, without outer slashes; may be empty. Names of one location may
    differ in them, and rows reveal former ones."""
    schema_prefixes: tuple[str, ...] = ("_schema",)
    filepath_prefixes: tuple[str, ...] = ()
    """Where users keep the files of ``<filepath@>``; none when unrestricted."""
    protocol: str = "file"


@dataclass(frozen=True, slots=True)
class Naming:
    """What the rows of one database server mean by the name of a store."""

    stores: Mapping[str, str]
    """For each configured name the name of its physical store."""
    default: str | None = None
    filepath_default: str | None = None
    broken: frozenset[str] = frozenset()
    """Configured names whose location is not known."""


@dataclass(frozen=True, slots=True)
class SameFolder:
    """A folder with two paths: a nested store, a mount, a link."""

    store: str
    """Store of the path that is not listed."""
    path: str
    to_store: str
    """Store of the path under which its content is listed."""
    to_path: str
    """Empty for the root of that store."""


@dataclass(frozen=True, slots=True)
class StoreNames:
    """Which locations a recorded store and path may mean."""

    stores: tuple[StoreInfo, ...]
    """The stores that are scanned."""
    servers: tuple[Naming, ...]
    """One per database server. The first is that of the scanned schemas; names that
    another one does not know are looked up there."""
    elsewhere: tuple[StoreInfo, ...] = ()
    """Known stores that this scan leaves out."""
    same: tuple[SameFolder, ...] = ()
    """Folders of these stores that have several paths."""

    @property
    def all_stores(self) -> tuple[StoreInfo, ...]:
        """Every known store, scanned or not."""
        return (*self.stores, *self.elsewhere)

    @property
    def known(self) -> list[str]:
        """Names of all known stores; their positions number them in keys."""
        return [store.name for store in self.all_stores]
