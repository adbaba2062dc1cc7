"""Orphans of a store that earlier scans saw: what has been one for long, and how many.

A row that comes late, a mount that was away for a night, a database that was restored
for a test: each makes orphans for a while. So whoever sweeps unattended takes only what
two scans saw that are a day apart, and none in between called anything else.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

import pandas as pd

from djgc_widgets.model import SEEN_ORPHANS, DoubtCode, Status, stacked
from djgc_widgets.verdict.doubt import Brakes, Doubt

APART = timedelta(days=1)
"""How far apart two scans have to be, in whole minutes: cron starts by the minute."""

_REMEMBERED = timedelta(days=90)
_IDENTITY = ["path", "size_bytes", "n_files", "changed_at"]
_TABLE = ["schema", "table"]


def remember(seen: pd.DataFrame, objects: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """Add what a complete scan says to what earlier ones said of a store.

    Parameters
    ----------
    seen : DataFrame
        A frame of the seen-orphans schema.
    objects : DataFrame
        A frame of the objects schema: all objects of the store.
    now : datetime
        Aware time at which the scan began.

    Returns
    -------
    DataFrame
        A frame of the seen-orphans schema. What became live, changed or vanished is no
        longer `current`. It is forgotten 90 days after it was first seen, but for the
        latest day of each table.
    """
    day = seen["first_seen"].dt.floor("D")
    keys = [seen[name].fillna("") for name in _TABLE]
    latest = day.eq(day.groupby(keys).transform("max"))
    seen = seen[seen["current"] | latest | day.gt(now - _REMEMBERED)]
    status = objects[[*_IDENTITY, "status"]].drop_duplicates(_IDENTITY)
    both = seen.merge(status, on=_IDENTITY, how="left")
    judged = both.pop("status")
    orphan = judged.eq(Status.ORPHAN.value).fillna(value=False).to_numpy(dtype=bool)
    # of what was not judged nothing new is known
    unjudged = judged.isin([Status.UNKNOWN.value, Status.YOUNG.value]).to_numpy()
    current = both["current"].to_numpy() & (orphan | unjudged)
    last = both["last_seen"].where(~(current & orphan), now)
    both = both.assign(current=current, last_seen=last)
    orphans = objects[objects["status"].eq(Status.ORPHAN.value)]
    known = pd.MultiIndex.from_frame(both.loc[current, _IDENTITY])
    new = orphans[~pd.MultiIndex.from_frame(orphans[_IDENTITY]).isin(known)]
    new = new[[*_IDENTITY, *_TABLE]].assign(first_seen=now, last_seen=now, current=True)
    return SEEN_ORPHANS.conform(
        stacked([both, SEEN_ORPHANS.conform(new), SEEN_ORPHANS.empty()])
    )


def seen_twice(seen: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """Return the rows of what the scan of `now` and one a day before it saw."""
    minute = pd.Timestamp(now).floor("min")
    first = seen["first_seen"].dt.floor("min")
    again = seen["current"] & seen["last_seen"].eq(pd.Timestamp(now))
    twice: pd.DataFrame = seen[again & first.le(minute - APART)]
    return twice


def rate_doubts(
    seen: pd.DataFrame, chosen: pd.DataFrame, brakes: Brakes
) -> Iterator[tuple[tuple[str, str], Doubt]]:
    """Yield for each table with unusually many orphans its name and why it is held.

    Parameters
    ----------
    seen, chosen : DataFrame
        Frames of the seen-orphans schema: all of a store, and what would be swept.
    brakes : Brakes
        What is unusual.
    """
    every, days = _by_day(seen), _by_day(chosen)
    began = every["day"].min()
    pairs = days[_TABLE].drop_duplicates().itertuples(index=False, name=None)
    for schema, table in pairs:
        counts = _counts_of(every, schema, table)
        name = ".".join(filter(None, [schema, table]))
        first = counts.index[0]
        chosen_days = _counts_of(days, schema, table).index
        if chosen_days[0] == first:
            n_first = int(counts.loc[first])
            found = {"table": name, "n": n_first, "day": _text(first)}
            yield (schema, table), Doubt(DoubtCode.FIRST_ORPHANS, found, name)
            continue
        for day in chosen_days:
            before = counts[counts.index < day]
            # the first look found what years left; it counts if there is no other
            usual = before.drop(began, errors="ignore")
            most = int((before if usual.empty else usual).max())
            n = int(counts.loc[day])
            if n > brakes.more_orphans * most:
                values = {"table": name, "n": n, "most": most, "day": _text(day)}
                yield (schema, table), Doubt(DoubtCode.MORE_ORPHANS, values, name)
                break


def _counts_of(by_day: pd.DataFrame, schema: str, table: str) -> "pd.Series[int]":
    own = by_day[by_day["schema"].eq(schema) & by_day["table"].eq(table)]
    return own.set_index("day")["n"].sort_index()


def of_tables(objects: pd.DataFrame, keys: Collection[tuple[str, str]]) -> pd.Series:
    """Return which objects are of these tables; a hash only has a schema."""
    names = objects[_TABLE].fillna("")
    return pd.Series(
        pd.MultiIndex.from_frame(names).isin(list(keys)), index=objects.index
    )


def _text(day: pd.Timestamp) -> str:
    return f"{day:%Y-%m-%d}"


def _by_day(seen: pd.DataFrame) -> pd.DataFrame:
    day = seen["first_seen"].dt.floor("D").rename("day")
    keys = [seen[name].fillna("") for name in _TABLE]
    counts: pd.DataFrame = seen.groupby([*keys, day]).size().rename("n").reset_index()
    return counts
