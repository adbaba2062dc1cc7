"""Ranges of keys, judged one by one, say what a verdict on the whole says."""

import itertools
from hashlib import md5
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from builders import files, names, recorded, world
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from djgc_widgets.collector.ranges import dataset
from djgc_widgets.collector.ranges.bounds import lay_ranges
from djgc_widgets.collector.ranges.dataset import LISTED, Dataset, Parts
from djgc_widgets.collector.ranges.dataset import RECORDED as TOLD
from djgc_widgets.collector.ranges.frames import FramesOfRanges
from djgc_widgets.collector.ranges.recorded import RecordedParts
from djgc_widgets.collector.ranges.task import RangeTask, judge_range
from djgc_widgets.model import (
    FILES,
    FOLDERS,
    RECORDED,
    STR,
    StoreInfo,
    as_strings,
    key_in_path,
    stacked,
)
from djgc_widgets.verdict import (
    Reconciled,
    World,
    bytes_by_place,
    count_sections,
    locate,
    range_keys,
    reconcile,
    usage_by_attribute,
)

RAW = StoreInfo("raw", ("raw",), "server/raw", protocol="s3")
FAR = StoreInfo("far", ("far",), "server/far", protocol="s3")
STORES = names(RAW, FAR, default="raw")
BASE32 = str.maketrans("0189", "ghij")
HASHED = f"_hash/lab/{'a' * 26}"
SWEPT = "_trash/20260101T000000Z-0123abcd/objects/"
IN_FOLDER = [
    "voltage_AbCd1234.npy",
    "voltage_AbCd1234.npy/0/0",
    "voltage_AbCd1234.npy.md5",
    "Voltage_AbCd1234.npy",
    "voltage_EfGh5678.npy",
    "voltage_EfGh5678.npy.manifest.json",
    "a copy of voltage_EfGh5678.npy",
    "notes.txt",
    "\u00e9.txt",
    "e\u0301.txt",
]
OBJECTS = [
    *(f"_schema/lab/rec/id={key}/{name}" for key in range(2) for name in IN_FOLDER),
    *(f"_hash/lab/{d * 26}{end}" for d in "ab" for end in ("", ".bak", "/x", "_x")),
    *("former/_hash2/lab/" + "c" * 26, "former/_hash2/lab/" + "d" * 26),
    *(f"old/lab/rec/id=1/voltage_{token}.npy" for token in ("AbCd1234", "MnOp9012")),
    *("other", "other/a", "other/a//b", "other/a/b", "other/A", "other b", "other%20b"),
]
PATHS = [*OBJECTS, *(SWEPT + path for path in OBJECTS)]
SHALLOW = ["_schema/lab/rec/id=1", "_schema/lab", "_hash/lab", "", "former", "oth"]

stored = st.tuples(st.sampled_from(["raw", "raw", "far"]), st.sampled_from(PATHS))
referred = st.fixed_dictionaries(
    {
        "path": st.sampled_from(OBJECTS + SHALLOW),
        "named_store": st.sampled_from(["raw", "raw", "raw", "far", "gone", None]),
        "spelling": st.none() | st.none() | st.sampled_from(OBJECTS + SHALLOW),
        "guessed": st.sampled_from([False, False, True]),
        "declared": st.sampled_from([True, True, True, False]),
        "codec": st.sampled_from(["npy", "hash", "filepath"]),
        "row": st.integers(1, 6),
    }
)


def listed(rows: set[tuple[str, str]]) -> pd.DataFrame:
    parts = [
        files(path, store=store, size=len(path), inode=0, device=0, etag=path)
        for store, path in sorted(rows)
    ]
    return stacked([FILES.empty(), *parts])


def recorded_rows(rows: list[dict[str, Any]]) -> pd.DataFrame:
    parts = []
    for number, row in enumerate(sorted(rows, key=lambda each: int(each["row"]))):
        spellings = [row["path"], row["spelling"]]
        for at, path in enumerate(dict.fromkeys(s for s in spellings if s is not None)):
            values = {"store": row["named_store"], "declared": row["declared"]}
            values |= {"guessed": row["guessed"] or at > 0, "codec": row["codec"]}
            key = f'{{"id": {key_in_path(str(row["path"])).get("id", row["row"])}}}'
            parts.append(recorded(path, reference=number, row_key=key, **values))
    return stacked([RECORDED.empty(), *parts])


def judged_whole(stored: pd.DataFrame, told: pd.DataFrame, around: World) -> Reconciled:
    located = locate(stored, told, around.names, lambda _: [])
    return reconcile(stored, FOLDERS.empty(), told, located.targets, around)


def judged_in_ranges(
    folder: Path | str,
    stored: pd.DataFrame,
    told: pd.DataFrame,
    around: World,
    rows: int,
) -> tuple[FramesOfRanges, int]:
    dataset = Dataset(str(folder))
    parts = Parts(dataset, "listed")
    for _, page in stored.groupby(stored.index // max(7, len(stored) // 5)):
        parts.add(page.assign(key=as_strings(range_keys(page["path"]))))
        parts.close()
    parts.close()
    taken = RecordedParts(dataset, around.names)
    taken.add(told)
    known_names = taken.close()
    known = World(
        known_names,
        *(around.schemas, around.scanned, around.tables),
        *(around.now, around.minimum_age, around.pins),
    )
    ranges = lay_ranges(dataset, known.names, rows)
    done = {}
    for number, n_rows in enumerate(
        zip(*(dataset.split(k, ranges) for k in (LISTED, TOLD)), strict=True)
    ):
        task = RangeTask(dataset, number, n_rows, known, around.names.stores)
        done[task.name] = judge_range(task)
    return FramesOfRanges(dataset, done, taken.several), len(done)


def without_siblings(objects: pd.DataFrame) -> pd.DataFrame:
    """Leave out what only a row in another range can tell."""
    same = {"superseded": "row-deleted", "never-committed": "row-deleted"}
    reasons = objects["reason_code"].replace(same)
    return objects.drop(columns=["reason", "sibling"]).assign(reason_code=reasons)


def expect_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    columns = list(expected)
    pd.testing.assert_frame_equal(
        found[columns].sort_values(columns, ignore_index=True),
        expected.sort_values(columns, ignore_index=True),
        check_dtype=False,
    )


def hash_of(number: int) -> str:
    digest = md5(str(number).encode(), usedforsecurity=False).hexdigest()
    return f"_hash/lab/{digest[:26].translate(BASE32)}"


def expect_verdict(found: FramesOfRanges, whole: Reconciled) -> None:
    expect_same(without_siblings(found.objects()), without_siblings(whole.objects))
    expect_same(found.references(), whole.references)
    expect_same(found.usage(), usage_by_attribute(whole.objects, whole.references))
    expect_same(found.places(), bytes_by_place(whole.objects, whole.references))
    kept = found.verdict()
    for name in ("trash", "summary", "totals", "elsewhere"):
        expect_same(getattr(kept, name), getattr(whole, name))
    live = whole.objects["status"].eq("live")
    expect_same(without_siblings(kept.objects), without_siblings(whole.objects[~live]))
    missing = whole.references["state"].eq("missing")
    expect_same(kept.references, whole.references[missing])


_NUMBER = itertools.count()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sets(stored, max_size=40), st.lists(referred, max_size=20))
def test_ranges_say_what_the_whole_says(
    stored: set[tuple[str, str]], referred: list[dict[str, Any]]
) -> None:
    there, told = listed(stored), recorded_rows(referred)
    around = world(STORES, scanned=("lab",))
    whole = judged_whole(there, told, around)
    frames, _ = judged_in_ranges(
        f"memory://ranges/{next(_NUMBER)}", there, told, around, rows=4
    )

    expect_verdict(frames, whole)
    expect_same(
        frames.sections(), count_sections(whole, there, around.names.stores, ("lab",))
    )


def test_ranges_of_a_hundred_thousand_objects_say_what_the_whole_says(
    tmp_path: Path,
) -> None:
    mixed = [number * 7_919 % 100_000 for number in range(100_000)]
    paths = [
        hash_of(n) if n % 4 == 0 else f"_schema/lab/rec/id={n}/voltage_AbCd{n:05}.npy"
        for n in mixed
    ]
    there = files(*paths, inode=0, device=0, etag="x")
    rows = [n for n in range(100_000) if n % 10]
    told = recorded(
        *(paths[n] for n in rows), row_key=[f'{{"id": {mixed[n]}}}' for n in rows]
    )
    around = world(STORES)
    whole = judged_whole(there, told, around)
    frames, n_ranges = judged_in_ranges(tmp_path, there, told, around, rows=20_000)

    assert n_ranges > 5
    assert whole.summary.set_index("status")["n_objects"].to_dict() == {
        "live": 90_000,
        "orphan": 10_000,
    }
    expect_verdict(frames, whole)


def keys_of(*paths: str) -> list[str]:
    return range_keys(pd.Series(paths, dtype=STR)).to_pylist()


def test_keys_bring_together_what_matters_to_each_other() -> None:
    spelled = "Rec//e\u0301.npy", "rec/\u00e9.NPY", f"{SWEPT}REC/\u00e9.npy"
    beside = "rec/\u00e9.npy.manifest.json", "rec/\u00e9.npy/"
    assert len(set(keys_of(*spelled, *beside))) == 1
    assert keys_of("_trash/20260101T000000Z-0123abcd/plan.json") == [
        "/_trash/20260101t000000z-0123abcd/plan.json"
    ]


def ranges_of(folder: Path, stored: pd.DataFrame, told: pd.DataFrame) -> list[set[str]]:
    """Lay ranges of single rows, and return which paths each has."""
    frames, _ = judged_in_ranges(folder, stored, told, world(STORES), rows=1)
    kinds = [f"{kind}-in-ranges" for kind in (LISTED, TOLD)]
    return [
        {
            path
            for kind in kinds
            if f"{kind}/{name}" in frames.dataset.names(kind)
            for path in frames.dataset.read(f"{kind}/{name}")["path"]
        }
        for name in frames.ranges
    ]


def test_no_range_begins_within_what_matters_to_another(tmp_path: Path) -> None:
    name = "voltage_AbCd1234.npy"
    folder, other = "_schema/lab/rec/id=1", f"_schema/lab/rec/id=2/{name}"
    beside = f"{folder}/a copy of {name}", f"{folder}/{name}"
    inside = [f"raw/live/{number}" for number in range(5)]
    hashed = HASHED, f"{HASHED}.bak"
    stored = files(*beside, other, *inside, *hashed, inode=0, device=0)
    told = recorded("raw/live", other, is_dir=True)
    found = ranges_of(tmp_path, stored, told)

    assert len(found) > 3
    for together in (set(beside), {*inside, "raw/live"}, set(hashed)):
        assert [each for each in found if each & together] == [
            next(each for each in found if together <= each)
        ]


@pytest.mark.parametrize(
    ("stored", "spellings", "guessed"),
    [
        ("notes/a b", ("notes/a%20b", "notes/a b"), True),
        ("notes/a b", ("elsewhere", "notes"), True),
        (HASHED, ("zz", f"{HASHED}/x"), False),
    ],
)
def test_spellings_go_where_one_of_them_matters(
    tmp_path: Path, stored: str, spellings: tuple[str, str], *, guessed: bool
) -> None:
    others = files(stored, "b/1", "m/2", "y/3", inode=0, device=0)
    told = recorded(*spellings, reference=0, guessed=[False, guessed])
    found = ranges_of(tmp_path, others, told)

    [own] = [each for each in found if stored in each]
    assert set(spellings) <= own
    assert len(found) > 2


def test_spellings_that_all_matter_are_in_one_range(tmp_path: Path) -> None:
    notes = "notes/a", "notes/aa", "notes/b/1"
    stored = files(*notes, "m/2", "y/3", "z/4", inode=0, device=0)
    told = recorded("notes/a", "notes/b", reference=0, guessed=[False, True])
    found = ranges_of(tmp_path, stored, told)

    [own] = [each for each in found if each & set(notes)]
    assert own == {*notes, "notes/b"}
    assert len(found) > 2


def test_a_reference_that_a_batch_cuts_in_two_is_still_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset, "_BATCH", 1)
    keys = "_schema/lab/rec/id=1", "_schema/lab/rec/id=7"
    below = [f"{key}/voltage_AbCd123{n}.npy" for key in keys for n in range(2)]
    stored = files(*keys, *below, "m/2", "y/3", "z/4", inode=0, device=0)
    told = recorded(*keys, reference=0, guessed=True, declared=False)
    found = ranges_of(tmp_path, stored, told)

    [own] = [each for each in found if each & {*keys, *below}]
    assert {*keys, *below} <= own
    assert len(found) > 2
