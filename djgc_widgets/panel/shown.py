"""What a page shows, as JSON: scans, plans, receipts, progress -> plain values. Pure.

Names are visible text; a page sets them as text and never as markup. Times are ISO 8601
in UTC, and a page shows them in its own time zone.
"""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from djgc_widgets.analysis import SecondOpinion, table_of_ages
from djgc_widgets.collector import Scan
from djgc_widgets.model import (
    LISTED_STATUSES,
    OUTCOME_LABELS,
    STATUS_LABELS,
    Notice,
    Outcome,
    Receipt,
    Status,
    SweepReceipt,
    and_more,
    freed_text,
    hidden_text,
    plural,
    readable_bytes,
    readable_minimum_age,
    table_label,
    trash_records_text,
    visible,
)

Json = dict[str, Any]
_MARKS = dict(zip(LISTED_STATUSES, "●▲◔?♲", strict=True))
_SCHEMAS = 3
_UNFINISHED = 8
_TABLES = 12
_JUDGED_IF_COMPLETE = {Status.ORPHAN, Status.YOUNG}


def iso(time: Any) -> str:  # noqa: ANN401 - a time of Python or of pandas
    """Return an aware time as ISO 8601 to the second."""
    return str(time.isoformat(timespec="seconds"))


def scan_shown(scan: Scan) -> Json:
    """Return a scan's title, cards, shares, sums and notices."""
    names = [visible(name) for name in scan.schemas[:_SCHEMAS]]
    names += filter(None, [and_more(len(scan.schemas) - _SCHEMAS, "schema")])
    return {
        "title": ", ".join(names),
        "facts": f"{plural(len(scan.stores), 'store')} · "
        f"{plural(len(scan.counts), 'store column')} · "
        f"{plural(scan.schemas_read, 'schema')} read",
        "servers": visible(", ".join(scan.servers)),
        "complete": scan.complete,
        "started_at": iso(scan.started_at),
        "seconds": f"{scan.elapsed_seconds:.1f} s",
        "cards": _cards(scan),
        "adds_up": scan.adds_up(),
        "sum": _sum_text(scan),
        "missing": _missing_text(scan),
        "trash": _trash_text(scan),
        "hidden": hidden_text(scan.hidden),
        "unlisted": _unlisted_text(scan),
        "needed": plural(n, "object")
        if (n := int(scan.trash["returnable"].sum()))
        else "",
        "interrupted": len(scan.interrupted),
        "problems": notices_shown(scan.problems),
        "warnings": notices_shown((*scan.unseen, *scan.warnings)),
        "overview": _overview(scan),
    }


def _cards(scan: Scan) -> list[Json]:
    """Return a card for all that is stored, for each status, and for the missing."""
    summary = scan.summary().groupby("status")[["n_objects", "size_bytes"]].sum()
    listed = max(scan.listed_bytes, 1)
    cards = [
        _card("all", "Stored", scan.listed_bytes, plural(scan.listed_files, "file"))
    ]
    for status, mark in _MARKS.items():
        sums = summary[summary.index == status.value].sum()
        objects, size = int(sums["n_objects"]), int(sums["size_bytes"])
        note = plural(objects, "object")
        if not scan.complete and status in _JUDGED_IF_COMPLETE:
            note = "not known"
        label, hint = STATUS_LABELS[status], ""
        if status is Status.ORPHAN and size:
            note += f" · {percent(size, listed)}"
        if status is Status.YOUNG:
            age = readable_minimum_age(scan.minimum_age)
            hint = f"Younger than {age}, so they may be in use"
        if status is Status.TRASH:
            hint = trash_records_text(scan.summary(), scan.trash)
        card = _card(status.value, label, size, note, hint)
        more = {"mark": mark, "share": size / listed, "none": not objects}
        cards.append({**card, **more})
    missing = scan.missing
    tables = plural(len(missing[["schema", "table"]].drop_duplicates()), "table")
    cards.append(
        {
            "key": "missing",
            "label": "Missing",
            "mark": "✕",
            "value": plural(len(missing), "row"),
            "note": tables if scan.complete else "not certain",
            "hover": "Rows whose object is not stored",
        }
    )
    return cards


def _card(key: str, label: str, size_bytes: int, note: str, hint: str = "") -> Json:
    exact = f"{size_bytes:,} bytes"
    return {
        "key": key,
        "label": label,
        "mark": "",
        "value": readable_bytes(size_bytes),
        "note": note,
        "hover": f"{exact}. {hint}" if hint else exact,
    }


def percent(part: float, whole: float) -> str:
    """Return a share as people read it: below 1 % it is not 0."""
    share = 100 * part / whole if whole else 0
    if 0 < share < 1:
        return "under 1 %"
    return f"{min(share, 99) if part < whole else share:.0f} %"


def _sum_text(scan: Scan) -> str:
    sizes = scan.summary().groupby("status")["size_bytes"].sum()
    terms = (
        f"{readable_bytes(int(sizes.get(status.value, 0)))} "
        f"{STATUS_LABELS[status].lower()}"
        for status in LISTED_STATUSES
    )
    return f"{' + '.join(terms)} = {readable_bytes(scan.listed_bytes)} listed"


def _missing_text(scan: Scan) -> str:
    missing = scan.missing
    count = plural(len(missing), "row")
    if not scan.complete:
        return (
            f"{count} without a visible object. The scan is incomplete, so there may "
            "be more, and none of them is certain: do not delete rows because of this."
        )
    if missing.empty:
        return ""
    counts = missing[["schema", "table"]].value_counts().reset_index()
    tables = ", ".join(
        f"{visible(table_label(schema, table))} {n:,}"
        for schema, table, n in counts.head(_TABLES).itertuples(index=False)
    )
    more = and_more(len(counts) - _TABLES, "table")
    return (
        f"{count} refer to a missing object: {' '.join(filter(None, [tables, more]))}."
    )


def _trash_text(scan: Scan) -> str:
    trash = scan.trash
    if trash.empty:
        return ""
    size = readable_bytes(int(trash["size_bytes"].sum()))
    stores = visible(", ".join(sorted(trash["store"].unique())))
    return f"{plural(len(trash), 'object')}, {size} in the trash of {stores}."


def _unlisted_text(scan: Scan) -> str:
    if scan.out is None:
        return ""
    summary = scan.summary()
    live = summary.loc[summary["status"].eq(Status.LIVE.value), "n_objects"].sum()
    if not live:
        return ""
    return visible(
        f"{plural(int(live), 'object')} that rows refer to: counted, and not listed "
        f"here. All objects are as Parquet in {scan.out}/objects."
    )


def _overview(scan: Scan) -> Json:
    """Return bytes per store and per age, each with a part per status."""
    summary = scan.summary()
    summary = summary[summary["status"].isin(LISTED_STATUSES)]
    stores = summary.pivot_table(
        index="store", columns="status", values="size_bytes", aggfunc="sum"
    )
    ages = table_of_ages(scan.ages())
    return {
        "stores": _bars(stores.fillna(0)),
        "ages": _bars(ages),
        "bins": [str(label) for label in ages.index],
    }


def _bars(sizes: pd.DataFrame) -> list[Json]:
    """Return a bar for each row, from columns that are statuses, in bytes."""
    most = max(float(sizes.sum(axis=1).max()), 1) if len(sizes) else 1
    return [
        {
            "label": visible(str(label)),
            "value": readable_bytes(int(row.sum())),
            "parts": [
                {
                    "status": status.value,
                    "share": float(row[status.value]) / most,
                    "hover": f"{STATUS_LABELS[status]}: "
                    f"{readable_bytes(int(row[status.value]))}",
                }
                for status in Status
                if row.get(status.value, 0)
            ],
        }
        for label, row in sizes.iterrows()
    ]


def notices_shown(notices: Iterable[Notice]) -> list[Json]:
    """Return notices: where, what, and what to do about it."""
    return [
        {
            "where": visible(notice.where),
            "text": visible(f"{notice.message}. {notice.remedy}."),
        }
        for notice in notices
    ]


def receipt_shown(receipt: Receipt | None) -> Json | None:
    """Return what a sweep, restore or purge did, and what did not go as planned."""
    if receipt is None:
        return None
    unfinished = receipt.unfinished
    lines = [
        visible(
            f"{row.path}: {OUTCOME_LABELS[Outcome(str(row.outcome))]}: {row.detail}"
        )
        for row in unfinished.head(_UNFINISHED).itertuples()
    ]
    if more := and_more(len(unfinished) - _UNFINISHED):
        lines.append(f"{more}: panel.receipt.rows")
    return {
        "id": visible(receipt.sweep_id),
        "headline": receipt.headline(),
        "freed": visible(freed_text(receipt.freed)),
        "undoable": isinstance(receipt, SweepReceipt)
        and receipt.count(Outcome.MOVED) > 0,
        "lines": lines,
        "problems": notices_shown(receipt.problems),
    }


def opinion_shown(opinion: SecondOpinion | None) -> Json | None:
    """Return what DataJoint's own collector would delete, losses first."""
    if opinion is None:
        return None
    losses, trouble = opinion.losses, bool(opinion.problems or opinion.warnings)
    verdict = ""
    if len(losses):
        size = readable_bytes(int(losses["size_bytes"].sum()))
        verdict = (
            f"It would delete {plural(len(losses), 'object')} that rows refer to, "
            f"{size}. They are listed first."
        )
    elif not trouble:
        verdict = "It would delete nothing that a committed row needs."
    return {
        "collector": visible(opinion.collector),
        "loses": bool(len(losses)),
        "verdict": verdict,
        "problems": notices_shown(opinion.problems),
        "lines": [
            f"{row['opinion']}: {plural(int(row['n_objects']), 'object')}, "
            f"{readable_bytes(int(row['size_bytes']))}"
            for row in opinion.summary().to_dict("records")
        ],
        "warnings": [visible(text) for text in opinion.warnings],
    }
