"""A scan in ranges: what it says, what it moves, and what it does if it is stopped."""

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Any

import fsspec
import pandas as pd
import pytest
from distributed import Client, LocalCluster
from laboratory import (
    NPY,
    Laboratory,
    array,
    complete,
    every_kind_orphaned,
    filled,
    orphaned,
    outcomes,
    planned,
)

from djgc_widgets import (
    Cancelled,
    CompleteScan,
    IncompleteScan,
    InputError,
    Progress,
    ScanUnfinishedError,
    SweepRefusedError,
)
from djgc_widgets.collector.ranges import bounds
from djgc_widgets.collector.ranges.dataset import RECORDED, Dataset
from djgc_widgets.model import Step

FRAMES = ("objects", "references", "orphans", "missing", "trash", "hidden")
SUMS = ("summary", "usage", "places", "ages", "growth")


@pytest.fixture
def lab(s3_laboratory: Laboratory) -> Laboratory:
    return s3_laboratory


@pytest.fixture(autouse=True)
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few objects be a range: thousands take minutes to store."""
    monkeypatch.setattr(bounds, "ROWS", 4)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Client]:
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as workers,
        Client(workers) as client,
    ):
        yield client


def in_ranges(lab: Laboratory, out: object, **options: Any) -> CompleteScan:
    return complete(lab, out=out, **options)


def expect_same(found: CompleteScan, whole: CompleteScan) -> None:
    frames = {name: (getattr(found, name), getattr(whole, name)) for name in FRAMES}
    frames |= {n: (getattr(found, n)(), getattr(whole, n)()) for n in SUMS}
    for name, (one, other) in frames.items():
        columns = list(other)
        pd.testing.assert_frame_equal(
            one[columns].sort_values(columns, ignore_index=True),
            other.sort_values(columns, ignore_index=True),
            obj=name,
        )
    assert (found.listed_files, found.listed_bytes) == (
        whole.listed_files,
        whole.listed_bytes,
    )
    assert found.adds_up()
    assert set(found.warnings) == set(whole.warnings)
    assert found.counts == whole.counts


def n_ranges(out: Path) -> int:
    return len(list((out / "finished").iterdir()))


def test_says_what_a_scan_in_memory_says(lab: Laboratory, tmp_path: Path) -> None:
    every_kind_orphaned(lab)
    lab.put("notes/a.txt")
    lab.put("kept/c", store="derived")
    whole = complete(lab)
    found = in_ranges(lab, tmp_path / "out")

    assert n_ranges(tmp_path / "out") > 3
    expect_same(found, whole)
    for store, path in whole.objects[["store", "path"]].itertuples(index=False):
        mine = found.files_of(store, path).sort_values("path", ignore_index=True)
        theirs = whole.files_of(store, path).sort_values("path", ignore_index=True)
        pd.testing.assert_frame_equal(mine, theirs)
    owned = found.files.merge(
        found.objects, left_on="object", right_index=True, suffixes=("", "_of")
    )
    below = [
        p == o or p.startswith((f"{o}/", f"{o}."))
        for p, o in owned[["path", "path_of"]].to_numpy()
    ]
    assert all(below)
    assert len(below) == len(whole.files)


def test_sweeps_and_brings_back(lab: Laboratory, tmp_path: Path) -> None:
    every_kind_orphaned(lab)
    before = lab.contents()
    found = in_ranges(lab, tmp_path / "1")
    receipt = planned(found).sweep()

    assert outcomes(receipt) == {"moved": 3}
    after = in_ranges(lab, tmp_path / "2")
    expect_same(after, complete(lab))
    assert len(after.trash) == 3
    assert after.orphans.empty
    assert outcomes(receipt.restore()) == {"restored": 3}
    kept = {p: c for p, c in lab.contents().items() if not p.startswith("_trash/")}
    assert kept == before


def test_does_not_move_what_rows_refer_to_by_now(
    lab: Laboratory, tmp_path: Path
) -> None:
    table = orphaned(lab)
    found = in_ranges(lab, tmp_path / "out")
    path = found.orphans["path"].iloc[0]
    metadata = next(iter(lab.raw(table.table_name, "data").values()))
    lab.write_row(table.table_name, 77, {**metadata, "path": path})
    receipt = planned(found).sweep()

    assert outcomes(receipt) == {"moved": 2, "skipped: live-again": 1}
    assert path in lab.contents()


def test_heals(lab: Laboratory, tmp_path: Path) -> None:
    table = orphaned(lab)
    path = complete(lab).orphans["path"].iloc[0]
    planned(complete(lab)).sweep()
    metadata = next(iter(lab.raw(table.table_name, "data").values()))
    lab.write_row(table.table_name, 77, {**metadata, "path": path})
    found = in_ranges(lab, tmp_path / "out")

    assert found.trash["returnable"].sum() == 1
    assert outcomes(found.heal()) == {"restored": 1}
    assert path in lab.contents()


def many(lab: Laboratory) -> None:
    """Store enough that there are many ranges."""
    table = lab.declare(NPY)
    table.insert({"id": key, "data": array(key)} for key in range(40))
    (table & "id < 10").delete()
    lab.age()


def finished(out: Path) -> dict[str, int]:
    return {p.name: p.stat().st_mtime_ns for p in (out / "finished").iterdir()}


def test_a_lost_worker_loses_nothing(lab: Laboratory, tmp_path: Path) -> None:
    many(lab)
    out = tmp_path / "out"
    with ProcessPoolExecutor(1, get_context("spawn")) as executor:

        def kill(progress: Progress) -> None:
            if progress.step is Step.RECONCILING and progress.done == 1:
                [worker] = active_children()
                worker.kill()

        with pytest.raises(ScanUnfinishedError, match=r"1 were|once more"):
            lab.scan(out=out, executor=executor, progress=kill)
    before = finished(out)
    assert before
    seen: list[Progress] = []
    found = in_ranges(lab, out, progress=seen.append)

    assert before.items() <= finished(out).items()
    assert len(finished(out)) > 10
    assert not [p for p in seen if p.step is Step.LISTING]
    expect_same(found, complete(lab))


def test_an_executor_that_takes_nothing_loses_nothing(
    lab: Laboratory, tmp_path: Path
) -> None:
    many(lab)
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(ScanUnfinishedError, match="a worker failed"):
        lab.scan(out=tmp_path / "out", executor=executor)

    expect_same(in_ranges(lab, tmp_path / "out"), complete(lab))


def test_a_scan_that_was_stopped_goes_on(lab: Laboratory, tmp_path: Path) -> None:
    many(lab)
    out = tmp_path / "out"

    def stop(progress: Progress) -> None:
        if progress.step is Step.RECONCILING:
            raise Cancelled

    with pytest.raises(Cancelled):
        lab.scan(out=out, progress=stop)
    before = finished(out)
    found = in_ranges(lab, out)

    assert before.items() <= finished(out).items()
    expect_same(found, complete(lab))


@pytest.mark.parametrize("at", [Step.LISTING, Step.READING, Step.RECONCILING])
def test_two_scans_never_share_a_folder(
    lab: Laboratory, tmp_path: Path, at: Step
) -> None:
    """The second one removes what the first has written of references, for example."""
    every_kind_orphaned(lab)
    out, others = tmp_path / "out", []

    def begin_another(progress: Progress) -> None:
        if progress.step is at and not others:
            others.append(None)
            with pytest.raises(Cancelled):
                lab.scan(out=out, progress=stop_at_reading)

    def stop_at_reading(progress: Progress) -> None:
        if progress.step is Step.READING:
            raise Cancelled

    with pytest.raises(ScanUnfinishedError, match="one scan at a time"):
        lab.scan(out=out, progress=begin_another)
    assert others
    expect_same(in_ranges(lab, out), complete(lab))


def test_rows_that_are_lost_on_the_way_are_noticed(
    lab: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    every_kind_orphaned(lab)
    lay = bounds.lay_ranges

    def lay_and_lose(dataset: Dataset, *arguments: Any) -> list[str]:
        dataset.remove(RECORDED)
        return lay(dataset, *arguments)

    monkeypatch.setattr(bounds, "lay_ranges", lay_and_lose)
    with pytest.raises(ScanUnfinishedError, match="one scan at a time"):
        lab.scan(out=tmp_path / "out")
    monkeypatch.setattr(bounds, "lay_ranges", lay)
    expect_same(in_ranges(lab, tmp_path / "out"), complete(lab))


def test_judges_again_what_changed_meanwhile(lab: Laboratory, tmp_path: Path) -> None:
    table = filled(lab)
    lab.age()
    out = tmp_path / "out"

    def stop(progress: Progress) -> None:
        if progress.step is Step.RECONCILING and progress.done == progress.total:
            raise Cancelled

    with pytest.raises(Cancelled):
        lab.scan(out=out, progress=stop)
    (table & "id = 1").delete()
    found = in_ranges(lab, out)

    expect_same(found, complete(lab))
    assert len(found.orphans) == 1


def test_runs_on_a_cluster(lab: Laboratory, cluster: Client, tmp_path: Path) -> None:
    many(lab)
    found = in_ranges(lab, tmp_path / "out", executor=cluster.get_executor())

    expect_same(found, complete(lab))


def test_goes_on_behind_a_url(lab: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    many(lab)
    assert lab.s3 is not None
    server, settings = lab.s3.server, {}
    for name, value in {
        "endpoint_url": f"http://{server.host}:{server.port}",
        "key": server.user,
        "secret": server.password,
    }.items():  # for the workers, and for this process
        monkeypatch.setenv(f"FSSPEC_S3_{name.upper()}", value)
        settings[name] = value
    monkeypatch.setitem(fsspec.config.conf, "s3", settings)
    out = f"s3://{lab.s3.bucket}/{lab.name}-out"

    def stop(progress: Progress) -> None:
        if progress.step is Step.RECONCILING:
            raise Cancelled

    with ProcessPoolExecutor(1, get_context("spawn")) as executor:
        with pytest.raises(Cancelled):
            lab.scan(out=out, executor=executor, progress=stop)
        found = in_ranges(lab, out, executor=executor)

    expect_same(found, complete(lab))


class FullDisk(Executor):
    """Judges at once, but the last results of a range cannot be written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        aside = self._folder.rename(self._folder.with_name("aside"))
        self._folder.write_bytes(b"")
        try:
            future.set_result(fn(*args, **kwargs))
        except OSError as error:
            future.set_exception(error)
        self._folder.unlink()
        aside.rename(self._folder)
        return future


def test_a_note_vouches_for_no_other_verdict(lab: Laboratory, tmp_path: Path) -> None:
    table = filled(lab, range(1))
    lab.age()
    out = tmp_path / "out"
    row = lab.raw(table.table_name, "data")[0]

    def stop(progress: Progress) -> None:
        if progress.step is Step.RECONCILING:
            raise Cancelled

    with pytest.raises(Cancelled):
        lab.scan(out=out, progress=stop)
    table.delete()
    with pytest.raises(ScanUnfinishedError, match="a worker failed"):
        lab.scan(out=out, executor=FullDisk(out / "met"))
    lab.write_row(table.table_name, 0, row)
    found = in_ranges(lab, out)

    assert found.orphans.empty
    assert found.summary()["status"].tolist() == ["live"]


def test_a_range_that_lacks_rows_is_not_judged(lab: Laboratory, tmp_path: Path) -> None:
    many(lab)
    out = tmp_path / "out"

    def disturb(progress: Progress) -> None:
        if progress.step is Step.RECONCILING and progress.done == 1:
            for part in (out / "recorded-in-ranges").iterdir():
                part.unlink()

    with (
        ProcessPoolExecutor(1, get_context("spawn")) as executor,
        pytest.raises(ScanUnfinishedError, match="No such file"),
    ):
        lab.scan(out=out, executor=executor, progress=disturb)


def test_writes_what_others_can_read(lab: Laboratory, tmp_path: Path) -> None:
    every_kind_orphaned(lab)
    found = in_ranges(lab, (tmp_path / "out").as_uri())
    stored = pd.read_parquet(tmp_path / "out" / "objects")

    assert stored.groupby("status").size().to_dict() == {"live": 3, "orphan": 3}
    assert set(stored["path"]) == set(found.objects["path"])
    files = pd.read_parquet(tmp_path / "out" / "files")
    assert len(files) == found.listed_files


def test_calls_nothing_an_orphan_if_something_could_not_be_read(
    lab: Laboratory, tmp_path: Path
) -> None:
    table = orphaned(lab)
    lab.write_row(table.table_name, 99, "neither a path nor an object")
    found = lab.scan(out=tmp_path / "out")

    assert isinstance(found, IncompleteScan)
    assert found.orphans.empty
    stored = pd.read_parquet(tmp_path / "out" / "objects")
    assert set(stored["status"]) == {"live", "unknown"}
    expect = lab.scan()
    assert set(found.problems) == set(expect.problems)


def test_calls_nothing_missing_that_could_not_be_looked_up(
    lab: Laboratory, tmp_path: Path
) -> None:
    filled(lab)
    lab.config.stores["raw"]["endpoint"] = "127.0.0.1:1"

    found = lab.scan(out=tmp_path / "out")

    expect = lab.scan()
    assert isinstance(found, IncompleteScan)
    assert set(found.references["state"]) == {"unknown"}
    assert found.missing.empty
    assert expect.missing.empty
    assert found.usage()["n_missing"].sum() == expect.usage()["n_missing"].sum() == 0
    told = "0 missing objects (3 references could not be looked up)"
    assert told in found.headline()
    assert told in expect.headline()


def test_finds_what_was_written_since_the_listing(
    lab: Laboratory, tmp_path: Path
) -> None:
    table = filled(lab)
    lab.age()

    def insert(progress: Progress) -> None:
        if progress.step is Step.LISTING and not table & "id = 9":
            table.insert1({"id": 9, "data": b"new"})

    found = in_ranges(lab, tmp_path / "out", progress=insert)

    assert found.missing.empty
    assert found.usage()["n_missing"].sum() == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"exact": False}, "exact=False"),
        ({"listing": {"raw": "x.csv"}}, "listing"),
        ({"executor": "dask"}, "executor of concurrent.futures"),
        ({"out": 5}, "a folder or a URL of one in out; got 5"),
        ({"out": None, "executor": "dask"}, "a folder in out beside an executor"),
    ],
)
def test_says_what_a_scan_in_ranges_cannot_do(
    lab: Laboratory, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        lab.scan(**{"out": tmp_path / "out", **options})
    assert not (tmp_path / "out").exists()


def test_needs_buckets(postgresql_laboratory: Laboratory, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"stores in buckets.*raw, derived"):
        postgresql_laboratory.scan(out=tmp_path / "out")


def test_writes_into_no_folder_of_something_else(
    lab: Laboratory, tmp_path: Path
) -> None:
    filled(lab)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="holds something else"):
        lab.scan(out=tmp_path)
    in_ranges(lab, tmp_path / "out")
    with pytest.raises(InputError, match="was finished"):
        lab.scan(out=tmp_path / "out")
    note = tmp_path / "out" / "scan.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "finished": False}))
    with pytest.raises(InputError, match="of the same scan"):
        lab.scan(out=tmp_path / "out", stores=["raw"])
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_moves_nothing_without_the_folder_of_the_scan(
    lab: Laboratory, tmp_path: Path
) -> None:
    orphaned(lab)
    texts = lab.declare("id : int32\n---\nnote : json\n", "Note")
    before, out = lab.contents(), tmp_path / "out"
    found = in_ranges(lab, out)
    texts.insert1({"id": 1, "note": {"see": "elsewhere/that"}})
    shutil.rmtree(out / "listed")

    with pytest.raises(SweepRefusedError, match="listing of the scan"):
        planned(found).sweep()
    shutil.rmtree(out)
    with pytest.raises(InputError, match="moved or removed"):
        _ = found.objects
    assert before.items() <= lab.contents().items()
