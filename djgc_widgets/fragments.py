"""Scans, plans and receipts -> HTML. Pure; every name passes through `escaped`."""

from collections.abc import Sequence

import pandas as pd

from djgc_widgets.display import escaped, plural, readable_bytes
from djgc_widgets.model import Notice, Progress
from djgc_widgets.plan import SweepPlan
from djgc_widgets.reasons import younger_than
from djgc_widgets.receipt import Receipt
from djgc_widgets.scans import Scan

_MISSING_ROWS = 12
_RECEIPT_ROWS = 8
_BASKET_TABLES = 3
_CARDS = (  # status, mark, label, colour
    ("live", "●", "Referenced", "--djgc-live"),
    ("orphan", "▲", "Orphaned", "--djgc-orphan"),
    ("young", "◔", "Young", "--djgc-young"),
    ("unknown", "?", "Unknown", "--djgc-unknown"),
    ("trash", "♲", "In trash", "--djgc-trash"),
)


def bar(scan: Scan | None) -> str:
    """Name what was scanned, when, and whether it is complete."""
    if scan is None:
        return "<div class='djgc-bar'><b>DataJoint object stores</b></div>"
    verdict = "✓ complete" if scan.complete else "✕ incomplete: nothing can be moved"
    when = f"{scan.started_at:%Y-%m-%d %H:%M} UTC"
    facts = (
        f"{', '.join(scan.servers)} · {plural(len(scan.stores), 'store')} · "
        f"{plural(len(scan.counts), 'store column')} in "
        f"{plural(scan.schemas_read, 'schema')} read"
    )
    return (
        f"<div class='djgc-bar'><b>{escaped(', '.join(scan.schemas))}</b>"
        f"<span class='djgc-muted'>{escaped(facts)}</span>"
        f"<span class='djgc-muted'>{verdict} · scanned {when} in "
        f"{scan.elapsed_seconds:.1f} s</span></div>"
    )


def working(activity: str, progress: Progress | None) -> str:
    """Say what is being done and how far it is."""
    if activity == "idle":
        return ""
    if progress is None:
        return f"<span role='status'>{escaped(activity)} …</span>"
    of = f" of {progress.total:,}" if progress.total is not None else ""
    return (
        f"<span role='status'>{escaped(progress.step)}, {progress.done:,}{of} …</span>"
    )


def cards(scan: Scan | None) -> str:
    """Show bytes and objects per status, and the check that they add up."""
    if scan is None:
        return ""
    summary = scan.summary().groupby("status")[["objects", "size_bytes"]].sum()
    stored = plural(scan.listed_files, "file")
    shown = [_size_card("Stored", scan.listed_bytes, stored, "--djgc-fg")]
    terms = []
    for status, mark, label, tone in _CARDS:
        found = summary[summary.index == status].sum()
        objects, size = int(found["objects"]), int(found["size_bytes"])
        hint = younger_than(scan.minimum_age) if status == "young" else ""
        note = plural(objects, "object")
        shown.append(_size_card(f"{mark} {label}", size, note, tone, hint))
        terms.append(f"{readable_bytes(size)} {label.lower()}")
    missing = scan.missing
    tables = plural(len(missing[["schema", "table"]].drop_duplicates()), "table")
    rows = plural(len(missing), "row")
    shown.insert(5, _card("✕ Missing", rows, tables, "--djgc-missing"))
    check = "✓" if scan.adds_up() else "✕ these do not add up; please report it:"
    total = f"{readable_bytes(scan.listed_bytes)} listed"
    return (
        f"<div class='djgc-cards'>{''.join(shown)}</div>"
        f"<div class='djgc-sum'>{check} {' + '.join(terms)} = {total}</div>"
    )


def _size_card(
    label: str, size_bytes: int, note: str, tone: str, hint: str = ""
) -> str:
    hover = ", ".join(filter(None, (f"{size_bytes:,} bytes", hint)))
    return _card(label, readable_bytes(size_bytes), note, tone, hover)


def _card(label: str, value: str, note: str, tone: str, hover: str = "") -> str:
    return (
        f"<div class='djgc-card' style='--djgc-tone: var({tone})' title='{hover}'>"
        f"<div class='k'>{label}</div><div class='v'>{value}</div>"
        f"<div class='n'>{escaped(note)}</div></div>"
    )


def notices(problems: Sequence[Notice], warnings: Sequence[Notice]) -> str:
    """Name every problem and warning, with what to do about it."""
    text = ""
    if problems:
        text += (
            "<div class='djgc-problems' role='alert'><b>✕ The scan is incomplete, so "
            "nothing can be moved.</b>"
            f"<ul>{_items(problems)}</ul></div>"
        )
    if warnings:
        items = _items(warnings)
        text += f"<div class='djgc-note'><b>Good to know</b><ul>{items}</ul></div>"
    return text


def _items(found: Sequence[Notice]) -> str:
    return "".join(
        f"<li><b>{escaped(n.place)}</b>: {escaped(n.message)}. "
        f"{escaped(n.remedy)}.</li>"
        for n in found
    )


def failure(message: str) -> str:
    """Show why a command failed."""
    return (
        f"<div class='djgc-problems' role='alert'>{escaped(message)}</div>"
        if message
        else ""
    )


def basket(selected: pd.DataFrame) -> str:
    """Count what is ticked."""
    if selected.empty:
        return "<span class='djgc-muted'>Nothing ticked</span>"
    tables = (
        selected["schema"]
        .str.cat(selected["table"].fillna("(hash)"), sep=".")
        .value_counts()
    )
    biggest = ", ".join(
        f"{escaped(str(name))} {count:,}"
        for name, count in tables.head(_BASKET_TABLES).items()
    )
    left = len(tables) - _BASKET_TABLES
    more = f" and {plural(left, 'more table')}" if left > 0 else ""
    size = int(selected["size_bytes"].sum())
    return (
        f"<b title='{size:,} bytes'>{len(selected):,} ticked · {readable_bytes(size)} "
        "· "
        f"{plural(int(selected['files'].sum()), 'file')}</b> <span "
        f"class='djgc-muted'>{biggest}{more}</span>"
    )


def confirmation(plan: SweepPlan | None, typed: str) -> str:
    """Say in plain words what is about to happen."""
    if plan is None:
        return ""
    stores = "".join(
        f"<li>store <b>{escaped(store)}</b>: {plural(objects, 'object')}, "
        f"{readable_bytes(size_bytes)} ({size_bytes:,} bytes)</li>"
        for store, objects, size_bytes in plan.totals()
    )
    refused = "".join(
        f"<li><b>✕ {escaped(r.name)}</b>: {escaped(r.message)}. {escaped(r.remedy)}."
        "</li>"
        for r in plan.refusals
    )
    lift = "Tick below what you acknowledge; the rest has to be mended first."
    doubts = (
        f"<div class='djgc-problems' role='alert'><b>Refused.</b><ul>{refused}</ul>"
        f"{lift}</div>"
        if refused
        else ""
    )
    return (
        f"{doubts}"
        "<b>Move to the trash?</b> Nothing is deleted: the objects go to the store's "
        "own "
        "<code>_trash</code> folder, from where they can be brought back byte for "
        "byte. "
        f"What a row refers to by then is left alone.<ul>{stores}</ul>"
        f"Type <b>{escaped(typed)}</b> to confirm."
    )


def receipt(done: Receipt | None) -> str:
    """Show what a sweep or restore did, and what did not go as planned."""
    if done is None:
        return ""
    counts = done.rows["outcome"].value_counts()
    lines = ", ".join(
        f"{count:,} {escaped(str(outcome))} "
        f"({readable_bytes(done.size_bytes(str(outcome)))})"
        for outcome, count in counts.items()
    )
    told = done.rows[done.rows["detail"].ne("")].head(_RECEIPT_ROWS)
    rest = "".join(
        f"<li>{escaped(row.path)}: {escaped(row.outcome)}: {escaped(row.detail)}</li>"
        for row in told.itertuples()
    )
    return (
        "<div class='djgc-note' role='status'><b>Receipt</b> "
        f"{escaped(done.sweep_id)}: {lines or 'nothing to do'}"
        f"{f'<ul>{rest}</ul>' if rest else ''}{_items(done.problems)}</div>"
    )


def trash(scan: Scan | None) -> str:
    """Count what lies in the trash, and say how it is deleted for good."""
    if scan is None or scan.trash.empty:
        return ""
    held = scan.trash
    size = int(held["size_bytes"].sum())
    stores = ", ".join(escaped(name) for name in sorted(held["store"].unique()))
    return (
        f"<span><b title='{size:,} bytes'>♲ {plural(len(held), 'object')} · "
        f"{readable_bytes(size)} in the trash</b> "
        f"<span class='djgc-muted'>of {stores}. To delete for good what was swept "
        "30 days ago or more, type the name of its store.</span></span>"
    )


def missing(scan: Scan | None) -> str:
    """List rows whose object is gone."""
    rows = scan.missing if scan is not None else pd.DataFrame()
    if rows.empty:
        return ""
    lines = "".join(
        "<tr>" + "".join(f"<td title='{text}'>{text}</td>" for text in texts) + "</tr>"
        for texts in _missing_texts(rows.head(_MISSING_ROWS))
    )
    left = len(rows) - _MISSING_ROWS
    more = f"<p class='djgc-muted'>and {left:,} more: panel.scan.missing</p>"
    titles = "".join(
        f"<th>{title}</th>" for title in ("Column", "Row", "Path", "Store")
    )
    return (
        f"<h4>✕ {plural(len(rows), 'row')} refer to an object that is gone</h4>"
        "<div class='djgc-scroll'><table class='djgc-table'>"
        f"<thead><tr>{titles}</tr></thead><tbody>{lines}</tbody></table></div>"
        f"{more if left > 0 else ''}"
    )


def _missing_texts(rows: pd.DataFrame) -> list[list[str]]:
    column = rows["schema"] + "." + rows["table"] + "." + rows["attribute"]
    columns = (column, rows["row_key"], rows["path"], rows["store"])
    return [[escaped(text) for text in texts] for texts in zip(*columns, strict=True)]
