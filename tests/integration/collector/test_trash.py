"""The trash on real servers and stores: sweeps, restore, heal, purge."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from laboratory import (
    AT_ONCE,
    HASH,
    NPY,
    Laboratory,
    array,
    claim,
    complete,
    filled,
    orphaned,
    outcomes,
    planned,
)

from djgc_widgets import Cancelled, InputError, Progress, SweepRefusedError, Trash
from djgc_widgets.collector import short_retention_doubt
from djgc_widgets.model import RETENTION, NoticeCode, SweepReceipt

NEVER = timedelta(0)


def swept(laboratory: Laboratory, definition: str = NPY) -> SweepReceipt:
    """Insert five rows, delete three of them, and sweep what these leave behind."""
    orphaned(laboratory, definition)
    return sweep_orphans(laboratory)


def sweep_orphans(laboratory: Laboratory) -> SweepReceipt:
    receipt = planned(complete(laboratory)).sweep()
    assert outcomes(receipt) == {"moved": 3}
    return receipt


def in_trash(laboratory: Laboratory) -> dict[str, bytes]:
    parts = {p: c for p, c in laboratory.contents().items() if "/objects/" in p}
    return {p.partition("/objects/")[2]: c for p, c in parts.items()}


def refer_to(laboratory: Laboratory, path: str, key: int = 9) -> None:
    """Commit a row that refers to a path, as a copied row does."""
    digest = path.rpartition("/")[2]
    metadata = {"hash": digest, "path": path, "store": "raw", "size": 256}
    laboratory.write_row("recording", key, metadata)


def test_a_sweep_is_listed_with_who_and_what_is_left(anywhere: Laboratory) -> None:
    receipt = swept(anywhere, HASH)
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
    assert (before["n_objects"], before["size_bytes"]) == (3, 3 * 256)
    assert (before["n_left"], before["left_bytes"]) == (3, 3 * 256)
    assert (after["n_left"], after["left_bytes"]) == (2, 2 * 256)
    assert before["state"] == after["state"] == "done"


def test_an_empty_trash_has_no_sweeps(lab: Laboratory) -> None:
    filled(lab)

    assert Trash(lab.schema, "raw").sweeps.empty


def test_a_store_that_went_away_has_no_empty_trash(lab: Laboratory) -> None:
    receipt = swept(lab)
    trash = Trash(lab.schema, "raw")
    folder = lab.store("raw")
    folder.rename(folder.with_name("elsewhere"))

    for look in (lambda: trash.sweeps, lambda: trash.restore(receipt.sweep_id)):
        with pytest.raises(SweepRefusedError, match="No such file"):
            look()


def test_a_restore_takes_paths_and_names_what_it_does_not_know(
    anywhere: Laboratory,
) -> None:
    orphaned(anywhere, HASH)
    before = anywhere.contents()
    receipt = sweep_orphans(anywhere)
    path = receipt.rows["path"].iloc[1]
    trash = Trash(anywhere.connection, "raw")

    with pytest.raises(InputError, match="'no/such'"):
        trash.restore(receipt.sweep_id, [path, "no/such"])
    restored = trash.restore(receipt.sweep_id, [path])
    again = trash.restore(receipt.sweep_id, [path])

    assert outcomes(restored) == {"restored": 1}
    assert outcomes(again) == {"skipped: not-in-trash": 1}
    assert anywhere.contents()[path] == before[path]
    assert len(in_trash(anywhere)) == 2


def test_a_restore_can_be_canceled(lab: Laboratory) -> None:
    receipt = swept(lab)

    def cancel(progress: Progress) -> None:
        if progress.done == 1:
            raise Cancelled

    trash = Trash(lab.schema, "raw")
    restored = trash.restore(receipt.sweep_id, progress=cancel)

    assert outcomes(restored) == {"restored": 1, "skipped: canceled": 2}
    assert outcomes(trash.restore(receipt.sweep_id)) == {"restored": 2}


def test_what_a_row_refers_to_again_is_shown_and_comes_back(
    anywhere: Laboratory,
) -> None:
    table = orphaned(anywhere, HASH)
    receipt = sweep_orphans(anywhere)
    path = str(receipt.rows["path"].iloc[0])
    data = in_trash(anywhere)[path]
    refer_to(anywhere, path)

    result = complete(anywhere)
    healed = result.heal()

    assert list(result.trash["returnable"]) == [p == path for p in result.trash["path"]]
    assert result.warnings.with_code(NoticeCode.NEEDED_AGAIN)
    assert outcomes(healed) == {"restored": 1}
    assert (table & "id = 9").fetch1("data") == data
    assert complete(anywhere).missing.empty
    assert complete(anywhere).heal().rows.empty


def test_an_incomplete_scan_heals_as_well(lab: Laboratory) -> None:
    receipt = swept(lab, HASH)
    refer_to(lab, str(receipt.rows["path"].iloc[0]))
    refer_to(lab, "", key=10)  # a value without a path

    result = lab.scan()

    assert not result.complete
    assert outcomes(result.heal()) == {"restored": 1}


def test_what_is_stored_again_is_not_healed(lab: Laboratory) -> None:
    table = orphaned(lab, HASH)
    sweep_orphans(lab)
    table.insert1({"id": 1, "data": array(1).tobytes()})  # uploaded anew

    result = complete(lab)

    assert result.trash["referenced"].sum() == 1
    assert result.trash["returnable"].sum() == 0
    assert result.heal().rows.empty


def test_a_purge_deletes_what_is_old_and_returns_what_is_live(
    anywhere: Laboratory,
) -> None:
    receipt = swept(anywhere, HASH)
    path = str(receipt.rows["path"].iloc[0])
    refer_to(anywhere, path)
    outside = {p for p in anywhere.contents() if not p.startswith("_trash/")}
    trash = Trash(anywhere.schema, "raw")

    purged = trash.purge(NEVER, AT_ONCE)

    assert outcomes(purged) == {"restored: live-again": 1, "purged": 2}
    assert not hasattr(purged, "restore")
    assert in_trash(anywhere) == {}
    now = {p for p in anywhere.contents() if not p.startswith("_trash/")}
    assert now == outside | {path}
    assert complete(anywhere).missing.empty
    assert trash.sweeps.iloc[0]["n_left"] == 0
    stored = anywhere.contents()
    ended, begun = sorted(p for p in stored if "/purg" in p)
    assert ("/purging-" in begun, "/purged-" in ended) == (True, True)
    assert json.loads(stored[begun])["content"]["acknowledged"] == sorted(AT_ONCE)


def test_receipts_say_what_is_freed_and_until_when_it_can_be_undone(
    anywhere: Laboratory,
) -> None:
    receipt = swept(anywhere, HASH)
    path = str(receipt.rows["path"].iloc[0])
    trash = Trash(anywhere.schema, "raw")
    swept_at = trash.sweeps["swept_at"].iloc[0]
    back = trash.restore(receipt.sweep_id, [path])
    purged = trash.purge(NEVER, AT_ONCE)

    moved, gone = receipt.freed.iloc[0], purged.freed.iloc[0]
    sizes = ["freed_bytes", "trash_bytes", "kept_bytes"]
    assert moved[sizes].tolist() == [0, 3 * 256, 0]
    assert moved["undo"] == "trash"
    assert moved["undo_until"] == (swept_at + RETENTION).floor("s")
    assert gone[sizes].tolist() == [2 * 256, 0, 0]
    assert gone["undo"] == "nothing"
    assert pd.isna(gone["undo_until"])
    assert back.freed.empty
    assert "768 B in the trash; a restore undoes it" in receipt._repr_html_()


def test_only_what_a_purge_deleted_is_freed(anywhere: Laboratory) -> None:
    """Part of a folder may have been lost before."""
    table = anywhere.declare("id : int32\n---\ndata : <object@raw>\n", "Folder")
    source = anywhere.folder / "source"
    source.mkdir()
    for name, size in (("a", 100), ("b", 50)):
        (source / name).write_bytes(b"x" * size)
    table.insert1({"id": 1, "data": source})
    table.delete()
    filled(anywhere, range(1))
    anywhere.age()
    planned(complete(anywhere)).sweep()
    kept = in_trash(anywhere)
    lost = next(path for path in kept if path.endswith("/b"))
    full = next(p for p in anywhere.contents() if p.endswith(f"/objects/{lost}"))
    anywhere.remove(full)

    purged = Trash(anywhere.schema, "raw").purge(NEVER, AT_ONCE)

    size = sum(len(content) for path, content in kept.items() if path != lost)
    assert purged.freed["freed_bytes"].tolist() == [size]
    assert purged.size_bytes("purged") == size


def test_a_purge_waits_for_the_retention_period(lab: Laboratory) -> None:
    swept(lab)

    assert Trash(lab.schema, "raw").purge().rows.empty
    assert len(in_trash(lab)) == 3


def test_a_purge_trusts_neither_clock_alone(lab: Laboratory) -> None:
    swept(lab)

    ahead = Trash(
        lab.schema, "raw", clock=lambda: datetime.now(UTC) + timedelta(days=60)
    )

    assert ahead.purge().rows.empty
    assert len(in_trash(lab)) == 3


def test_a_purge_keeps_everything_while_objects_are_missing(
    anywhere: Laboratory,
) -> None:
    table = orphaned(anywhere, HASH)
    sweep_orphans(anywhere)
    anywhere.remove(anywhere.raw(table.table_name, "data")[5]["path"])

    purged = Trash(anywhere.schema, "raw").purge(NEVER, AT_ONCE)

    assert outcomes(purged) == {"skipped: objects-missing": 3}
    assert len(in_trash(anywhere)) == 3


def test_objects_that_are_known_to_be_lost_never_keep_the_trash_for_good(
    lab: Laboratory,
) -> None:
    table = orphaned(lab, HASH)
    sweep_orphans(lab)
    lab.remove(lab.raw(table.table_name, "data")[5]["path"])

    purged = Trash(lab.schema, "raw").purge(NEVER, {*AT_ONCE, "missing-objects"})

    assert outcomes(purged) == {"purged": 3}


def test_a_purge_needs_a_complete_scan(laboratory: Laboratory) -> None:
    table = orphaned(laboratory)
    sweep_orphans(laboratory)
    sql_table = laboratory.quote(laboratory.name, table.table_name)
    laboratory.connection.query(f"UPDATE {sql_table} SET data = '{{}}' WHERE id = 4")

    with pytest.raises(SweepRefusedError, match="scan is incomplete"):
        Trash(laboratory.schema, "raw").purge(NEVER, AT_ONCE)

    assert len(in_trash(laboratory)) == 3


def test_a_purge_reads_references_again_before_it_deletes(anywhere: Laboratory) -> None:
    """A row is committed between the scan of the purge and its deletions."""
    receipt = swept(anywhere, HASH)
    path = str(receipt.rows["path"].iloc[0])
    trash = Trash(anywhere.schema, "raw")
    scan = trash._scan  # noqa: SLF001 - to act between it and what follows

    def scan_then_commit() -> object:
        result = scan()
        refer_to(anywhere, path)
        return result

    trash._scan = scan_then_commit  # type: ignore[method-assign] # noqa: SLF001
    purged = trash.purge(NEVER, AT_ONCE)

    assert purged.rows.set_index("path").loc[path, "outcome"] == "restored"
    assert complete(anywhere).missing.empty


def test_a_purge_spares_what_has_taken_its_path_unless_it_is_the_same_content(
    lab: Laboratory,
) -> None:
    table = orphaned(lab, HASH)
    receipt = sweep_orphans(lab)
    same, other, broken = sorted(receipt.rows["path"])
    lab.put(same, data=in_trash(lab)[same])
    lab.put(other, data=b"something else")
    lab.put(broken, data=bytes(len(in_trash(lab)[broken])))  # as after a power cut
    refer_to(lab, same, 8)
    refer_to(lab, other, 9)
    refer_to(lab, broken, 10)
    assert len(table) == 5

    purged = Trash(lab.schema, "raw").purge(NEVER, AT_ONCE).rows.set_index("path")

    assert purged.loc[same, "outcome"] == "purged"
    assert purged.loc[other, "outcome"] == "skipped"
    assert purged.loc[broken, "outcome"] == "skipped"
    assert set(in_trash(lab)) == {other, broken}


@pytest.mark.parametrize("whole_first", [True, False])
@pytest.mark.parametrize("way", ["heal", "purge"])
def test_of_two_versions_the_one_of_the_recorded_size_comes_back(
    lab: Laboratory, way: str, *, whole_first: bool
) -> None:
    table = lab.declare(HASH)
    whole, broken = b"x" * 1_000, b"x" * 10
    path = lab.insert_by_sql("recording", "data", 1, whole)
    (table & "id = 1").delete()
    for content in (whole, broken) if whole_first else (broken, whole):
        lab.put(path, data=content)
        twin = lab.store("raw") / f"{len(content)} bytes"  # it counts with these
        twin.hardlink_to(lab.store("raw") / path)
        lab.age()
        assert outcomes(planned(complete(lab)).sweep()) == {"moved": 1}
    digest = path.rpartition("/")[2]
    record = {"hash": digest, "path": path, "store": "raw", "size": len(whole)}
    lab.write_row("recording", 1, record)

    if way == "heal":
        receipt = complete(lab).heal()
    else:
        receipt = Trash(lab.schema, "raw").purge(NEVER, AT_ONCE)

    assert receipt.count("restored") == 1
    assert lab.contents()[path] == whole
    assert in_trash(lab) == {path: broken}
    assert complete(lab).missing.empty


def test_a_purge_deletes_nothing_that_no_sweep_moved(anywhere: Laboratory) -> None:
    receipt = swept(anywhere, HASH)
    stranger = f"_trash/{receipt.sweep_id}/objects/_hash/{anywhere.name}/{'z' * 26}"
    anywhere.put(stranger, data=b"put here by hand")
    altered = str(receipt.rows["path"].iloc[0])
    anywhere.put(f"_trash/{receipt.sweep_id}/objects/{altered}", data=b"altered")

    purged = Trash(anywhere.schema, "raw").purge(NEVER, AT_ONCE)

    assert purged.count("purged") == 2
    assert set(in_trash(anywhere).values()) == {b"put here by hand", b"altered"}


def test_a_purge_of_a_store_that_another_server_swept_is_refused(
    lab: Laboratory,
) -> None:
    swept(lab)
    claim(lab, "mysql:of-another-lab")

    with pytest.raises(SweepRefusedError, match="other-owner"):
        Trash(lab.schema, "raw").purge(NEVER, AT_ONCE)

    assert len(in_trash(lab)) == 3
    lab.put(f"_hash/{lab.name}/{'a' * 26}")
    lab.age()
    plan = planned(complete(lab))
    gone = "other-owner:mysql:of-another-lab"
    assert [refusal.name for refusal in plan.refusals] == [gone]
    Trash(lab.schema, "raw").purge(NEVER, {*AT_ONCE, gone})
    assert planned(complete(lab)).allowed  # and nobody is asked again


def test_the_first_sweep_of_a_store_has_to_be_acknowledged(
    anywhere: Laboratory,
) -> None:
    orphaned(anywhere, HASH)
    result = complete(anywhere)
    lifted = {"large-sweep", "minimum-age"}

    first = result.plan(acknowledge=lifted)
    result.plan(acknowledge={*lifted, "sole-owner"}).sweep()
    anywhere.put(f"_hash/{anywhere.name}/{'a' * 26}")
    anywhere.age()

    assert [refusal.name for refusal in first.refusals] == ["sole-owner"]
    assert complete(anywhere).plan(acknowledge=lifted).allowed
    owner = json.loads(anywhere.contents()["_trash/owner.json"])["content"]["servers"]
    assert list(owner.values()) == [complete(anywhere).servers[0]]


def test_an_age_or_a_store_that_makes_no_sense_is_named(lab: Laboratory) -> None:
    filled(lab)

    for age in (timedelta(days=-1), timedelta(days=10**6), 30, None):
        with pytest.raises(InputError, match="Expected an age from 0 to 36,500 days"):
            Trash(lab.schema, "raw").purge(age)
    with pytest.raises(InputError, match="got cold"):
        Trash(lab.schema, "cold")
    with pytest.raises(InputError, match="got str 'lab'"):
        Trash("lab", "raw")
    with pytest.raises(SweepRefusedError, match="'no-such-sweep' is none"):
        Trash(lab.schema, "raw").restore("no-such-sweep")


def test_a_tampered_journal_stops_restore_and_purge(lab: Laboratory) -> None:
    receipt = swept(lab)
    record = lab.store("raw") / "_trash" / receipt.sweep_id / "plan.json"
    record.write_text(record.read_text().replace("id=1", "id=7"))
    before = lab.contents()
    trash = Trash(lab.schema, "raw")

    for act in (
        receipt.restore,
        lambda: trash.restore(receipt.sweep_id),
        lambda: trash.purge(NEVER, AT_ONCE),
        lambda: trash.sweeps,
    ):
        with pytest.raises(SweepRefusedError, match="its checksum does not match"):
            act()

    assert lab.contents() == before


def test_a_restore_leads_nowhere_through_a_link(lab: Laboratory) -> None:
    receipt = swept(lab)
    raw, outside = lab.store("raw"), lab.folder / "outside"
    outside.mkdir()
    parent = (raw / receipt.rows["path"].iloc[0]).parent
    parent.rmdir()
    parent.symlink_to(outside)

    restored = receipt.restore()

    assert restored.count("restored") == 2
    assert restored.count("failed") == 1
    assert list(outside.iterdir()) == []
    assert len(in_trash(lab)) == 1


_INSERTS = """
import sys
from pathlib import Path
from datajoint.storage import StorageBackend
folder, path, ended = sys.argv[1:]
backend = StorageBackend({"protocol": "file", "location": folder})
number = 0
while not Path(ended).exists():
    number += 1
    written = f"{path}/id={number % 3 + 1}/x_{number:08d}.npy"
    backend.put_buffer(b"new", written)
    Path(folder, written).unlink()
    if number == 1:
        print("ready", flush=True)
"""


def test_an_insert_never_fails_because_something_is_swept(lab: Laboratory) -> None:
    """DataJoint makes a folder, then writes: it has to be there in between."""
    table = orphaned(lab)
    raw, ended = lab.store("raw"), lab.folder / "ended"
    path = f"_schema/{lab.name}/{table.table_name}"
    command = [sys.executable, "-W", "ignore", "-c", _INSERTS]
    with subprocess.Popen(  # noqa: S603 - our own script
        [*command, str(raw), path, str(ended)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as inserts:
        assert inserts.stdout is not None
        assert inserts.stdout.readline() == "ready\n"
        try:
            for _ in range(5):
                sweep_orphans(lab).restore()
                sweep_orphans(lab)
                Trash(lab.schema, "raw").purge(
                    NEVER, {"short-retention", "oldest-backup"}
                )
                table.insert({"id": key, "data": array(key)} for key in range(1, 4))
                (table & "id < 4").delete()
                for file in raw.rglob("data_*.npy"):
                    os.utime(file, (10**9, 10**9))
        finally:
            ended.touch()
        _, errors = inserts.communicate()

    assert errors == ""


def test_folders_of_what_was_swept_stay(lab: Laboratory) -> None:
    orphaned(lab)
    raw = lab.store("raw")
    before = {path for path in raw.rglob("*") if path.is_dir()}

    receipt = sweep_orphans(lab)

    assert {path for path in before if path.is_dir()} == before
    receipt.restore()
    assert len(list((raw / "_schema").rglob("*.npy"))) == 5
    assert not (raw / "_trash" / receipt.sweep_id / "objects").exists()


def test_a_clock_that_is_ahead_makes_nothing_old(lab: Laboratory) -> None:
    """Age is what the store's own clock says, whatever ours says."""
    table = lab.declare(HASH)
    table.insert({"id": key, "data": bytes([key])} for key in range(3))
    (table & "id = 1").delete()
    clock = datetime.now(UTC) + timedelta(days=30)
    result = complete(lab, clock=lambda: clock)
    assert len(result.orphans) == 1

    receipt = planned(result).sweep()

    assert outcomes(receipt) == {"skipped: too-young": 1}
    assert "7 days" in receipt.rows["detail"].iloc[0]


def test_a_clock_that_went_back_expires_the_plan(lab: Laboratory) -> None:
    orphaned(lab)
    times = [datetime.now(UTC)]
    plan = planned(complete(lab, clock=lambda: times[-1]))
    times.append(times[0] - timedelta(seconds=1))

    with pytest.raises(SweepRefusedError, match="expired"):
        plan.sweep()


def test_what_was_swept_today_is_never_purged_without_a_word(
    anywhere: Laboratory,
) -> None:
    swept(anywhere)
    before, ahead = anywhere.contents(), lambda: datetime.now(UTC) + timedelta(days=9)

    for trash in (
        Trash(anywhere.schema, "raw"),
        Trash(anywhere.schema, "raw", clock=ahead),  # not by the store's clock
    ):
        with pytest.raises(SweepRefusedError, match="short-retention: what would be"):
            trash.purge(NEVER)
    now = {p: c for p, c in anywhere.contents().items() if "/purg" not in p}

    assert now == before
    assert Trash(anywhere.schema, "raw").purge(NEVER, AT_ONCE).count("purged") == 3


def test_a_purge_of_nothing_or_of_what_is_old_is_in_no_doubt(lab: Laboratory) -> None:
    swept(lab)

    assert Trash(lab.schema, "raw").purge(timedelta(days=1)).rows.empty
    for ages in ([], [timedelta(days=1)], [timedelta(days=99), timedelta(days=30)]):
        assert short_retention_doubt(ages) is None
    doubt = short_retention_doubt([timedelta(days=9), timedelta(hours=23)])
    assert doubt is not None
    assert "only 1,380 minutes ago" in doubt.message
