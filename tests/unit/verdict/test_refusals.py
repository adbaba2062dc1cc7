"""What refuses a plan, with its figures, and what lifts it."""

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from builders import NOW, files, hash_path, judge, object_path, recorded

from djgc_widgets.verdict.reconcile import Reconciled
from djgc_widgets.verdict.refusals import (
    Circumstances,
    Ownership,
    Refusal,
    doubts,
    ownership_refusal,
    standing,
)

MANY = files(*(hash_path(letter) for letter in "abcdefgh"))


def refused(
    verdict: Reconciled, chosen: pd.Series, *acknowledged: str, **others: Any
) -> dict[str, Refusal]:
    seen = Circumstances(NOW, frozenset(acknowledged), **others)
    found = standing(doubts(verdict.objects[chosen], verdict, seen), acknowledged)
    return {refusal.name: refusal for refusal in found}


def chosen(verdict: Reconciled, *paths: str) -> pd.Series:
    return verdict.objects["path"].isin(paths)


def test_more_than_a_quarter_of_the_objects_is_a_large_sweep() -> None:
    verdict = judge(MANY, recorded(hash_path("h")))

    two = refused(verdict, chosen(verdict, hash_path("a"), hash_path("b")))
    three = refused(verdict, chosen(verdict, *map(hash_path, "abc")))

    assert two == {}
    assert "3 of 8 objects and 30 of 80 bytes of store raw" in str(three["large-sweep"])
    assert three["large-sweep"].liftable
    lifted = refused(verdict, chosen(verdict, *map(hash_path, "abc")), "large-sweep")
    assert lifted == {}


def test_a_quarter_of_the_bytes_counts_as_well() -> None:
    stored = pd.concat([MANY, files(hash_path("i"), size=1_000)], ignore_index=True)
    verdict = judge(stored, recorded(*map(hash_path, "abcdefgh")))

    found = refused(verdict, chosen(verdict, hash_path("i")))

    assert "1 of 9 objects and 1,000 of 1,080 bytes" in str(found["large-sweep"])


def test_a_quarter_of_one_table_counts_as_well() -> None:
    own = [object_path(key=f"id={n}", table="small") for n in range(2)]
    rest = [object_path(key=f"id={n}") for n in range(98)]
    verdict = judge(files(*own, *rest), recorded(*own[1:], *rest))

    found = refused(verdict, chosen(verdict, own[0]))

    message = str(found["large-sweep"])
    assert "1 of 2 objects and 10 of 20 bytes of lab.small in store raw" in message
    assert "of store raw" not in message


def test_a_minimum_age_under_an_hour_has_to_be_acknowledged() -> None:
    verdict = judge(MANY, recorded())
    one = chosen(verdict, hash_path("a"))

    for minutes, names in ((59, {"minimum-age"}), (60, set())):
        age = timedelta(minutes=minutes)
        assert refused(verdict, one, minimum_age=age).keys() == names
        assert refused(verdict, one, "minimum-age", minimum_age=age) == {}


def test_a_store_in_which_objects_are_missing_is_refused() -> None:
    verdict = judge(MANY, recorded(hash_path("z"), hash_path("y")))

    found = refused(verdict, chosen(verdict, hash_path("a")))

    assert found.keys() == {"missing-objects"}
    assert "are missing (2 in store raw)" in str(found["missing-objects"])
    assert refused(verdict, chosen(verdict, hash_path("a")), "missing-objects") == {}


def test_an_interrupted_sweep_has_to_be_recovered_first() -> None:
    verdict = judge(MANY, recorded())

    found = refused(
        verdict,
        chosen(verdict, hash_path("a")),
        "interrupted-sweep",
        interrupted=frozenset({("raw", "20260101T000000Z-00000000"), ("b", "c")}),
    )

    assert found.keys() == {"interrupted-sweep"}
    assert "Trash(schema, 'raw').recover()" in str(found["interrupted-sweep"])


@pytest.mark.parametrize(
    ("known", "servers", "name", "liftable"),
    [
        ("", "a", "sole-owner", True),
        ("a", "a", None, None),
        ("a", "ab", "sole-owner", True),
        ("ab", "ab", None, None),
        ("ab", "a", "other-owner", False),
        ("b", "a", "other-owner", False),
    ],
)
def test_only_servers_whose_rows_were_read_may_sweep(
    known: str, servers: str, name: str | None, *, liftable: bool | None
) -> None:
    owner = Ownership("raw", frozenset(known))

    found = ownership_refusal(owner, frozenset(servers))

    assert (found and found.name, found and found.liftable) == (name, liftable)
    verdict = judge(MANY, recorded())
    plan = refused(
        verdict,
        chosen(verdict, hash_path("a")),
        "sole-owner",
        owners=(owner,),
        servers=frozenset(servers),
    )
    assert plan.keys() == ({name} if liftable is False else set())
