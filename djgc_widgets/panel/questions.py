"""Plans and purges -> what a person is asked about them, in plain words. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import pandas as pd

from djgc_widgets.model import (
    DoubtCode,
    and_more,
    plural,
    readable_bytes,
    table_label,
    visible,
)
from djgc_widgets.panel.shown import Json, iso, percent
from djgc_widgets.verdict import Doubt, SweepPlan

_TABLES = 20


class _Question(NamedTuple):
    """What a person says yes to in order to lift a doubt, and why that is asked."""

    text: str
    why: str
    tab: str = ""
    """Where there is more about it."""


QUESTIONS = {
    DoubtCode.SOLE_OWNER: _Question(
        "Does only this database server use store {store}?",
        "It is the first sweep of this store for it. Rows of another server may refer "
        "to the same store, and their objects look like garbage from here. This is "
        "asked once.",
    ),
    DoubtCode.LARGE_SWEEP: _Question(
        "May this much go?",
        "It is more than {share:.0%} of a table or of a store. So many orphans may "
        "also mean that their rows are elsewhere: in a copy, or on another server.",
        "objects",
    ),
    DoubtCode.MISSING_OBJECTS: _Question(
        "Are the missing objects known to be lost?",
        "Objects that rows refer to are not stored ({counts}). Something may be wrong "
        "that a sweep makes worse: a store that moved, a copy that broke off.",
        "missing",
    ),
    DoubtCode.UNSEEN_SCHEMAS: _Question(
        "Does no row in {where} refer to these stores?",
        "This account cannot see everything of {where}, and rows that it does not see "
        "may refer to these objects. Better: grant it the right to read, and rescan.",
        "problems",
    ),
    DoubtCode.MINIMUM_AGE: _Question(
        "Is nothing being inserted right now?",
        "The minimum age is {minutes:g} minutes. An insert that is under way may have "
        "written its object before its row.",
    ),
    DoubtCode.INVENTORY: _Question(
        "Is store {store} in good order?",
        "An inventory told what it holds, so objects that rows refer to may be missing "
        "by now without being seen. Better: scan without it.",
    ),
    DoubtCode.PREPARED_TRANSACTIONS: _Question(
        "Does no prepared transaction refer to these stores?",
        "Transactions are prepared ({transactions}); their rows are not seen before "
        "they are committed.",
    ),
    DoubtCode.OTHER_OWNER: _Question(
        "Is the server {server} gone for good?",
        "Store {store} was swept for it, and its rows were not read. If it is still "
        "there, name it as well: GCPanel(schema, connection).",
    ),
    DoubtCode.SERVER_CHANGED: _Question(
        "Is the server at {now} the same one as before?",
        "It differs from the one for which store {store} was swept ({changes}), so it "
        "may be a copy, or another server.",
    ),
    DoubtCode.SERVER_BEHIND: _Question(
        "Does the server {server} have all rows that there are?",
        "Store {store} has seen a later state of it: this may be a copy, or restored "
        "from a backup, that lacks rows committed since.",
    ),
    DoubtCode.SHORT_RETENTION: _Question(
        "May what was swept only now be deleted for good already?",
        "It was moved to the trash {minutes:,} minutes ago, so nobody may have missed "
        "it yet.",
    ),
    DoubtCode.OLDEST_BACKUP: _Question(
        "Will no backup of the database be restored that is older than these sweeps?",
        "Rows of a backup refer to what was stored when it was made. To be asked no "
        "more, say how old the oldest one is: djgc purge --oldest-backup DAYS.",
    ),
}
"""For each doubt that a person can lift: a yes lifts it."""


def _question(doubt: Doubt, standing: Collection[Doubt]) -> Json:
    asked = QUESTIONS.get(doubt.code) if doubt.liftable else None
    text, why = doubt.message, f"{doubt.remedy}."
    if asked is not None:
        text = asked.text.format(**doubt.values)
        why = asked.why.format(**doubt.values)
    return {
        "name": visible(doubt.name),
        "text": visible(text),
        "why": visible(why),
        "tab": asked.tab if asked else "",
        "liftable": doubt.liftable,
        "lifted": doubt.name not in {each.name for each in standing},
    }


def _together(one: Doubt, other: Doubt) -> Doubt:
    """Return one doubt about the stores of both."""
    facts, more = dict(one.values), dict(other.values)
    facts["store"] = f"{facts['store']} and {more['store']}"
    return replace(one, values=facts)


def questions(doubts: Iterable[Doubt], standing: Collection[Doubt]) -> list[Json]:
    """Return what is asked for each doubt, what cannot be lifted first."""
    named: dict[object, Doubt] = {}
    for doubt in doubts:
        # one answer lifts all of a name: they are one question
        key: object = doubt.name if doubt.liftable else id(doubt)
        named[key] = _together(named[key], doubt) if key in named else doubt
    asked = [_question(doubt, standing) for doubt in named.values()]
    return sorted(asked, key=lambda question: bool(question["liftable"]))


def plan_lines(plan: SweepPlan, totals: pd.DataFrame) -> list[Json]:
    """Return what a sweep would move of each table, and how much of it that is.

    `totals` are the `table_totals` of the scan.
    """
    tables = plan.by_table()
    keys = ["store", "schema", "table"]
    by_store = totals.groupby("store")["size_bytes"].sum()
    of = tables.merge(totals, on=keys, how="left", suffixes=("", "_of_table"))
    return [_line(row, by_store) for row in of.to_dict("records")]


def plan_shown(plan: SweepPlan, lines: list[Json], confirm: str) -> Json:
    """Return what a sweep would move, line by line, what is asked and what to type."""
    return {
        "title": f"Move {plural(len(plan.objects), 'object')}, "
        f"{readable_bytes(plan.size_bytes)}, to the trash?",
        "lines": lines[:_TABLES],
        "more": and_more(len(lines) - _TABLES, "table"),
        "questions": questions(plan.doubts, plan.refusals),
        "confirm": visible(confirm),
    }


def _line(row: dict[Any, Any], by_store: "pd.Series[int]") -> Json:
    """Return one table of a plan: how many, how much, which share."""
    count, size, store = int(row["n_objects"]), int(row["size_bytes"]), row["store"]
    whole, all_of = int(row["size_bytes_of_table"]), int(row["n_objects_of_table"])
    share = "all" if count == all_of else percent(size, whole)
    return {
        "table": visible(table_label(row["schema"], row["table"])),
        "store": visible(store),
        "count": f"{count:,}",
        "size": readable_bytes(size),
        "hover": f"{size:,} bytes",
        "of_table": f"{share} of the table",
        "of_store": f"{percent(size, int(by_store[store]))} of the store",
        "oldest": iso(row["oldest"]),
        "newest": iso(row["newest"]),
    }


def purge_shown(
    ticked: int, old: pd.DataFrame, asked: list[Json], confirm: str
) -> Json:
    """Return what a purge would delete for good.

    `ticked` counts the ticked sweeps, `old` is a frame of the sweeps schema of those
    that are old enough, `asked` is what a person is asked, `confirm` is to be typed.
    """
    n_left, size = int(old["n_left"].sum()), int(old["left_bytes"].sum())
    return {
        "title": f"Delete {plural(n_left, 'object')}, {readable_bytes(size)}, for good?"
        if n_left
        else "Nothing is old enough to be deleted",
        "text": f"Old enough: {len(old):,} of {plural(ticked, 'ticked sweep')}. What "
        "is purged cannot be restored. The stores are scanned first: what a row refers "
        "to again is restored instead.",
        "nothing": n_left == 0,
        "questions": asked,
        "confirm": visible(confirm),
    }
