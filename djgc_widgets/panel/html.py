"""Scans -> HTML. Pure; every name passes through `safe`."""

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from djgc_widgets.analysis import SecondOpinion
from djgc_widgets.collector import Scan
from djgc_widgets.model import (
    STATUS_LABELS,
    Notice,
    Progress,
    Status,
    html_list,
    plural,
    readable_bytes,
    readable_minimum_age,
    safe,
    table_label,
    trash_records_text,
)
from djgc_widgets.panel.worker import ACTIVITY_LABELS, Activity

_NOTHING = Markup("")
_MARKS = dict(zip(Status, "●▲◔?♲", strict=True))
_BAR = Markup("<div class='djgc-bar'><b>DataJoint object stores</b>{}</div>")
_MUTED = Markup("<span class='djgc-muted'>{}</span>")
_STALE = Markup("<b class='djgc-stale'>⚠ over an hour old: rescan before a sweep</b>")
_PROBLEMS = Markup("<div class='djgc-problems'>{}</div>")
_ALERT = Markup("<div class='djgc-problems' role='alert'>{}</div>")
_NOTE = Markup("<div class='djgc-note' role='status'>{}</div>")
_CARD = Markup(
    "<div class='djgc-card' style='--djgc-tone: var({tone})' title='{hover}'>"
    "<div class='k'>{label}</div><div class='v'>{value}</div>"
    "<div class='n'>{note}</div></div>"
)


def header_html(scan: Scan | None, *, stale: bool = False) -> Markup:
    """Say what was scanned, whether it is complete, and whether it is recent."""
    if scan is None:
        return _BAR.format("")
    facts = (
        f"{', '.join(scan.servers)} · {plural(len(scan.stores), 'store')} · "
        f"{plural(len(scan.counts), 'store column')} in "
        f"{plural(scan.schemas_read, 'schema')} read in {scan.elapsed_seconds:.1f} s"
    )
    mark = "✓" if scan.complete else "✕"
    parts = [
        Markup("<span>{} {}</span>").format(mark, safe(scan.headline())),
        _MUTED.format(safe(facts)),
        _STALE if stale else _NOTHING,
    ]
    return _BAR.format(_NOTHING.join(parts))


def activity_html(
    activity: Activity,
    progress: Progress | None,
    listed: Progress | None = None,
    elapsed_seconds: float = 0.0,
) -> Markup:
    """Say what is being done, how far it is and for how long.

    `listed` counts the files and bytes of all stores so far.
    """
    if activity is Activity.IDLE:
        return _NOTHING
    facts = [f"{ACTIVITY_LABELS[activity]} …"]
    if progress is not None:
        part = f" (column {progress.part:,} of {progress.parts:,})"
        total = f" of {progress.total:,}" if progress.total is not None else ""
        step = f"{progress}{part if progress.parts else ''}"
        facts = [f"{step}, {progress.done:,}{total} …", f"{elapsed_seconds:.0f} s"]
        if listed is not None and listed.size_bytes is not None:
            size = readable_bytes(listed.size_bytes)
            facts.insert(1, f"listed {plural(listed.done, 'file')}, {size}")
    return Markup(
        "<i class='djgc-spinner' aria-hidden='true'></i><span role='status'>{}</span>"
    ).format(safe(" · ".join(facts)))


def cards_html(scan: Scan | None) -> Markup:
    """Show bytes and objects per status, and the check that they add up."""
    if scan is None:
        return _NOTHING
    records = trash_records_text(scan.summary(), scan.trash)
    summary = scan.summary().groupby("status")[["n_objects", "size_bytes"]].sum()
    stored = plural(scan.listed_files, "file")
    shown = [_size_card("Stored", scan.listed_bytes, stored, "--djgc-fg")]
    terms = []
    for status, mark in _MARKS.items():
        label, tone = STATUS_LABELS[status], f"--djgc-{status.value}"
        sums = summary[summary.index == status.value].sum()
        objects, size = int(sums["n_objects"]), int(sums["size_bytes"])
        age = f", younger than {readable_minimum_age(scan.minimum_age)}"
        hint = age if status is Status.YOUNG else ""
        judged = scan.complete or status not in {Status.ORPHAN, Status.YOUNG}
        note = plural(objects, "object") if judged else "not known"
        if status is Status.TRASH:
            note = ", ".join(filter(None, [note, records]))
        shown.append(_size_card(f"{mark} {label}", size, note, tone, hint))
        terms.append(f"{readable_bytes(size)} {label.lower()}")
    missing = scan.missing
    tables = plural(len(missing[["schema", "table"]].drop_duplicates()), "table")
    card = _CARD.format(
        label="✕ Missing",
        value=plural(len(missing), "row"),
        note=tables if scan.complete else "not certain",
        tone="--djgc-missing",
        hover="",
    )
    shown.insert(5, card)
    check = "✓" if scan.adds_up() else "✕ these do not add up; please report it:"
    total = f"{readable_bytes(scan.listed_bytes)} listed"
    return Markup(
        "<div class='djgc-cards'>{}</div><div class='djgc-sum'>{} {} = {}</div>"
    ).format(_NOTHING.join(shown), check, " + ".join(terms), total)


def _size_card(
    label: str, size_bytes: int, note: str, tone: str, hint: str = ""
) -> Markup:
    return _CARD.format(
        label=label,
        value=readable_bytes(size_bytes),
        note=note,
        tone=tone,
        hover=f"{size_bytes:,} bytes{hint}",
    )


def incomplete_html(problems: Sequence[Notice]) -> Markup:
    """Say above everything else that a scan is incomplete."""
    if not problems:
        return _NOTHING
    text = Markup(
        "<b>✕ The scan is incomplete, so nothing can be moved.</b> No object is called "
        "an orphan, since a row that was not read may refer to it. See the {} below, "
        "under Problems."
    )
    return _ALERT.format(text.format(plural(len(problems), "problem")))


def notices_html(problems: Sequence[Notice], warnings: Sequence[Notice]) -> Markup:
    """Name every problem and warning, with what to do about it."""
    text = Markup("<p>✓ Everything was read.</p>")
    if problems:
        title = Markup("<b>✕ What could not be read or understood</b>")
        text = _PROBLEMS.format(title + notice_list(problems))
    if warnings:
        text += Markup("<div class='djgc-note'><b>Good to know</b>{}</div>").format(
            notice_list(warnings)
        )
    return text


def notice_list(notices: Iterable[Notice]) -> Markup:
    """List notices: where, what, and what to do about it."""
    item = Markup("<b>{}</b>: {}. {}.")
    return html_list(
        item.format(safe(notice.where), safe(notice.message), safe(notice.remedy))
        for notice in notices
    )


def failure_html(message: str) -> Markup:
    """Show why a command failed."""
    return _ALERT.format(safe(message)) if message else _NOTHING


def notice_html(text: str) -> Markup:
    """Say what a command did."""
    return _NOTE.format(safe(f"✓ {text}")) if text else _NOTHING


def opinion_html(opinion: SecondOpinion | None) -> Markup:
    """Say what DataJoint's own collector would delete, losses first."""
    if opinion is None:
        return Markup(
            "<p>DataJoint has its own collector, <code>dj.gc</code>. Ask it what it "
            "would delete, and compare each object with this scan. It runs dry, over a "
            "read-only connection: nothing is deleted.</p>"
        )
    text = Markup("<p><b>{}</b></p>").format(safe(opinion.collector))
    losses = opinion.losses
    if len(losses):
        size = readable_bytes(int(losses["size_bytes"].sum()))
        text += _ALERT.format(
            Markup(
                "<b>✕ It would delete {} that rows refer to, {}.</b> They are listed "
                "first."
            ).format(plural(len(losses), "object"), size)
        )
    elif not opinion.problems and not opinion.warnings:
        text += Markup("<p>✓ It would delete nothing that a committed row needs.</p>")
    if opinion.problems:
        text += _PROBLEMS.format(notice_list(opinion.problems))
    text += html_list(
        f"{row['opinion']}: {plural(int(row['n_objects']), 'object')}, "
        f"{readable_bytes(int(row['size_bytes']))}"
        for row in opinion.summary().to_dict("records")
    )
    if opinion.warnings:
        text += Markup("<p>It logged these warnings and went on:</p>")
    return text + html_list(opinion.warnings)


def trash_html(scan: Scan | None) -> Markup:
    """Count what is in the trash, and what of it a row needs again."""
    if scan is None or scan.trash.empty:
        return _NOTHING
    trash = scan.trash
    size, n_needed = int(trash["size_bytes"].sum()), int(trash["returnable"].sum())
    needed = f"; ✕ a row needs {plural(n_needed, 'object')} again" if n_needed else ""
    return Markup(
        "<p><b title='{:,} bytes'>♲ {} · {} in the trash</b> of {}{}. Swept objects "
        "can be restored until they are purged.</p>"
    ).format(
        size,
        plural(len(trash), "object"),
        readable_bytes(size),
        safe(", ".join(sorted(trash["store"].unique()))),
        needed,
    )


def missing_html(scan: Scan | None) -> Markup:
    """Count the rows whose object is missing, per table."""
    if scan is None:
        return _NOTHING
    missing = scan.missing
    count = plural(len(missing), "row")
    if not scan.complete:
        return Markup(
            "<p><b>? {} without a visible object.</b> The scan is incomplete, so there "
            "may be more, and none of them is certain: do not delete rows because of "
            "this.</p>"
        ).format(count)
    if missing.empty:
        return Markup("<p>✓ No missing objects.</p>")
    counts = missing[["schema", "table"]].value_counts().reset_index()
    tables = ", ".join(
        f"{table_label(schema, table)} {n:,}"
        for schema, table, n in counts.itertuples(index=False)
    )
    return Markup(
        "<p><b>✕ {} refer to a missing object</b>: {}. Open a row's details to copy a "
        "restriction of its table.</p>"
    ).format(count, safe(tables))
