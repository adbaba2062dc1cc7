"""DataJoint's configuration -> physical stores: locations, not names."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import datajoint as dj
from datajoint.errors import DataJointError
from datajoint.storage import StorageBackend

from djgc_widgets.model import (
    InputError,
    Naming,
    Notice,
    NoticeCode,
    SameFolder,
    StoreInfo,
    StoreNames,
    in_store,
)
from djgc_widgets.stores.bucket.store import BucketStore
from djgc_widgets.stores.cloud.store import AzureStore, GoogleStore
from djgc_widgets.stores.file.store import FileStore
from djgc_widgets.stores.mounts_and_links import same_folders
from djgc_widgets.stores.plugin.store import PluginStore
from djgc_widgets.stores.protocol import Store
from djgc_widgets.stores.remote import base_path, remote_address
from djgc_widgets.stores.s3.store import S3Store, lists_alike

_DEFAULTS = ("default", "filepath_default")
_LAYOUT = {
    *("hash_prefix", "schema_prefix", "filepath_prefix", "partition_pattern"),
    *("subfolding", "token_length", "stage"),
}
_KINDS: dict[str, type[BucketStore]] = {
    "s3": S3Store,
    "gcs": GoogleStore,
    "azure": AzureStore,
}
_COMPARABLE = {"file", *_KINDS}
_Location = tuple[object, ...]
"""What identifies a location: device and inode of a folder, or protocol and address."""


@dataclass(frozen=True, slots=True)
class OpenStores:
    """The stores of a scan, and why others could not be opened."""

    names: StoreNames
    stores: tuple[Store, ...]
    problems: tuple[Notice, ...]


def open_stores(
    connections: Sequence[dj.Connection], wanted: Sequence[str] | None
) -> OpenStores:
    """Open the stores that the first connection configures, or those of them wanted.

    Names that lead to one location are one store. The other connections say what the
    rows of their servers mean by a name.

    Raises
    ------
    InputError
        If no store is configured or a wanted name is unknown.
    """
    configs = [_connection_config(connection) for connection in connections]
    _expect_configured(wanted, _configured_names(configs[0]))
    locations = _ConfiguredLocations()
    for server, config in enumerate(configs):
        for name in _configured_names(config):
            needed = not server and (wanted is None or name in wanted)
            locations.add(server, name, config, needed=needed)
    names = locations.store_names(configs)
    # whoever dates files back, as the demo does, cannot set the dates of their inodes
    made_up = bool(getattr(connections[0], "made_up_dates", False))
    stores = tuple(
        locations.open(info, names.same, made_up=made_up) for info in names.stores
    )
    return OpenStores(names, stores, tuple(locations.problems))


def stores_of(connection: dj.Connection) -> dict[str, Any]:
    """Return what a connection's configuration says about stores."""
    return dict(_connection_config(connection).stores)


def _expect_configured(wanted: Sequence[str] | None, configured: list[str]) -> None:
    if not configured:
        raise InputError(
            "Expected at least one object store in dj.config.stores; got none. "
            "Configure one."
        )
    unknown = [name for name in wanted or () if name not in configured]
    if unknown:
        raise InputError(
            f"Expected names of configured stores ({', '.join(sorted(configured))}); "
            f"got {', '.join(unknown)}. "
            "Correct the name, or add the store to dj.config.stores."
        )


@dataclass(slots=True)
class _ConfiguredLocations:
    """The locations that configured names lead to."""

    infos: dict[_Location, StoreInfo] = field(default_factory=dict)
    specs: dict[_Location, dict[str, Any]] = field(default_factory=dict)
    named: dict[tuple[int, str], _Location] = field(default_factory=dict)
    """Location of each name, by the position of its server."""
    needed: set[str] = field(default_factory=set)
    broken: set[tuple[int, str]] = field(default_factory=set)
    problems: list[Notice] = field(default_factory=list)

    def add(self, server: int, name: str, config: Any, *, needed: bool) -> None:  # noqa: ANN401 - DataJoint has no types
        """Note where a name leads; that it leads nowhere matters if it is needed."""
        label = name if not server else f"{name} of server {server + 1}"
        try:
            spec = config.get_store_spec(name)
            info = _store_info(label, spec)
            if needed and info.protocol == "file":
                _expect_configured_folder(spec["location"])
            location = _store_location(info)
        except (DataJointError, ImportError, OSError, ValueError) as error:
            self.broken.add((server, name))
            if needed:
                self._problem(NoticeCode.STORE_UNOPENED, name, error=str(error))
            return
        known = self.infos.get(location)
        if server:
            info = replace(info, aliases=())
        if known is not None and not _is_one_location(self.specs[location], spec):
            self._problem(NoticeCode.STORE_AMBIGUOUS, name, other=known.name)
        self.infos[location] = info if known is None else _merge_stores(known, info)
        self.specs.setdefault(location, spec)
        self.named[server, name] = location
        if needed:
            self.needed.add(label)

    def store_names(self, configs: Sequence[Any]) -> StoreNames:
        """Return the needed stores, the others, and what each server calls them."""
        needed: list[StoreInfo] = []
        others: list[StoreInfo] = []
        for info in self.infos.values():
            (needed if self.needed & set(info.aliases) else others).append(info)
        servers = tuple(
            self._naming_of_server(n, config) for n, config in enumerate(configs)
        )
        same = same_folders([*needed, *others])
        return StoreNames(tuple(needed), servers, tuple(others), same)

    def open(
        self, info: StoreInfo, same: Sequence[SameFolder], *, made_up: bool
    ) -> Store:
        """Open a store, which leaves out what is listed as part of another one."""
        location = next(key for key, each in self.infos.items() if each is info)
        inside = {
            folder.path: folder.to_store
            for folder in same
            if folder.store == info.name and folder.path
        }
        if info.protocol == "file":
            others = {key: each.name for key, each in self.infos.items()}
            return FileStore(info, others, inside, made_up=made_up)
        kind = _KINDS.get(info.protocol, PluginStore)
        return kind(info, StorageBackend(self.specs[location]), inside)

    def _naming_of_server(self, server: int, config: Any) -> Naming:  # noqa: ANN401 - as above
        names = {
            name: self.infos[location].name
            for (number, name), location in self.named.items()
            if number == server
        }
        broken = frozenset(name for number, name in self.broken if number == server)
        default, of_filepaths = map(config.stores.get, _DEFAULTS)
        return Naming(names, default, of_filepaths, broken)

    def _problem(self, code: NoticeCode, name: str, **values: object) -> None:
        self.problems.append(Notice(code, in_store(name), values))


def _connection_config(connection: dj.Connection) -> Any:  # noqa: ANN401 - as above
    # releases before 2.2 have one configuration for all connections
    return getattr(connection, "_config", dj.config)


def _configured_names(config: Any) -> list[str]:  # noqa: ANN401 - as above
    return [name for name in config.stores if name not in _DEFAULTS]


def _store_info(name: str, spec: dict[str, Any]) -> StoreInfo:
    protocol = str(spec["protocol"]).lower()
    if protocol == "file":
        given = str(spec["location"])
        address = _real_path(given)
        spellings = tuple(dict.fromkeys((address, given, str(Path(given).absolute()))))
    else:
        address, spellings = remote_address(StorageBackend(spec))
    hashes, schemas, users = (
        str(spec[f"{section}_prefix"] or "").strip("/")
        for section in ("hash", "schema", "filepath")
    )
    own = (users,) if users else ()
    return StoreInfo(
        name, (name,), address, spellings, (hashes,), (schemas,), own, protocol
    )


def _real_path(location: str) -> str:
    """Follow every link; what cannot be followed is an error, unless it is missing."""
    try:
        return os.path.realpath(location, strict=True)
    except FileNotFoundError:
        return os.path.realpath(location)  # a needed folder is checked later


def _expect_configured_folder(location: str | Path) -> None:
    if not Path(location).is_dir():
        raise OSError(f"expected a folder at {location}, which does not exist")


def _is_one_location(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Return whether two settings with equal addresses certainly mean one location."""
    if not _settings_comparable(one, other):
        return False
    protocol = one["protocol"].lower()
    if protocol == "file":
        return True
    backends = StorageBackend(one), StorageBackend(other)
    # keys that differ in their slashes are different keys, though not on every server
    if len(set(map(base_path, backends))) == 1:
        return True
    return protocol == "s3" and lists_alike(*backends)


def _settings_comparable(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Return whether equal paths are one location: servers of an adapter may differ."""
    keys = one.keys() | other.keys()
    differing = {key for key in keys if one.get(key) != other.get(key)}
    return one["protocol"].lower() in _COMPARABLE or differing <= _LAYOUT


def _merge_stores(store: StoreInfo, other: StoreInfo) -> StoreInfo:
    """Return one store for two names of one location."""
    prefixes = ("hash_prefixes", "schema_prefixes", "filepath_prefixes")
    both: dict[str, Any] = {
        name: tuple(dict.fromkeys((*getattr(store, name), *getattr(other, name))))
        for name in ("aliases", "spellings", *prefixes)
    }
    return replace(store, **both)


def _store_location(info: StoreInfo) -> _Location:
    """Identify a store; a folder by device and inode, since bind mounts have paths."""
    if info.protocol != "file":
        return info.protocol, info.address
    try:
        status = Path(info.address).stat()
    except FileNotFoundError:
        return ("file", info.address)
    return status.st_dev, status.st_ino
