"""Carry out a plan: lock, read again, write down, move, read once more, bring back.

What is live again when the references are read just before the moves is left alone;
what became live while it was moved is brought back. The journal is written before the
first move.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

from djgc_widgets.collector.journal import RESULT, Journal, read_owners, write_owners
from djgc_widgets.collector.lock import StoreLock
from djgc_widgets.collector.operation import (
    LIVE_AGAIN,
    Steps,
    Work,
    receipt_of,
    skip_rest,
)
from djgc_widgets.collector.recheck import Live, LiveReader
from djgc_widgets.collector.restore import restore_sweep
from djgc_widgets.model import (
    Cancelled,
    ProgressCallback,
    Receipt,
    Status,
    SweepRefusedError,
)
from djgc_widgets.stores import (
    MOVED,
    SKIPPED,
    Identity,
    Outcome,
    Parcel,
    Store,
    SweepableStore,
    reason_of,
    sweepable,
)
from djgc_widgets.verdict import (
    EXPIRED,
    SOLE_OWNER,
    Ownership,
    Refusal,
    SweepPlan,
    ownership_refusal,
    reasons,
)

Parcels = dict[str, list[Parcel]]


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Carries out plans on stores whose references it can read again.

    Parameters
    ----------
    reader : LiveReader
        Reads the references again.
    stores : sequence of Store
        The scanned stores.
    clock : callable
        Returns the current time, aware, in UTC.
    """

    reader: LiveReader
    stores: Sequence[Store]
    clock: Callable[[], datetime]

    def unsweepable(self) -> frozenset[str]:
        """Name the stores in which nothing can be moved."""
        able = {store.info.name for store in sweepable(self.stores)}
        return frozenset(store.info.name for store in self.stores) - able

    def owners(self) -> tuple[Ownership, ...]:
        """Return for which servers each store was swept."""
        return tuple(
            Ownership(store.info.name, frozenset(read_owners(store)))
            for store in sweepable(self.stores)
        )

    def carry_out(self, plan: SweepPlan, progress: ProgressCallback) -> Receipt:
        """Move the objects of a plan to the trash of their stores.

        Raises
        ------
        SweepRefusedError
            If the plan is refused or has expired, a store is locked, the references
            cannot be read or the journal cannot be written.
        """
        now = self.clock()
        if not plan.allowed:
            raise SweepRefusedError(" ".join(str(refusal) for refusal in plan.refusals))
        if not plan.created_at <= now <= plan.expires_at:
            told = f"the plan was good from {plan.created_at} to {plan.expires_at}"
            raise SweepRefusedError(
                str(Refusal(EXPIRED, told, "Scan again and make a new plan"))
            )
        sweep_id = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
        parcels = _parcels(plan, sweep_id)
        with ExitStack() as locks:
            works = {
                store.info.name: Work(
                    store,
                    locks.enter_context(StoreLock(store, "sweep", clock=self.clock)),
                )
                # in one order, so that two sweeps cannot wait for each other
                for store in sorted(sweepable(self.stores), key=_address)
                if store.info.name in parcels
            }
            self._sweep(plan, works, parcels, now, progress)
        swept = [work.store for work in works.values()]
        return receipt_of(
            sweep_id,
            works.values(),
            lambda progress: restore_sweep(
                swept, sweep_id, clock=self.clock, progress=progress
            ),
            order=plan.objects,
        )

    def _sweep(
        self,
        plan: SweepPlan,
        works: Mapping[str, Work],
        parcels: Parcels,
        now: datetime,
        progress: ProgressCallback,
    ) -> None:
        live = self.reader.live_among(parcels)
        back = _schemas_that_are_back(plan, live)
        for name, work in works.items():
            self._expect_ownership(plan, work.store)
            needed = live.objects | back
            again = [p for p in parcels[name] if (name, p.path) in needed]
            work.tell(again, Outcome(SKIPPED, LIVE_AGAIN))
            self._tell_young(plan, work, parcels[name])
        self._write_down(plan, works, parcels, now)
        due = {
            name: [p for p in parcels[name] if work.outcome(p) is None]
            for name, work in works.items()
        }
        steps = Steps("moving to the trash", sum(map(len, due.values())), progress)
        try:
            for name, work in works.items():
                work.run(work.store.to_trash, due[name], steps)
        except Cancelled:
            pass  # the rows of the receipt say what was left alone
        except BaseException:
            # what was in flight is not known: without a result a recovery looks
            self._bring_back(works)
            raise
        skip_rest((work, parcels[name]) for name, work in works.items())
        self._bring_back(works)
        for work in works.values():
            work.store.prune(work.with_outcome(MOVED))
            work.record(RESULT, self.clock())

    def _expect_ownership(self, plan: SweepPlan, store: SweepableStore) -> None:
        recorded = frozenset(read_owners(store))
        refusal = ownership_refusal(
            Ownership(store.info.name, recorded), frozenset(self.reader.servers)
        )
        if refusal and not (refusal.liftable and SOLE_OWNER in plan.acknowledged):
            raise SweepRefusedError(str(refusal))

    def _tell_young(self, plan: SweepPlan, work: Work, parcels: list[Parcel]) -> None:
        """Leave alone what is too young by the clock that dated it, not by ours."""
        newest = work.lock.store_time().replace(microsecond=0) - plan.minimum_age
        here = plan.objects[plan.objects["store"].eq(work.store.info.name)]
        dates = here["modified_at"].dt.floor("s")
        young = set(here.loc[dates > newest, "path"])
        why = f"{reasons.younger_than(plan.minimum_age)} by the store's clock"
        left = [p for p in parcels if p.path in young and work.outcome(p) is None]
        work.tell(left, Outcome(SKIPPED, why))

    def _write_down(
        self,
        plan: SweepPlan,
        works: Mapping[str, Work],
        parcels: Parcels,
        now: datetime,
    ) -> None:
        servers = self.reader.servers
        try:
            for name, work in works.items():
                journal = Journal(work.store, parcels[name][0].sweep_id)
                journal.write_plan(now, servers, plan.acknowledged, parcels[name])
                known = read_owners(work.store)
                if servers.keys() - known.keys():
                    write_owners(work.store, now, {**known, **servers})
        except OSError as error:
            raise SweepRefusedError(
                f"The journal could not be written ({reason_of(error)}), so nothing "
                "was moved. Make the store's folder writable for this account."
            ) from error

    def _bring_back(self, works: Mapping[str, Work]) -> None:
        """Return what is live by now; everything, if that cannot be found out."""
        moved = {name: work.in_trash() for name, work in works.items()}
        if not any(moved.values()):
            return
        live, why = None, "the references could not be read again"
        try:
            live, why = self.reader.live_among(moved).objects, LIVE_AGAIN
        except SweepRefusedError as error:
            why = str(error)
        finally:
            for name, work in works.items():
                back = [
                    p for p in moved[name] if live is None or (name, p.path) in live
                ]
                work.bring_back(back, why)


def utc_now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


def _parcels(plan: SweepPlan, sweep_id: str) -> Parcels:
    pins: dict[tuple[str, str], dict[str, Identity]] = {}
    columns = ["store", "object", "path", "size_bytes", "modified_ns", "inode", "etag"]
    for store, owner, path, size, modified, inode, etag in plan.files[
        columns
    ].itertuples(index=False):
        pin = Identity(int(size), int(modified), int(inode), str(etag))
        pins.setdefault((store, owner), {})[path] = pin
    found: Parcels = {}
    for store, path, schema in plan.objects[["store", "path", "schema"]].itertuples(
        index=False
    ):
        parcel = Parcel(path, pins[store, path], sweep_id, schema)
        found.setdefault(store, []).append(parcel)
    return found


def _schemas_that_are_back(plan: SweepPlan, live: Live) -> set[tuple[str, str]]:
    """Return objects of schemas that were acknowledged gone and exist again."""
    objects = plan.objects
    given_up = objects["status"].ne(Status.ORPHAN.value)
    back = objects[given_up & objects["schema"].isin(list(live.schemas))]
    return set(back[["store", "path"]].itertuples(index=False, name=None))


def _address(store: Store) -> str:
    return store.info.address
