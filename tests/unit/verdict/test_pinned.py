"""What a pin keeps, and what it cannot say."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from builders import files, hash_path, judge, object_path, recorded, world
from datajoint.storage import encode_pk_value

from djgc_widgets import InputError, Pin
from djgc_widgets.verdict.pinned import are_pinned

ONE, TWO, OTHER = (
    object_path(key="id=1"),
    object_path(key="id=2/run=1"),
    object_path(table="other", key="id=1"),
)
HASHED = hash_path("a")


def kept(*pins: Pin) -> set[str]:
    paths = (ONE, TWO, OTHER, HASHED)
    pinning = replace(world(), pins={"raw": pins})
    objects = judge(files(*paths), recorded(), pinning).objects
    pinned = objects[objects["reason_code"].eq("pinned")]
    assert set(pinned["status"]) <= {"unknown"}
    assert set(objects.loc[objects["status"].eq("orphan"), "path"]) == set(paths) - set(
        pinned["path"]
    )
    return set(pinned["path"])


@pytest.mark.parametrize(
    ("pin", "paths"),
    [
        (Pin(path=ONE), {ONE}),
        (Pin(path="_schema/lab/rec"), {ONE, TWO}),
        (Pin(path="_schema/lab/re"), set()),
        (Pin(path=f"{ONE}/.zarray"), {ONE}),
        (Pin(path=f"{ONE}.manifest.json"), {ONE}),
        (Pin(path=f"{ONE}/*"), {ONE}),
        (Pin(path="_schema/lab/*/id=1/*/0/0"), {ONE, OTHER}),
        (Pin(path=f"{ONE}/frame[1].tif"), {ONE}),
        (Pin(path="*.npy"), {ONE, TWO, OTHER}),
        (Pin(path="_schema/*/id=1"), {ONE, OTHER}),
        (Pin(path="_hash/lab/[a-c]*"), {HASHED}),
        (Pin(path="_hash/lab/?"), set()),
        (Pin(table="lab.rec"), {ONE, TWO}),
        (Pin(table="lab.Rec"), {ONE, TWO}),
        (Pin(table="other.rec"), set()),
        (Pin(table="Lab.rec"), {ONE, TWO}),
        (Pin(table="lab"), {ONE, TWO, OTHER, HASHED}),
        (Pin(table="lab.rec", key={"id": 1}), {ONE}),
        (Pin(table="lab.rec", key={"id": "2", "run": 1}), {TWO}),
        (Pin(table="lab.rec", key={"id": 1, "run": 1}), set()),
        (Pin(table="lab.rec", key={"subject": 1}), set()),
    ],
)
def test_a_pin_keeps_a_path_a_table_or_a_key(pin: Pin, paths: set[str]) -> None:
    assert kept(pin) == paths


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 1, 2, 3, 4, 5),  # noqa: DTZ001 - databases keep no zone
        "2026-01-02 03:04:05",
        date(2026, 1, 2),
        "a/b",
        "50%25",
        "x%20y",
        "long" * 40,
        7,
        1.5,
    ],
)
def test_a_key_is_found_as_datajoint_writes_it(value: object) -> None:
    text = value
    if value == "2026-01-02 03:04:05":
        text = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - likewise
    path = object_path(key=f"start={encode_pk_value(text)}")
    objects = files(path)[["path"]].assign(schema="lab", table="rec")

    assert are_pinned(objects, [Pin(table="lab.rec", key={"start": value})]).all()
    assert not are_pinned(objects, [Pin(table="lab.rec", key={"start": "x"})]).any()


def test_what_any_pin_keeps_stays() -> None:
    assert kept(Pin(path=ONE), Pin(table="lab.other")) == {ONE, OTHER}
    assert kept() == set()


def test_a_live_object_that_is_pinned_is_live() -> None:
    pinning = replace(world(), pins={"raw": [Pin(path=ONE)]})
    judged = judge(files(ONE), recorded(ONE), pinning)
    assert list(judged.objects["status"]) == ["live"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "got neither"),
        ({"path": "a", "table": "lab"}, "got both"),
        ({"path": "/data/raw/a"}, "relative to the store"),
        ({"path": "a/../b"}, "relative to the store"),
        ({"path": 1}, "Expected texts"),
        ({"table": "lab", "key": {"id": 1}}, "table that the key of a pin is of"),
        ({"table": "lab.rec", "key": "id=1"}, "Expected texts"),
    ],
)
def test_a_pin_that_means_nothing_is_an_error(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Pin(**wrong)


def test_objects_of_no_schema_are_kept_by_path_only() -> None:
    objects = files("notes.txt")[["path"]].assign(schema=None, table=None)

    assert not are_pinned(objects, [Pin(table="lab.rec")]).any()
    assert are_pinned(objects, [Pin(path="notes.txt")]).all()
