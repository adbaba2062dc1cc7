"""A journal that is read is input: all of it is used, or nothing."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from djgc_widgets.collector.journal import Journal
from djgc_widgets.collector.lock import read_holder
from djgc_widgets.collector.owners import OWNER_PATH, read_ownership, write_ownership
from djgc_widgets.collector.records import _checksum
from djgc_widgets.collector.records import seal as sealed
from djgc_widgets.model.errors import SweepRefusedError
from djgc_widgets.model.servers import Position, Sighting
from djgc_widgets.model.store_names import StoreInfo
from djgc_widgets.stores.file.store import FileStore
from djgc_widgets.stores.pinned_objects import FileIdentity, PinnedObject
from djgc_widgets.verdict.servers import KnownServer, Ownership

SWEEP = "20260101T000000Z-00000000"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PIN = FileIdentity(1, 2, 3)
PINNED = PinnedObject(
    "_schema/lab/t/id=1/a_AbCd1234",
    {
        "_schema/lab/t/id=1/a_AbCd1234/0": PIN,
        "_schema/lab/t/id=1/a_AbCd1234.manifest.json": PIN,
    },
    SWEEP,
    "lab",
)

SEEN = Sighting("id", "server", {"port": "1"}, Position(1, 2))


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(StoreInfo("raw", ("raw",), str(tmp_path)))


@pytest.fixture
def journal(store: FileStore) -> Journal:
    journal = Journal(store, SWEEP)
    journal.write_plan(NOW, [SEEN], ["large-sweep"], [PINNED], {})
    return journal


Change = Callable[[dict[str, Any]], object]


def record_of(journal: Journal) -> Path:
    return Path(journal.store.info.address) / "_trash" / SWEEP / "plan.json"


def alter(journal: Journal, change: Change, *, seal: bool = True) -> None:
    path = record_of(journal)
    record = json.loads(path.read_text())
    change(record["content"])
    if seal:
        record["checksum"] = _checksum(record["content"])
    path.write_text(json.dumps(record))


def test_what_is_written_is_read_again(journal: Journal) -> None:
    planned = journal.read_plan()

    assert planned.objects == (PINNED,)
    assert (planned.sweep_id, planned.created_at) == (SWEEP, NOW)
    assert planned.servers == {"id": "server"}
    assert planned.sightings == (SEEN,)
    assert planned.sightings[0].position == SEEN.position


def test_records_of_an_earlier_version_are_read(
    journal: Journal, store: FileStore
) -> None:
    """Names of accounts were written as they are, and need not be text."""
    store.write(OWNER_PATH, sealed({"since": "", "servers": {"id": "server"}}))
    alter(journal, lambda content: content.pop("sightings"))
    former = Sighting("id", "server")
    assert read_ownership(store).known == (KnownServer("id", (former,)),)
    assert journal.read_plan().sightings == (former,)
    alter(journal, lambda content: content.update(account="jos\udce9"))
    names = ("token", "account", "host", "process", "purpose", "since", "heartbeat")
    lock = {name: f"{name}\udce9" for name in names} | {"token": "f" * 32, "pid": 7}

    holder = read_holder(json.dumps(lock).encode())

    assert journal.read_plan().account == "jos?"
    assert holder is not None
    assert (holder.token, holder.pid, holder.host) == ("f" * 32, 7, "host?")


OUTSIDE = ("../outside", "/etc/passwd", "_schema/../../outside")
IN_TRASH = ("_trash/other/objects/x", "_trash")
NUL = pytest.param("a\0b", id="nul")


@pytest.mark.parametrize("path", [*OUTSIDE, *IN_TRASH, "a//b", "", ".", NUL, None, 7])
def test_a_path_that_no_sweep_moves_refuses_the_journal(
    journal: Journal, path: Any
) -> None:
    renamed = {"path": path, "files": {path: [1, 2, 3, ""]}}
    alter(journal, lambda content: content["objects"][0].update(renamed))

    with pytest.raises(SweepRefusedError, match="nothing of it is used"):
        journal.read_plan()


def pin(path: str, value: object) -> Change:
    return lambda content: content["objects"][0]["files"].update({path: value})


@pytest.mark.parametrize(
    "change",
    [
        pin("elsewhere", [1, 2, 3, ""]),
        lambda content: content["objects"][0]["files"].clear(),
        lambda content: content["objects"][0].pop("files"),
        lambda content: content["objects"].append(content["objects"][0]),
        lambda content: content.update(sweep_id="20260101T000000Z-11111111"),
        lambda content: content.update(objects=7),
        lambda content: content.update(created_at="yesterday"),
        lambda content: content.update(created_at="2026-01-01T00:00:00"),
        pin(PINNED.sidecar, [-1, 2, 3, ""]),
        pin(PINNED.sidecar, [True]),
        pin(PINNED.sidecar, "abcd"),
    ],
    ids=map(str, range(11)),
)
def test_what_no_sweep_writes_refuses_the_journal(
    journal: Journal, change: Change
) -> None:
    alter(journal, change)

    with pytest.raises(SweepRefusedError, match="nothing of it is used"):
        journal.read_plan()


def test_a_journal_that_was_altered_is_refused(journal: Journal) -> None:
    alter(journal, lambda content: content.update(account="another"), seal=False)

    with pytest.raises(SweepRefusedError, match="its checksum does not match"):
        journal.read_plan()


@pytest.mark.parametrize(
    "content",
    ["", "[]", "null", "{", "7", '{"format": "djgc-journal 2"}', "[" * 5000],
    ids=lambda content: content[:5],
)
def test_a_foreign_record_is_refused(journal: Journal, content: str) -> None:
    record_of(journal).write_text(content)

    with pytest.raises(SweepRefusedError, match="Expected a record of this program"):
        journal.read_plan()


def test_a_record_behind_a_link_is_not_read(journal: Journal, tmp_path: Path) -> None:
    record = record_of(journal)
    record.rename(tmp_path / "elsewhere.json")
    record.symlink_to(tmp_path / "elsewhere.json")

    with pytest.raises(SweepRefusedError, match="could not be read"):
        journal.read_plan()


def test_a_sweep_that_does_not_exist_is_named(store: FileStore) -> None:
    with pytest.raises(SweepRefusedError, match=f"{SWEEP!r} is none"):
        Journal(store, SWEEP).read_plan()


def test_owners_are_remembered_and_checked(store: FileStore) -> None:
    owner = Ownership(
        store.info.name, (KnownServer("id", (SEEN,), SEEN.position),), frozenset("x")
    )
    assert read_ownership(store) == Ownership(store.info.name)
    write_ownership(store, NOW, owner)
    assert read_ownership(store) == replace(owner, written_at=NOW)

    path = Path(store.info.address) / OWNER_PATH
    path.write_text(path.read_text().replace("server", "revers"))

    with pytest.raises(SweepRefusedError, match="Expected a record of this program"):
        read_ownership(store)
