"""Sweep to the trash and back: the only code that changes a store.

What is live again when the references are read just before the move is left alone; what
became live while it was moved is brought back. The journal is written before the first
move.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import datajoint as dj
import pandas as pd

from djgc_widgets.grouping import entered_objects, mark
from djgc_widgets.locate import locate
from djgc_widgets.model import (
    Cancelled,
    Notice,
    Progress,
    ProgressCallback,
    Status,
    StoreNames,
    SweepRefusedError,
    no_progress,
)
from djgc_widgets.plan import SweepPlan
from djgc_widgets.receipt import Receipt
from djgc_widgets.references import read_references
from djgc_widgets.snapshot import server_name
from djgc_widgets.spellings import Places
from djgc_widgets.stores import FileStore, Store
from djgc_widgets.sweep import CANCELLED, LIVE_AGAIN, SKIPPED, Key, Sweep, reason_of


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Carries out plans on stores whose references it can read again.

    Parameters
    ----------
    connections : sequence of datajoint.Connection
        Every server whose rows may refer into the stores.
    names : StoreNames
        The scanned stores and how recorded names lead to them.
    stores : sequence of Store
        The scanned stores.
    places : Places
        Roots and sections of the stores.
    judged : sequence of str
        Schemas whose objects may be swept.
    links : DataFrame
        A frame of the files schema: the symbolic links that the scan listed.
    settled : DataFrame
        ``store`` and ``path`` of the references that the scan found in their place.
    clock : callable
        Returns the current time, aware, in UTC.
    """

    connections: Sequence[dj.Connection]
    names: StoreNames
    stores: Sequence[Store]
    places: Places
    judged: Sequence[str]
    links: pd.DataFrame
    settled: pd.DataFrame
    clock: Callable[[], datetime]

    def unsweepable(self) -> frozenset[str]:
        """Name the stores in which nothing can be moved."""
        return frozenset(
            store.info.name for store in self.stores if store not in self._folders()
        )

    def _folders(self) -> list[FileStore]:
        return [store for store in self.stores if isinstance(store, FileStore)]

    def carry_out(self, plan: SweepPlan, progress: ProgressCallback) -> Receipt:
        """Move the objects of a plan to the trash of their stores.

        Raises
        ------
        SweepRefusedError
            If the plan is refused or has expired, the references cannot be read or the
            journal cannot be written.
        """
        now = self.clock()
        if not plan.allowed:
            raise SweepRefusedError(" ".join(str(refusal) for refusal in plan.refusals))
        if now > plan.expires_at:
            raise SweepRefusedError(
                f"The plan expired at {plan.expires_at:%H:%M} UTC. Scan again and make "
                "a new plan."
            )
        live = self._live(plan)
        sweep_id = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
        sweep = Sweep(plan, sweep_id, self._folders())
        self._write_plan(sweep, now)
        sweep.outcomes |= dict.fromkeys(live, (SKIPPED, LIVE_AGAIN))
        try:
            for number, key in enumerate(sweep.pins):
                if key not in live:
                    step = Progress("moving to the trash", number, len(sweep.pins))
                    progress(step)
                    sweep.move(key)
        except Cancelled:
            left = {key for key in sweep.pins if key not in sweep.outcomes}
            sweep.outcomes |= dict.fromkeys(left, (SKIPPED, CANCELLED))
        finally:
            self._bring_back(sweep)
            unwritten = self._write_result(sweep, "result")
        return self._receipt(sweep, sweep.rows(), unwritten)

    def _live(self, plan: SweepPlan) -> set[Key]:
        """Return the planned objects that rows refer to at this moment."""
        reading = read_references(self.connections, self.places, no_progress)
        listed = pd.concat([plan.files, self.links], ignore_index=True)
        located = locate(listed, reading.recorded, self.names, self.settled)
        found = [
            *reading.problems,
            *reading.hiding_any_of(self.judged),
            *located.problems,
        ]
        if found:
            problems = " ".join(str(problem) for problem in found[:3])
            raise SweepRefusedError(
                "The references could not be read again, so nothing may be moved. "
                f"{problems}"
            )
        lost = reading.sight.lost_since(plan.sight)
        if lost:
            raise SweepRefusedError(
                "The account no longer sees everything that it saw at the scan, so "
                f"nothing may be moved: {', '.join(lost)}. Scan again."
            )
        marked = mark(plan.files, located.targets, self.names)
        files = plan.files[marked.coverage.reference >= 0]
        live = set(zip(files["store"], files["object"], strict=True))
        # a row may refer to something in a folder that the plan does not know of
        entered = entered_objects(marked, plan.objects)
        # a schema that was given up may be back
        unknown = plan.objects["status"].ne(Status.ORPHAN.value)
        back = plan.objects[
            unknown & plan.objects["schema"].isin(list(reading.schemas))
        ]
        others = pd.concat([entered[["store", "path"]], back[["store", "path"]]])
        return live | set(others.itertuples(index=False, name=None))

    def _bring_back(self, sweep: Sweep) -> None:
        """Return what is live by now; everything, if that cannot be found out."""
        moved = sweep.in_trash()
        if not moved:
            return
        live, why = set(moved), "the references could not be read again"
        try:
            live, why = self._live(sweep.plan), LIVE_AGAIN
        except SweepRefusedError as error:
            why = str(error)
        finally:
            for key in moved:
                if key in live:
                    sweep.bring_back(key, why)

    def _restore(self, sweep: Sweep) -> Receipt:
        moved = sweep.in_trash()
        for key in moved:
            sweep.bring_back(key, "")
        name = f"restored-{self.clock():%Y%m%dT%H%M%S%fZ}"
        unwritten = self._write_result(sweep, name) if moved else ()
        return self._receipt(sweep, sweep.rows(moved), unwritten)

    def _receipt(
        self, sweep: Sweep, rows: pd.DataFrame, problems: tuple[Notice, ...]
    ) -> Receipt:
        return Receipt(sweep.sweep_id, rows, lambda: self._restore(sweep), problems)

    def _write_plan(self, sweep: Sweep, now: datetime) -> None:
        servers = [server_name(connection) for connection in self.connections]
        try:
            for name, journal in sweep.journals.items():
                pins = {
                    path: p for (store, path), p in sweep.pins.items() if store == name
                }
                journal.write_plan(servers, now, pins, sorted(sweep.plan.acknowledged))
        except OSError as error:
            raise SweepRefusedError(
                f"The journal could not be written ({reason_of(error)}), so nothing "
                "was moved. Make the store's folder writable for this account."
            ) from error

    def _write_result(self, sweep: Sweep, name: str) -> tuple[Notice, ...]:
        """Write what was done; it is done even if that cannot be written."""
        rows = sweep.rows()
        problems = []
        for store, journal in sweep.journals.items():
            try:
                journal.write_result(name, self.clock(), rows[rows["store"].eq(store)])
            except OSError as error:
                problems.append(_unwritten(store, name, error))
        return tuple(problems)


def _unwritten(store: str, name: str, error: OSError) -> Notice:
    return Notice(
        f"store {store}",
        f"the journal's record {name!r} could not be written ({reason_of(error)})",
        "Make room or mend the rights; what the receipt says was done all the same",
    )


def utc_now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)
