"""For which database servers a store was swept."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AwareDatetime, Field

from djgc_widgets.collector.records import Record, read_record, seal
from djgc_widgets.collector.sightings import (
    PositionRecord,
    SightingRecord,
    addresses_of,
    position_record,
    sighting_record,
    sightings_of,
)
from djgc_widgets.model import OLDEST, TRASH_FOLDER, Sighting
from djgc_widgets.stores import Store
from djgc_widgets.verdict import KnownServer, Ownership

OWNER_PATH = f"{TRASH_FOLDER}/owner.json"


class _Server(Record):
    identifier: str
    sightings: list[SightingRecord]
    position: PositionRecord | None

    def value(self) -> KnownServer:
        sightings = tuple(each.value() for each in self.sightings)
        position = None if self.position is None else self.position.value()
        return KnownServer(self.identifier, sightings, position)


class _Owners(Record):
    servers: dict[str, str]
    known: list[_Server] | None = None
    """None in records of version 0.1."""
    gone: list[str] = Field(default=[])
    oldest_backup_days: Annotated[float, Field(ge=0, le=OLDEST.days)] | None = None
    written_at: AwareDatetime | None = None


def read_ownership(store: Store) -> Ownership:
    """Return for which servers a store was swept.

    If the record cannot be read or was altered, `SweepRefusedError` is raised.
    """
    name = store.info.name
    try:
        record = read_record(store, OWNER_PATH, _Owners)
    except FileNotFoundError:
        return Ownership(name)
    if record.known is None:
        former = sightings_of(record.servers)
        known = tuple(KnownServer(each.identifier, (each,)) for each in former)
    else:
        known = tuple(each.value() for each in record.known)
    days = record.oldest_backup_days
    backup = None if days is None else timedelta(days=days)
    return Ownership(name, known, frozenset(record.gone), backup, record.written_at)


def with_journals(owner: Ownership, seen: Iterable[Sighting]) -> Ownership:
    """Add the servers that only journals of the store know, the latest sighting last.

    Without them it would be enough to remove the record.
    """
    recorded = {server.identifier for server in owner.known} | owner.gone
    found: dict[str, KnownServer] = {}
    for each in seen:
        if each.identifier not in recorded:
            before = found.get(each.identifier, KnownServer(each.identifier, ()))
            found[each.identifier] = replace(
                before,
                sightings=(*before.sightings, each),
                position=each.position or before.position,
            )
    return replace(owner, known=(*owner.known, *found.values()))


def write_ownership(store: Store, now: datetime, owner: Ownership) -> None:
    """Record for which servers a store is swept."""
    backup = owner.oldest_backup
    record = {
        "written_at": now.isoformat(),
        "servers": addresses_of(s for server in owner.known for s in server.sightings),
        "known": [
            {
                "identifier": server.identifier,
                "sightings": [sighting_record(each) for each in server.sightings],
                "position": position_record(server.position),
            }
            for server in owner.known
        ],
        "gone": sorted(owner.gone),
        "oldest_backup_days": None if backup is None else backup / timedelta(days=1),
    }
    store.write(OWNER_PATH, seal(record))
