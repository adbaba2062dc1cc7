"""The sweeps in all trashes of a scan: listed, brought back or purged."""

from collections.abc import Callable, Collection, Mapping, Sequence
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
    NoticeCode,
    Notices,
    ProgressCallback,
    Receipt,
    SweepRefusedError,
    in_store,
    stacked,
)

OpenTrash = Callable[[str], Trash]
"""Opens the trash of a store by its name."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What the trashes hold."""

    frame: pd.DataFrame
    """A frame of the sweeps schema, the latest first."""
    problems: Notices
    """Trashes that could not be read."""
    oldest_backups: Mapping[str, timedelta | None]
    """By store the age of the oldest backup of a database that may be restored."""


def read_sweeps(scan: Scan, open_trash: OpenTrash) -> Swept:
    """Read the journals of every store with a trash."""
    frames, problems, backups = [SWEEPS.empty()], [], {}
    for store in sorted(scan.trash["store"].unique()):
        try:
            trash = open_trash(store)
            frames.append(trash.sweeps)
            backups[store] = trash.oldest_backup
        except (InputError, SweepRefusedError) as error:
            where, values = f"trash of {in_store(store)}", {"error": str(error)}
            problems.append(Notice(NoticeCode.TRASH_UNREAD, where, values))
    every = stacked(frames).sort_values("swept_at", ascending=False, kind="stable")
    return Swept(SWEEPS.conform(every), Notices(problems), backups)


def restore_sweeps(
    wanted: pd.DataFrame, open_trash: OpenTrash, progress: ProgressCallback
) -> Receipt:
    """Bring back sweeps, by store and id; one that is refused stops no other."""

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
    acknowledge: Collection[str] = frozenset(),
) -> Receipt:
    """Purge sweeps that are old enough; one store that is refused stops no other."""

    def purge(store: str, sweep_ids: list[str]) -> Receipt:
        trash = open_trash(store)
        return trash.purge(older_than, acknowledge, progress, sweep_ids)

    stores = wanted.groupby("store")["sweep_id"]
    return carry_out_each(
        [
            (in_store(str(name)), partial(purge, str(name), list(ids)))
            for name, ids in stores
        ]
    )


def carry_out_each(commands: Sequence[tuple[str, Callable[[], Receipt]]]) -> Receipt:
    """Carry out named commands one after the other; one that fails stops no other.

    The receipt has the rows of all of them and what failed; if all fail,
    `SweepRefusedError` is raised.
    """
    done: list[Receipt] = []
    failures: list[Notice] = []
    for where, command in commands:
        try:
            done.append(command())
        except Exception as error:  # noqa: BLE001 - the receipt has to say what the others did
            expected = isinstance(error, InputError | SweepRefusedError)
            kind = "" if expected else f"unexpected {type(error).__name__}: "
            values = {"error": f"{kind}{error}"}
            failures.append(Notice(NoticeCode.COMMAND_FAILED, where, values))
    if not done:
        raise SweepRefusedError(" ".join(notice.message for notice in failures))
    return Receipt(
        done[0].sweep_id if len(done) == 1 else "",
        RECEIPT.conform(stacked(each.rows for each in done)),
        Notices([*(problem for each in done for problem in each.problems), *failures]),
    )
