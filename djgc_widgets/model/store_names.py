"""What stores are called, and which places that means."""

from collections.abc import Mapping
from dataclasses import dataclass


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
        Physical address: the real path of a folder, or protocol, endpoint, bucket and
        key of an object store.
    spellings : tuple of str
        Every configured spelling of the address, its own included.
    hash_prefixes, schema_prefixes : tuple of str
        Sections of the store, without outer slashes; may be empty. Names of one place
        may differ in them, and rows tell of former ones.
    filepath_prefixes : tuple of str
        Where users keep the files of ``<filepath@>``; none when unrestricted.
    protocol : str
        Of the store's configuration.
    """

    name: str
    aliases: tuple[str, ...]
    address: str
    spellings: tuple[str, ...] = ()
    hash_prefixes: tuple[str, ...] = ("_hash",)
    schema_prefixes: tuple[str, ...] = ("_schema",)
    filepath_prefixes: tuple[str, ...] = ()
    protocol: str = "file"


@dataclass(frozen=True, slots=True)
class Naming:
    """How one database server's rows name stores.

    Parameters
    ----------
    stores : mapping of str to str
        For each configured name the name of its physical store.
    default, filepath_default : str or None
        Configured names of the default stores.
    broken : frozenset of str
        Configured names of which it cannot be told where they lead.
    """

    stores: Mapping[str, str]
    default: str | None = None
    filepath_default: str | None = None
    broken: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SamePlace:
    """A folder that is also reached another way: a nested store, a mount, a link.

    Parameters
    ----------
    store, path : str
        The way that is not listed.
    to_store, to_path : str
        The way under which its content is listed; an empty path is a store's root.
    """

    store: str
    path: str
    to_store: str
    to_path: str


@dataclass(frozen=True, slots=True)
class StoreNames:
    """Which places a recorded store and path may stand for.

    Parameters
    ----------
    stores : tuple of StoreInfo
        The stores that are scanned.
    servers : tuple of Naming
        One per database server; the first is that of the scanned schemas, and names
        that another one does not know are looked up there.
    elsewhere : tuple of StoreInfo
        Known stores that this scan leaves out.
    same : tuple of SamePlace
        Places of these stores that are reached in several ways.
    """

    stores: tuple[StoreInfo, ...]
    servers: tuple[Naming, ...]
    elsewhere: tuple[StoreInfo, ...] = ()
    same: tuple[SamePlace, ...] = ()

    @property
    def known(self) -> list[str]:
        """Names of all known stores; their positions number them in keys."""
        return [store.name for store in (*self.stores, *self.elsewhere)]
