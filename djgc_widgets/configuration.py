"""DataJoint's configuration -> physical stores: places, not names."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import datajoint as dj
from datajoint.errors import DataJointError

from djgc_widgets.listing import nested_store
from djgc_widgets.model import InputError, Notice, StoreInfo, StoreNames
from djgc_widgets.stores import FileStore

_DEFAULTS = ("default", "filepath_default")


@dataclass(frozen=True, slots=True)
class OpenStores:
    """The stores of a scan, and what kept others from being opened."""

    names: StoreNames
    stores: tuple[FileStore, ...]
    problems: tuple[Notice, ...]


def open_stores(connection: dj.Connection, wanted: Sequence[str] | None) -> OpenStores:
    """Open the configured stores of a connection.

    Parameters
    ----------
    connection : datajoint.Connection
        Its configuration names the stores.
    wanted : sequence of str, optional
        Names of the stores to scan; all by default.

    Returns
    -------
    OpenStores
        Names that lead to one place are one store.

    Raises
    ------
    InputError
        If no store is configured or a wanted name is unknown.
    """
    # releases before 2.2 have one configuration for all connections
    config = getattr(connection, "_config", dj.config)
    configured = [name for name in config.stores if name not in _DEFAULTS]
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
    found: dict[tuple[int, int], StoreInfo] = {}
    problems: list[Notice] = []
    for name in configured:
        try:
            info = _store_info(name, config.get_store_spec(name))
            place = _identity(info.address)
        except (DataJointError, OSError) as error:
            if wanted is None or name in wanted:
                problems.append(_unopened(name, str(error)))
            continue
        same = found.setdefault(place, info)
        if same is not info:
            found[place] = _merged(same, info)
            if _layout(same) != _layout(info):
                why = f"store {same.name} is the same folder with other prefixes"
                problems.append(_unopened(name, why))
    infos = [
        i for i in found.values() if wanted is None or set(i.aliases) & set(wanted)
    ]
    problems.extend(_nested(found))
    others = {place: info.name for place, info in found.items()}
    scanned = {alias for info in infos for alias in info.aliases}
    default, filepath_default = (config.stores.get(key) for key in _DEFAULTS)
    names = StoreNames(
        tuple(infos), default, filepath_default, frozenset(configured) - scanned
    )
    return OpenStores(
        names, tuple(FileStore(info, others) for info in infos), tuple(problems)
    )


def _store_info(name: str, spec: dict[str, Any]) -> StoreInfo:
    if spec["protocol"] != "file":
        raise OSError(
            f"expected a store of protocol 'file', got {spec['protocol']!r}, which is "
            "not supported yet"
        )
    location = os.path.realpath(spec["location"])
    if not Path(location).is_dir():
        raise OSError(f"expected a folder at {spec['location']}, which is not there")
    prefixes = {
        key: (spec[key] or "").strip("/")
        for key in ("hash_prefix", "schema_prefix", "filepath_prefix")
    }
    spelt = str(spec["location"])
    spellings = tuple(dict.fromkeys((location, spelt, str(Path(spelt).absolute()))))
    return StoreInfo(name, (name,), location, spellings, **prefixes)


def _unopened(name: str, why: str) -> Notice:
    return Notice(
        f"store {name}",
        f"{why}, so what it holds is not known",
        "Mount or create it or mend its entry in dj.config.stores, or name the stores "
        "to scan",
    )


def _merged(store: StoreInfo, other: StoreInfo) -> StoreInfo:
    """Return one store for two names of one place."""
    return replace(
        store,
        aliases=(*store.aliases, *other.aliases),
        spellings=tuple(dict.fromkeys((*store.spellings, *other.spellings))),
    )


def _layout(store: StoreInfo) -> tuple[str, str, str]:
    return store.hash_prefix, store.schema_prefix, store.filepath_prefix


def _identity(folder: str | Path) -> tuple[int, int]:
    """Identify a folder by device and inode: bind mounts have many paths for one."""
    status = Path(folder).stat()
    return status.st_dev, status.st_ino


def _nested(stores: Mapping[tuple[int, int], StoreInfo]) -> list[Notice]:
    """Name the stores that lie inside another one, however the way there is spelt."""
    return [
        nested_store(inner.name, stores[outer].name)
        for place, inner in stores.items()
        for outer in map(_identity, Path(inner.address).parents)
        if outer in stores and outer != place
    ]
