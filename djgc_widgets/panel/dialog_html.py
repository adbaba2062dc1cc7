"""Baskets, plans and receipts -> HTML. Pure; every name passes through `safe`."""

import pandas as pd
from markupsafe import Markup

from djgc_widgets.model import (
    OUTCOME_LABELS,
    Heading,
    Outcome,
    Receipt,
    and_more,
    html_list,
    html_table,
    plural,
    readable_bytes,
    safe,
    table_label,
)
from djgc_widgets.panel.basket import Basket
from djgc_widgets.panel.html import notice_list
from djgc_widgets.verdict import Doubt, SweepPlan

_ROWS = 8
_TABLES = 3
_PLANNED = 20
_HEADINGS = (
    *(Heading("Store"), Heading("Table"), Heading("Objects", number=True)),
    *(Heading("Size", number=True), Heading("Oldest to newest")),
)


def basket_html(ticked: Basket) -> Markup:
    """Count what is ticked."""
    if not ticked.n_objects:
        return Markup("<span class='djgc-muted' role='status'>Nothing ticked</span>")
    biggest = ", ".join(f"{name} {count:,}" for name, count in ticked.tables[:_TABLES])
    more = and_more(len(ticked.tables) - _TABLES, "table")
    return Markup(
        "<span role='status'><b title='{:,} bytes'>Orphans: {:,} ticked · {} · {}</b> "
        "<span class='djgc-muted'>{} {}</span></span>"
    ).format(
        ticked.size_bytes,
        ticked.n_objects,
        readable_bytes(ticked.size_bytes),
        plural(ticked.n_files, "file"),
        safe(biggest),
        more,
    )


def plan_html(plan: SweepPlan | None, typed: str) -> Markup:
    """Say what is about to happen, and what a person has to type to confirm it."""
    if plan is None:
        return Markup("")
    store = Markup("store <b>{}</b>: {}, {} ({:,} bytes)")
    stores = html_list(
        store.format(safe(name), plural(objects, "object"), readable_bytes(size), size)
        for name, objects, size in plan.totals()
    )
    last = Markup(
        "<b>✕ Refused.</b> Tick what you acknowledge; the rest has to be fixed first."
    )
    if plan.allowed:
        last = Markup("Type <b>{}</b> to confirm.").format(safe(typed))
    return Markup(
        "<h4>Move {} to the trash?</h4>Nothing is deleted: the objects go to the "
        "store's own <code>_trash</code> folder, and can be restored byte for byte. "
        "Objects that a row refers to by then are left alone.{}{}{}"
    ).format(plural(len(plan.objects), "object"), stores, _tables_html(plan), last)


def _tables_html(plan: SweepPlan) -> Markup:
    tables = plan.by_table()
    size = Markup("<span title='{:,} bytes'>{}</span>")
    rows = (
        (
            row["store"],
            table_label(row["schema"], row["table"]),
            f"{row['n_objects']:,}",
            size.format(row["size_bytes"], readable_bytes(row["size_bytes"])),
            f"{row['oldest']:%Y-%m-%d} to {row['newest']:%Y-%m-%d}",
        )
        for row in tables.head(_PLANNED).to_dict("records")
    )
    table = html_table(_HEADINGS, rows, "djgc-table")
    if more := and_more(len(tables) - _PLANNED, "table"):
        table += Markup("<p class='djgc-muted'>{}</p>").format(more)
    return table


def doubt_html(doubt: Doubt, *, lifted: bool) -> Markup:
    """Say what is in doubt about a plan, and whether that is acknowledged."""
    mark = "✓ acknowledged" if lifted else "✕ refused"
    return Markup("<b>{}: {}</b>: {}. {}.").format(
        mark, safe(doubt.name), safe(doubt.message), safe(doubt.remedy)
    )


def purge_html(stores: str, ticked: int, old: pd.DataFrame) -> Markup:
    """Say what is about to be deleted.

    `stores` confirms it, `ticked` counts the ticked sweeps, and `old` is a frame of
    those that are old enough, of the sweeps schema.
    """
    size = int(old["left_bytes"].sum())
    return Markup(
        "<h4>Delete {} for good?</h4>{:,} of {} are that old: {} ({:,} bytes). Purged "
        "objects cannot be restored. The store is scanned first: trashed objects that "
        "a row refers to again are restored, and nothing is purged while referenced "
        "objects are missing, unless that is acknowledged. Type <b>{}</b> to confirm."
    ).format(
        plural(int(old["n_left"].sum()), "object"),
        len(old),
        plural(ticked, "ticked sweep"),
        readable_bytes(size),
        size,
        safe(stores),
    )


def receipt_html(receipt: Receipt | None) -> Markup:
    """Show what a sweep, restore or purge did, and what did not go as planned."""
    if receipt is None:
        return Markup("")
    unfinished = receipt.unfinished
    lines = [
        f"{row.path}: {OUTCOME_LABELS[Outcome(str(row.outcome))]}: {row.detail}"
        for row in unfinished.head(_ROWS).itertuples()
    ]
    if more := and_more(len(unfinished) - _ROWS):
        lines.append(f"{more}: panel.receipt.rows")
    return Markup(
        "<div class='djgc-note' role='status'><b>Receipt</b> {}: {}{}{}</div>"
    ).format(
        safe(receipt.sweep_id),
        safe(receipt.headline()),
        html_list(lines),
        notice_list(receipt.problems),
    )
