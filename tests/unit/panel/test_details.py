"""What a row's details say."""

from typing import Any

import pandas as pd
import pytest
from builders import files, hash_path, judge, object_path, recorded

from djgc_widgets.model.codes import Reason
from djgc_widgets.model.frames import FILES, REFERENCES, TRASH, USAGE
from djgc_widgets.model.messages import REASON_KINDS
from djgc_widgets.panel.details import (
    missing_details,
    object_details,
    sweep_details,
    usage_details,
)
from djgc_widgets.panel.grid.columns import Fact

NONE = REFERENCES.empty()


def texts(facts: list[Fact]) -> dict[str, str]:
    return {fact.label: fact.text for fact in facts}


def orphan(path: str, reason: Reason, sibling: str | None = None) -> dict[str, Any]:
    objects = judge(files(path), recorded()).objects
    codes = {"reason_code": reason.value, "reason": reason.value, "sibling": sibling}
    return objects.assign(**codes).to_dict("records")[0]


def explained(path: str, reason: Reason, sibling: str | None = None) -> dict[str, str]:
    return texts(object_details(orphan(path, reason, sibling), files(path), NONE))


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        (Reason.SUPERSEDED, "refers to a newer value"),
        (Reason.NEVER_COMMITTED, "the update failed"),
    ],
)
def test_an_updated_object_names_its_row_and_live_sibling(
    reason: Reason, why: str
) -> None:
    sibling = object_path("voltage_newnew00.npy")

    facts = explained(object_path(), reason, sibling)

    assert why in facts["Why"]
    assert facts["Row key"] == '{"id": "1"}'
    assert facts["The row refers to"] == sibling
    assert facts["Table"] == "lab.rec"
    assert facts["Size"] == "10 bytes in 1 file"


def test_a_hash_names_only_its_schema() -> None:
    facts = explained(hash_path(), Reason.NO_ROW_HOLDS_HASH)

    assert "its table is not known" in facts["Why"]
    assert facts["Table"] == "lab (hash)"
    assert "Row key" not in facts


def test_a_reason_without_explanation_stands_alone() -> None:
    assert explained(object_path(), Reason.SYMLINK)["Why"] == "symlink."


def test_files_of_a_folder_are_listed_up_to_a_dozen() -> None:
    folder = object_path("frames_AbCd1234")
    names = [f"{folder}/{n:02d}" for n in range(15)]

    row = orphan(folder, Reason.ROW_DELETED)

    facts = object_details(row, files(*names), NONE)

    listed = [fact.text for fact in facts if fact.label == "File"]
    assert listed[0] == f"{names[0]}, 10 B"
    assert listed[-1] == "and 3 more"
    assert len(listed) == 13


def test_a_live_object_names_the_rows_that_refer_to_it_or_into_it() -> None:
    folder = object_path("frames_AbCd1234")
    inside = f"{folder}/zarr.json"
    others = object_path("frames_AbCd1234x"), object_path("frames_other123")
    keys = [f'{{"id": {n}}}' for n in range(4)]
    verdict = judge(files(inside), recorded(folder, inside, *others, row_key=keys))
    row = verdict.objects.to_dict("records")[0]
    assert row["status"] == "live"

    facts = object_details(row, files(inside), verdict.references)

    rows = [fact.text for fact in facts if fact.label == "Row"]
    assert rows == [f"lab.rec.voltage: {key}" for key in keys[:2]]


def test_what_is_in_the_trash_has_no_dates_and_no_files() -> None:
    row = orphan(object_path(), Reason.ROW_DELETED) | {"status": "trash"}
    row |= {"reason_code": None, "reason": "in the trash, by sweep s1"}

    labels = {fact.label for fact in object_details(row, FILES.empty(), NONE)}

    assert labels == {"Why", "Table", "Row key", "Path", "Store", "Size"}


def test_missing_rows_give_a_restriction_to_copy() -> None:
    keys = ['{"id": 1, "day": "2026-01-02"}', '{"id": 2, "day": "2026-01-03"}', "\\xff"]
    missing = judge(files(), recorded(*map(hash_path, "abc"), row_key=keys)).references
    row = missing.to_dict("records")[0]

    facts = missing_details(row, missing, complete=True)

    restriction = {fact.label: fact for fact in facts}["Restriction for this row"]
    assert restriction.copyable
    assert eval(restriction.text) == {"id": 1, "day": "2026-01-02"}  # noqa: S307 - ours
    every = next(fact.text for fact in facts if fact.label.startswith("For every"))
    assert every.startswith("[{'id': 1, ")
    assert every.endswith("{'id': 2, 'day': '2026-01-03'}, \\xff]")


def test_more_rows_than_can_be_copied_are_counted() -> None:
    keys = [f'{{"id": {n}}}' for n in range(201)]
    paths = [object_path(key=f"id={n}") for n in range(201)]
    missing = judge(files(), recorded(*paths, row_key=keys)).references

    facts = missing_details(missing.to_dict("records")[0], missing, complete=True)

    assert any("(the first 200 of 201)" in fact.label for fact in facts)


def test_an_incomplete_scan_offers_nothing_that_could_delete_rows() -> None:
    missing = judge(files(), recorded(hash_path("a"))).references

    facts = missing_details(missing.to_dict("records")[0], missing, complete=False)

    assert not any("estriction" in fact.label for fact in facts)
    assert "do not delete rows" in texts(facts)["What to do"]


def test_usage_is_given_in_bytes() -> None:
    row = dict.fromkeys(USAGE.column_names, 2)
    row |= {"dedup_ratio": 1.5, "logical_bytes": 3000}

    facts = texts(usage_details(row))

    assert facts["Logical"] == "3,000 bytes, once per reference"
    assert facts["Deduplicated"] == "1.50 : 1"
    empty = texts(usage_details(row | {"dedup_ratio": None}))
    assert empty["Deduplicated"] == "no bytes"


def test_a_sweep_says_who_swept_and_what_is_needed_again() -> None:
    sweep = {"store": "raw", "sweep_id": "s1"}
    paths = {"path": [f"p{n:02d}" for n in range(14)], "n_files": 1, "size_bytes": 1}
    needed = {"referenced": True, "returnable": [n == 0 for n in range(14)]}
    who = {"swept_by": "ann", "swept_from": "rig", "servers": "db:1"}
    counts = dict.fromkeys(("n_objects", "size_bytes", "n_left", "left_bytes"), 14)
    purgeable = {"purgeable_at": pd.Timestamp("2026-01-02T03:04Z")}

    facts = sweep_details(
        {**sweep, **who, **counts, **purgeable},
        TRASH.conform({**sweep, **paths, **needed}),
    )

    assert texts(facts)["By"] == "ann on rig"
    assert texts(facts)["Needed again"] == "1 object"
    purgeable_at = texts(facts)["Purgeable, after 30 days"]
    assert purgeable_at == "2026-01-02T03:04:00+00:00"
    assert facts[-1].text == "and 2 more"


def test_reasons_are_grouped_without_the_names_of_objects() -> None:
    assert REASON_KINDS.keys() == set(Reason)
    assert not [text for text in REASON_KINDS.values() if "{" in text]
