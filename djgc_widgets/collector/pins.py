"""The pins of a store, as a record in its trash."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import datajoint as dj
import pandas as pd
from pydantic import AwareDatetime, Field

from djgc_widgets.collector.arguments import checked_clock, opened_store
from djgc_widgets.collector.clock import Clock, utc_now
from djgc_widgets.collector.journal import account_name
from djgc_widgets.collector.lock import StoreLock
from djgc_widgets.collector.marker import write_marker
from djgc_widgets.collector.records import Record, read_record, seal
from djgc_widgets.model import (
    PINS,
    TRASH_FOLDER,
    InputError,
    Notice,
    NoticeCode,
    Pin,
    SweepRefusedError,
    error_text,
    in_store,
    remedy_for,
    shown,
)
from djgc_widgets.stores import Store

PINS_PATH = f"{TRASH_FOLDER}/pins.json"


class _Pinned(Record):
    path: str
    table: str
    key: dict[str, Any]
    why: str
    account: str
    pinned_at: AwareDatetime

    def value(self) -> Pin:
        return Pin(self.path, self.table, self.key, self.why)


class _Pins(Record):
    pins: list[_Pinned] = Field(default=[])


class Pins:
    """What somebody keeps in a store although no row refers to it.

    No filter and no sweep passes a pin, and no purge: the objects have the status
    unknown and the reason ``pinned``.

    Parameters
    ----------
    source : datajoint.Schema or datajoint.Connection
        Whose configuration names the store.
    store : str
        Name of the store.
    clock : callable, optional
        Returns the current time, aware, in UTC.

    Examples
    --------
    >>> from djgc_widgets import Pin, Pins, open_lab, scan
    >>> with open_lab() as lab:
    ...     orphan = scan(lab.schema).orphans.query("store == 'raw'").iloc[0]
    ...     Pins(lab.schema, "raw").add(Pin(path=orphan["path"], why="look at it"))
    ...     kept = scan(lab.schema).objects.query("reason_code == 'pinned'")
    >>> list(kept["path"]) == [orphan["path"]]
    True
    """

    def __init__(
        self,
        source: dj.Schema | dj.Connection,
        store: str,
        *,
        clock: Clock = utc_now,
    ) -> None:
        self._store = opened_store(source, store)
        self._clock = checked_clock(clock)

    @property
    def frame(self) -> pd.DataFrame:
        """Every pin, by its number: a frame of the pins schema.

        `SweepRefusedError` if the record cannot be read or was altered.
        """
        rows = [
            {
                **each.model_dump(exclude={"key"}),
                "store": self._store.info.name,
                "key": ", ".join(f"{name}={value}" for name, value in each.key.items()),
            }
            for each in _read(self._store)
        ]
        return PINS.conform(pd.DataFrame(rows, columns=PINS.column_names))

    def add(self, pin: Pin) -> None:
        """Keep what a pin says from now on.

        Parameters
        ----------
        pin : Pin
            A path, a table, or a key of a table.

        Raises
        ------
        InputError
            If something else was passed.
        SweepRefusedError
            If the store is locked, or the record cannot be read or written.
        """
        if not isinstance(pin, Pin):
            raise InputError(
                f'Expected a Pin; got {shown(pin)}. Pass for example Pin(path="a/b").'
            )
        with StoreLock(self._store, "pin", clock=self._clock):
            new = _Pinned(
                path=pin.path,
                table=pin.table,
                key={name: _text(value) for name, value in pin.key.items()},
                why=pin.why,
                account=account_name(),
                pinned_at=self._clock(),
            )
            self._write([*_read(self._store), new])

    def remove(self, number: int) -> None:
        """Keep what a pin says no longer.

        Parameters
        ----------
        number : int
            Its label in the index of `frame`.

        Raises
        ------
        InputError
            If there is no such pin.
        SweepRefusedError
            As for `add`.
        """
        with StoreLock(self._store, "unpin", clock=self._clock):
            pins = _read(self._store)
            if isinstance(number, bool) or number not in range(len(pins)):
                raise InputError(
                    f"Expected the number of a pin of store {self._store.info.name} "
                    f"(0 to {len(pins) - 1}); got {shown(number)}. List them with: "
                    f"djgc pins --store {self._store.info.name}"
                )
            self._write([pin for at, pin in enumerate(pins) if at != number])

    def _write(self, pins: Sequence[_Pinned]) -> None:
        record = {"pins": [pin.model_dump(mode="json") for pin in pins]}
        try:
            write_marker(self._store)
            self._store.write(PINS_PATH, seal(record))
        except OSError as error:
            raise SweepRefusedError(
                f"{PINS_PATH} of store {self._store.info.name} could not be written "
                f"({error_text(error)}). {remedy_for(error)}."
            ) from error


def _text(value: object) -> str:
    """Return a value as a path has it, so that it can be read back as text."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return str(value)


def read_pins(store: Store) -> list[Pin]:
    """Return the pins of a store.

    If the record cannot be read or was altered, `SweepRefusedError` is raised.
    """
    return [pin.value() for pin in _read(store)]


def pins_of(
    stores: Sequence[Store], files: pd.DataFrame
) -> tuple[dict[str, list[Pin]], list[Notice]]:
    """Return the pins of listed stores, by store, and which could not be read."""
    listed = set(files.loc[files["path"].eq(PINS_PATH), "store"])
    pins, unread = {}, []
    for store in stores:
        name = store.info.name
        if name in listed:
            try:
                pins[name] = read_pins(store)
            except SweepRefusedError as error:
                why = {"error": str(error)}
                unread.append(Notice(NoticeCode.PINS_UNREAD, in_store(name), why))
    return pins, unread


def _read(store: Store) -> list[_Pinned]:
    try:
        return read_record(store, PINS_PATH, _Pins).pins
    except FileNotFoundError:
        return []
