"""Sweep and restore on real files and servers."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from laboratory import (
    HASH,
    Laboratory,
    array,
    complete,
    contents,
    details,
    orphaned,
    planned,
)
from unprivileged import let_in, ordinary_account

from djgc_widgets import (
    Cancelled,
    CompleteScan,
    IncompleteScan,
    InputError,
    Progress,
    SweepRefusedError,
)


def test_a_sweep_moves_what_was_planned_and_nothing_else(
    laboratory: Laboratory,
) -> None:
    orphaned(laboratory)
    raw = laboratory.store("raw")
    before = contents(raw)
    found = complete(laboratory)
    chosen = found.orphans.head(2)

    receipt = planned(found, chosen).sweep()

    assert details(receipt) == {"moved": 2}
    trash = f"_trash/{receipt.sweep_id}"
    expected = {p: c for p, c in before.items() if p not in set(chosen["path"])}
    expected |= {f"{trash}/objects/{path}": before[path] for path in chosen["path"]}
    now = contents(raw)
    assert {p: c for p, c in now.items() if not p.endswith(".json")} == expected
    assert sorted(set(now) - set(expected)) == [
        f"{trash}/plan.json",
        f"{trash}/result.json",
        "_trash/owner.json",
    ]
    assert receipt.size_bytes("moved") == chosen["size_bytes"].sum()
    after = complete(laboratory)
    assert len(after.orphans) == 1
    assert set(after.trash["path"]) == set(chosen["path"])
    assert after.adds_up()


def test_a_restore_brings_everything_back_byte_for_byte(laboratory: Laboratory) -> None:
    orphaned(laboratory)
    raw = laboratory.store("raw")
    before = contents(raw)
    dates = {path: (raw / path).stat().st_mtime_ns for path in before}
    receipt = planned(complete(laboratory)).sweep()

    restored = receipt.restore()

    assert details(restored) == {"restored": 3}
    now = {p: c for p, c in contents(raw).items() if not p.startswith("_trash/")}
    assert now == before
    assert {path: (raw / path).stat().st_mtime_ns for path in now} == dates
    assert not list(raw.glob("_trash/*/objects/**/*.npy"))
    assert len(complete(laboratory).orphans) == 3
    assert restored.restore().rows.empty


def test_a_folder_object_moves_whole_with_its_manifest(laboratory: Laboratory) -> None:
    table = laboratory.declare("id : int32\n---\ndata : <object@raw>\n")
    source = laboratory.folder / "source"
    for chunk in ("0/0", "0/1", ".zarray"):
        (source / chunk).parent.mkdir(parents=True, exist_ok=True)
        (source / chunk).write_text(chunk)
    table.insert({"id": key, "data": source} for key in (1, 2))
    (table & "id = 1").delete()
    laboratory.age()
    raw = laboratory.store("raw")
    before = contents(raw)

    receipt = planned(complete(laboratory)).sweep()
    swept = contents(raw)
    receipt.restore()

    assert list(receipt.rows["files"]) == [4]
    moved = [
        path for path in swept if path.startswith(f"_trash/{receipt.sweep_id}/objects")
    ]
    assert len(moved) == 4
    now = {p: c for p, c in contents(raw).items() if not p.startswith("_trash/")}
    assert now == before


def test_a_sweep_reads_references_again(laboratory: Laboratory) -> None:
    table = orphaned(laboratory, HASH)
    plan = planned(complete(laboratory))
    table.insert1({"id": 1, "data": array(1).tobytes()})  # the same content: no upload

    receipt = plan.sweep()

    assert details(receipt) == {
        "moved": 2,
        "skipped: live again: a row refers to it": 1,
    }
    found = complete(laboratory)
    assert found.missing.empty
    assert (table & "id = 1").fetch1("data") == array(1).tobytes()


def test_what_became_live_while_it_moved_is_brought_back(
    laboratory: Laboratory,
) -> None:
    table = orphaned(laboratory, HASH)
    plan = planned(complete(laboratory))
    raw = laboratory.raw(table.table_name, "data")[5]
    place = laboratory.quote(laboratory.name, table.table_name)
    revived = plan.objects["path"].iloc[0]

    def commit_a_reference(progress: Progress) -> None:
        if progress.done == 2:  # the first object has been moved by now
            value = json.dumps({**raw, "path": revived})
            laboratory.connection.query(
                f"INSERT INTO {place} (id, data) VALUES (9, '{value}')"
            )

    receipt = plan.sweep(commit_a_reference)

    assert details(receipt) == {
        "moved": 2,
        "restored: live again: a row refers to it": 1,
    }
    assert (laboratory.store("raw") / revived).exists()
    assert complete(laboratory).missing.empty


def test_nothing_stays_moved_if_the_references_cannot_be_read_again(
    laboratory: Laboratory,
) -> None:
    orphaned(laboratory)
    plan = planned(complete(laboratory))
    before = contents(laboratory.store("raw"))
    right = laboratory.connection.conn_info["port"]

    def lose_the_server(_: Progress) -> None:
        laboratory.connection.conn_info["port"] = 1

    try:
        receipt = plan.sweep(lose_the_server)
    finally:
        laboratory.connection.conn_info["port"] = right

    assert receipt.count("restored") == 3
    assert "could not be read again" in receipt.rows["detail"].iloc[0]
    now = contents(laboratory.store("raw"))
    assert {p: c for p, c in now.items() if not p.startswith("_trash/")} == before


def test_a_sweep_without_its_database_moves_nothing(laboratory: Laboratory) -> None:
    orphaned(laboratory)
    plan = planned(complete(laboratory))
    before = contents(laboratory.folder)
    right = laboratory.connection.conn_info["port"]
    laboratory.connection.conn_info["port"] = 1
    try:
        with pytest.raises(SweepRefusedError, match="could not be read again"):
            plan.sweep()
    finally:
        laboratory.connection.conn_info["port"] = right

    assert contents(laboratory.folder) == before


def _overwrite(path: Path) -> None:
    path.write_bytes(b"something else")


def _touch(path: Path) -> None:
    path.touch()


def _replace(path: Path) -> None:
    copy = path.with_name("copy")
    shutil.copy2(path, copy)
    copy.rename(path)


@pytest.mark.parametrize("change", [_overwrite, _touch, _replace])
def test_what_changed_since_the_scan_stays(
    postgresql_laboratory: Laboratory, change: Callable[[Path], None]
) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory)
    plan = planned(complete(laboratory))
    path = plan.objects["path"].iloc[1]
    change(laboratory.store("raw") / path)

    receipt = plan.sweep()

    skipped = receipt.rows.set_index("path").loc[path]
    assert skipped["outcome"] == "skipped"
    assert skipped["detail"] == f"changed since it was scanned: {path}"
    assert (laboratory.store("raw") / path).exists()
    assert receipt.count("moved") == 2


def test_a_folder_that_gained_a_file_stays(postgresql_laboratory: Laboratory) -> None:
    laboratory = postgresql_laboratory
    table = laboratory.declare("id : int32\n---\ndata : <object@raw>\n")
    source = laboratory.folder / "source"
    source.mkdir()
    (source / "chunk").touch()
    table.insert1({"id": 1, "data": source})
    table.delete()
    laboratory.age()
    plan = planned(complete(laboratory))
    path = plan.objects["path"].iloc[0]
    (laboratory.store("raw") / path / "another").touch()

    receipt = plan.sweep()

    assert details(receipt) == {
        f"skipped: changed since it was scanned: {path}/another": 1
    }


def test_what_is_gone_already_is_skipped(postgresql_laboratory: Laboratory) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory)
    plan = planned(complete(laboratory))
    (laboratory.store("raw") / plan.objects["path"].iloc[0]).unlink()

    receipt = plan.sweep()

    assert details(receipt) == {
        "moved": 2,
        "skipped: gone: it is no longer in the store": 1,
    }


def test_restore_never_overwrites(postgresql_laboratory: Laboratory) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory)
    receipt = planned(complete(laboratory)).sweep()
    path = receipt.rows["path"].iloc[0]
    taken = laboratory.store("raw") / path
    taken.parent.mkdir()  # the sweep pruned it
    taken.write_bytes(b"newer")

    restored = receipt.restore()

    assert details(restored) == {
        "restored": 2,
        "failed: something is at its place already; it stays in the trash": 1,
    }
    assert taken.read_bytes() == b"newer"
    trashed = laboratory.store("raw") / f"_trash/{receipt.sweep_id}/objects/{path}"
    assert trashed.exists()
    taken.unlink()
    assert details(restored.restore()) == {"restored": 1}


def test_the_journal_is_written_before_the_first_move(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory)
    raw = laboratory.store("raw")
    plan = planned(complete(laboratory))
    seen: list[tuple[int, int]] = []

    def look(_: Progress) -> None:
        journals = list(raw.glob("_trash/*/plan.json"))
        moved = list(raw.glob("_trash/*/objects/**/*.npy"))
        seen.append((len(journals), len(moved)))

    receipt = plan.sweep(look)

    assert seen == [(1, 0), (1, 1), (1, 2)]
    folder = raw / "_trash" / receipt.sweep_id
    told, result = (
        json.loads((folder / f"{name}.json").read_text())["content"]
        for name in ("plan", "result")
    )
    assert [entry["path"] for entry in told["objects"]] == list(plan.objects["path"])
    assert list(told["servers"].values()) == [
        f"postgresql://127.0.0.1:{laboratory.server.port}"
    ]
    assert [entry["outcome"] for entry in result["objects"]] == ["moved"] * 3
    everything = b"".join(contents(folder).values()).decode("latin-1")
    assert laboratory.server.password not in everything


def test_a_cancelled_sweep_says_what_it_did(postgresql_laboratory: Laboratory) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory)
    plan = planned(complete(laboratory))

    def cancel(progress: Progress) -> None:
        if progress.done == 1:
            raise Cancelled

    receipt = plan.sweep(cancel)

    assert details(receipt) == {"moved": 1, "skipped: cancelled before its turn": 2}
    assert receipt.restore().count("restored") == 1


def test_a_read_only_store_refuses_before_anything_moves(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory)
    let_in(laboratory.folder)
    raw = laboratory.store("raw")
    writable = raw.stat().st_mode
    raw.chmod(0o555)
    plan = planned(complete(laboratory))
    before = contents(raw)

    with (
        ordinary_account(),
        pytest.raises(
            SweepRefusedError, match=r"raw could not be locked \(Permission denied"
        ),
    ):
        plan.sweep()

    raw.chmod(writable)
    assert contents(raw) == before


def test_one_failure_does_not_stop_the_rest(postgresql_laboratory: Laboratory) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory)
    raw = laboratory.store("raw")
    plan = planned(complete(laboratory))
    path = raw / plan.objects["path"].iloc[1]
    hidden = path.parent.with_name("hidden")

    def put_a_link_in_the_way(progress: Progress) -> None:
        if progress.done == 1:
            path.parent.rename(hidden)
            path.parent.symlink_to(hidden)

    receipt = plan.sweep(put_a_link_in_the_way)

    assert receipt.count("moved") == 2
    failed = receipt.rows[receipt.rows["outcome"].eq("failed")]
    assert list(failed["path"]) == [plan.objects["path"].iloc[1]]
    assert (hidden / path.name).exists()


def test_an_expired_plan_is_refused(postgresql_laboratory: Laboratory) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory)
    times = [datetime.now(UTC)]
    plan = planned(complete(laboratory, clock=lambda: times[-1]))
    times.append(times[0] + timedelta(minutes=61))

    with pytest.raises(SweepRefusedError, match="expired"):
        plan.sweep()

    assert not (laboratory.store("raw") / "_trash").exists()


def test_an_empty_plan_is_refused(postgresql_laboratory: Laboratory) -> None:
    orphaned(postgresql_laboratory)

    with pytest.raises(SweepRefusedError, match="nothing is selected"):
        planned(complete(postgresql_laboratory), []).sweep()


def test_an_incomplete_scan_cannot_make_a_plan(laboratory: Laboratory) -> None:
    table = orphaned(laboratory)
    place = laboratory.quote(laboratory.name, table.table_name)
    laboratory.connection.query(f"UPDATE {place} SET data = '{{}}' WHERE id = 4")

    found = laboratory.scan()

    assert isinstance(found, IncompleteScan)
    assert not isinstance(found, CompleteScan)
    assert not hasattr(found, "plan")
    assert len(found.orphans) > 0  # it shows what it saw


def test_orphans_of_two_stores_go_to_the_trash_of_each(laboratory: Laboratory) -> None:
    orphaned(laboratory)
    other = laboratory.declare("id : int32\n---\ndata : <npy@derived>\n", "Other")
    other.insert1({"id": 1, "data": array(1)})
    other.delete()
    laboratory.age()

    receipt = planned(complete(laboratory)).sweep()

    assert receipt.rows["store"].value_counts().to_dict() == {"raw": 3, "derived": 1}
    for store, count in (("raw", 3), ("derived", 1)):
        objects = laboratory.store(store) / "_trash" / receipt.sweep_id / "objects"
        assert len(contents(objects)) == count
    assert receipt.restore().count("restored") == 4


def test_every_acknowledgement_is_journalled(anywhere: Laboratory) -> None:
    orphaned(anywhere)
    plan = planned(complete(anywhere))

    receipt = plan.sweep()

    held = anywhere.held()[f"_trash/{receipt.sweep_id}/plan.json"]
    assert {"sole-owner", "large-sweep"} <= plan.acknowledged
    for name in plan.acknowledged:
        assert f'"{name}"'.encode() in held


def test_one_text_is_not_a_set_of_names(postgresql_laboratory: Laboratory) -> None:
    orphaned(postgresql_laboratory)
    found = complete(postgresql_laboratory)

    with pytest.raises(InputError, match=r"Pass acknowledge=\{'sole-owner'\}"):
        found.plan(acknowledge="sole-owner")
