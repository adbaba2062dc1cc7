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


def remember(
    seen: pd.DataFrame, objects: pd.DataFrame, orphans: pd.DataFrame, now: datetime
) -> pd.DataFrame:
    """Add what a complete scan says to what earlier ones said of a store.

    Parameters
    ----------
    seen : DataFrame
        A frame of the seen-orphans schema.
    objects : DataFrame
        A frame of the objects schema: those of the store at the paths of `seen`.
    orphans : DataFrame
        A frame of the objects schema: all orphans of the store.
    now : datetime
        Aware time at which the scan began.

    Returns
    -------
    DataFrame
        A frame of the seen-orphans schema. What became live or changed is forgotten: it
        was a false alarm. What is gone was garbage, is no longer `current`, and is
        forgotten 90 days after it was first seen, but for the latest day of each table.
    """
    status = objects[[*_IDENTITY, "status"]].drop_duplicates(_IDENTITY)
    both = seen.merge(status, on=_IDENTITY, how="left")
    judged = both.pop("status")
    orphan = judged.eq(Status.ORPHAN.value).fillna(value=False).to_numpy(dtype=bool)
    # of what was not judged nothing new is known
    unjudged = judged.isin([Status.UNKNOWN.value, Status.YOUNG.value]).to_numpy()
    current = both["current"].to_numpy() & (orphan | unjudged)
    gone = ~both["path"].isin(objects["path"]).to_numpy()
    last = both["last_seen"].where(~(current & orphan), now)
    both = both.assign(current=current, last_seen=last)[current | gone]
    day = both["first_seen"].dt.floor("D")
    of_table = day.groupby([both[name].fillna("") for name in _TABLE])
    ended = day.where(~both["current"]).groupby(of_table.ngroup())
    latest = day.eq(ended.transform("max"))
    both = both[both["current"] | latest | day.gt(now - _REMEMBERED)]
    known = pd.MultiIndex.from_frame(both.loc[both["current"], _IDENTITY])
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
    store: str, seen: pd.DataFrame, chosen: pd.DataFrame, brakes: Brakes
) -> Iterator[tuple[tuple[str, str], Doubt]]:
    """Yield for each table with unusually many orphans its name and why it is held.

    Parameters
    ----------
    store : str
        Name of the store.
    seen, chosen : DataFrame
        Frames of the seen-orphans schema: all of the store, and what would be swept.
    brakes : Brakes
        What is unusual.
    """
    every, days = _by_day(seen), _by_day(chosen)
    looked_at = _by_day(seen[~seen["current"]])
    pairs = days[_TABLE].drop_duplicates().itertuples(index=False, name=None)
    for schema, table in pairs:
        about = f"{store}/{'.'.join(filter(None, [schema, table]))}"
        taken = _counts_of(days, schema, table)
        if _counts_of(looked_at, schema, table).empty:
            found = {"table": about, "n": int(taken.sum())}
            yield (schema, table), Doubt(DoubtCode.FIRST_ORPHANS, found, about)
        counts = _counts_of(every, schema, table)
        for day in taken.index:
            before = counts[counts.index < day]
            # a first look finds what years left; it counts if there is no other day
            if before.empty:
                continue
            most = int((before[1:] if len(before) > 1 else before).max())
            n = int(counts.loc[day])
            if n > brakes.more_orphans * most:
                text = f"{day:%Y-%m-%d}"
                values = {"table": about, "n": n, "most": most, "day": text}
                yield (schema, table), Doubt(DoubtCode.MORE_ORPHANS, values, about)
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


def _by_day(seen: pd.DataFrame) -> pd.DataFrame:
    day = seen["first_seen"].dt.floor("D").rename("day")
    keys = [seen[name].fillna("") for name in _TABLE]
    counts: pd.DataFrame = seen.groupby([*keys, day]).size().rename("n").reset_index()
    return counts
