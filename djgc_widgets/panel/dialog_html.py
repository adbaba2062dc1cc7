"""Baskets, plans and receipts -> HTML. Pure; every name passes through `escaped`."""

from datetime import datetime

import pandas as pd

from djgc_widgets.model import Receipt, escaped, plural, readable_bytes
from djgc_widgets.panel.basket import Basket
from djgc_widgets.panel.html import items
from djgc_widgets.verdict import Refusal, SweepPlan

_ROWS = 8
_TABLES = 3
_PLANNED = 20


def basket(ticked: Basket) -> str:
    """Count what is ticked."""
    if not ticked.objects:
        return "<span class='djgc-muted' role='status'>Nothing ticked</span>"
    biggest = ", ".join(
        f"{escaped(name)} {count:,}" for name, count in ticked.tables[:_TABLES]
    )
    left = len(ticked.tables) - _TABLES
    more = f" and {plural(left, 'more table')}" if left > 0 else ""
    size = readable_bytes(ticked.size_bytes)
    return (
        f"<span role='status'><b title='{ticked.size_bytes:,} bytes'>"
        f"Orphans: {ticked.objects:,} ticked · {size} · "
        f"{plural(ticked.files, 'file')}</b> "
        f"<span class='djgc-muted'>{biggest}{more}</span></span>"
    )


def confirmation(plan: SweepPlan | None, typed: str) -> str:
    """Say in plain words what is about to happen.

    Parameters
    ----------
    plan : SweepPlan or None
        What would be moved.
    typed : str
        What confirms it.
    """
    if plan is None:
        return ""
    stores = "".join(
        f"<li>store <b>{escaped(store)}</b>: {plural(objects, 'object')}, "
        f"{readable_bytes(size_bytes)} ({size_bytes:,} bytes)</li>"
        for store, objects, size_bytes in plan.totals()
    )
    last = (
        f"Type <b>{escaped(typed)}</b> to confirm."
        if plan.allowed
        else "<b>✕ Refused.</b> Tick what you acknowledge; the rest has to be mended "
        "first."
    )
    return (
        f"<h4>Move {plural(len(plan.objects), 'object')} to the trash?</h4>"
        "Nothing is deleted: the objects go to the store's own <code>_trash</code> "
        "folder, from where they can be brought back byte for byte. What a row refers "
        f"to by then is left alone.<ul>{stores}</ul>{_by_table(plan)}{last}"
    )


def _by_table(plan: SweepPlan) -> str:
    tables = plan.by_table()
    shown = tables.head(_PLANNED).fillna({"table": "(hash)"})
    lines = "".join(
        f"<tr><td>{escaped(row['store'])}</td>"
        f"<td>{escaped('.'.join([row['schema'], row['table']]))}</td>"
        f"<td class='djgc-number'>{row['objects']:,}</td>"
        f"<td class='djgc-number' title='{row['size_bytes']:,} bytes'>"
        f"{readable_bytes(row['size_bytes'])}</td>"
        f"<td>{_day(row['oldest'])} to {_day(row['newest'])}</td></tr>"
        for row in shown.to_dict("records")
    )
    left = len(tables) - len(shown)
    more = f"<p class='djgc-muted'>and {plural(left, 'more table')}</p>"
    return (
        "<table class='djgc-table'><thead><tr><th>Store</th><th>Table</th>"
        "<th class='djgc-number'>Objects</th><th class='djgc-number'>Size</th>"
        f"<th>Oldest to newest</th></tr></thead><tbody>{lines}</tbody></table>"
        f"{more if left > 0 else ''}"
    )


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def doubt(refusal: Refusal, *, lifted: bool) -> str:
    """Say what speaks against a plan, and whether that is acknowledged."""
    mark = "✓ acknowledged" if lifted else "✕ refused"
    return (
        f"<b>{mark}: {escaped(refusal.name)}</b>: {escaped(refusal.message)}. "
        f"{escaped(refusal.remedy)}."
    )


def purge(stores: str, ticked: int, old: pd.DataFrame) -> str:
    """Say in plain words what is about to be deleted.

    Parameters
    ----------
    stores : str
        What confirms it.
    ticked : int
        Number of ticked sweeps.
    old : DataFrame
        Those of them that are old enough: a frame of the sweeps schema.
    """
    objects, size = int(old["left_objects"].sum()), int(old["left_bytes"].sum())
    return (
        f"<h4>Delete {plural(objects, 'object')} for good?</h4>"
        f"{len(old):,} of {plural(ticked, 'ticked sweep')} are as old as that: "
        f"{readable_bytes(size)} ({size:,} bytes). What is purged cannot be brought "
        "back. The store is scanned first: whatever in its trash a row refers to again "
        "goes back to its place, and everything stays while objects that rows refer to "
        f"are missing. Type <b>{escaped(stores)}</b> to confirm."
    )


def receipt(done: Receipt | None) -> str:
    """Show what a sweep, restore or purge did, and what did not go as planned."""
    if done is None:
        return ""
    counts = done.rows["outcome"].value_counts()
    lines = ", ".join(
        f"{count:,} {escaped(str(outcome))} "
        f"({readable_bytes(done.size_bytes(str(outcome)))})"
        for outcome, count in counts.items()
    )
    odd = done.rows[done.rows["detail"].ne("")]
    told = "".join(
        f"<li>{escaped(row.path)}: {escaped(row.outcome)}: {escaped(row.detail)}</li>"
        for row in odd.head(_ROWS).itertuples()
    )
    left = len(odd) - _ROWS
    told += f"<li>and {left:,} more: panel.receipt.rows</li>" if left > 0 else ""
    told += items(done.problems)
    return (
        "<div class='djgc-note' role='status'><b>Receipt</b> "
        f"{escaped(done.sweep_id)}: {lines or 'nothing to do'}"
        f"{f'<ul>{told}</ul>' if told else ''}</div>"
    )
