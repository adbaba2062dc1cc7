"""What a row's details say."""

from typing import Any

import pandas as pd
from builders import files, hash_path, judge, object_path, recorded

from djgc_widgets.model.frames import TRASH, USAGE
from djgc_widgets.panel.details import (
    kind_of_reason,
    missing_facts,
    orphan_facts,
    sweep_facts,
    usage_facts,
)
from djgc_widgets.panel.grid.state import Fact
from djgc_widgets.verdict import reasons


def told(facts: list[Fact]) -> dict[str, str]:
    return {fact.label: fact.text for fact in facts}


def orphan(path: str, reason: str) -> dict[str, Any]:
    objects = judge(files(path), recorded()).objects
    return objects.assign(reason=reason).to_dict("records")[0]


def explained(path: str, reason: str, *referred: str) -> dict[str, str]:
    references = judge(files(*referred), recorded(*referred)).references
    return told(orphan_facts(orphan(path, reason), files(path), references))


def test_a_superseded_object_names_its_row_and_live_sibling() -> None:
    now = object_path("voltage_newnew00.npy")

    facts = explained(object_path(), "superseded by voltage_newnew00.npy", now)

    assert "refers to a newer value" in facts["Why"]
    assert facts["Row it was of"] == '{"id": "1"}'
    assert facts["The row refers to"] == now
    assert facts["Whose"] == "lab.rec"
    assert facts["Size"] == "10 bytes in 1 file"


def test_a_value_that_was_never_committed_names_the_older_one() -> None:
    now = object_path("voltage_oldold00.npy")
    reason = reasons.NEVER_COMMITTED.format("voltage_oldold00.npy")

    facts = explained(object_path(), reason, now)

    assert "the update failed" in facts["Why"]
    assert facts["The row refers to"] == now


def test_a_hash_names_only_its_schema() -> None:
    facts = explained(hash_path(), reasons.NO_ROW_HOLDS_HASH)

    assert "does not tell whose value" in facts["Why"]
    assert facts["Whose"] == "schema lab"
    assert "Row it was of" not in facts


def test_an_unknown_reason_stands_for_itself() -> None:
    assert explained(object_path(), "odd")["Why"] == "odd. "


def test_files_of_a_folder_are_listed_up_to_a_dozen() -> None:
    names = [f"{object_path('frames_AbCd1234')}/{n:02d}" for n in range(15)]

    facts = orphan_facts(
        orphan(object_path("frames_AbCd1234"), reasons.ROW_DELETED),
        files(*names),
        judge(files(), recorded()).references,
    )

    listed = [fact.text for fact in facts if fact.label == "File"]
    assert listed[0] == f"{names[0]}, 10 B"
    assert listed[-1] == "and 3 more"
    assert len(listed) == 13


def test_reasons_are_grouped_without_the_names_of_objects() -> None:
    given = [
        reasons.SUPERSEDED.format("a_b.npy"),
        reasons.NEVER_COMMITTED.format("c.npy"),
        reasons.ROW_DELETED,
        None,
    ]

    kinds = kind_of_reason(pd.Series(given, dtype="str"))

    assert kinds.fillna("none").tolist() == [
        "superseded",
        "never committed",
        reasons.ROW_DELETED,
        "none",
    ]


def test_missing_rows_give_a_restriction_to_copy() -> None:
    keys = ['{"id": 1, "day": "2026-01-02"}', '{"id": 2, "day": "2026-01-03"}', "\\xff"]
    missing = judge(files(), recorded(*map(hash_path, "abc"), row_key=keys)).references
    row = missing.to_dict("records")[0]

    facts = missing_facts(row, missing, complete=True)

    restriction = {fact.label: fact for fact in facts}["Restriction for this row"]
    assert restriction.copyable
    assert eval(restriction.text) == {"id": 1, "day": "2026-01-02"}  # noqa: S307 - ours
    every = next(fact.text for fact in facts if fact.label.startswith("For every"))
    assert every.startswith("[{'id': 1, ")
    assert every.endswith("{'id': 2, 'day': '2026-01-03'}, \\xff]")


def test_more_rows_than_can_be_copied_are_told() -> None:
    keys = [f'{{"id": {n}}}' for n in range(201)]
    paths = [object_path(key=f"id={n}") for n in range(201)]
    missing = judge(files(), recorded(*paths, row_key=keys)).references

    labels = told(missing_facts(missing.to_dict("records")[0], missing, complete=True))

    assert any("(the first 200 of 201)" in label for label in labels)


def test_an_incomplete_scan_offers_nothing_that_could_delete_rows() -> None:
    missing = judge(files(), recorded(hash_path("a"))).references

    facts = missing_facts(missing.to_dict("records")[0], missing, complete=False)

    assert not any("estriction" in fact.label for fact in facts)
    assert "do not delete rows" in told(facts)["What to do"]


def test_usage_is_told_in_bytes() -> None:
    row = dict.fromkeys(USAGE.names, 2) | {"dedup_ratio": 1.5, "logical_bytes": 3000}

    assert told(usage_facts(row))["Logical"] == "3,000 bytes, once per reference"
    assert told(usage_facts(row))["Deduplicated"] == "1.50 : 1"
    assert told(usage_facts(row | {"dedup_ratio": None}))["Deduplicated"] == "no bytes"


def test_a_sweep_tells_who_and_what_is_needed_again() -> None:
    trash = TRASH.conform(
        {
            "store": "raw",
            "sweep_id": "s1",
            "path": [f"p{n:02d}" for n in range(14)],
            "files": 1,
            "size_bytes": 1,
            "referenced": True,
            "returnable": [n == 0 for n in range(14)],
        }
    )
    at = pd.Timestamp("2026-01-02T03:04Z")
    row = {
        "store": "raw",
        "sweep_id": "s1",
        "swept_by": "ann",
        "swept_from": "rig",
        "servers": "db:1",
        "objects": 14,
        "size_bytes": 14,
        "left_objects": 14,
        "left_bytes": 14,
        "purgeable_at": at,
    }

    facts = sweep_facts(row, trash)

    assert told(facts)["By"] == "ann on rig"
    assert told(facts)["Needed again"] == "1 object"
    assert told(facts)["Purgeable"] == "2026-01-02 03:04 UTC, after 30 days"
    assert facts[-1].text == "and 2 more"
