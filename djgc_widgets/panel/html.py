"""Scans -> HTML. Pure; every name passes through `escaped`."""

from collections.abc import Sequence

from djgc_widgets.analysis import SecondOpinion
from djgc_widgets.collector import Scan
from djgc_widgets.model import Notice, Progress, escaped, plural, readable_bytes
from djgc_widgets.verdict import younger_than

_CARDS = (  # status, mark, label, colour
    ("live", "●", "Referenced", "--djgc-live"),
    ("orphan", "▲", "Orphaned", "--djgc-orphan"),
    ("young", "◔", "Young", "--djgc-young"),
    ("unknown", "?", "Unknown", "--djgc-unknown"),
    ("trash", "♲", "In trash", "--djgc-trash"),
)


def bar(scan: Scan | None, *, stale: bool = False) -> str:
    """Name what was scanned, when, and whether it is complete and recent."""
    if scan is None:
        return "<div class='djgc-bar'><b>DataJoint object stores</b></div>"
    verdict = "✓ complete" if scan.complete else "✕ incomplete: nothing can be moved"
    when = f"{scan.started_at:%Y-%m-%d %H:%M} UTC"
    facts = (
        f"{', '.join(scan.servers)} · {plural(len(scan.stores), 'store')} · "
        f"{plural(len(scan.counts), 'store column')} in "
        f"{plural(scan.schemas_read, 'schema')} read"
    )
    old = "<b class='djgc-stale'>⚠ over an hour old: rescan before a sweep</b>"
    return (
        f"<div class='djgc-bar'><b>{escaped(', '.join(scan.schemas))}</b>"
        f"<span class='djgc-muted'>{escaped(facts)}</span>"
        f"<span class='djgc-muted'>{verdict} · scanned {when} in "
        f"{scan.elapsed_seconds:.1f} s</span>{old if stale else ''}</div>"
    )


def working(
    activity: str,
    progress: Progress | None,
    listed: Progress | None = None,
    elapsed_seconds: float = 0.0,
) -> str:
    """Say what is being done, how far it is and since when.

    Parameters
    ----------
    activity : str
        What is running.
    progress : Progress or None
        Its latest step.
    listed : Progress or None
        Files and bytes of all stores so far.
    elapsed_seconds : float
        Since it began.
    """
    if activity == "idle":
        return ""
    spinner = "<i class='djgc-spinner' aria-hidden='true'></i>"
    if progress is None:
        return f"{spinner}<span role='status'>{escaped(activity)} …</span>"
    step = progress.step
    if progress.parts:
        step += f" (column {progress.part:,} of {progress.parts:,})"
    of = f" of {progress.total:,}" if progress.total is not None else ""
    facts = [f"{step}, {progress.done:,}{of} …"]
    if listed is not None and listed.size_bytes is not None:
        size = readable_bytes(listed.size_bytes)
        facts.append(f"listed {plural(listed.done, 'file')}, {size}")
    facts.append(f"{elapsed_seconds:.0f} s")
    told = " · ".join(escaped(fact) for fact in facts)
    return f"{spinner}<span role='status'>{told}</span>"


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
    tables = tables if scan.complete else "not certain"
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


def refusal(problems: Sequence[Notice]) -> str:
    """Say above everything else that a scan is incomplete."""
    if not problems:
        return ""
    told = plural(len(problems), "problem")
    return (
        "<div class='djgc-problems' role='alert'><b>✕ The scan is incomplete, so "
        f"nothing can be moved.</b> See the {told} below, under Problems.</div>"
    )


def notices(problems: Sequence[Notice], warnings: Sequence[Notice]) -> str:
    """Name every problem and warning, with what to do about it."""
    text = "" if problems else "<p>✓ Everything could be read.</p>"
    if problems:
        text += (
            "<div class='djgc-problems'><b>✕ What could not be read or "
            f"understood</b><ul>{items(problems)}</ul></div>"
        )
    if warnings:
        told = items(warnings)
        text += f"<div class='djgc-note'><b>Good to know</b><ul>{told}</ul></div>"
    return text


def items(found: Sequence[Notice]) -> str:
    """List notices: where, what, and what to do about it."""
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


def notice(text: str) -> str:
    """Say what a command did."""
    shown = f"<div class='djgc-note' role='status'>✓ {escaped(text)}</div>"
    return shown if text else ""


def opinion(found: SecondOpinion | None) -> str:
    """Say what DataJoint's own collector would do, losses first."""
    if found is None:
        return (
            "<p>DataJoint has a collector of its own, <code>dj.gc</code>. Ask it what "
            "it would delete, and see each object beside what we say of it. It runs "
            "dry, over a connection that can only read: nothing is deleted.</p>"
        )
    losses = found.losses
    size = readable_bytes(int(losses["size_bytes"].sum()))
    told = ""
    if len(losses):
        told = (
            "<div class='djgc-problems' role='alert'><b>✕ It would delete "
            f"{plural(len(losses), 'object')} that rows refer to, {size}.</b> "
            "They come first below.</div>"
        )
    elif not found.problems and not found.warnings:
        told = "<p>✓ It would delete nothing that a committed row refers to.</p>"
    if found.problems:
        told += f"<div class='djgc-problems'><ul>{items(found.problems)}</ul></div>"
    counts = "".join(
        f"<li>{escaped(row['verdict'])}: {plural(int(row['objects']), 'object')}, "
        f"{readable_bytes(int(row['size_bytes']))}</li>"
        for row in found.summary().to_dict("records")
    )
    heard = "".join(f"<li>{escaped(text)}</li>" for text in found.warnings)
    if heard:
        heard = f"<p>It went on after these warnings of its own:</p><ul>{heard}</ul>"
    return f"<p><b>{escaped(found.collector)}</b></p>{told}<ul>{counts}</ul>{heard}"


def trash_total(scan: Scan | None) -> str:
    """Count what lies in the trash, and what of it is needed again."""
    if scan is None or scan.trash.empty:
        return ""
    held = scan.trash
    size = int(held["size_bytes"].sum())
    again = int(held["returnable"].sum())
    needed = f"; ✕ {plural(again, 'object')} needed again by a row" if again else ""
    return (
        f"<p><b title='{size:,} bytes'>♲ {plural(len(held), 'object')} · "
        f"{readable_bytes(size)} in the trash</b> of "
        f"{escaped(', '.join(sorted(held['store'].unique())))}{needed}. What was swept "
        "can be brought back until it is purged.</p>"
    )


def missing_total(scan: Scan | None) -> str:
    """Count the rows whose object is gone, per table."""
    if scan is None:
        return ""
    missing = scan.missing
    if not scan.complete:
        return (
            f"<p><b>? {plural(len(missing), 'row')} without a visible object.</b> The "
            "scan is incomplete, so there may be more, and none of them is certain: do "
            "not delete rows because of this.</p>"
        )
    if missing.empty:
        return "<p>✓ Every object that a row refers to is there.</p>"
    tables = (missing["schema"] + "." + missing["table"]).value_counts()
    told = ", ".join(
        f"{escaped(str(name))} {count:,}" for name, count in tables.items()
    )
    return (
        f"<p><b>✕ {plural(len(missing), 'row')} refer to an object that is gone</b>: "
        f"{told}. Open a row's details to copy a restriction of its table.</p>"
    )
