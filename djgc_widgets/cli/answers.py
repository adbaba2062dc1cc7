"""What a command reports: lines for people, data for programs, and an exit code."""

from collections.abc import Collection, Iterator
from typing import Any

import pandas as pd

from djgc_widgets.collector import Scan
from djgc_widgets.model import (
    Answer,
    ExitCode,
    NoticeCode,
    Notices,
    Outcome,
    Receipt,
    freed_text,
    hidden_text,
    json_rows,
    plural,
    readable_bytes,
    trash_records_text,
    visible,
)

_ROWS = 20


_CHANGES = Outcome.MOVED, Outcome.RESTORED, Outcome.PURGED
_PRECEDENCE = (
    *(ExitCode.SCAN_INCOMPLETE, ExitCode.DONE_IN_PART, ExitCode.REPAIR_NEEDED),
    *(ExitCode.REFUSED, ExitCode.OBJECTS_MISSING, ExitCode.ORPHANS_FOUND),
    ExitCode.DONE,
)
"""Which code is returned if several apply: the first of them."""


def states(result: Scan) -> set[ExitCode]:
    """Return whatever a scan shows, as codes."""
    shown = {
        ExitCode.SCAN_INCOMPLETE: not result.complete,
        ExitCode.REPAIR_NEEDED: bool(result.trash["returnable"].any())
        or bool(result.interrupted),
        ExitCode.OBJECTS_MISSING: len(result.missing) > 0,
        ExitCode.ORPHANS_FOUND: len(result.orphans) > 0,
    }
    return {code for code, applies in shown.items() if applies}


def state_code(result: Scan) -> ExitCode:
    """Return the most urgent of what a scan shows."""
    return first_code(states(result))


def first_code(codes: Collection[int]) -> ExitCode:
    """Return the most urgent of some codes."""
    return next((code for code in _PRECEDENCE if code in codes), ExitCode.DONE)


def findings(result: Scan) -> dict[str, Any]:
    """Count what a person has to look at."""
    return {
        "missing_references": len(result.missing),
        "needed_in_trash": int(result.trash["returnable"].sum()),
        "interrupted": [sweep_id for _, sweep_id in result.interrupted],
    }


def finding_lines(result: Scan) -> Iterator[str]:
    """Say what a person has to look at."""
    codes = NoticeCode.NEEDED_AGAIN, NoticeCode.SWEEP_INTERRUPTED
    yield from (f"note: {notice}" for notice in result.warnings.with_code(*codes))
    if n_missing := len(result.missing):
        yield f"note: {plural(n_missing, 'missing object')}: see djgc report --json"


def troubles_of(result: Scan) -> dict[str, str]:
    """Return what a person has to look at, by names that stay the same."""
    codes = NoticeCode.NEEDED_AGAIN, NoticeCode.SWEEP_INTERRUPTED
    notices = [*result.problems, *result.warnings.with_code(*codes)]
    troubles = {f"{each.code} {each.where}": str(each) for each in notices}
    if not result.complete:  # of a store that is away, all is missing
        return troubles
    missing = result.missing.groupby("store").size()
    for store, n_missing in missing.items():
        text = f"store {store}: {plural(int(n_missing), 'missing object')}"
        troubles[f"missing {store} {n_missing}"] = f"{text}: see djgc report --json"
    return troubles


def needed_in_trash(result: Scan, stores: Collection[str]) -> pd.DataFrame:
    """Return what rows need from the trash, of some stores, or of all if of none."""
    needed = result.trash[result.trash["returnable"]]
    return needed[needed["store"].isin(stores)] if stores else needed


def receipt_answer(receipt: Receipt, expected: Outcome | None) -> Answer:
    """Report a receipt; done in part if an object has another outcome than expected."""
    others = expected is not None and receipt.rows["outcome"].ne(expected.value).any()
    lines = [receipt.headline(), *filter(None, [freed_text(receipt.freed)])]
    lines += _table_lines("not done", receipt.unfinished)
    lines += map(str, receipt.problems)
    data = {
        "sweep_id": receipt.sweep_id,
        "rows": json_rows(receipt.rows),
        "freed": json_rows(receipt.freed),
        "problems": json_rows(receipt.problems.frame()),
    }
    partial = others or receipt.problems
    done = receipt.rows["outcome"].isin([each.value for each in _CHANGES])
    troubles = {f"{each.code} {each.where}": str(each) for each in receipt.problems}
    if others:
        troubles[f"in part {receipt.sweep_id}"] = receipt.headline()
    return Answer(
        ExitCode.DONE_IN_PART if partial else ExitCode.DONE,
        lines,
        data,
        receipt.rows,
        bool(done.any()),
        troubles,
    )


def summary_data(result: Scan) -> dict[str, Any]:
    """Return the totals of a scan, its problems and its warnings."""
    return {
        "complete": result.complete,
        "started_at": result.started_at.isoformat(),
        "elapsed_seconds": result.elapsed_seconds,
        "schemas": list(result.schemas),
        "summary": json_rows(result.summary()),
        **findings(result),
        "problems": json_rows(result.problems.frame()),
        "warnings": json_rows(Notices((*result.unseen, *result.warnings)).frame()),
    }


def summary_lines(result: Scan) -> Iterator[str]:
    """Say the same in words."""
    yield result.headline()
    if not result.complete:
        yield "Until a scan is complete, nothing is called an orphan and nothing moves."
    yield from _table_lines("stores", result.summary())
    if records := trash_records_text(result.summary(), result.trash):
        yield f"The trash is counted {records}."
    if hidden := hidden_text(result.hidden):
        yield hidden
    yield from (f"problem: {problem}" for problem in result.problems)
    yield from (f"note: {note}" for note in (*result.unseen, *result.warnings))


def listed(key: str, title: str, frame: pd.DataFrame, *more: str) -> Answer:
    """Answer with a frame, and with lines below it."""
    lines = [*_table_lines(title, frame), *more]
    return Answer(ExitCode.DONE, lines, {key: json_rows(frame)}, frame)


def _table_lines(title: str, frame: pd.DataFrame) -> list[str]:
    if frame.empty:
        return [f"{title}: none"]
    first = frame.head(_ROWS).rename(columns=lambda name: name.removesuffix("_bytes"))
    for name in frame.columns[frame.columns.str.endswith("_bytes")]:
        sizes = frame.head(_ROWS)[name]
        first[name.removesuffix("_bytes")] = [
            "" if pd.isna(size) else readable_bytes(int(size)) for size in sizes
        ]
    text = first.to_string(index=False, max_colwidth=100)
    left = len(frame) - _ROWS
    more = [f"… and {left:,} more: --json has all"] if left > 0 else []
    return [f"{title}:", *map(visible, text.split("\n")), *more]
