"""Filters of objects: by conditions, by name, and in one file for panel and code."""

import json
from pathlib import Path
from typing import Any

import pytest
from laboratory import Laboratory, complete, orphaned

from djgc_widgets import CompleteScan, InputError, filter_objects, save_filter


@pytest.fixture
def scanned(postgresql_laboratory: Laboratory) -> CompleteScan:
    orphaned(postgresql_laboratory)
    postgresql_laboratory.put("notes/read.me")
    return complete(postgresql_laboratory)


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ({}, 6),
        ({"Status": ["orphan"]}, 3),
        ({"Status": "live"}, 2),
        ({"Status": ["orphan", "live"], "Size": "> 300 B < 1 kB"}, 5),
        ({"Size": "> 1 GB"}, 0),
        ({"Table": [None]}, 1),
        ({"Table": ["recording"], "text": "id=4"}, 1),
        ({"Age": "> 30 days"}, 5),
        ({"Attribute": ["data"], "Store": ["raw"]}, 5),
        ({"Why": ["no such reason"]}, 0),
    ],
)
def test_objects_are_found_by_the_words_of_the_panel(
    conditions: dict[str, Any], found: int, scanned: CompleteScan
) -> None:
    objects = filter_objects(scanned, conditions)

    assert len(objects) == found
    every = scanned.objects
    assert objects.equals(every.loc[objects.index])
    assert objects.columns.tolist() == every.columns.tolist()


def test_what_is_found_can_be_planned(scanned: CompleteScan) -> None:
    chosen = filter_objects(scanned, {"Status": ["orphan"], "text": "id=2"})

    plan = scanned.plan(chosen)

    assert plan.objects["path"].tolist() == chosen["path"].tolist()
    assert len(scanned.plan(chosen.head(0)).objects) == 0


@pytest.mark.parametrize(
    ("conditions", "why"),
    [
        ({"Status": ["Orphans"]}, "Expected for Status values among live, orphan"),
        ({"Colour": ["red"]}, "Expected a filter by Status, Table"),
        ({"Size": ["> 1 GB"]}, "Expected text such as > 1 GB"),
        ({"Age": "old"}, "Expected an age"),
        ({"Table": [3]}, "Expected text for Table"),
        ({"text": ["a"]}, "Expected words to search for"),
    ],
)
def test_what_is_not_understood_is_refused_and_not_saved(
    conditions: dict[str, Any], why: str, scanned: CompleteScan, tmp_path: Path
) -> None:
    file = tmp_path / "filters.json"

    with pytest.raises(InputError, match=why):
        filter_objects(scanned, conditions)
    with pytest.raises(InputError, match=why):
        save_filter("mine", conditions, file)

    assert not file.exists()


def test_filters_are_saved_by_name(scanned: CompleteScan, tmp_path: Path) -> None:
    file = tmp_path / "notebooks" / "filters.json"
    file.parent.mkdir()
    save_filter("all", {}, file)
    save_filter(" two ", {"text": "id=2", "Size": "> 1 B"}, file)
    save_filter("two", {"text": "id=2", "Table": [None, "recording"]}, file)

    assert len(filter_objects(scanned, "all", file)) == 6
    assert len(filter_objects(scanned, "two", file)) == 1
    assert [path.name for path in file.parent.iterdir()] == ["filters.json"]
    save_filter("all", None, file)
    assert list(json.loads(file.read_text())) == ["two"]
    with pytest.raises(InputError, match=r"filters.json: two; got 'all'"):
        filter_objects(scanned, "all", file)
    with pytest.raises(InputError, match="got nothing"):
        save_filter("  ", {}, file)


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', "\xff{"])
def test_a_file_of_something_else_is_refused_and_kept(
    text: str, scanned: CompleteScan, tmp_path: Path
) -> None:
    file = tmp_path / "filters.json"
    file.write_text(text, encoding="latin-1")

    with pytest.raises(InputError, match=r"Expected .*filters.json"):
        filter_objects(scanned, "mine", file)
    with pytest.raises(InputError, match=r"Expected .*filters.json"):
        save_filter("mine", {}, file)

    assert file.read_text(encoding="latin-1") == text


def test_a_folder_that_cannot_be_written_to_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Expected a file that can be written to"):
        save_filter("mine", {}, tmp_path / "nowhere" / "filters.json")
