"""The sweeps in all trashes of a scan: told, brought back or purged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import pandas as pd

from djgc_widgets.collector.scan_result import Scan
from djgc_widgets.collector.trash import Trash
from djgc_widgets.model import (
    RECEIPT,
    SWEEPS,
    InputError,
    Notice,
    ProgressCallback,
    Receipt,
    SweepRefusedError,
)

OpenTrash = Callable[[str], Trash]
"""Opens the trash of a store, by its name."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What the trashes hold.

    Parameters
    ----------
    frame : DataFrame
        A frame of the sweeps schema, the latest first.
    problems : tuple of Notice
        Trashes of which it could not be told.
    """

    frame: pd.DataFrame
    problems: tuple[Notice, ...]


def read_sweeps(scan: Scan, open_trash: OpenTrash) -> Swept:
    """Read the journals of every store with a trash."""
    frames, problems = [SWEEPS.empty()], []
    for store in sorted(scan.trash["store"].unique()):
        try:
            frames.append(open_trash(store).sweeps)
        except (InputError, SweepRefusedError) as error:
            remedy = "Its objects stay where they are until a person has looked"
            problems.append(Notice(f"trash of store {store}", str(error), remedy))
    every = pd.concat(frames).sort_values("swept_at", ascending=False, kind="stable")
    return Swept(SWEEPS.conform(every), tuple(problems))


def restore_sweeps(
    wanted: pd.DataFrame, open_trash: OpenTrash, progress: ProgressCallback
) -> Receipt:
    """Bring back what sweeps moved; one that is refused stops no other.

    Parameters
    ----------
    wanted : DataFrame
        With the columns ``store`` and ``sweep_id``.
    open_trash : callable
        Opens a store's trash.
    progress : callable
        Called before each object; may raise `Cancelled` to leave the rest alone.
    """

    def restore(store: str, sweep_id: str) -> Receipt:
        return open_trash(store).restore(sweep_id, progress=progress)

    pairs = wanted[["store", "sweep_id"]].itertuples(index=False, name=None)
    return carry_out_each(
        [(f"sweep {sweep}", partial(restore, store, sweep)) for store, sweep in pairs]
    )


def purge_sweeps(
    wanted: pd.DataFrame,
    open_trash: OpenTrash,
    progress: ProgressCallback,
    *,
    older_than: timedelta,
) -> Receipt:
    """Delete for good what sweeps moved; one store that is refused stops no other.

    Parameters
    ----------
    wanted : DataFrame
        With the columns ``store`` and ``sweep_id``.
    open_trash : callable
        Opens a store's trash.
    progress : callable
        Called before each object; may raise `Cancelled` to leave the rest alone.
    older_than : timedelta
        Sweeps that are younger stay.
    """

    def purge(store: str, sweep_ids: list[str]) -> Receipt:
        trash = open_trash(store)
        return trash.purge(older_than, progress=progress, sweep_ids=sweep_ids)

    stores = wanted.groupby("store")["sweep_id"]
    return carry_out_each(
        [
            (f"store {name}", partial(purge, str(name), list(ids)))
            for name, ids in stores
        ]
    )


_OTHERS = "The others were carried out; scan again to see what is left"


def carry_out_each(commands: Sequence[tuple[str, Callable[[], Receipt]]]) -> Receipt:
    """Carry out commands one after the other; one that fails stops no other.

    Parameters
    ----------
    commands : sequence of (str, callable)
        What each is about, as people call it, and the command.

    Returns
    -------
    Receipt
        The rows of all of them, and what failed.

    Raises
    ------
    SweepRefusedError
        If all of them failed.
    """
    done: list[Receipt] = []
    failed: list[Notice] = []
    for place, command in commands:
        try:
            done.append(command())
        except (InputError, SweepRefusedError) as error:
            failed.append(Notice(place, str(error), _OTHERS))
        except Exception as error:  # noqa: BLE001 - what the others did has to be told
            what = f"unexpected {type(error).__name__}: {error}"
            failed.append(Notice(place, what, _OTHERS))
    if not done:
        raise SweepRefusedError(" ".join(notice.message for notice in failed))
    return Receipt(
        done[0].sweep_id if len(done) == 1 else "",
        RECEIPT.conform(pd.concat([each.rows for each in done])),
        lambda progress: carry_out_each(
            [(each.sweep_id, partial(each.restore, progress)) for each in done]
        ),
        (*(problem for each in done for problem in each.problems), *failed),
    )
