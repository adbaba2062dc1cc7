"""A live folder whose row tells its size may be jumped past; what it hides is live."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from clouds import Google, new_bucket
from command_line import CommandLine
from dialect import Dialect
from http_relay import Asked, Said
from laboratory import (
    HASH,
    NOW,
    Laboratory,
    complete,
    orphaned,
    outcomes,
    planned,
)

from djgc_widgets import CompleteScan, GCPanel, IncompleteScan, Progress
from djgc_widgets.model import Step

OBJECT = "id : int32\n---\ndata : <object@raw>\n"
SCANNED = "kind,items(name,size,updated,generation),nextPageToken"
CHUNKS = 2_100
"""One page has a thousand keys, and the rest has to be more than another."""
NOT_BELIEVED: list[dict[str, Any]] = [
    {"item_count": 900},
    {"item_count": CHUNKS // 2},
    {"size": 20},
    {"size": 10**12},
    {"size": -5},
    {"size": 2**62, "item_count": 2**62},
    {"item_count": None},
    {"size": None},
    {"size": "8400"},
    {"item_count": 2_100.0},
    {"item_count": True},
    {"is_dir": False},
]


@dataclass
class Place:
    """A laboratory on a server whose requests are seen."""

    lab: Laboratory
    requests: Sequence[Asked]

    def pages(self, **options: Any) -> tuple[CompleteScan, int]:
        """Scan; return also how many pages of listings that took."""
        before = len(self.requests)
        result = complete(self.lab, **options)
        asked = self.requests[before:]
        pages = [
            (each.query.get("max-keys"), each.query.get("fields")) for each in asked
        ]
        return result, pages.count((["1000"], None)) + pages.count((None, [SCANNED]))


@pytest.fixture(params=["s3", pytest.param("gcs", marks=pytest.mark.gcs)])
def place(request: pytest.FixtureRequest) -> Place:
    if request.param == "s3":
        other: Dialect = request.getfixturevalue("other")
        return Place(request.getfixturevalue("s3_laboratory"), other.requests)
    lab: Laboratory = request.getfixturevalue("postgresql_laboratory")
    lab.cloud = request.getfixturevalue("gcs")
    bucket = new_bucket(lab.cloud, lab.name)
    names = ("raw", "derived")
    lab.config.stores = {name: lab.cloud.spec(bucket, name) for name in names}
    return Place(lab, lab.cloud.relay.requests)


def store_chunks(
    lab: Laboratory, folder: str, store: str = "raw", n_files: int = CHUNKS
) -> int:
    """Store the files of a folder, and return their bytes."""
    spec, write = lab.config.stores[store], partial(lab.put, store=store)
    if lab.s3 is not None:  # a client of its own for each file takes longer
        client, start = lab.s3.client(), f"{spec['location']}/"

        def write(path: str, data: bytes) -> None:
            client.put_object(Bucket=spec["bucket"], Key=f"{start}{path}", Body=data)

    elif isinstance(lab.cloud, Google):
        bucket = lab.cloud.client().bucket(spec["bucket"])

        def write(path: str, data: bytes) -> None:
            bucket.blob(f"{spec['location']}/{path}").upload_from_string(data)

    def put(number: int) -> int:
        data = b"x" * (number % 7 + 1)
        write(f"{folder}/{number // 500}/{number:04}", data=data)
        return len(data)

    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(put, range(n_files)))


def live_folder(lab: Laboratory, path: str = "", **recorded: Any) -> str:
    """Store a big folder with a row, as DataJoint writes it; return its path."""
    lab.declare(OBJECT, "Folder")
    path = path or f"_schema/{lab.name}/folder/id=1/data_AbCd1234"
    size = store_chunks(lab, path)
    lab.put(f"{path}.manifest.json", data=b"{}")
    metadata = {
        "ext": None,
        "path": path,
        "size": size,
        "store": "raw",
        "is_dir": True,
        "item_count": CHUNKS,
    }
    lab.write_row("folder", 1, {**metadata, **recorded})
    lab.minimum_age = NOW
    return path


def unlisted(result: CompleteScan) -> pd.DataFrame:
    return result.files[result.files["kind"].eq("unlisted")]


def assert_same(jumped: CompleteScan, exact: CompleteScan) -> None:
    """Two scans tell the same of everything but dates."""
    assert jumped.adds_up()
    assert (jumped.listed_files, jumped.listed_bytes) == (
        exact.listed_files,
        exact.listed_bytes,
    )
    dates = ["modified_at", "changed_at"]
    for name in ("objects", "references", "trash", "orphans", "missing"):
        one, other = getattr(jumped, name), getattr(exact, name)
        by = ["store", "path"]
        one, other = (
            frame.drop(columns=dates, errors="ignore")
            .sort_values(by)
            .reset_index(drop=True)
            for frame in (one, other)
        )
        pd.testing.assert_frame_equal(one, other)
    pd.testing.assert_frame_equal(jumped.summary(), exact.summary())
    pd.testing.assert_frame_equal(jumped.usage(), exact.usage())


def test_a_jump_tells_the_same_in_fewer_requests(place: Place) -> None:
    lab = place.lab
    orphaned(lab, HASH)
    path = live_folder(lab)
    # what is listed just before the folder, and just after it
    for beside in ("-", ".x", "0", "0/a", "é/a"):
        lab.put(f"{path}{beside}")

    exact, listed = place.pages()
    jumped, few = place.pages(exact=False)

    assert_same(jumped, exact)
    assert (listed, few) == (4, 3)  # one page is that of the other store
    (rest,) = unlisted(jumped).itertuples()
    assert rest.path == path
    assert CHUNKS - 1_000 <= rest.n_files < CHUNKS
    (warning,) = jumped.warnings
    assert warning.code == "sizes-recorded"
    assert f"{rest.n_files:,} of their files" in str(warning)
    assert not len(exact.warnings)
    receipt = planned(jumped).sweep()
    assert outcomes(receipt) == {"moved": 3}
    assert complete(lab, exact=False).summary().equals(complete(lab).summary())


def at_listing(lab: Laboratory, statement: str) -> Callable[[Progress], None]:
    """Return what runs a statement while the stores are listed."""

    def run(progress: Progress) -> None:
        if progress.step is Step.LISTING:
            lab.connection.query(statement)

    return run


def test_a_folder_that_loses_its_row_meanwhile_is_listed(place: Place) -> None:
    lab = place.lab
    orphaned(lab, HASH)
    path = live_folder(lab)
    delete = f"DELETE FROM {lab.quote(lab.name, 'folder')}"

    jumped = complete(lab, exact=False, progress=at_listing(lab, delete))

    assert_same(jumped, complete(lab))
    assert path in set(jumped.orphans["path"])


def test_references_are_read_after_all_that_is_listed(
    s3_laboratory: Laboratory,
) -> None:
    """A row goes while the store is listed, and comes back while its folder is."""
    lab = s3_laboratory
    path = live_folder(lab)
    metadata, steps = lab.raw("folder", "data")[1], list[Step]()

    def change(progress: Progress) -> None:
        if steps[-1:] == [progress.step]:
            return
        steps.append(progress.step)
        if progress.step is Step.LISTING:
            lab.connection.query(f"DELETE FROM {lab.quote(lab.name, 'folder')}")
            if steps.count(Step.LISTING) > 1:
                lab.write_row("folder", 1, metadata)

    jumped = complete(lab, exact=False, progress=change)

    assert steps.count(Step.LISTING) > 1
    assert jumped.orphans.empty
    assert path in set(jumped.references["path"])


def test_a_folder_whose_row_changes_meanwhile_is_listed(
    s3_laboratory: Laboratory,
) -> None:
    lab = s3_laboratory
    live_folder(lab)
    metadata = lab.raw("folder", "data")[1]
    name = lab.quote(lab.name, "folder")
    correct = json.dumps(metadata)
    lab.connection.query(f"DELETE FROM {name}")
    lab.write_row("folder", 1, {**metadata, "item_count": 3_000})
    update = f"UPDATE {name} SET data = '{correct}'"

    jumped = complete(lab, exact=False, progress=at_listing(lab, update))

    assert_same(jumped, complete(lab))


def test_a_folder_in_one_that_is_not_believed_is_listed(
    s3_laboratory: Laboratory,
) -> None:
    lab = s3_laboratory
    path = live_folder(lab)
    metadata = lab.raw("folder", "data")[1]
    outer = {"path": path.rpartition("/")[0], "item_count": CHUNKS + 1}
    lab.write_row("folder", 2, {**metadata, **outer})
    lab.put(f"{outer['path']}/", data=b"")  # the console of S3 makes such keys

    assert_same(complete(lab, exact=False), complete(lab))


def test_a_record_that_tells_no_size_or_a_wrong_one_is_not_believed(
    s3_laboratory: Laboratory,
) -> None:
    lab = s3_laboratory
    live_folder(lab)
    metadata, listed = lab.raw("folder", "data")[1], []

    for recorded in NOT_BELIEVED:
        lab.connection.query(f"DELETE FROM {lab.quote(lab.name, 'folder')}")
        lab.write_row("folder", 1, {**metadata, **recorded})
        jumped = complete(lab, exact=False)
        listed.append((len(unlisted(jumped)), jumped.listed_files))

    assert listed == [(0, CHUNKS + 1)] * len(NOT_BELIEVED)


def test_rows_that_disagree_are_not_believed(s3_laboratory: Laboratory) -> None:
    lab = s3_laboratory
    path = live_folder(lab)
    metadata = {**lab.raw("folder", "data")[1], "size": 99_999}
    lab.write_row("folder", 2, metadata)

    jumped = complete(lab, exact=False)

    assert unlisted(jumped).empty
    assert set(jumped.references["path"]) == {path}


def also_refer_into(lab: Laboratory, path: str) -> None:
    metadata = lab.raw("folder", "data")[1]
    inner = {"path": f"{path}/4/2050", "is_dir": False, "item_count": None}
    lab.write_row("folder", 2, {**metadata, **inner, "size": 7})


def also_refer_around(lab: Laboratory, path: str) -> None:
    metadata = lab.raw("folder", "data")[1]
    outer = {"path": path.rpartition("/")[0], "size": None, "item_count": None}
    lab.write_row("folder", 2, {**metadata, **outer})


def refer_around_what_is_fuller_elsewhere(lab: Laboratory, path: str) -> None:
    """Its row says more than is there, but not more than elsewhere."""
    metadata = lab.raw("folder", "data")[1]
    name = lab.quote(lab.name, "folder")
    lab.connection.query(f"DELETE FROM {name}")
    lab.write_row("folder", 1, {**metadata, "item_count": 4_000, "size": 15_000})
    also_refer_around(lab, path)
    lab.put(f"{path.rpartition('/')[0]}/data_Zz000000", "derived", b"x" * 12_000)


def also_record_less(lab: Laboratory, path: str) -> None:  # noqa: ARG001 - as the others
    metadata = lab.raw("folder", "data")[1]
    lab.write_row("folder", 2, {**metadata, "item_count": 900, "size": 99})


def store_something_at_its_path(lab: Laboratory, path: str) -> None:
    lab.put(path)
    lab.put(f"{path}/0/0000", "derived")


def keep_more_elsewhere(lab: Laboratory, path: str) -> None:
    store_chunks(lab, path, "derived", CHUNKS + 1)


def lose_some_that_are_elsewhere(lab: Laboratory, path: str) -> None:
    store_chunks(lab, path, "derived")
    assert lab.s3 is not None
    spec = lab.config.stores["raw"]
    for number in range(2_000, 2_010):
        key = f"{spec['location']}/{path}/4/{number}"
        lab.s3.client().delete_object(Bucket=spec["bucket"], Key=key)


def sweep_some_of_them(lab: Laboratory, path: str) -> None:
    lab.put(f"_trash/20260101T000000Z-0a1b2c3d/objects/{path}/4/2050")


def sweep_what_is_not_there(lab: Laboratory, path: str) -> None:
    lab.put(f"_trash/20260101T000000Z-0a1b2c3d/objects/{path}/4/9999")


@pytest.mark.parametrize(
    ("change", "jumps"),
    [
        (also_refer_into, False),
        (also_refer_around, True),
        (refer_around_what_is_fuller_elsewhere, False),
        (also_record_less, False),
        (store_something_at_its_path, False),
        (keep_more_elsewhere, False),
        (lose_some_that_are_elsewhere, False),
        (sweep_some_of_them, False),
        (sweep_what_is_not_there, False),
    ],
)
def test_a_folder_whose_files_matter_is_listed_after_all(
    s3_laboratory: Laboratory,
    change: Callable[[Laboratory, str], None],
    jumps: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    path = live_folder(s3_laboratory)
    change(s3_laboratory, path)

    exact = complete(s3_laboratory)
    jumped = complete(s3_laboratory, exact=False)

    assert_same(jumped, exact)
    assert len(unlisted(jumped)) == jumps


def test_another_store_in_a_folder_is_not_jumped_past(
    s3_laboratory: Laboratory,
) -> None:
    lab = s3_laboratory
    path = live_folder(lab)
    inside = {**lab.config.stores["raw"]}
    inside["location"] = f"{inside['location']}/{path}/4"
    lab.config.stores = {**lab.config.stores, "inner": inside}

    exact = complete(lab)
    jumped = complete(lab, exact=False)

    assert_same(jumped, exact)
    assert unlisted(jumped).empty


def test_no_trash_is_jumped_past(s3_laboratory: Laboratory) -> None:
    sweep = "_trash/20260101T000000Z-0a1b2c3d/objects"
    live_folder(s3_laboratory, f"{sweep}/_schema/{s3_laboratory.name}/folder/id=1/a_b")

    result = complete(s3_laboratory, exact=False)

    assert unlisted(result).empty
    assert result.listed_files == CHUNKS + 1


def test_a_server_that_begins_anew_is_a_problem(
    s3_laboratory: Laboratory, other: Dialect
) -> None:
    live_folder(s3_laboratory)

    def without_start(asked: Asked) -> Said | None:
        if "start-after" not in asked.query:
            return None
        start = asked.path.partition("start-after=")
        after = start[2].partition("&")[2]
        path = f"{start[0].rstrip('?&')}{'?' if '?' not in start[0] else '&'}{after}"
        return other.pass_on(Asked(asked.method, path, asked.headers, asked.body))

    other.instead = without_start

    result = s3_laboratory.scan(exact=False)

    assert isinstance(result, IncompleteScan)
    (problem,) = result.problems
    assert problem.code == "store-unread"
    assert "does not advance" in str(problem)


def test_where_no_listing_begins_in_the_middle_every_file_is_listed(
    postgresql_laboratory: Laboratory,
) -> None:
    lab = postgresql_laboratory
    live_folder(lab)
    lab.age()

    exact = complete(lab)
    jumped = complete(lab, exact=False)

    assert_same(jumped, exact)
    assert unlisted(jumped).empty


def test_panel_and_commands_jump_as_well(
    s3_laboratory: Laboratory, tmp_path: Path
) -> None:
    live_folder(s3_laboratory)
    panel = GCPanel(s3_laboratory.schema, exact=False, minimum_age=NOW)
    djgc = CommandLine.of(s3_laboratory, tmp_path / "here")

    panel.refresh()
    panel.wait()
    code, typed = djgc("scan", "--recorded-sizes", "--json")
    (djgc.folder / "djgc.toml").write_text("recorded-sizes = true\n")
    _, configured = djgc("scan", "--json")

    assert len(unlisted(panel.scan)) == 1
    panel.close()
    assert code == 0
    told = [[each["code"] for each in said["warnings"]] for said in (typed, configured)]
    assert told == [["sizes-recorded"], ["sizes-recorded"]]
