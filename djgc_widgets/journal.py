"""The journal of a sweep: what was planned and what was done, in the store's trash."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from djgc_widgets.model import TRASH_FOLDER
from djgc_widgets.stores import FileIdentity, FileStore

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal of one sweep in one store.

    Parameters
    ----------
    store : FileStore
        The store.
    sweep_id : str
        Name of the sweep's folder in the trash.
    """

    store: FileStore
    sweep_id: str

    def trashed(self, path: str) -> str:
        """Return where the trash holds what was at a path."""
        return f"{TRASH_FOLDER}/{self.sweep_id}/objects/{path}"

    def write_plan(
        self,
        servers: list[str],
        now: datetime,
        pins: Mapping[str, Mapping[str, FileIdentity]],
        acknowledged: list[str],
    ) -> None:
        """Write what is about to be moved; synced before this returns."""
        objects = [
            {"path": path, "files": {name: list(pin) for name, pin in files.items()}}
            for path, files in pins.items()
        ]
        self._write(
            "plan",
            created_at=now.isoformat(),
            servers=servers,
            acknowledged=acknowledged,
            store=self.store.info.name,
            objects=objects,
        )

    def write_result(self, name: str, now: datetime, rows: pd.DataFrame) -> None:
        """Write what was done.

        Parameters
        ----------
        name : str
            Of the record: ``result``, or another for a restore.
        now : datetime
            Aware UTC time.
        rows : DataFrame
            A frame of the receipt schema, of this store.
        """
        objects = rows.drop(columns="store").to_dict("records")
        self._write(name, written_at=now.isoformat(), objects=objects)

    def _write(self, name: str, **content: object) -> None:
        record = {"version": _VERSION, "sweep_id": self.sweep_id, **content}
        path = f"{TRASH_FOLDER}/{self.sweep_id}/{name}.json"
        self.store.write(path, json.dumps(record, indent=1).encode())
