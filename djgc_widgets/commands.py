"""What the commands of ``djgc`` do; dry unless the store's name confirms them.

Each takes the parsed words of the command line and returns an `Answer`; what the panel
does goes the same ways.
"""

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import datajoint as dj
import pandas as pd
import psycopg2
import pymysql

from djgc_widgets.analysis import History, report_html
from djgc_widgets.collector import CompleteScan, IncompleteScan, Scan, Trash, scan
from djgc_widgets.model import (
    InputError,
    Receipt,
    json_rows,
    plural,
    readable_bytes,
    visible,
    write_new,
)
from djgc_widgets.stores import MOVED, PURGED, RESTORED, reason_of

DONE, FAILED, USAGE, ORPHANS, INCOMPLETE, REFUSED, PARTLY = range(7)
"""Exit codes: clean or done, error, wrong words, orphans found, scan incomplete,
refused, and done in part (the receipt says what was skipped or failed)."""

_ROWS = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command found or did.

    Parameters
    ----------
    code : int
        Exit code.
    lines : list of str
        For people.
    told : dict
        For programs.
    """

    code: int
    lines: list[str] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)


def run_scan(given: Namespace) -> Answer:
    """Scan, and say how much there is of what."""
    found = _scan(given)
    return Answer(_code(found), list(_summary(found)), _told(found))


def run_report(given: Namespace) -> Answer:
    """Scan, and write a page for people; ``--json`` prints it for programs instead."""
    found = _scan(given)
    history = None if given.history is None else History(given.history)
    if history is not None:
        history.record(found)
    lines = list(_summary(found))
    if not given.json:
        page = report_html(found, history).encode()
        stem = f"djgc-report-{found.started_at:%Y%m%d-%H%M%S}"
        lines.append(f"Report written to {write_new(page, Path.cwd(), stem, 'html')}")
    frames = {
        "orphans": found.orphans,
        "missing": found.missing,
        "trash": found.trash,
        "usage": found.usage(),
    }
    told = {name: json_rows(frame) for name, frame in frames.items()}
    return Answer(_code(found), lines, {**_told(found), **told})


def run_sweep(given: Namespace) -> Answer:
    """Plan to move all orphans to the trash; do so if the stores are confirmed."""
    found = _scan(given)
    if not isinstance(found, CompleteScan):
        return Answer(INCOMPLETE, list(_summary(found)), _told(found))
    plan = found.plan(acknowledge=given.acknowledge)
    told = {
        "allowed": plan.allowed,
        "refusals": [{"name": r.name, "message": r.message} for r in plan.refusals],
        "plan": json_rows(plan.by_table()),
    }
    if plan.objects.empty:
        return Answer(DONE, ["Nothing to sweep."], told)
    lines = str(plan).splitlines()
    if not plan.allowed:
        return Answer(REFUSED, lines, told)
    stores = [store for store, *_ in plan.totals()]
    dry = _unconfirmed(given, stores)
    if dry:
        return Answer(ORPHANS, [*lines, dry], told)
    return _done(plan.sweep(), MOVED)


def run_heal(given: Namespace) -> Answer:
    """List what rows need again from the trash; bring it back if confirmed."""
    found = _scan(given)
    needed = found.trash[found.trash["returnable"]]
    if needed.empty:
        return Answer(DONE, ["Nothing in the trash is needed."])
    dry = _unconfirmed(given, sorted(needed["store"].unique()))
    if dry:
        lines = [*_table("needed", needed), dry]
        return Answer(ORPHANS, lines, {"needed": json_rows(needed)})
    return _done(found.heal(), RESTORED)


def run_trash(given: Namespace) -> Answer:
    """List the sweeps of a store."""
    sweeps = _trash(given).sweeps
    return Answer(DONE, _table("sweeps", sweeps), {"sweeps": json_rows(sweeps)})


def run_restore(given: Namespace) -> Answer:
    """Say what a sweep still has in the trash; bring it back if confirmed."""
    trash = _trash(given)
    sweeps = trash.sweeps
    sweep = sweeps[sweeps["sweep_id"].eq(given.sweep_id)]
    if sweep.empty:
        raise InputError(
            f"Expected a sweep of store {given.store}; got {given.sweep_id!r}. "
            f"List them with: djgc trash --store {given.store}"
        )
    dry = _unconfirmed(given, [given.store])
    if dry:
        lines = [*_table("sweeps", sweep), dry]
        return Answer(DONE, lines, {"sweeps": json_rows(sweep)})
    return _done(trash.restore(given.sweep_id, given.paths or None), RESTORED)


def run_recover(given: Namespace) -> Answer:
    """List the sweeps that were interrupted; finish or undo them if confirmed."""
    trash = _trash(given)
    sweeps = trash.sweeps
    broken = sweeps[sweeps["state"].eq("interrupted")]
    dry = _unconfirmed(given, [given.store])
    if dry:
        lines = [*_table("interrupted", broken), dry]
        return Answer(DONE, lines, {"interrupted": json_rows(broken)})
    return _done(trash.recover(break_lock=given.break_lock), None)


def run_purge(given: Namespace) -> Answer:
    """List the sweeps that are old enough; delete them for good if confirmed."""
    trash, age = _trash(given), timedelta(days=given.older_than)
    sweeps = trash.sweeps
    old = sweeps[
        (sweeps["swept_at"] <= trash.now() - age) & sweeps["left_objects"].gt(0)
    ]
    dry = _unconfirmed(given, [given.store])
    if dry:
        lines = [*_table("old enough", old), dry]
        return Answer(DONE, lines, {"sweeps": json_rows(old)})
    return _done(trash.purge(age, given.acknowledge), PURGED)


def _connect() -> dj.Connection:
    """Connect as DataJoint is configured.

    Raises
    ------
    InputError
        If the server does not let us in.
    """
    try:
        return dj.conn()
    except (psycopg2.Error, pymysql.MySQLError, OSError) as error:
        raise InputError(
            f"Expected a database server that lets us in; got: {reason_of(error)}. "
            "Look at host, port, user and password of DataJoint's configuration."
        ) from None


def _scan(given: Namespace) -> CompleteScan | IncompleteScan:
    connection = _connect()
    schemas = [
        dj.Schema(name, connection=connection, create_schema=False)
        for name in given.schema
    ]
    age = timedelta(days=given.minimum_age)
    stores = given.stores or None
    return scan(*(schemas or [connection]), stores=stores, minimum_age=age)


def _trash(given: Namespace) -> Trash:
    return Trash(_connect(), given.store)


def _unconfirmed(given: Namespace, stores: list[str]) -> str:
    """Say that nothing is done, and what does it; empty if it was confirmed."""
    wanted = ",".join(stores)
    if given.confirm == wanted and not given.dry_run:
        return ""
    return f"Nothing was changed. To do it, add: --confirm {wanted}"


def _code(found: Scan) -> int:
    if not found.complete:
        return INCOMPLETE
    return ORPHANS if len(found.orphans) else DONE


def _done(receipt: Receipt, outcome: str | None) -> Answer:
    counts = receipt.rows["outcome"].value_counts()
    lines = [
        f"{plural(int(count), 'object')} {name} "
        f"({readable_bytes(receipt.size_bytes(str(name)))})"
        for name, count in counts.items()
    ]
    lines += _table("not done", receipt.rows[receipt.rows["detail"].ne("")])
    lines += [str(problem) for problem in receipt.problems]
    partly = outcome is not None and set(counts.index) - {outcome}
    told = {
        "sweep_id": receipt.sweep_id,
        "rows": json_rows(receipt.rows),
        "problems": [str(problem) for problem in receipt.problems],
    }
    code = PARTLY if partly or receipt.problems else DONE
    return Answer(code, lines or ["Nothing to do."], told)


def _told(found: Scan) -> dict[str, Any]:
    return {
        "complete": found.complete,
        "started_at": found.started_at.isoformat(),
        "elapsed_seconds": found.elapsed_seconds,
        "schemas": list(found.schemas),
        "summary": json_rows(found.summary()),
        "missing_references": len(found.missing),
        "problems": [str(problem) for problem in found.problems],
        "warnings": [str(warning) for warning in (*found.unseen, *found.warnings)],
    }


def _summary(found: Scan) -> Iterator[str]:
    verdict = "complete" if found.complete else "INCOMPLETE: nothing can be moved"
    yield f"Scan of {', '.join(found.schemas)}: {verdict}"
    yield from _table("stores", found.summary())
    yield f"{plural(len(found.missing), 'row')} whose object is gone"
    yield from (f"problem: {problem}" for problem in found.problems)
    yield from (f"note: {note}" for note in (*found.unseen, *found.warnings))


def _table(title: str, frame: pd.DataFrame) -> list[str]:
    if frame.empty:
        return [f"{title}: none"]
    text = frame.head(_ROWS).to_string(index=False, max_colwidth=100)
    left = len(frame) - _ROWS
    more = [f"… and {left:,} more: --json has all"] if left > 0 else []
    return [f"{title}:", *map(visible, text.split("\n")), *more]
