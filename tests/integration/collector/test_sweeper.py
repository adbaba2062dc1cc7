"""Sweep and restore on real files and servers."""

import errno
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
    filled,
    orphaned,
    outcomes,
    planned,
    with_folders,
)
from unprivileged import let_in, ordinary_account

from djgc_widgets import (
    Cancelled,
    CompleteScan,
    IncompleteScan,
    InputError,
    Progress,
    SweepPlan,
    SweepRefusedError,
)
from djgc_widgets.model import readable_bytes
from djgc_widgets.stores.file.folder import StoreFolder


def plan_of_orphans(laboratory: Laboratory) -> SweepPlan:
    """Insert five rows, delete three of them, and plan to sweep what these leave."""
    orphaned(laboratory)
    return planned(complete(laboratory))


def test_a_sweep_moves_what_was_planned_and_nothing_else(
    laboratory: Laboratory,
) -> None:
    orphaned(laboratory)
    raw = laboratory.store("raw")
    before = contents(raw)
    result = complete(laboratory)
    chosen = result.orphans.head(2)

    receipt = planned(result, chosen).sweep()

    assert outcomes(receipt) == {"moved": 2}
    trash = f"_trash/{receipt.sweep_id}"
    expected = {p: c for p, c in before.items() if p not in set(chosen["path"])}
    expected |= {f"{trash}/objects/{path}": before[path] for path in chosen["path"]}
    now = contents(raw)
    assert {p: now.get(p) for p in expected} == expected
    assert sorted(set(now) - set(expected)) == [
        f"{trash}/plan.json",
        f"{trash}/result.json",
        "_trash/README.md",
        "_trash/marker.json",
        "_trash/owner.json",
        "_trash/reserve",
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

    assert outcomes(restored) == {"restored": 3}
    now = {p: c for p, c in contents(raw).items() if not p.startswith("_trash/")}
    assert now == before
    assert {path: (raw / path).stat().st_mtime_ns for path in now} == dates
    assert not list(raw.glob("_trash/*/objects/**/*.npy"))
    assert len(complete(laboratory).orphans) == 3
    assert receipt.restore().rows.empty


def test_a_folder_object_moves_completely_with_its_manifest(
    anywhere: Laboratory,
) -> None:
    table = anywhere.declare("id : int32\n---\ndata : <object@raw>\n")
    source = anywhere.folder / "source"
    for chunk in ("0/0", "0/1", ".zarray"):
        (source / chunk).parent.mkdir(parents=True, exist_ok=True)
        (source / chunk).write_text(chunk)
    table.insert({"id": key, "data": source} for key in (1, 2))
    (table & "id = 1").delete()
    anywhere.age()
    before = anywhere.contents()

    receipt = planned(complete(anywhere)).sweep()
    swept = anywhere.contents()
    receipt.restore()

    assert list(receipt.rows["n_files"]) == [4]
    trash = f"_trash/{receipt.sweep_id}/objects"
    assert sum(path.startswith(trash) for path in swept) == 4
    restored = anywhere.contents().items()
    assert {p: c for p, c in restored if not p.startswith("_trash/")} == before


def test_a_sweep_reads_references_again(anywhere: Laboratory) -> None:
    table = orphaned(anywhere, HASH)
    plan = planned(complete(anywhere))
    table.insert1({"id": 1, "data": array(1).tobytes()})  # the same content: no upload

    receipt = plan.sweep()

    assert outcomes(receipt) == {"moved": 2, "skipped: live-again": 1}
    assert complete(anywhere).missing.empty
    assert (table & "id = 1").fetch1("data") == array(1).tobytes()
    table.insert1({"id": 2, "data": array(2).tobytes()})  # swept, so uploaded again
    assert complete(anywhere).missing.empty


def test_what_became_live_while_it_moved_is_brought_back(
    laboratory: Laboratory,
) -> None:
    table = orphaned(laboratory, HASH)
    plan = planned(complete(laboratory))
    raw = laboratory.raw(table.table_name, "data")[5]
    sql_table = laboratory.quote(laboratory.name, table.table_name)
    revived = plan.objects["path"].iloc[0]

    def commit_a_reference(progress: Progress) -> None:
        if progress.done == 2:  # the first object has been moved by now
            value = json.dumps({**raw, "path": revived})
            laboratory.connection.query(
                f"INSERT INTO {sql_table} (id, data) VALUES (9, '{value}')"
            )

    receipt = plan.sweep(commit_a_reference)

    assert outcomes(receipt) == {"moved": 2, "restored: live-again": 1}
    assert (laboratory.store("raw") / revived).exists()
    assert complete(laboratory).missing.empty


def test_nothing_stays_moved_if_the_references_cannot_be_read_again(
    laboratory: Laboratory,
) -> None:
    plan = plan_of_orphans(laboratory)
    before = contents(laboratory.store("raw"))
    right = laboratory.connection.conn_info["port"]

    def lose_the_server(_: Progress) -> None:
        laboratory.connection.conn_info["port"] = 1

    try:
        receipt = plan.sweep(lose_the_server)
    finally:
        laboratory.connection.conn_info["port"] = right

    assert outcomes(receipt) == {"restored: references-unread": 3}
    now = contents(laboratory.store("raw"))
    assert {p: c for p, c in now.items() if not p.startswith("_trash/")} == before


def test_a_sweep_without_its_database_moves_nothing(laboratory: Laboratory) -> None:
    plan = plan_of_orphans(laboratory)
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


@pytest.mark.parametrize(
    ("change", "code"),
    [(_overwrite, "changed"), (_touch, "changed"), (_replace, "renumbered")],
)
def test_what_changed_since_the_scan_stays(
    lab: Laboratory, change: Callable[[Path], None], code: str
) -> None:
    plan = plan_of_orphans(lab)
    path = plan.objects["path"].iloc[1]
    change(lab.store("raw") / path)

    receipt = plan.sweep()

    skipped = receipt.rows.set_index("path").loc[path]
    assert (skipped["outcome"], skipped["detail_code"]) == ("skipped", code)
    assert path in skipped["detail"]
    assert (lab.store("raw") / path).exists()
    assert receipt.count("moved") == 2


def test_a_folder_that_gained_a_file_stays(lab: Laboratory) -> None:
    table = lab.declare("id : int32\n---\ndata : <object@raw>\n")
    source = lab.folder / "source"
    source.mkdir()
    (source / "chunk").touch()
    table.insert1({"id": 1, "data": source})
    table.delete()
    lab.age()
    plan = planned(complete(lab))
    path = plan.objects["path"].iloc[0]
    (lab.store("raw") / path / "<b>").touch()

    receipt = plan.sweep()

    assert outcomes(receipt) == {"skipped: changed": 1}
    assert receipt.rows["detail"].iloc[0].endswith(f"{path}/<b>")
    size = readable_bytes(plan.size_bytes)
    assert repr(receipt) == f"SweepReceipt: 1 object skipped ({size})"
    html = receipt._repr_html_()
    assert f"{path}/&lt;b&gt;" in html
    assert f"{path}/<b>" not in html


def test_what_is_gone_already_is_skipped(lab: Laboratory) -> None:
    plan = plan_of_orphans(lab)
    (lab.store("raw") / plan.objects["path"].iloc[0]).unlink()

    receipt = plan.sweep()

    assert outcomes(receipt) == {"moved": 2, "skipped: gone": 1}


def test_restore_never_overwrites(anywhere: Laboratory) -> None:
    orphaned(anywhere)
    receipt = planned(complete(anywhere)).sweep()
    path = str(receipt.rows["path"].iloc[0])
    anywhere.put(path, data=b"newer")

    restored = receipt.restore()

    assert outcomes(restored) == {"restored": 2, "failed: path-taken": 1}
    files = anywhere.contents()
    assert files[path] == b"newer"
    trash = f"_trash/{receipt.sweep_id}/objects/"
    assert [p for p in files if p.startswith(trash)] == [trash + path]
    anywhere.remove(path)
    assert outcomes(receipt.restore()) == {"restored": 1}


def test_the_journal_is_written_before_the_first_move(lab: Laboratory) -> None:
    orphaned(lab)
    raw = lab.store("raw")
    plan = planned(complete(lab))
    seen: list[tuple[int, int]] = []

    def look(_: Progress) -> None:
        journals = list(raw.glob("_trash/*/plan.json"))
        moved = list(raw.glob("_trash/*/objects/**/*.npy"))
        seen.append((len(journals), len(moved)))

    receipt = plan.sweep(look)

    assert seen == [(1, 0), (1, 1), (1, 2)]
    folder = raw / "_trash" / receipt.sweep_id
    journal, result = (
        json.loads((folder / f"{name}.json").read_text())["content"]
        for name in ("plan", "result")
    )
    assert [entry["path"] for entry in journal["objects"]] == list(plan.objects["path"])
    assert list(journal["servers"].values()) == [
        f"postgresql://127.0.0.1:{lab.server.port}"
    ]
    assert [entry["outcome"] for entry in result["objects"]] == ["moved"] * 3
    everything = b"".join(contents(folder).values()).decode("latin-1")
    assert lab.server.password not in everything


def test_a_canceled_sweep_says_what_it_did(lab: Laboratory) -> None:
    plan = plan_of_orphans(lab)

    def cancel(progress: Progress) -> None:
        if progress.done == 1:
            raise Cancelled

    receipt = plan.sweep(cancel)

    assert outcomes(receipt) == {"moved": 1, "skipped: canceled": 2}
    assert receipt.restore().count("restored") == 1


def test_a_read_only_store_refuses_before_anything_moves(lab: Laboratory) -> None:
    orphaned(lab)
    let_in(lab.folder)
    raw = lab.store("raw")
    writable = raw.stat().st_mode
    raw.chmod(0o555)
    plan = planned(complete(lab))
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


def test_one_failure_does_not_stop_the_rest(lab: Laboratory) -> None:
    orphaned(lab)
    raw = lab.store("raw")
    plan = planned(complete(lab))
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


def test_an_expired_plan_is_refused(lab: Laboratory) -> None:
    orphaned(lab)
    times = [datetime.now(UTC)]
    plan = planned(complete(lab, clock=lambda: times[-1]))
    times.append(times[0] + timedelta(minutes=61))

    with pytest.raises(SweepRefusedError, match="expired"):
        plan.sweep()

    assert not (lab.store("raw") / "_trash").exists()


def test_an_empty_plan_is_refused(lab: Laboratory) -> None:
    orphaned(lab)

    with pytest.raises(SweepRefusedError, match="nothing is selected"):
        planned(complete(lab), []).sweep()


def test_an_incomplete_scan_cannot_make_a_plan(laboratory: Laboratory) -> None:
    table = orphaned(laboratory)
    sql_table = laboratory.quote(laboratory.name, table.table_name)
    laboratory.connection.query(f"UPDATE {sql_table} SET data = '{{}}' WHERE id = 4")

    result = laboratory.scan()

    assert isinstance(result, IncompleteScan)
    assert not isinstance(result, CompleteScan)
    assert not hasattr(result, "plan")
    assert len(result.objects) > 0  # it shows what it saw


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


def test_every_acknowledgment_is_journaled(anywhere: Laboratory) -> None:
    plan = plan_of_orphans(anywhere)

    receipt = plan.sweep()

    record = anywhere.contents()[f"_trash/{receipt.sweep_id}/plan.json"]
    assert {"sole-owner", "large-sweep"} <= plan.acknowledged
    for name in plan.acknowledged:
        assert f'"{name}"'.encode() in record


def test_one_text_is_not_a_set_of_names(lab: Laboratory) -> None:
    orphaned(lab)
    result = complete(lab)

    with pytest.raises(InputError, match=r"acknowledge=\['sole-owner'\]"):
        result.plan(acknowledge="sole-owner")


def test_a_sweep_gives_up_after_many_failures_in_a_row(
    postgresql_laboratory: Laboratory,
) -> None:
    lab = postgresql_laboratory
    filled(lab, range(30)).delete()
    lab.age()
    before = lab.contents()
    plan = planned(complete(lab))

    class GoesAway(StoreFolder):
        def move(self, *_: object) -> None:
            raise OSError(errno.EIO, "the store goes away")

    receipt = with_folders(plan, complete(lab), GoesAway).sweep()

    assert outcomes(receipt) == {"failed: error": 20, "skipped: gave-up": 10}
    now = lab.contents().items()
    assert {p: c for p, c in now if not p.startswith("_trash/")} == before
