"""Commands about what lies in a trash; dry unless confirmed.

Each command takes the parsed arguments and returns an `Answer`.
"""

from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import datajoint as dj
import pandas as pd

from djgc_widgets.cli.answers import (
    finding_lines,
    findings,
    first_code,
    listed,
    needed_in_trash,
    receipt_answer,
    states,
    troubles_of,
)
from djgc_widgets.cli.asked import (
    asked_scan,
    confirmed_stores,
    connect,
    dry_line,
    progress_bar,
    recorded,
    stores_to_confirm,
)
from djgc_widgets.collector import (
    Trash,
    carry_out_each,
    expect_liftable,
    names_of_opened_stores,
)
from djgc_widgets.model import (
    RETENTION,
    SWEEPS,
    Answer,
    ExitCode,
    InputError,
    Notices,
    Outcome,
    Receipt,
    SweepState,
    in_store,
    json_rows,
    plural,
    readable_age,
    stacked,
)


def run_heal(arguments: Namespace) -> Answer:
    """List the objects in the trash that rows need; restore them if confirmed."""
    result = asked_scan(arguments)
    recorded(arguments, result)
    confirmed = confirmed_stores(arguments, stores_to_confirm(result))
    needed = needed_in_trash(result, confirmed)
    done = Answer(ExitCode.DONE, ["Nothing to restore."], {"needed": []})
    if confirmed and len(needed):
        with progress_bar() as progress:
            receipt = result.heal(progress, stores=confirmed)
        done = receipt_answer(receipt, Outcome.RESTORED)
        result = asked_scan(arguments)
    elif len(needed):
        dry = dry_line(arguments, sorted(needed["store"].unique()))
        done = listed("needed", "needed", needed, dry)
    code = first_code({done.code, *(states(result) - {ExitCode.ORPHANS_FOUND})})
    return Answer(
        code,
        [*done.lines, *finding_lines(result)],
        {**findings(result), **done.data},
        done.frame,
        done.changed,
        {**troubles_of(result), **done.troubles},
        result,
    )


def run_trash(arguments: Namespace) -> Answer:
    """List the sweeps of the stores."""
    connection, stores, away = opened_trashes(arguments)
    return with_away(listed("sweeps", "sweeps", _sweeps(connection, stores)), away)


def run_restore(arguments: Namespace) -> Answer:
    """List what a sweep still has in the trash; restore it if confirmed."""
    connection, stores, away = opened_trashes(arguments)
    sweeps = _sweeps(connection, stores)
    sweep = sweeps[sweeps["sweep_id"].eq(arguments.sweep_id)]
    if sweep.empty:
        unread = [f" It may be of another store: {notice}" for notice in away]
        raise InputError(
            f"Expected a sweep of store {' or '.join(stores)}; got "
            f"{arguments.sweep_id!r}. List them with: djgc trash.{''.join(unread)}"
        )
    over = sweep["state"].ne(SweepState.INTERRUPTED.value) & sweep["n_left"].eq(0)
    if over.all():
        gone = "Nothing of it is left in the trash: it was restored, or purged."
        return with_away(listed("sweeps", "sweeps", sweep, gone), away)
    stores = list(sweep["store"])
    confirmed = confirmed_stores(arguments, stores)
    if not confirmed:
        return with_away(
            listed("sweeps", "sweeps", sweep, dry_line(arguments, stores)), away
        )

    def restore(store: str) -> Receipt:
        with progress_bar() as progress:
            return Trash(connection, store).restore(
                arguments.sweep_id, arguments.paths or None, progress
            )

    return _each(confirmed, restore, Outcome.RESTORED)


def run_recover(arguments: Namespace) -> Answer:
    """List the interrupted sweeps; finish or undo them if confirmed."""
    connection, stores, away = opened_trashes(arguments)
    confirmed = confirmed_stores(arguments, stores)
    if not confirmed:
        sweeps = _sweeps(connection, stores)
        due = sweeps[sweeps["state"].eq(SweepState.INTERRUPTED.value)]
        told = len(due) or arguments.break_lock
        dry = [dry_line(arguments, stores)] if told else []
        found = listed("interrupted", "interrupted", due, *dry)
        return with_away(found, away)

    def recover(store: str) -> Receipt:
        return Trash(connection, store).recover(break_lock=arguments.break_lock)

    return _each(confirmed, recover, None)


def run_purge(arguments: Namespace) -> Answer:
    """List the sweeps that are old enough; delete them for good if confirmed."""
    age = RETENTION if arguments.retention is None else arguments.retention
    lifted = arguments.acknowledge
    expect_liftable(lifted, "--acknowledge")
    connection, stores, away = opened_trashes(arguments)
    confirmed, backup = confirmed_stores(arguments, stores), arguments.oldest_backup
    if not confirmed:
        old = [_purgeable(Trash(connection, store), age, backup) for store in stores]
        frame = stacked([SWEEPS.empty(), *old])
        more = _kept_lines(connection, stores, age, backup)
        if len(frame):
            more.append("A purge scans first: it keeps what rows need, and may refuse.")
        if len(frame) or backup is not None:
            due = sorted(frame["store"].unique()) or stores
            more.append(dry_line(arguments, due))
        return with_away(listed("sweeps", "old enough", frame, *more), away)

    def purge(store: str) -> Receipt:
        with progress_bar() as progress:
            return Trash(connection, store).purge(
                age, lifted, progress, oldest_backup=backup
            )

    purged = _each(confirmed, purge, Outcome.PURGED)
    kept = _kept_lines(connection, confirmed, age, backup)
    return replace(purged, lines=[*purged.lines, *kept])


def opened_trashes(arguments: Namespace) -> tuple[dj.Connection, list[str], Notices]:
    """Return the connection, the stores that a command is about, and what is away."""
    connection = connect()
    if arguments.store:
        return connection, arguments.store, Notices()
    return connection, *names_of_opened_stores(connection)


def with_away(answer: Answer, away: Notices) -> Answer:
    """Say which stores could not be opened, besides what the others hold."""
    if not away:
        return answer
    return replace(
        answer,
        code=first_code({answer.code, ExitCode.DONE_IN_PART}),
        lines=[*answer.lines, *(f"problem: {notice}" for notice in away)],
        data={**answer.data, "problems": json_rows(away.frame())},
        troubles={f"{n.code} {n.where}": str(n) for n in away},
    )


def _purgeable(
    trash: Trash, age: timedelta, backup: timedelta | None, *, old: bool = True
) -> pd.DataFrame:
    """Return the sweeps that a purge would look at; those that are too young if not."""
    backup = trash.oldest_backup if backup is None else backup
    age, sweeps = max(age, backup or age), trash.sweeps
    is_old = sweeps["swept_at"] <= trash.now() - age
    return sweeps[is_old.eq(old) & sweeps["n_left"].gt(0)]


def _kept_lines(
    connection: dj.Connection,
    stores: Sequence[str],
    age: timedelta,
    said: timedelta | None,
) -> list[str]:
    """Say per store which sweeps are too young, and for what."""
    lines = []
    for store in stores:
        trash = Trash(connection, store)
        n_young = len(_purgeable(trash, age, said, old=False))
        backup = trash.oldest_backup if said is None else said
        as_backup = ""
        if backup and backup > age:
            as_backup = ", as the oldest backup that may be restored is"
        if n_young:
            lines.append(
                f"note: {plural(n_young, 'sweep')} of store {store} not yet "
                f"{readable_age(max(age, backup or age))} old{as_backup}"
            )
    return lines


def _sweeps(connection: dj.Connection, stores: Sequence[str]) -> pd.DataFrame:
    frames = [Trash(connection, store).sweeps for store in stores]
    every = stacked([SWEEPS.empty(), *frames])
    return every.sort_values("swept_at", ascending=False, kind="stable")


def _each(
    stores: Sequence[str], do: Callable[[str], Receipt], expected: Outcome | None
) -> Answer:
    commands = [(in_store(store), partial(do, store)) for store in stores]
    if len(commands) == 1:  # its own error says more than that one failed
        return receipt_answer(do(stores[0]), expected)
    return receipt_answer(carry_out_each(commands), expected)
