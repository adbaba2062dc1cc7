"""What refuses a plan, with its figures, and what lifts it."""

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from builders import NOW, files, hash_path, judge, object_path, recorded

from djgc_widgets.verdict.doubt import Doubt, standing_doubts
from djgc_widgets.verdict.doubts import Circumstances, doubts
from djgc_widgets.verdict.reconcile import Reconciled

MANY = files(*(hash_path(letter) for letter in "abcdefgh"))


def refused(
    verdict: Reconciled, letters: str, *acknowledged: str, **others: Any
) -> dict[str, Doubt]:
    """Name what refuses a sweep of the hashes of these letters."""
    chosen = verdict.objects["path"].isin(map(hash_path, letters))
    return refused_rows(verdict, chosen, *acknowledged, **others)


def refused_rows(
    verdict: Reconciled, chosen: pd.Series, *acknowledged: str, **others: Any
) -> dict[str, Doubt]:
    seen = Circumstances(NOW, frozenset(acknowledged), **others)
    every = doubts(verdict.objects[chosen], verdict, seen)
    return {doubt.name: doubt for doubt in standing_doubts(every, acknowledged)}


def test_more_than_a_quarter_of_the_objects_is_a_large_sweep() -> None:
    verdict = judge(MANY, recorded(hash_path("h")))

    doubt = refused(verdict, "abc")["large-sweep"]

    assert doubt.liftable
    assert "3 of 8 objects and 30 of 80 bytes of store raw" in doubt.message
    assert refused(verdict, "ab") == refused(verdict, "abc", "large-sweep") == {}


@pytest.mark.parametrize(
    ("mounted", "refused_objects"),
    [
        ("_hash/lab", "ab"),
        (hash_path("a"), "a"),
        (f"{hash_path('a')}/inside", "a"),
        ("_trash", "ab"),
        ("_hash/la", ""),
        ("elsewhere", ""),
    ],
)
def test_what_lies_beyond_a_mount_is_refused_before_it_is_swept(
    mounted: str, refused_objects: str
) -> None:
    verdict = judge(MANY, recorded(hash_path("h")))
    mounts = frozenset({("raw", mounted), ("other", "_hash")})

    for letter in "ab":
        doubts_about = refused(verdict, letter, mounted=mounts)

        expected = {"other-device"} if letter in refused_objects else set()
        assert doubts_about.keys() == expected
        assert not any(doubt.liftable for doubt in doubts_about.values())


def test_a_quarter_of_the_bytes_counts_as_well() -> None:
    stored = pd.concat([MANY, files(hash_path("i"), size=1_000)], ignore_index=True)
    verdict = judge(stored, recorded(*map(hash_path, "abcdefgh")))

    doubt = refused(verdict, "i")["large-sweep"]

    assert "1 of 9 objects and 1,000 of 1,080 bytes" in doubt.message


def test_a_quarter_of_one_table_counts_as_well() -> None:
    own = [object_path(key=f"id={n}", table="small") for n in range(2)]
    rest = [object_path(key=f"id={n}") for n in range(98)]
    verdict = judge(files(*own, *rest), recorded(*own[1:], *rest))

    doubt = refused_rows(verdict, verdict.objects["path"].eq(own[0]))["large-sweep"]

    share = "1 of 2 objects and 10 of 20 bytes of lab.small in store raw"
    assert doubt.message.endswith(f": {share}")


def test_a_minimum_age_under_an_hour_has_to_be_acknowledged() -> None:
    verdict = judge(MANY, recorded())

    for minutes, names in ((59, {"minimum-age"}), (60, set())):
        age = timedelta(minutes=minutes)
        assert refused(verdict, "a", minimum_age=age).keys() == names
        assert refused(verdict, "a", "minimum-age", minimum_age=age) == {}


def test_a_store_in_which_objects_are_missing_is_refused() -> None:
    verdict = judge(MANY, recorded(hash_path("z"), hash_path("y")))

    refusals = refused(verdict, "a")

    assert refusals.keys() == {"missing-objects"}
    assert "are missing (2 in store raw)" in refusals["missing-objects"].message
    assert refused(verdict, "a", "missing-objects") == {}


def test_an_interrupted_sweep_has_to_be_recovered_first() -> None:
    interrupted = frozenset({("raw", "20260101T000000Z-00000000"), ("b", "c")})
    verdict = judge(MANY, recorded())

    refusals = refused(verdict, "a", "interrupted-sweep", interrupted=interrupted)

    assert refusals.keys() == {"interrupted-sweep"}
    assert "Trash(schema, 'raw').recover()" in refusals["interrupted-sweep"].remedy
