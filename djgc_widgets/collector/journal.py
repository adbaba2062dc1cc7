"""The journal of a sweep: what was planned and done, as records in the store's trash.

A record is input like any other when it is read: its format, checksum and types are
checked, and every path in it, before anything is done with any of them.
"""

import errno
import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from getpass import getuser
from typing import Annotated, Self

import pandas as pd
from pydantic import AwareDatetime, Field, model_validator

from djgc_widgets.collector.records import Record, altered_record, read_record, seal
from djgc_widgets.collector.sightings import (
    SightingRecord,
    addresses_of,
    sighting_record,
    sightings_of,
)
from djgc_widgets.model import (
    MANIFEST_SUFFIX,
    TRASH_FOLDER,
    Sighting,
    SweepRefusedError,
    as_text,
    is_plain_path,
    trash_of,
)
from djgc_widgets.stores import FileIdentity, FolderRights, PinnedObject, Store

RESULT = "result"


_Size = Annotated[int, Field(ge=0)]
_AccountNumber = Annotated[int, Field(ge=0, lt=2**32 - 1)]


class _JournaledObject(Record):
    path: str
    schema_name: str = Field(alias="schema")
    files: Annotated[dict[str, tuple[_Size, int, int, str]], Field(min_length=1)]

    @model_validator(mode="after")
    def _stays_in_its_folder(self) -> Self:
        for name in (self.path, *self.files):
            if not is_plain_path(name):
                raise ValueError(f"{name!r} leads out of the store")
            if f"{name}/".startswith(f"{TRASH_FOLDER}/"):
                raise ValueError(f"{name!r} is in the trash itself")
        own = (self.path, f"{self.path}{MANIFEST_SUFFIX}")
        for name in self.files:
            if name not in own and not name.startswith(f"{self.path}/"):
                raise ValueError(f"{name!r} is no file of {self.path!r}")
        return self


class _JournaledFolder(Record):
    mode: Annotated[int, Field(ge=0, le=0o7777)]
    uid: _AccountNumber
    gid: _AccountNumber


class Planned(Record):
    """The plan of a sweep, as its journal has it."""

    sweep_id: str
    created_at: AwareDatetime
    """When the sweep began."""
    account: str
    host: str
    servers: dict[str, str]
    """Identifiers and addresses of the database servers whose rows were read."""
    seen: list[SightingRecord] = Field(default=[], alias="sightings")
    """How they looked; none in journals of version 0.1."""
    recorded: list[_JournaledObject] = Field(alias="objects")
    folders: dict[str, _JournaledFolder] = Field(default_factory=dict)
    """Rights of the folders that objects were in, where they differ from those of the
    folder above; former versions did not record them."""

    @cached_property
    def objects(self) -> tuple[PinnedObject, ...]:
        """What was to be moved."""
        folders = {
            path: FolderRights(each.mode, each.uid, each.gid)
            for path, each in self.folders.items()
        }
        return tuple(
            PinnedObject(
                each.path,
                {name: FileIdentity(*pin) for name, pin in each.files.items()},
                self.sweep_id,
                each.schema_name,
                folders,
            )
            for each in self.recorded
        )

    @property
    def sightings(self) -> tuple[Sighting, ...]:
        """How the database servers looked whose rows were read."""
        if self.seen:
            return tuple(each.value() for each in self.seen)
        return tuple(sightings_of(self.servers))

    @property
    def owners(self) -> dict[str, PinnedObject]:
        """The object that each path and each file belongs to."""
        files = {name: pinned for pinned in self.objects for name in pinned.files}
        return files | {pinned.path: pinned for pinned in self.objects}

    @model_validator(mode="after")
    def _names_each_object_once(self) -> Self:
        if len({each.path for each in self.recorded}) < len(self.recorded):
            raise ValueError("it names an object twice")
        return self


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal of one sweep in one store."""

    store: Store
    sweep_id: str
    """Name of the sweep's folder in the trash."""

    def write_plan(
        self,
        now: datetime,
        servers: Sequence[Sighting],
        acknowledged: Iterable[str],
        objects: Iterable[PinnedObject],
        folders: Mapping[str, FolderRights],
    ) -> None:
        """Write what is about to be moved; synced before this returns."""
        self._write(
            "plan",
            created_at=now.isoformat(),
            account=account_name(),
            host=host_name(),
            pid=os.getpid(),
            servers=addresses_of(servers),
            sightings=[sighting_record(each) for each in servers],
            acknowledged=sorted(acknowledged),
            objects=[
                {"path": p.path, "schema": p.schema, "files": dict(p.files)}
                for p in objects
            ],
            folders={path: rights._asdict() for path, rights in folders.items()},
        )

    def write_outcome(
        self,
        name: str,
        now: datetime,
        rows: pd.DataFrame,
        acknowledged: Iterable[str] = (),
    ) -> None:
        """Write what was done, or is about to be done: rows of the receipt schema.

        If the store is too full for the rows, the record goes without them: that it is
        there says what has begun and what has ended.
        """
        own = rows.drop(columns=["store", "sweep_id"]).astype(object)
        objects = own.where(own.notna(), None).to_dict("records")
        lifted, when = sorted(acknowledged), now.isoformat()
        try:
            self._write(name, written_at=when, acknowledged=lifted, objects=objects)
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                raise
            self._write(name, written_at=when, acknowledged=lifted, objects=[])

    def read_plan(self) -> Planned:
        """Read and check what was planned.

        If it cannot be read, was altered, or names anything that no sweep moves,
        `SweepRefusedError` is raised, and nothing of it may be used.
        """
        path = f"{trash_of(self.sweep_id)}/plan.json"
        try:
            planned = read_record(self.store, path, Planned)
        except FileNotFoundError:
            raise SweepRefusedError(
                f"Expected a sweep of store {self.store.info.name}; "
                f"{self.sweep_id!r} is none. Trash(...).sweeps lists them."
            ) from None
        if planned.sweep_id != self.sweep_id:
            error = ValueError(f"it is that of sweep {planned.sweep_id!r}")
            raise altered_record(self.store, path, error)
        return planned

    def _write(self, name: str, **content: object) -> None:
        record = {"sweep_id": self.sweep_id, **content}
        self.store.write(f"{trash_of(self.sweep_id)}/{name}.json", seal(record))


def account_name() -> str:
    """Return who runs this process."""
    try:
        return as_text(getuser())
    except (KeyError, OSError):
        return f"uid {os.getuid()}"  # an account without a name, as in containers


def host_name() -> str:
    """Return where this process runs."""
    return as_text(socket.gethostname())
