"""What the commands of ``djgc`` do; dry unless ``--confirm`` names the stores.

Each command takes the parsed arguments and returns an `Answer`.
"""

from argparse import Namespace
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import datajoint as dj
import pandas as pd
from datajoint.errors import DataJointError

from djgc_widgets.analysis import (
    History,
    filter_objects,
    finding_lines,
    findings,
    first_code,
    listed,
    receipt_answer,
    report_html,
    state_code,
    states,
    summary_data,
    summary_lines,
)
from djgc_widgets.collector import (
    CompleteScan,
    IncompleteScan,
    Scan,
    Trash,
    expect_liftable,
    scan,
)
from djgc_widgets.model import (
    REASON_KINDS,
    Answer,
    DoubtCode,
    ExitCode,
    InputError,
    Outcome,
    Reason,
    SweepState,
    error_text,
    json_rows,
    names_among,
    write_new_file,
)
from djgc_widgets.references import errors_of_dialects


def run_scan(arguments: Namespace) -> Answer:
    """Scan, and add up the bytes of each store and status."""
    result = _scan(arguments)
    return Answer(state_code(result), list(summary_lines(result)), summary_data(result))


def run_report(arguments: Namespace) -> Answer:
    """Scan, and write a page; with ``--json`` print the frames instead."""
    result = _scan(arguments)
    history = None if arguments.history is None else History(arguments.history)
    if history is not None:
        history.record(result)
    lines = list(summary_lines(result))
    if not arguments.json:
        page = report_html(result, history).encode()
        stem = f"djgc-report-{result.started_at:%Y%m%d-%H%M%S}"
        lines.append(
            f"Report written to {write_new_file(page, Path.cwd(), stem, 'html')}"
        )
    data = {
        **summary_data(result),
        "orphans": json_rows(result.orphans),
        "missing": json_rows(result.missing),
        "trash": json_rows(result.trash),
        "usage": json_rows(result.usage()),
    }
    return Answer(state_code(result), lines, data)


def run_sweep(arguments: Namespace) -> Answer:
    """Plan to move orphans to the trash; do so in the stores that are confirmed.

    What rows need from the trash of these stores goes back before anything is moved.
    """
    result = _scan(arguments)
    confirmed = _confirmed(arguments, [store.name for store in result.stores])
    healed = Answer(ExitCode.DONE)
    if result.complete and len(_needed(result, confirmed)) and confirmed:
        healed = receipt_answer(result.heal(stores=confirmed), Outcome.RESTORED)
        result = _scan(arguments)
    if not isinstance(result, CompleteScan):
        swept = Answer(
            state_code(result), list(summary_lines(result)), summary_data(result)
        )
    elif confirmed and len(_needed(result, confirmed)):
        swept = Answer(ExitCode.REPAIR_NEEDED, ["Nothing was swept."])
    else:
        swept = _sweep(arguments, result, confirmed)
    excused = {ExitCode.ORPHANS_FOUND}
    if DoubtCode.MISSING_OBJECTS in arguments.acknowledge:
        excused.add(ExitCode.OBJECTS_MISSING)
    code = first_code({healed.code, swept.code, *(states(result) - excused)})
    lines = [f"restored, since rows need it: {line}" for line in healed.lines]
    data = {**findings(result), "healed": healed.data.get("rows", []), **swept.data}
    return Answer(code, [*lines, *swept.lines, *finding_lines(result)], data)


def _sweep(arguments: Namespace, result: CompleteScan, confirmed: list[str]) -> Answer:
    plan = result.plan(_chosen(arguments, result), acknowledge=arguments.acknowledge)
    left = sorted(set(plan.objects["store"]) - set(confirmed))
    if confirmed and left:
        chosen = plan.objects[plan.objects["store"].isin(confirmed)]
        plan = result.plan(chosen, acknowledge=arguments.acknowledge)
    data = {
        "allowed": plan.allowed,
        "refusals": [
            {"name": doubt.name, "message": doubt.message, "remedy": doubt.remedy}
            for doubt in plan.refusals
        ],
        "plan": json_rows(plan.by_table()),
    }
    dry = [_dry_line(left)] if left else []
    if plan.objects.empty:
        return Answer(ExitCode.DONE, ["Nothing to sweep.", *dry], data)
    lines = str(plan).splitlines()
    if not plan.allowed:
        return Answer(ExitCode.REFUSED, lines, data)
    if not confirmed:
        return Answer(ExitCode.ORPHANS_FOUND, [*lines, *dry], data)
    swept = receipt_answer(plan.sweep(), Outcome.MOVED)
    return replace(swept, lines=[*swept.lines, *dry])


def _chosen(arguments: Namespace, result: CompleteScan) -> pd.DataFrame | None:
    """Return the orphans that every filter shows; None for all, without a filter."""
    names_among(arguments.reason, [code.value for code in REASON_KINDS], "--reason")
    bounds = {"Size": arguments.larger_than, "Age": arguments.older_than}
    conditions: dict[str, list[str] | str] = {
        "Why": [REASON_KINDS[Reason(code)] for code in arguments.reason],
        **{title: f"> {text}" for title, text in bounds.items() if text is not None},
    }
    tables, saved = arguments.table, arguments.filter
    if saved is None and not tables and not any(conditions.values()):
        return None
    chosen = result.orphans
    if tables:
        full = chosen["schema"].str.cat(chosen["table"], sep=".")
        chosen = chosen[chosen["table"].isin(tables) | full.isin(tables)]
    for wanted in (conditions, saved):
        if wanted is not None:
            chosen = chosen[chosen.index.isin(filter_objects(result, wanted).index)]
    return chosen


def run_heal(arguments: Namespace) -> Answer:
    """List the objects in the trash that rows need; restore them if confirmed."""
    result = _scan(arguments)
    confirmed = _confirmed(arguments, [store.name for store in result.stores])
    needed = _needed(result, confirmed)
    done = Answer(ExitCode.DONE, ["Nothing to restore."], {"needed": []})
    if confirmed and len(needed):
        done = receipt_answer(result.heal(stores=confirmed), Outcome.RESTORED)
        result = _scan(arguments)
    elif len(needed):
        dry = _dry_line(sorted(needed["store"].unique()))
        done = listed("needed", "needed", needed, dry)
    code = first_code({done.code, *(states(result) - {ExitCode.ORPHANS_FOUND})})
    lines = [*done.lines, *finding_lines(result)]
    return Answer(code, lines, {**findings(result), **done.data})


def run_trash(arguments: Namespace) -> Answer:
    """List the sweeps of a store."""
    return listed("sweeps", "sweeps", Trash(_connect(), arguments.store).sweeps)


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
    if not _confirmed(arguments, [arguments.store]):
        return listed("sweeps", "sweeps", sweep, _dry_line([arguments.store]))
    receipt = trash.restore(arguments.sweep_id, arguments.paths or None)
    return receipt_answer(receipt, Outcome.RESTORED)


def run_recover(arguments: Namespace) -> Answer:
    """List the interrupted sweeps; finish or undo them if confirmed."""
    trash = Trash(_connect(), arguments.store)
    sweeps = trash.sweeps
    if not _confirmed(arguments, [arguments.store]):
        due = sweeps[sweeps["state"].eq(SweepState.INTERRUPTED.value)]
        dry = _dry_line([arguments.store])
        return listed("interrupted", "interrupted", due, dry)
    return receipt_answer(trash.recover(break_lock=arguments.break_lock), None)


def run_purge(arguments: Namespace) -> Answer:
    """List the sweeps that are old enough; delete them for good if confirmed."""
    age, lifted = arguments.older_than, arguments.acknowledge
    expect_liftable(lifted, "--acknowledge")
    trash = Trash(_connect(), arguments.store)
    sweeps = trash.sweeps
    if not _confirmed(arguments, [arguments.store]):
        old = sweeps[(sweeps["swept_at"] <= trash.now() - age) & sweeps["n_left"].gt(0)]
        return listed("sweeps", "old enough", old, _dry_line([arguments.store]))
    return receipt_answer(trash.purge(age, lifted), Outcome.PURGED)


def _connect() -> dj.Connection:
    """Connect as DataJoint is configured."""
    try:
        return dj.conn()
    except errors_of_dialects() as error:
        raise ConnectionError(
            f"Expected a database server that accepts the login; got: "
            f"{error_text(error)}. Check host, port, user and password in DataJoint's "
            "configuration."
        ) from None


def _scan(arguments: Namespace) -> CompleteScan | IncompleteScan:
    connection = _connect()
    schemas = [_existing_schema(name, connection) for name in arguments.schema]
    stores, age = arguments.stores or None, arguments.minimum_age
    return scan(*(schemas or [connection]), stores=stores, minimum_age=age)


def _existing_schema(name: str, connection: dj.Connection) -> dj.Schema:
    try:
        return dj.Schema(name, connection=connection, create_schema=False)
    except DataJointError as error:
        if not connection.is_connected:
            raise
        raise InputError(
            f"Expected a schema of the server in --schema; got {name!r} ({error}). "
            "Correct its name."
        ) from None


def _confirmed(arguments: Namespace, stores: Collection[str]) -> list[str]:
    """Return the stores that are confirmed, of those that may be."""
    given = (name.strip() for text in arguments.confirm for name in text.split(","))
    names = sorted(set(filter(None, given)))
    if unknown := sorted(set(names).difference(stores)):
        raise InputError(
            f"Expected stores of this command in --confirm ({', '.join(stores)}); got "
            f"{', '.join(unknown)}. Correct the name."
        )
    return [] if arguments.dry_run else names


def _dry_line(stores: Sequence[str]) -> str:
    """Say where nothing was changed, and how to do it."""
    return f"Nothing was changed. To do it, add: --confirm {','.join(stores)}"


def _needed(result: Scan, confirmed: Collection[str]) -> pd.DataFrame:
    """Return what rows need from the trash, of the confirmed stores if there are."""
    needed = result.trash[result.trash["returnable"]]
    return needed[needed["store"].isin(confirmed)] if confirmed else needed
