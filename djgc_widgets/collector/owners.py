"""For which database servers a store was swept."""

from collections.abc import Mapping
from datetime import datetime

from djgc_widgets.collector.records import Record, read_record, seal
from djgc_widgets.model import TRASH_FOLDER
from djgc_widgets.stores import SweepableStore

OWNER_PATH = f"{TRASH_FOLDER}/owner.json"


class _Owners(Record):
    servers: dict[str, str]


def read_owners(store: SweepableStore) -> Mapping[str, str]:
    """Return identifiers and addresses of the servers for which a store was swept.

    If the record cannot be read or was altered, `SweepRefusedError` is raised.
    """
    try:
        return read_record(store, OWNER_PATH, _Owners).servers
    except FileNotFoundError:
        return {}


def write_owners(
    store: SweepableStore, now: datetime, servers: Mapping[str, str]
) -> None:
    """Record for which servers a store is swept."""
    record = {"since": now.isoformat(), "servers": dict(servers)}
    store.write(OWNER_PATH, seal(record))
