"""What an unattended sweep takes: seen twice, a day apart, and as many as is usual."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pandas as pd
import pytest
from builders import NOW, files, hash_path, judge, object_path, recorded, world

from djgc_widgets.model.frames import SEEN_ORPHANS
from djgc_widgets.verdict.doubt import Brakes
from djgc_widgets.verdict.seen_orphans import (
    of_tables,
    rate_doubts,
    remember,
    seen_twice,
)

DAY = timedelta(days=1)
ONE, TWO = object_path(key="id=1"), object_path(key="id=2")


def remembered(
    seen: pd.DataFrame, objects: pd.DataFrame, now: datetime
) -> pd.DataFrame:
    here = objects[objects["path"].isin(seen["path"])]
    return remember(seen, here, objects[objects["status"].eq("orphan")], now)


def night(
    seen: pd.DataFrame, number: float, orphans: Iterable[str], live: Iterable[str] = ()
) -> pd.DataFrame:
    """Remember a scan that is so many days after the first one."""
    paths, needed = [*orphans], [*live]
    objects = judge(files(*paths, *needed), recorded(*needed)).objects
    return remembered(seen, objects, at(number))


def at(number: float) -> datetime:
    return NOW + number * DAY


def nights(*orphans: Iterable[str]) -> pd.DataFrame:
    seen = SEEN_ORPHANS.empty()
    for number, each in enumerate(orphans):
        seen = night(seen, number, each)
    return seen


def twice(seen: pd.DataFrame, number: float) -> list[str]:
    return sorted(seen_twice(seen, at(number))["path"])


def test_an_orphan_is_taken_when_two_scans_a_day_apart_saw_it() -> None:
    seen = nights([ONE])
    assert twice(seen, 0) == []

    seen = night(seen, 0.9, [ONE, TWO])
    assert twice(seen, 0.9) == []

    seen = night(seen, 1.0, [ONE, TWO])
    assert twice(seen, 1.0) == [ONE]
    assert twice(night(seen, 1.9, [ONE, TWO]), 1.9) == [ONE, TWO]


def test_cron_may_start_a_moment_earlier_than_the_day_before() -> None:
    seconds = 50 / 86_400
    seen = night(SEEN_ORPHANS.empty(), seconds, [ONE])

    assert twice(night(seen, 1, [ONE]), 1) == [ONE]
    minute_early = 1 - 1 / 1440
    assert twice(night(seen, minute_early, [ONE]), minute_early) == []


def test_what_was_live_in_between_begins_anew() -> None:
    seen = nights([ONE, TWO])
    seen = night(seen, 1, [TWO], live=[ONE])
    seen = night(seen, 2, [ONE, TWO])

    assert twice(seen, 2) == [TWO]
    assert twice(night(seen, 3, [ONE, TWO]), 3) == [ONE, TWO]


@pytest.mark.parametrize("changes", [{"size": 11}, {"at": NOW - 9 * DAY}])
def test_what_changed_in_between_begins_anew(changes: dict[str, object]) -> None:
    seen = nights([ONE])
    objects = judge(files(ONE, **changes), recorded()).objects
    seen = remembered(seen, objects, at(1))

    assert twice(seen, 1) == []


def test_what_a_scan_does_not_judge_stays_as_it_was() -> None:
    seen = nights([ONE])
    objects = judge(files(ONE), recorded(), world(scanned=("other",))).objects
    assert set(objects["status"]) == {"unknown"}
    seen = remembered(seen, objects, at(1))

    assert twice(seen, 1) == []  # this scan did not see it as an orphan
    assert twice(night(seen, 2, [ONE]), 2) == [ONE]


def test_a_scan_that_is_not_the_latest_takes_nothing() -> None:
    assert twice(nights([ONE], [ONE]), 3) == []


def doubts(seen: pd.DataFrame, number: float, **brakes: float) -> dict[str, str]:
    chosen = seen_twice(seen, at(number))
    found = rate_doubts("raw", seen, chosen, Brakes(**brakes))
    return {doubt.name: doubt.message for _, doubt in found}


def of_days(*counts: int) -> pd.DataFrame:
    """Remember nights that found so many orphans of one table, which were swept."""
    seen, first = SEEN_ORPHANS.empty(), 0
    for number, count in enumerate(counts):
        new = [object_path(key=f"id={first + n}") for n in range(count)]
        seen, first = night(seen, number, new), first + count
    return seen


def late(count: int) -> list[str]:
    return [object_path(key=f"id={1000 + n}") for n in range(count)]


def found_late(seen: pd.DataFrame, number: int, count: int) -> pd.DataFrame:
    """Remember two nights on which so many other orphans were found."""
    return night(night(seen, number, late(count)), number + 1, late(count))


def test_a_table_is_held_until_something_of_it_was_swept() -> None:
    seen = nights([hash_path("a")], [hash_path("a"), ONE], [hash_path("a"), ONE, TWO])

    found = doubts(seen, 2)
    assert set(found) == {"first-orphans:raw/lab", "first-orphans:raw/lab.rec"}
    assert "nothing of raw/lab.rec was ever swept" in "".join(found.values())
    assert "its 1 orphans" in "".join(found.values())
    assert doubts(night(nights([ONE], [TWO]), 2, [TWO]), 2) == {}


def test_a_filter_does_not_hide_that_nobody_has_looked() -> None:
    seen = night(nights([ONE], [ONE, TWO]), 2, [ONE, TWO])
    chosen = seen_twice(seen, at(2))
    big = chosen[chosen["path"].eq(TWO)]

    ((_, doubt),) = rate_doubts("raw", seen, big, Brakes())
    assert doubt.name == "first-orphans:raw/lab.rec"


def test_more_orphans_than_on_any_day_before_are_held() -> None:
    assert doubts(found_late(of_days(9, 1, 2), 3, 4), 4) == {}
    seen = found_late(of_days(9, 1, 2), 3, 5)

    (text,) = doubts(seen, 4).values()
    assert text.startswith("raw/lab.rec had 5 new orphans on 2026-06-04, and 2 at most")
    assert doubts(seen, 4, more_orphans=3.0) == {}


def test_a_surge_is_told_beside_the_first_orphans() -> None:
    seen = night(nights([ONE]), 1, [ONE, *late(5)])
    seen = night(seen, 2, [ONE, *late(5)])

    assert set(doubts(seen, 2)) == {
        "first-orphans:raw/lab.rec",
        "more-orphans:raw/lab.rec",
    }


def test_the_first_day_counts_if_there_is_no_other() -> None:
    assert doubts(found_late(of_days(9), 1, 18), 2) == {}
    assert set(doubts(found_late(of_days(9), 1, 19), 2)) == {"more-orphans:raw/lab.rec"}


def test_a_false_alarm_makes_nothing_usual() -> None:
    seen = night(of_days(5, 1), 2, late(500))
    seen = night(seen, 3, [], live=late(500))
    other = [object_path(key=f"id={5000 + n}") for n in range(9)]
    seen = night(night(seen, 4, other), 5, other)

    assert set(doubts(seen, 5)) == {"more-orphans:raw/lab.rec"}
    alarm = night(nights([ONE]), 1, [], live=[ONE])
    assert set(doubts(night(night(alarm, 2, [TWO]), 3, [TWO]), 3)) == {
        "first-orphans:raw/lab.rec"
    }


def test_a_day_is_forgotten_after_a_season_but_for_the_latest_of_a_table() -> None:
    seen = nights([ONE], [TWO], [])
    later = night(seen, 100, [hash_path("b")])

    assert set(later["path"]) == {TWO, hash_path("b")}
    assert len(night(seen, 50, [])) == 2
    rare = night(night(later, 200, late(1)), 201, late(1))
    assert doubts(rare, 201) == {}


def test_tables_are_told_by_schema_and_name_and_hashes_by_schema() -> None:
    objects = judge(files(ONE, hash_path("a")), recorded()).objects
    paths = objects["path"]

    assert list(paths[of_tables(objects, {("lab", "rec")})]) == [ONE]
    assert list(paths[of_tables(objects, {("lab", "")})]) == [hash_path("a")]
    assert not of_tables(objects, set()).any()


def test_a_frame_without_orphans_has_its_columns() -> None:
    objects = judge(files(), recorded()).objects
    seen = remembered(SEEN_ORPHANS.empty(), objects, NOW)

    assert list(seen) == SEEN_ORPHANS.column_names
    assert doubts(seen, 0) == {}
