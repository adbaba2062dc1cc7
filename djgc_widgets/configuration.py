"""DataJoint's configuration -> physical stores: places, not names."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import datajoint as dj
from datajoint.errors import DataJointError

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
    found: dict[str, StoreInfo] = {}
    problems: list[Notice] = []
    for name in configured:
        try:
            info = _store_info(name, config.get_store_spec(name))
        except (DataJointError, OSError) as error:
            if wanted is None or name in wanted:
                problems.append(_unopened(name, str(error)))
            continue
        same = found.get(info.address)
        if same and (same.hash_prefix, same.schema_prefix) != (
            info.hash_prefix,
            info.schema_prefix,
        ):
            problems.append(
                _unopened(
                    name, f"store {same.name} is the same folder with other prefixes"
                )
            )
        found[info.address] = (
            replace(same, aliases=(*same.aliases, name)) if same else info
        )
    infos = [
        i for i in found.values() if wanted is None or set(i.aliases) & set(wanted)
    ]
    problems.extend(_nested(list(found.values())))
    scanned = {alias for info in infos for alias in info.aliases}
    default, filepath_default = (config.stores.get(key) for key in _DEFAULTS)
    names = StoreNames(
        tuple(infos), default, filepath_default, frozenset(configured) - scanned
    )
    return OpenStores(names, tuple(FileStore(info) for info in infos), tuple(problems))


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
    return StoreInfo(name, (name,), location, **prefixes)


def _unopened(name: str, why: str) -> Notice:
    return Notice(
        f"store {name}",
        f"{why}, so what it holds is not known",
        "Mount or create it or mend its entry in dj.config.stores, or name the stores "
        "to scan",
    )


def _nested(infos: list[StoreInfo]) -> list[Notice]:
    return [
        Notice(
            f"store {inner.name}",
            f"it lies inside store {outer.name}, and objects of one would be taken for "
            "objects of the other",
            "Move one of them; nested stores cannot be scanned yet",
        )
        for outer in infos
        for inner in infos
        if inner.address.startswith(f"{outer.address.rstrip('/')}/")
    ]
