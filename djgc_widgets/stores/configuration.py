"""DataJoint's configuration -> physical stores: places, not names."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import datajoint as dj
from datajoint.errors import DataJointError
from datajoint.storage import StorageBackend

from djgc_widgets.model import InputError, Naming, Notice, StoreInfo, StoreNames
from djgc_widgets.stores.addresses import same_places
from djgc_widgets.stores.file.store import FileStore
from djgc_widgets.stores.protocol import Store
from djgc_widgets.stores.remote import RemoteStore, remote_address
from djgc_widgets.stores.s3.store import S3Store

_DEFAULTS = ("default", "filepath_default")
_LAYOUT = {
    *("hash_prefix", "schema_prefix", "filepath_prefix", "partition_pattern"),
    *("subfolding", "token_length", "stage"),
}
_Place = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class OpenStores:
    """The stores of a scan, and what kept others from being opened."""

    names: StoreNames
    stores: tuple[Store, ...]
    problems: tuple[Notice, ...]


def open_stores(
    connections: Sequence[dj.Connection], wanted: Sequence[str] | None
) -> OpenStores:
    """Open the configured stores of a connection.

    Parameters
    ----------
    connections : sequence of datajoint.Connection
        The configuration of the first names the stores; those of the others tell what
        the rows of their servers mean by a name.
    wanted : sequence of str, optional
        Names of the stores to scan; all of the first connection's by default.

    Returns
    -------
    OpenStores
        Names that lead to one place are one store.

    Raises
    ------
    InputError
        If no store is configured or a wanted name is unknown.
    """
    configs = [_config(connection) for connection in connections]
    configured = _configured(configs[0])
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
    found = _Found()
    for server, config in enumerate(configs):
        for name in _configured(config):
            needed = not server and (wanted is None or name in wanted)
            found.add(server, name, config, needed=needed)
    scanned = [p for p, i in found.infos.items() if found.needed & set(i.aliases)]
    infos = tuple(found.infos[place] for place in scanned)
    rest = tuple(info for place, info in found.infos.items() if place not in scanned)
    same = same_places([*infos, *rest])
    servers = tuple(
        Naming(
            {
                name: found.infos[place].name
                for (number, name), place in found.places.items()
                if number == server
            },
            config.stores.get("default"),
            config.stores.get("filepath_default"),
            frozenset(name for number, name in found.broken if number == server),
        )
        for server, config in enumerate(configs)
    )
    others = {place: info.name for place, info in found.infos.items()}
    stores: list[Store] = []
    for place in scanned:
        info, spec = found.infos[place], found.specs[place]
        inside = {
            way.path: way.to_store
            for way in same
            if way.store == info.name and way.path
        }
        if info.protocol == "file":
            stores.append(FileStore(info, others, inside))
        else:
            kind = S3Store if info.protocol == "s3" else RemoteStore
            stores.append(kind(info, StorageBackend(spec), inside))
    return OpenStores(
        StoreNames(infos, servers, rest, same), tuple(stores), tuple(found.problems)
    )


@dataclass(slots=True)
class _Found:
    """The places that configured names lead to."""

    infos: dict[_Place, StoreInfo] = field(default_factory=dict)
    specs: dict[_Place, dict[str, Any]] = field(default_factory=dict)
    places: dict[tuple[int, str], _Place] = field(default_factory=dict)
    needed: set[str] = field(default_factory=set)
    broken: set[tuple[int, str]] = field(default_factory=set)
    problems: list[Notice] = field(default_factory=list)

    def add(self, server: int, name: str, config: Any, *, needed: bool) -> None:  # noqa: ANN401 - as below
        """Note where a name leads; that it leads nowhere matters if it is needed."""
        label = name if not server else f"{name} of server {server + 1}"
        try:
            spec = config.get_store_spec(name)
            info = _store_info(label, spec)
            if needed and info.protocol == "file":
                _expect_folder(spec["location"])
            place = _place(info)
        except (DataJointError, ImportError, OSError, ValueError) as error:
            self.broken.add((server, name))
            if needed:
                self.problems.append(_unopened(name, str(error)))
            return
        known = self.infos.get(place)
        if server:
            info = replace(info, aliases=())
        if known is not None and not _same_server(self.specs[place], spec):
            self.problems.append(_doubtful(known.name, name))
        self.infos[place] = info if known is None else _merged(known, info)
        self.specs.setdefault(place, spec)
        self.places[server, name] = place
        if needed:
            self.needed.add(label)


def _config(connection: dj.Connection) -> Any:  # noqa: ANN401 - DataJoint has no types
    # releases before 2.2 have one configuration for all connections
    return getattr(connection, "_config", dj.config)


def stores_of(connection: dj.Connection) -> dict[str, Any]:
    """Return what a connection's configuration says of stores."""
    return dict(_config(connection).stores)


def _configured(config: Any) -> list[str]:  # noqa: ANN401 - as above
    return [name for name in config.stores if name not in _DEFAULTS]


def _store_info(name: str, spec: dict[str, Any]) -> StoreInfo:
    protocol = str(spec["protocol"]).lower()
    if protocol == "file":
        spelt = str(spec["location"])
        address = _real_path(spelt)
        spellings = tuple(dict.fromkeys((address, spelt, str(Path(spelt).absolute()))))
    else:
        address, spellings = remote_address(StorageBackend(spec))
    hashes, schemas, users = (
        str(spec[f"{section}_prefix"] or "").strip("/")
        for section in ("hash", "schema", "filepath")
    )
    return StoreInfo(
        name,
        (name,),
        address,
        spellings,
        (hashes,),
        (schemas,),
        (users,) if users else (),
        protocol,
    )


def _real_path(location: str) -> str:
    """Follow every link, and take no error for the end of the way."""
    try:
        return os.path.realpath(location, strict=True)
    except FileNotFoundError:
        return os.path.realpath(location)  # what is needed there is asked for later


def _expect_folder(location: str | Path) -> None:
    if not Path(location).is_dir():
        raise OSError(f"expected a folder at {location}, which is not there")


def _same_server(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Tell whether equal paths are one place; a plugin's servers cannot be compared."""
    known = one["protocol"].lower() in {"file", "s3", "gcs", "azure"}
    differ = {
        key for key in one.keys() | other.keys() if one.get(key) != other.get(key)
    }
    return known or differ <= _LAYOUT


def _doubtful(first: str, second: str) -> Notice:
    return Notice(
        f"store {second}",
        f"it has the path of store {first} but other settings, and whether both are "
        "one place cannot be told",
        "Give both names the same settings, or name one place only once",
    )


def _unopened(name: str, why: str) -> Notice:
    return Notice(
        f"store {name}",
        f"{why}, so what it holds is not known",
        "Mount or create it or mend its entry in dj.config.stores, or name the stores "
        "to scan",
    )


def _merged(store: StoreInfo, other: StoreInfo) -> StoreInfo:
    """Return one store for two names of one place."""

    def both(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*first, *second)))

    return replace(
        store,
        aliases=both(store.aliases, other.aliases),
        spellings=both(store.spellings, other.spellings),
        hash_prefixes=both(store.hash_prefixes, other.hash_prefixes),
        schema_prefixes=both(store.schema_prefixes, other.schema_prefixes),
        filepath_prefixes=both(store.filepath_prefixes, other.filepath_prefixes),
    )


def _place(info: StoreInfo) -> _Place:
    """Identify a store; a folder by device and inode, since bind mounts have paths."""
    if info.protocol != "file":
        return info.protocol, info.address
    try:
        status = Path(info.address).stat()
    except FileNotFoundError:
        return ("file", info.address)
    return status.st_dev, status.st_ino
