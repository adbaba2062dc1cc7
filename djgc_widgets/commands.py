"""What the commands of ``djgc`` do; dry unless ``--confirm`` names the stores.

Each command takes the parsed arguments and returns an `Answer`.
"""

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum
from pathlib import Path
from typing import Any

import datajoint as dj
import pandas as pd

from djgc_widgets.analysis import History, report_html
from djgc_widgets.collector import CompleteScan, IncompleteScan, Scan, Trash, scan
from djgc_widgets.model import (
    InputError,
    Notices,
    Outcome,
    Receipt,
    SweepState,
    error_text,
    json_rows,
    visible,
    write_new_file,
)
from djgc_widgets.references import errors_of_dialects

_ROWS = 20


class ExitCode(IntEnum):
    """How a command ended; ``--help`` prints these names."""

    DONE = 0
    ERROR = 1
    USAGE_ERROR = 2
    ORPHANS_FOUND = 3
    SCAN_INCOMPLETE = 4
    REFUSED = 5
    DONE_IN_PART = 6
    """The receipt says what was skipped or failed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command reports."""

    code: int
    lines: list[str] = field(default_factory=list)
    """For people."""
    data: dict[str, Any] = field(default_factory=dict)
    """For programs, as JSON."""


def run_scan(arguments: Namespace) -> Answer:
    """Scan, and add up the bytes of each store and status."""
    result = _scan(arguments)
    return Answer(
        _exit_code(result), list(_summary_lines(result)), _summary_data(result)
    )


def run_report(arguments: Namespace) -> Answer:
    """Scan, and write a page; with ``--json`` print the frames instead."""
    result = _scan(arguments)
    history = None if arguments.history is None else History(arguments.history)
    if history is not None:
        history.record(result)
    lines = list(_summary_lines(result))
    if not arguments.json:
        page = report_html(result, history).encode()
        stem = f"djgc-report-{result.started_at:%Y%m%d-%H%M%S}"
        lines.append(
            f"Report written to {write_new_file(page, Path.cwd(), stem, 'html')}"
        )
    data = {
        **_summary_data(result),
        "orphans": json_rows(result.orphans),
        "missing": json_rows(result.missing),
        "trash": json_rows(result.trash),
        "usage": json_rows(result.usage()),
    }
    return Answer(_exit_code(result), lines, data)


def run_sweep(arguments: Namespace) -> Answer:
    """Plan to move all orphans to the trash; do so if the stores are confirmed."""
    result = _scan(arguments)
    if not isinstance(result, CompleteScan):
        return Answer(
            _exit_code(result), list(_summary_lines(result)), _summary_data(result)
        )
    plan = result.plan(acknowledge=arguments.acknowledge)
    data = {
        "allowed": plan.allowed,
        "refusals": [
            {"name": doubt.name, "message": doubt.message, "remedy": doubt.remedy}
            for doubt in plan.refusals
        ],
        "plan": json_rows(plan.by_table()),
    }
    if plan.objects.empty:
        return Answer(ExitCode.DONE, ["Nothing to sweep."], data)
    lines = str(plan).splitlines()
    if not plan.allowed:
        return Answer(ExitCode.REFUSED, lines, data)
    stores = [store for store, *_ in plan.totals()]
    if dry := _unconfirmed(arguments, stores):
        return Answer(ExitCode.ORPHANS_FOUND, [*lines, dry], data)
    return _receipt_answer(plan.sweep(), Outcome.MOVED)


def run_heal(arguments: Namespace) -> Answer:
    """List the objects in the trash that rows need; restore them if confirmed."""
    result = _scan(arguments)
    needed = result.trash[result.trash["returnable"]]
    if needed.empty:
        return Answer(ExitCode.DONE, ["Nothing in the trash is needed."])
    if dry := _unconfirmed(arguments, sorted(needed["store"].unique())):
        return _listed("needed", "needed", needed, dry, code=ExitCode.ORPHANS_FOUND)
    return _receipt_answer(result.heal(), Outcome.RESTORED)


def run_trash(arguments: Namespace) -> Answer:
    """List the sweeps of a store."""
    return _listed("sweeps", "sweeps", Trash(_connect(), arguments.store).sweeps)


def run_restore(arguments: Namespace) -> Answer:
    """List what a sweep still has in the trash; restore it if confirmed."""
    trash = Trash(_connect(), arguments.store)
    sweeps = trash.sweeps
    sweep = sweeps[sweeps["sweep_id"].eq(arguments.sweep_id)]
    if sweep.empty:
        raise InputError(
            f"Expected a sweep of store {arguments.store}; got "
            f"{arguments.sweep_id!r}. List them with: djgc trash --store "
            f"{arguments.store}"
        )
    if dry := _unconfirmed(arguments, [arguments.store]):
        return _listed("sweeps", "sweeps", sweep, dry)
    receipt = trash.restore(arguments.sweep_id, arguments.paths or None)
    return _receipt_answer(receipt, Outcome.RESTORED)


def run_recover(arguments: Namespace) -> Answer:
    """List the interrupted sweeps; finish or undo them if confirmed."""
    trash = Trash(_connect(), arguments.store)
    sweeps = trash.sweeps
    if dry := _unconfirmed(arguments, [arguments.store]):
        interrupted = sweeps[sweeps["state"].eq(SweepState.INTERRUPTED.value)]
        return _listed("interrupted", "interrupted", interrupted, dry)
    return _receipt_answer(trash.recover(break_lock=arguments.break_lock), None)


def run_purge(arguments: Namespace) -> Answer:
    """List the sweeps that are old enough; delete them for good if confirmed."""
    age = timedelta(days=arguments.older_than)
    trash = Trash(_connect(), arguments.store)
    sweeps = trash.sweeps
    if dry := _unconfirmed(arguments, [arguments.store]):
        old = sweeps[(sweeps["swept_at"] <= trash.now() - age) & sweeps["n_left"].gt(0)]
        return _listed("sweeps", "old enough", old, dry)
    return _receipt_answer(trash.purge(age, arguments.acknowledge), Outcome.PURGED)


def _connect() -> dj.Connection:
    """Connect as DataJoint is configured."""
    try:
        return dj.conn()
    except errors_of_dialects() as error:
        raise InputError(
            f"Expected a database server that accepts the login; got: "
            f"{error_text(error)}. Check host, port, user and password in DataJoint's "
            "configuration."
        ) from None


def _scan(arguments: Namespace) -> CompleteScan | IncompleteScan:
    connection = _connect()
    schemas = [
        dj.Schema(name, connection=connection, create_schema=False)
        for name in arguments.schema
    ]
    age = timedelta(days=arguments.minimum_age)
    stores = arguments.stores or None
    return scan(*(schemas or [connection]), stores=stores, minimum_age=age)


def _unconfirmed(arguments: Namespace, stores: list[str]) -> str:
    """Say that nothing was changed, and how to do it; empty if it was confirmed."""
    wanted = ",".join(stores)
    if arguments.confirm == wanted and not arguments.dry_run:
        return ""
    return f"Nothing was changed. To do it, add: --confirm {wanted}"


def _exit_code(result: Scan) -> ExitCode:
    if not result.complete:
        return ExitCode.SCAN_INCOMPLETE
    return ExitCode.ORPHANS_FOUND if len(result.orphans) else ExitCode.DONE


def _receipt_answer(receipt: Receipt, expected: Outcome | None) -> Answer:
    """Report a receipt; done in part if an object has another outcome than expected."""
    others = expected is not None and receipt.rows["outcome"].ne(expected.value).any()
    lines = [receipt.headline()]
    lines += _table_lines("not done", receipt.unfinished)
    lines += map(str, receipt.problems)
    data = {
        "sweep_id": receipt.sweep_id,
        "rows": json_rows(receipt.rows),
        "problems": json_rows(receipt.problems.frame()),
    }
    partial = others or receipt.problems
    return Answer(ExitCode.DONE_IN_PART if partial else ExitCode.DONE, lines, data)


def _summary_data(result: Scan) -> dict[str, Any]:
    return {
        "complete": result.complete,
        "started_at": result.started_at.isoformat(),
        "elapsed_seconds": result.elapsed_seconds,
        "schemas": list(result.schemas),
        "summary": json_rows(result.summary()),
        "missing_references": len(result.missing),
        "problems": json_rows(result.problems.frame()),
        "warnings": json_rows(Notices((*result.unseen, *result.warnings)).frame()),
    }


def _summary_lines(result: Scan) -> Iterator[str]:
    yield result.headline()
    if not result.complete:
        yield "Until a scan is complete, nothing is called an orphan and nothing moves."
    yield from _table_lines("stores", result.summary())
    yield from (f"problem: {problem}" for problem in result.problems)
    yield from (f"note: {note}" for note in (*result.unseen, *result.warnings))


def _listed(
    key: str, title: str, frame: pd.DataFrame, *more: str, code: int = ExitCode.DONE
) -> Answer:
    return Answer(code, [*_table_lines(title, frame), *more], {key: json_rows(frame)})


def _table_lines(title: str, frame: pd.DataFrame) -> list[str]:
    if frame.empty:
        return [f"{title}: none"]
    text = frame.head(_ROWS).to_string(index=False, max_colwidth=100)
    left = len(frame) - _ROWS
    more = [f"… and {left:,} more: --json has all"] if left > 0 else []
    return [f"{title}:", *map(visible, text.split("\n")), *more]
