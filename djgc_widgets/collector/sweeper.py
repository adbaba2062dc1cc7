"""Carry out a plan: lock, read again, write down, move, read once more, bring back.

What is live again when the references are read just before the moves is left alone;
what became live while it was moved is brought back. The journal is written before the
first move.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

from djgc_widgets.collector.clock import Clock
from djgc_widgets.collector.journal import RESULT, Journal
from djgc_widgets.collector.lock import StoreLock
from djgc_widgets.collector.marker import write_marker
from djgc_widgets.collector.operation import (
    MOST_FAILURES,
    RETURNED_LIVE,
    SKIPPED_LIVE,
    SKIPPED_PINNED,
    Operation,
    skip_rest,
    unread_references,
)
from djgc_widgets.collector.owners import read_ownership, write_ownership
from djgc_widgets.collector.pinned import PinnedByStore, pinned_objects_of_plan
from djgc_widgets.collector.pins import read_pins
from djgc_widgets.collector.receipts import receipt_parts
from djgc_widgets.collector.recheck import Live, Rechecker
from djgc_widgets.collector.restore import restore_sweep
from djgc_widgets.collector.steps import Steps
from djgc_widgets.model import (
    Cancelled,
    Detail,
    Notices,
    Outcome,
    ProgressCallback,
    Sighting,
    Status,
    Step,
    SweepReceipt,
    SweepRefusedError,
    error_text,
    readable_minimum_age,
    remedy_for,
)
from djgc_widgets.stores import (
    PinnedObject,
    Result,
    Store,
    mounts_in,
)
from djgc_widgets.verdict import (
    Circumstances,
    SweepPlan,
    after_acknowledgment,
    are_pinned,
    server_doubts,
    standing_doubts,
)


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Carries out plans on stores whose references it can read again."""

    rechecker: Rechecker
    stores: Sequence[Store]
    clock: Clock

    def circumstances(
        self,
        acknowledged: Collection[str],
        unseen: Notices,
        minimum_age: timedelta,
        interrupted: Collection[tuple[str, str]],
    ) -> Circumstances:
        """Return what may refuse a plan that is made now."""
        return Circumstances(
            self.clock(),
            frozenset(acknowledged),
            unseen,
            self.rechecker.sight,
            minimum_age,
            tuple(self.rechecker.servers),
            self.rechecker.prepared,
            tuple(map(read_ownership, self.stores)),
            frozenset(interrupted),
            frozenset(
                (s.info.name, path) for s in self.stores for path in mounts_in(s.info)
            ),
        )

    def carry_out(self, plan: SweepPlan, progress: ProgressCallback) -> SweepReceipt:
        """Move the objects of a plan to the trash of their stores.

        If the plan is refused or has expired, a store is locked, the references cannot
        be read or the journal cannot be written, `SweepRefusedError` is raised.
        """
        now = self.clock()
        if not plan.allowed:
            raise SweepRefusedError(" ".join(map(str, plan.refusals)))
        if not plan.created_at <= now <= plan.expires_at:
            raise SweepRefusedError(
                f"The plan has expired: it was valid from {plan.created_at} to "
                f"{plan.expires_at}. Scan again and make a new plan."
            )
        sweep_id = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
        pinned = pinned_objects_of_plan(plan, sweep_id)
        with ExitStack() as locks:
            operations = {
                store.info.name: Operation(
                    store,
                    locks.enter_context(StoreLock(store, "sweep", clock=self.clock)),
                )
                # in one order, so that two sweeps cannot wait for each other
                for store in sorted(self.stores, key=_store_address)
                if store.info.name in pinned
            }
            self._sweep(plan, operations, pinned, now, progress)
        swept = [operation.store for operation in operations.values()]
        rows, problems, freed = receipt_parts(list(operations.values()), plan.objects)
        return SweepReceipt(
            sweep_id,
            rows,
            problems,
            freed,
            _restore=lambda progress: restore_sweep(
                swept, sweep_id, clock=self.clock, progress=progress
            ),
        )

    def _sweep(
        self,
        plan: SweepPlan,
        operations: Mapping[str, Operation],
        pinned: PinnedByStore,
        now: datetime,
        progress: ProgressCallback,
    ) -> None:
        live = self.rechecker.live_among(pinned, plan.acknowledged)
        back = _schemas_that_are_back(plan, live)
        for name, operation in operations.items():
            self._expect_ownership(plan, operation.store, live.servers)
            needed = live.objects | back
            again = [p for p in pinned[name] if (name, p.path) in needed]
            operation.note(again, SKIPPED_LIVE)
            self._skip_pinned(plan, operation, pinned[name])
            self._skip_young(plan, operation, pinned[name])
        self._write_down(plan, operations, pinned, now, live.servers)
        due = {name: op.pending(pinned[name]) for name, op in operations.items()}
        steps = Steps(Step.MOVING, sum(map(len, due.values())), progress)
        try:
            for name, operation in operations.items():
                operation.run(
                    *(operation.store.to_trash, due[name], steps),
                    most_failures=MOST_FAILURES,
                )
        except Cancelled:
            pass  # the rows of the receipt say what was left alone
        except BaseException:
            # what was in flight is not known: without a result a recovery looks
            self._bring_back(plan, operations, live)
            raise
        skip_rest((operation, pinned[name]) for name, operation in operations.items())
        self._bring_back(plan, operations, live)
        for operation in operations.values():
            if not any(result.in_doubt for _, result in operation.results.values()):
                operation.record(RESULT, self.clock())

    def _expect_ownership(
        self, plan: SweepPlan, store: Store, servers: Sequence[Sighting]
    ) -> None:
        every = server_doubts(read_ownership(store), servers)
        for doubt in standing_doubts(every, plan.acknowledged):
            raise SweepRefusedError(str(doubt))

    def _skip_pinned(
        self, plan: SweepPlan, operation: Operation, objects: list[PinnedObject]
    ) -> None:
        """Leave alone what somebody has pinned since the scan."""
        here = plan.objects[plan.objects["store"].eq(operation.store.info.name)]
        kept = set(here.loc[are_pinned(here, read_pins(operation.store)), "path"])
        again = [p for p in operation.pending(objects) if p.path in kept]
        operation.note(again, SKIPPED_PINNED)

    def _skip_young(
        self, plan: SweepPlan, operation: Operation, objects: list[PinnedObject]
    ) -> None:
        """Leave alone what is too young by the clock that dated it, not by ours."""
        newest = operation.lock.store_time().replace(microsecond=0) - plan.minimum_age
        here = plan.objects[plan.objects["store"].eq(operation.store.info.name)]
        dates = here["changed_at"].dt.floor("s")
        young = set(here.loc[dates > newest, "path"])
        age = {"minimum_age": readable_minimum_age(plan.minimum_age)}
        operation.note(
            [p for p in operation.pending(objects) if p.path in young],
            Result(Outcome.SKIPPED, Detail.TOO_YOUNG, age),
        )

    def _write_down(
        self,
        plan: SweepPlan,
        operations: Mapping[str, Operation],
        pinned: PinnedByStore,
        now: datetime,
        servers: Sequence[Sighting],
    ) -> None:
        try:
            for name, operation in operations.items():
                objects = pinned[name]
                write_marker(operation.store)
                folders = operation.store.prepare(operation.pending(objects))
                journal = Journal(operation.store, objects[0].sweep_id)
                journal.write_plan(now, servers, plan.acknowledged, objects, folders)
                owner = read_ownership(operation.store)
                owner = after_acknowledgment(owner, servers, plan.acknowledged)
                write_ownership(operation.store, now, owner)
        except OSError as error:
            raise SweepRefusedError(
                f"The journal could not be written ({error_text(error)}), so nothing "
                f"was moved. {remedy_for(error)}."
            ) from error

    def _bring_back(
        self, plan: SweepPlan, operations: Mapping[str, Operation], before: Live
    ) -> None:
        """Bring back what is live by now; everything, if references are unreadable."""
        moved = {name: operation.in_trash() for name, operation in operations.items()}
        if not any(moved.values()):
            return
        live, why = None, unread_references()
        try:
            again = self.rechecker.live_among(moved, plan.acknowledged, before)
            live, why = again.objects, RETURNED_LIVE
        except SweepRefusedError as error:
            why = unread_references(error)
        finally:
            for name, operation in operations.items():
                back = [
                    p for p in moved[name] if live is None or (name, p.path) in live
                ]
                operation.bring_back(back, why)


def _schemas_that_are_back(plan: SweepPlan, live: Live) -> set[tuple[str, str]]:
    """Return objects of schemas that were acknowledged gone and exist again."""
    objects = plan.objects
    given_up = objects["status"].ne(Status.ORPHAN.value)
    named = objects["schema"].map(live.schemas.on_server)
    back = objects[given_up & named.isin(list(live.schemas.every))]
    return set(back[["store", "path"]].itertuples(index=False, name=None))


def _store_address(store: Store) -> str:
    return store.info.address
