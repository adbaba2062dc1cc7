"""The trash on real servers and stores: sweeps, restore, heal, purge."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from laboratory import (
    HASH,
    Laboratory,
    array,
    claim,
    complete,
    details,
    filled,
    orphaned,
    planned,
)

from djgc_widgets import (
    Cancelled,
    InputError,
    Progress,
    Receipt,
    SweepRefusedError,
    Trash,
)
from djgc_widgets.collector.trash import RETENTION

NEVER = timedelta(0)


def swept(laboratory: Laboratory) -> Receipt:
    receipt = planned(complete(laboratory)).sweep()
    assert details(receipt) == {"moved": 3}
    return receipt


def in_trash(laboratory: Laboratory) -> dict[str, bytes]:
    parts = {p: c for p, c in laboratory.held().items() if "/objects/" in p}
    return {p.partition("/objects/")[2]: c for p, c in parts.items()}


def refer_to(laboratory: Laboratory, path: str, key: int = 9) -> None:
    """Commit a row that refers to a path, as a copied row does."""
    digest = path.rpartition("/")[2]
    metadata = {"hash": digest, "path": path, "store": "raw", "size": 256}
    laboratory.write_row("recording", key, metadata)


def test_a_sweep_is_listed_with_who_and_what_is_left(anywhere: Laboratory) -> None:
    orphaned(anywhere, HASH)
    receipt = swept(anywhere)
    trash = Trash(anywhere.schema, "raw")
    path = receipt.rows["path"].iloc[0]

    before = trash.sweeps.iloc[0]
    trash.restore(receipt.sweep_id, [path])
    after = trash.sweeps.iloc[0]

    assert before["sweep_id"] == receipt.sweep_id
    assert datetime.now(UTC) - before["swept_at"] < timedelta(hours=1)
    assert before["purgeable_at"] - before["swept_at"] == RETENTION
    assert before["swept_by"]
    assert before["swept_from"]
    assert str(anywhere.server.port) in before["servers"]
    assert (before["objects"], before["size_bytes"]) == (3, 3 * 256)
    assert (before["left_objects"], before["left_bytes"]) == (3, 3 * 256)
    assert (after["left_objects"], after["left_bytes"]) == (2, 2 * 256)
    assert before["state"] == after["state"] == "done"


def test_an_empty_trash_has_no_sweeps(postgresql_laboratory: Laboratory) -> None:
    filled(postgresql_laboratory)

    assert Trash(postgresql_laboratory.schema, "raw").sweeps.empty


def test_a_store_that_went_away_has_no_empty_trash(
    postgresql_laboratory: Laboratory,
) -> None:
    orphaned(postgresql_laboratory)
    receipt = swept(postgresql_laboratory)
    trash = Trash(postgresql_laboratory.schema, "raw")
    place = postgresql_laboratory.store("raw")
    place.rename(place.with_name("elsewhere"))

    for look in (lambda: trash.sweeps, lambda: trash.restore(receipt.sweep_id)):
        with pytest.raises(SweepRefusedError, match="No such file"):
            look()


def test_a_restore_takes_paths_and_names_what_it_does_not_know(
    anywhere: Laboratory,
) -> None:
    orphaned(anywhere, HASH)
    before = anywhere.held()
    receipt = swept(anywhere)
    path = receipt.rows["path"].iloc[1]
    trash = Trash(anywhere.connection, "raw")

    with pytest.raises(InputError, match="'no/such'"):
        trash.restore(receipt.sweep_id, [path, "no/such"])
    restored = trash.restore(receipt.sweep_id, [path])
    again = trash.restore(receipt.sweep_id, [path])

    assert details(restored) == {"restored": 1}
    assert details(again) == {"skipped: gone: it is no longer in the trash": 1}
    assert anywhere.held()[path] == before[path]
    assert len(in_trash(anywhere)) == 2


def test_a_restore_can_be_cancelled(postgresql_laboratory: Laboratory) -> None:
    orphaned(postgresql_laboratory)
    receipt = swept(postgresql_laboratory)

    def cancel(progress: Progress) -> None:
        if progress.done == 1:
            raise Cancelled

    trash = Trash(postgresql_laboratory.schema, "raw")
    restored = trash.restore(receipt.sweep_id, progress=cancel)

    assert details(restored) == {"restored": 1, "skipped: cancelled before its turn": 2}
    assert details(trash.restore(receipt.sweep_id)) == {"restored": 2}


def test_what_a_row_refers_to_again_is_shown_and_comes_back(
    anywhere: Laboratory,
) -> None:
    table = orphaned(anywhere, HASH)
    receipt = swept(anywhere)
    path = str(receipt.rows["path"].iloc[0])
    data = in_trash(anywhere)[path]
    refer_to(anywhere, path)

    found = complete(anywhere)
    healed = found.heal()

    assert list(found.trash["returnable"]) == [p == path for p in found.trash["path"]]
    assert any("needed again by a row" in str(w) for w in found.warnings)
    assert details(healed) == {"restored": 1}
    assert (table & "id = 9").fetch1("data") == data
    assert complete(anywhere).missing.empty
    assert complete(anywhere).heal().rows.empty


def test_an_incomplete_scan_heals_as_well(postgresql_laboratory: Laboratory) -> None:
    orphaned(postgresql_laboratory, HASH)
    receipt = swept(postgresql_laboratory)
    refer_to(postgresql_laboratory, str(receipt.rows["path"].iloc[0]))
    refer_to(postgresql_laboratory, "", key=10)  # a value without a path

    found = postgresql_laboratory.scan()

    assert not found.complete
    assert details(found.heal()) == {"restored": 1}


def test_what_is_stored_again_is_not_healed(postgresql_laboratory: Laboratory) -> None:
    table = orphaned(postgresql_laboratory, HASH)
    swept(postgresql_laboratory)
    table.insert1({"id": 1, "data": array(1).tobytes()})  # uploaded anew

    found = complete(postgresql_laboratory)

    assert found.trash["referenced"].sum() == 1
    assert found.trash["returnable"].sum() == 0
    assert found.heal().rows.empty


def test_a_purge_deletes_what_is_old_and_returns_what_is_live(
    anywhere: Laboratory,
) -> None:
    orphaned(anywhere, HASH)
    receipt = swept(anywhere)
    path = str(receipt.rows["path"].iloc[0])
    refer_to(anywhere, path)
    outside = {p: c for p, c in anywhere.held().items() if not p.startswith("_trash/")}
    trash = Trash(anywhere.schema, "raw")

    purged = trash.purge(NEVER)

    assert details(purged) == {
        "restored: live again: a row refers to it": 1,
        "purged": 2,
    }
    assert in_trash(anywhere) == {}
    kept = {p for p in anywhere.held() if not p.startswith("_trash/")}
    assert kept == {*outside, path}
    assert complete(anywhere).missing.empty
    assert trash.sweeps.iloc[0]["left_objects"] == 0
    records = [p for p in anywhere.held() if "/purging-" in p or "/purged-" in p]
    assert len(records) == 2  # what was about to be deleted, and what was


def test_a_purge_waits_for_the_retention_period(
    postgresql_laboratory: Laboratory,
) -> None:
    orphaned(postgresql_laboratory)
    swept(postgresql_laboratory)

    assert Trash(postgresql_laboratory.schema, "raw").purge().rows.empty
    assert len(in_trash(postgresql_laboratory)) == 3


def test_a_purge_believes_neither_clock_alone(
    postgresql_laboratory: Laboratory,
) -> None:
    orphaned(postgresql_laboratory)
    swept(postgresql_laboratory)

    ahead = Trash(
        postgresql_laboratory.schema,
        "raw",
        clock=lambda: datetime.now(UTC) + timedelta(days=60),
    )

    assert ahead.purge().rows.empty
    assert len(in_trash(postgresql_laboratory)) == 3


def test_a_purge_keeps_everything_while_objects_are_missing(
    anywhere: Laboratory,
) -> None:
    table = orphaned(anywhere, HASH)
    swept(anywhere)
    anywhere.remove(anywhere.raw(table.table_name, "data")[5]["path"])

    purged = Trash(anywhere.schema, "raw").purge(NEVER)

    assert details(purged) == {
        "skipped: missing-objects: kept while objects that rows refer to are missing": 3
    }
    assert len(in_trash(anywhere)) == 3


def test_a_purge_needs_a_complete_scan(laboratory: Laboratory) -> None:
    table = orphaned(laboratory)
    swept(laboratory)
    place = laboratory.quote(laboratory.name, table.table_name)
    laboratory.connection.query(f"UPDATE {place} SET data = '{{}}' WHERE id = 4")

    with pytest.raises(SweepRefusedError, match="scan is incomplete"):
        Trash(laboratory.schema, "raw").purge(NEVER)

    assert len(in_trash(laboratory)) == 3


def test_a_purge_reads_references_again_before_it_deletes(
    anywhere: Laboratory,
) -> None:
    """A row is committed between the scan of the purge and its deletions."""
    orphaned(anywhere, HASH)
    receipt = swept(anywhere)
    path = str(receipt.rows["path"].iloc[0])
    trash = Trash(anywhere.schema, "raw")
    scanned = trash._scan  # noqa: SLF001 - to act between it and what follows

    def scan_then_commit() -> object:
        found = scanned()
        refer_to(anywhere, path)
        return found

    trash._scan = scan_then_commit  # type: ignore[method-assign] # noqa: SLF001
    purged = trash.purge(NEVER)

    told = purged.rows.set_index("path").loc[path]
    assert told["outcome"] == "restored"
    assert complete(anywhere).missing.empty


def test_a_purge_spares_what_has_taken_its_path_unless_it_is_the_same_content(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    table = orphaned(laboratory, HASH)
    receipt = swept(laboratory)
    same, other, *_ = sorted(receipt.rows["path"])
    laboratory.put(same, data=in_trash(laboratory)[same])
    laboratory.put(other, data=b"something else")
    refer_to(laboratory, same, 8)
    refer_to(laboratory, other, 9)
    assert len(table) == 4

    purged = Trash(laboratory.schema, "raw").purge(NEVER).rows.set_index("path")

    assert purged.loc[same, "outcome"] == "purged"
    assert purged.loc[other, "outcome"] == "skipped"
    assert set(in_trash(laboratory)) == {other}


def test_a_purge_deletes_nothing_that_no_sweep_moved(
    anywhere: Laboratory,
) -> None:
    orphaned(anywhere, HASH)
    receipt = swept(anywhere)
    stranger = f"_trash/{receipt.sweep_id}/objects/_hash/{anywhere.name}/{'z' * 26}"
    anywhere.put(stranger, data=b"put here by hand")
    altered = str(receipt.rows["path"].iloc[0])
    anywhere.put(f"_trash/{receipt.sweep_id}/objects/{altered}", data=b"altered")

    purged = Trash(anywhere.schema, "raw").purge(NEVER)

    assert purged.count("purged") == 2
    assert set(in_trash(anywhere).values()) == {b"put here by hand", b"altered"}


def test_a_purge_of_a_store_that_another_server_swept_is_refused(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory)
    swept(laboratory)
    claim(laboratory, "mysql:of-another-lab")

    with pytest.raises(SweepRefusedError, match="other-owner"):
        Trash(laboratory.schema, "raw").purge(NEVER)

    assert len(in_trash(laboratory)) == 3
    laboratory.put(f"_hash/{laboratory.name}/{'a' * 26}")
    laboratory.age()
    plan = planned(complete(laboratory))
    assert [refusal.name for refusal in plan.refusals] == ["other-owner"]


def test_the_first_sweep_of_a_store_has_to_be_acknowledged(
    anywhere: Laboratory,
) -> None:
    orphaned(anywhere, HASH)
    found = complete(anywhere)
    lifted = {"large-sweep", "minimum-age"}

    first = found.plan(acknowledge=lifted)
    found.plan(acknowledge={*lifted, "sole-owner"}).sweep()
    anywhere.put(f"_hash/{anywhere.name}/{'a' * 26}")
    anywhere.age()

    assert [refusal.name for refusal in first.refusals] == ["sole-owner"]
    assert complete(anywhere).plan(acknowledge=lifted).allowed
    owner = json.loads(anywhere.held()["_trash/owner.json"])["content"]["servers"]
    assert list(owner.values()) == [complete(anywhere).servers[0]]


def test_an_age_or_a_store_that_makes_no_sense_is_named(
    postgresql_laboratory: Laboratory,
) -> None:
    filled(postgresql_laboratory)

    with pytest.raises(InputError, match="zero or more"):
        Trash(postgresql_laboratory.schema, "raw").purge(timedelta(days=-1))
    with pytest.raises(InputError, match="got cold"):
        Trash(postgresql_laboratory.schema, "cold")
    with pytest.raises(InputError, match="got str 'lab'"):
        Trash("lab", "raw")
    with pytest.raises(SweepRefusedError, match="'no-such-sweep' is none"):
        Trash(postgresql_laboratory.schema, "raw").restore("no-such-sweep")


def test_a_tampered_journal_stops_restore_and_purge(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory)
    receipt = swept(laboratory)
    record = laboratory.store("raw") / "_trash" / receipt.sweep_id / "plan.json"
    record.write_text(record.read_text().replace("id=1", "id=7"))
    before = laboratory.held()
    trash = Trash(laboratory.schema, "raw")

    for act in (
        receipt.restore,
        lambda: trash.restore(receipt.sweep_id),
        lambda: trash.purge(NEVER),
        lambda: trash.sweeps,
    ):
        with pytest.raises(SweepRefusedError, match="its checksum does not fit"):
            act()

    assert laboratory.held() == before


def test_a_restore_leads_nowhere_through_a_link(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory)
    receipt = swept(laboratory)
    raw, outside = laboratory.store("raw"), laboratory.folder / "outside"
    outside.mkdir()
    parent = (raw / receipt.rows["path"].iloc[0]).parent
    parent.symlink_to(outside)

    restored = receipt.restore()

    assert restored.count("restored") == 2
    assert restored.count("failed") == 1
    assert list(outside.iterdir()) == []
    assert len(in_trash(laboratory)) == 1


def test_folders_that_datajoint_made_are_pruned_and_no_others(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    table = orphaned(laboratory)
    raw, name = laboratory.store("raw"), laboratory.name
    own = raw / "_schema" / name / table.table_name
    (own / "id=2" / "notes").mkdir()
    (raw / "empty").mkdir()

    receipt = swept(laboratory)

    assert sorted(p.name for p in own.iterdir()) == ["id=2", "id=4", "id=5"]
    assert (raw / "empty").is_dir()
    receipt.restore()
    assert len(list(own.rglob("*.npy"))) == 5
    assert not (raw / "_trash" / receipt.sweep_id / "objects").exists()
    table.delete()
    laboratory.age()
    planned(complete(laboratory)).sweep()
    assert sorted(p.name for p in own.iterdir()) == ["id=2"]


def test_a_clock_that_is_ahead_makes_nothing_old(
    postgresql_laboratory: Laboratory,
) -> None:
    """Age is what the store's own clock says, whatever ours says."""
    laboratory = postgresql_laboratory
    table = laboratory.declare(HASH)
    table.insert({"id": key, "data": bytes([key])} for key in range(3))
    (table & "id = 1").delete()
    clock = datetime.now(UTC) + timedelta(days=30)
    found = complete(laboratory, clock=lambda: clock)
    assert len(found.orphans) == 1

    receipt = planned(found).sweep()

    assert details(receipt) == {"skipped: younger than 7 days by the store's clock": 1}


def test_a_clock_that_went_back_expires_the_plan(
    postgresql_laboratory: Laboratory,
) -> None:
    orphaned(postgresql_laboratory)
    times = [datetime.now(UTC)]
    plan = planned(complete(postgresql_laboratory, clock=lambda: times[-1]))
    times.append(times[0] - timedelta(seconds=1))

    with pytest.raises(SweepRefusedError, match="expired"):
        plan.sweep()
