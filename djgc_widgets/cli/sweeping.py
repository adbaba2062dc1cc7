"""``djgc sweep``: heal, plan, and move what is confirmed and in no doubt."""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from djgc_widgets.analysis import filter_objects
from djgc_widgets.cli.answers import (
    finding_lines,
    findings,
    first_code,
    needed_in_trash,
    receipt_answer,
    state_code,
    states,
    summary_data,
    summary_lines,
    troubles_of,
)
from djgc_widgets.cli.asked import (
    asked_scan,
    dry_line,
    named_stores,
    progress_bar,
    recorded,
    stores_to_confirm,
)
from djgc_widgets.collector import CompleteScan, Scan, Unattended, plan_unattended
from djgc_widgets.model import (
    REASON_KINDS,
    Answer,
    DoubtCode,
    ExitCode,
    Outcome,
    Reason,
    SweepRefusedError,
    json_rows,
    names_among,
    plural,
    readable_bytes,
)
from djgc_widgets.verdict import Brakes, Doubt, SweepPlan


def run_sweep(arguments: Namespace) -> Answer:
    """Plan to move orphans to the trash; do so in the stores that are confirmed.

    What rows need from the trash of these stores goes back before anything is moved.
    """
    result = asked_scan(arguments)
    recorded(arguments, result)
    named = named_stores(arguments, stores_to_confirm(result))
    confirmed = [] if arguments.dry_run else named
    healed = Answer(ExitCode.DONE)
    if result.complete and confirmed and len(needed_in_trash(result, confirmed)):
        healed = receipt_answer(result.heal(stores=confirmed), Outcome.RESTORED)
        result = asked_scan(arguments)
    if not isinstance(result, CompleteScan):
        swept = Answer(
            state_code(result), list(summary_lines(result)), summary_data(result)
        )
    elif confirmed and len(needed_in_trash(result, confirmed)):
        swept = Answer(ExitCode.REPAIR_NEEDED, ["Nothing was swept."])
    else:
        sweep = _sweep_unattended if arguments.unattended else _sweep
        try:
            swept = sweep(arguments, result, named)
        except SweepRefusedError as error:  # what was healed and seen is told as well
            why = {f"refused {error}": str(error)}
            swept = Answer(
                *(ExitCode.REFUSED, [str(error)], {"refused": str(error)}), troubles=why
            )
    excused = {ExitCode.ORPHANS_FOUND}
    if DoubtCode.MISSING_OBJECTS in arguments.acknowledge:
        excused.add(ExitCode.OBJECTS_MISSING)
    code = first_code({healed.code, swept.code, *(states(result) - excused)})
    lines = [f"restored, since rows need it: {line}" for line in healed.lines]
    return Answer(
        code,
        [
            *(*lines, *swept.lines, *finding_lines(result)),
            *_absent_tables(arguments.table, result),
        ],
        {**findings(result), "healed": healed.data.get("rows", []), **swept.data},
        frame=swept.frame,
        changed=healed.changed or swept.changed,
        troubles={**troubles_of(result), **healed.troubles, **swept.troubles},
        scan=result,
    )


def _sweep(arguments: Namespace, result: CompleteScan, named: list[str]) -> Answer:
    lifted, brakes = arguments.acknowledge, _brakes(arguments)
    plan = result.plan(_chosen(arguments, result), lifted, brakes)
    every = set(plan.objects["store"])
    if named and every - set(named):
        chosen = plan.objects[plan.objects["store"].isin(named)]
        plan = result.plan(chosen, lifted, brakes)
    return _carried_out(arguments, plan, every, named)


def _sweep_unattended(
    arguments: Namespace, result: CompleteScan, named: list[str]
) -> Answer:
    found = plan_unattended(
        result,
        _chosen(arguments, result),
        stores=named or [store.info.name for store in result.opened_stores],
        acknowledge=arguments.acknowledge,
        brakes=_brakes(arguments),
        dry=arguments.dry_run or not named,
    )
    swept = _carried_out(arguments, found.plan, set(result.orphans["store"]), named)
    held = {
        f"held {each.doubt.name} {each.store} {each.table}": str(each.doubt)
        for each in found.held
    }
    refused = {f"refused {text}": text for text in found.refused.values()}
    lines = [_waiting_line(found)] if len(found.waiting) else []
    lines += [f"held: {text}" for text in held.values()]
    lines += [f"refused: {text}" for text in refused.values()]
    data = {
        "n_waiting": len(found.waiting),
        "n_held": len(found.held_objects),
        "held": _doubt_rows([each.doubt for each in found.held]),
        **swept.data,
        **({"refused": " ".join(refused.values())} if refused else {}),
    }
    doubtful = [ExitCode.REFUSED] if held or refused else []
    return replace(
        swept,
        code=first_code({swept.code, *doubtful}),
        lines=[*swept.lines, *lines],
        data=data,
        troubles={**swept.troubles, **held, **refused},
    )


def _waiting_line(found: Unattended) -> str:
    size = readable_bytes(int(found.waiting["size_bytes"].sum()))
    return (
        f"{plural(len(found.waiting), 'orphan')} ({size}) waiting: no scan a day ago "
        "saw them"
    )


def _carried_out(
    arguments: Namespace, plan: SweepPlan, every: set[str], named: list[str]
) -> Answer:
    """Carry out a plan if it is allowed and confirmed; say what it is otherwise.

    `every` has the stores with orphans, of which some may not be named.
    """
    sure = bool(named) and not arguments.dry_run
    left = sorted(every - set(named if sure else ()))
    data = {
        "allowed": plan.allowed,
        "refusals": _doubt_rows(plan.refusals),
        "plan": json_rows(plan.by_table()),
    }
    dry = [dry_line(arguments, left)] if left else []
    if plan.objects.empty:
        return Answer(ExitCode.DONE, ["Nothing to sweep.", *dry], data)
    lines, frame = str(plan).splitlines(), plan.by_table()
    if not plan.allowed:
        why = {f"refused {doubt.name}": str(doubt) for doubt in plan.refusals}
        return Answer(ExitCode.REFUSED, lines, data, frame, troubles=why)
    if not sure:
        return Answer(ExitCode.ORPHANS_FOUND, [*lines, *dry], data, frame)
    with progress_bar() as progress:
        swept = receipt_answer(plan.sweep(progress), Outcome.MOVED)
    return replace(swept, lines=[*swept.lines, *dry])


def _brakes(arguments: Namespace) -> Brakes:
    brakes = arguments.brakes
    return Brakes(brakes.large_sweep, brakes.more_orphans)


def _doubt_rows(doubts: Sequence[Doubt]) -> list[dict[str, str]]:
    return [
        {"name": doubt.name, "message": doubt.message, "remedy": doubt.remedy}
        for doubt in doubts
    ]


def _absent_tables(tables: Sequence[str], result: Scan) -> list[str]:
    """Say which tables of ``--table`` have nothing; a name may be misspelled.

    That is no error: of a dropped table nothing is left once it is swept and purged.
    """
    named = [
        frame[["schema", "table"]] for frame in (result.table_totals(), result.usage())
    ]
    known = pd.concat(named).dropna().drop_duplicates()
    names = {*known["table"], *known["schema"].str.cat(known["table"], sep=".")}
    absent = sorted(set(tables) - names)
    if not absent:
        return []
    there = ", ".join(sorted(known["table"].unique()))
    line = (
        f"note: nothing is stored of table {', '.join(absent)}, and no row refers to "
        f"anything; there is something of {there}"
    )
    return [line]


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
