"""The journal of a sweep: what was planned and done, as records in the store's trash.

A record is input like any other when it is read: its version and checksum are checked,
and every path in it, before anything is done with any of them.
"""

import hashlib
import json
import os
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from getpass import getuser
from typing import Any, TypeVar

import pandas as pd

from djgc_widgets.model import (
    MANIFEST_SUFFIX,
    SWEEP_ID,
    TRASH_FOLDER,
    SweepRefusedError,
    is_plain_path,
    trash_of,
)
from djgc_widgets.stores import Identity, Parcel, SweepableStore, reason_of

RESULT = "result"
OWNER = f"{TRASH_FOLDER}/owner.json"
_FORMAT = "djgc-journal 1"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan of a sweep, as its journal has it.

    Parameters
    ----------
    sweep_id : str
        Name of the sweep's folder.
    created_at : datetime
        Aware UTC time at which the sweep began.
    account, host : str
        Who ran it, and where.
    servers : mapping of str to str
        Identifiers and addresses of the database servers whose rows were read.
    parcels : tuple of Parcel
        What was to be moved.
    """

    sweep_id: str
    created_at: datetime
    account: str
    host: str
    servers: Mapping[str, str]
    parcels: tuple[Parcel, ...]

    @property
    def owners(self) -> dict[str, Parcel]:
        """The object that each path and each file belongs to."""
        files = {name: parcel for parcel in self.parcels for name in parcel.files}
        return files | {parcel.path: parcel for parcel in self.parcels}


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal of one sweep in one store.

    Parameters
    ----------
    store : SweepableStore
        The store.
    sweep_id : str
        Name of the sweep's folder in the trash.
    """

    store: SweepableStore
    sweep_id: str

    def write_plan(
        self,
        now: datetime,
        servers: Mapping[str, str],
        acknowledged: Iterable[str],
        parcels: Iterable[Parcel],
    ) -> None:
        """Write what is about to be moved; synced before this returns."""
        objects = [
            {"path": p.path, "schema": p.schema, "files": dict(p.files)}
            for p in parcels
        ]
        self._write(
            "plan",
            created_at=now.isoformat(),
            account=account_name(),
            host=socket.gethostname(),
            pid=os.getpid(),
            servers=dict(servers),
            acknowledged=sorted(acknowledged),
            objects=objects,
        )

    def write_outcome(self, name: str, now: datetime, rows: pd.DataFrame) -> None:
        """Write what was done, or is about to be deleted.

        Parameters
        ----------
        name : str
            Of the record: ``result``, or another for what came later.
        now : datetime
            Aware UTC time.
        rows : DataFrame
            A frame of the receipt schema, of this store.
        """
        objects = rows.drop(columns=["store", "sweep_id"]).to_dict("records")
        self._write(name, written_at=now.isoformat(), objects=objects)

    def read_plan(self) -> Planned:
        """Read and check what was planned.

        Raises
        ------
        SweepRefusedError
            If it cannot be read, was altered, or names anything that no sweep moves;
            then nothing of it may be used.
        """
        place = f"{trash_of(self.sweep_id)}/plan.json"
        try:
            return _checked(self.store, place, self._planned)
        except FileNotFoundError:
            raise SweepRefusedError(
                f"Expected a sweep of store {self.store.info.name}; "
                f"{self.sweep_id!r} is none. Trash(...).sweeps lists them."
            ) from None

    def _planned(self, told: Mapping[str, Any]) -> Planned:
        if told["sweep_id"] != self.sweep_id:
            raise ValueError(f"it is that of sweep {told['sweep_id']!r}")
        created_at = datetime.fromisoformat(told["created_at"])
        if created_at.tzinfo is None:
            raise ValueError("its time has no zone")
        servers = {str(k): str(v) for k, v in told["servers"].items()}
        parcels = tuple(self._parcel(entry) for entry in told["objects"])
        if len({parcel.path for parcel in parcels}) < len(parcels):
            raise ValueError("it names an object twice")
        return Planned(
            self.sweep_id,
            created_at,
            str(told["account"]),
            str(told["host"]),
            servers,
            parcels,
        )

    def _parcel(self, entry: Mapping[str, Any]) -> Parcel:
        path, files = entry["path"], entry["files"]
        for name in (path, *files):
            if not isinstance(name, str) or not is_plain_path(name):
                raise ValueError(f"{name!r} leaves the store")
            if f"{name}/".startswith(f"{TRASH_FOLDER}/"):
                raise ValueError(f"{name!r} is in the trash itself")
        own = (path, f"{path}{MANIFEST_SUFFIX}")
        strange = [f for f in files if f not in own and not f.startswith(f"{path}/")]
        if strange or not files:
            raise ValueError(f"{path!r} does not hold {strange or 'anything'}")
        pins = {name: _identity(pin) for name, pin in files.items()}
        return Parcel(path, pins, self.sweep_id, str(entry["schema"]))

    def _write(self, name: str, **content: object) -> None:
        told = {"sweep_id": self.sweep_id, **content}
        self.store.write(f"{trash_of(self.sweep_id)}/{name}.json", _sealed(told))


def _identity(pin: list[Any]) -> Identity:
    size, modified, inode, etag = pin
    if not all(type(n) is int for n in (size, modified, inode)) or size < 0:
        raise ValueError(f"{pin!r} is no identity of a file")
    return Identity(size, modified, inode, str(etag))


def read_owners(store: SweepableStore) -> Mapping[str, str]:
    """Return identifiers and addresses of the servers for which a store was swept.

    Raises
    ------
    SweepRefusedError
        If the record cannot be read or was altered.
    """
    try:
        return _checked(store, OWNER, _owners)
    except FileNotFoundError:
        return {}


def write_owners(
    store: SweepableStore, now: datetime, servers: Mapping[str, str]
) -> None:
    """Record for which servers a store is swept."""
    told = {"since": now.isoformat(), "servers": dict(servers)}
    store.write(OWNER, _sealed(told))


def is_sweep_id(text: str) -> bool:
    """Tell whether a name is one that sweeps have."""
    return SWEEP_ID.fullmatch(text) is not None


def account_name() -> str:
    """Return who runs this process."""
    try:
        return getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"  # an account without a name, as in containers


def _owners(told: Mapping[str, Any]) -> Mapping[str, str]:
    return {str(k): str(v) for k, v in told["servers"].items()}


def _sealed(content: Mapping[str, object]) -> bytes:
    record = {"format": _FORMAT, "checksum": _checksum(content), "content": content}
    return json.dumps(record, separators=(",", ":")).encode()


def _unsealed(data: bytes) -> Mapping[str, Any]:
    record = json.loads(data)
    if record["format"] != _FORMAT:
        raise ValueError(f"its format is {record['format']!r}")
    content: Mapping[str, Any] = record["content"]
    if record["checksum"] != _checksum(content):
        raise ValueError("its checksum does not fit")
    return content


def _checksum(content: Mapping[str, object]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _checked(
    store: SweepableStore, path: str, use: Callable[[Mapping[str, Any]], _T]
) -> _T:
    """Read a record, check it whole, and make what it says of it."""
    place = f"{path} of store {store.info.name}"
    try:
        data = store.read(path)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise SweepRefusedError(
            f"{place} could not be read ({reason_of(error)}). See that the store "
            "answers and this account may read its trash."
        ) from error
    try:
        return use(_unsealed(data))
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise SweepRefusedError(
            f"Expected a record of this program in {place}; got one that it did not "
            f"write, or that was altered ({reason_of(error)}), so nothing of it is "
            "used. Look at the folder by hand."
        ) from error
