"""Delete for good what has been in a trash for long, and what no row needs again."""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pandas as pd

from djgc_widgets.collector.journal import Journal, Planned, read_owners
from djgc_widgets.collector.operation import LIVE_AGAIN, Steps, Work, begin, skip_rest
from djgc_widgets.collector.scan_result import CompleteScan
from djgc_widgets.model import (
    Cancelled,
    ProgressCallback,
    Section,
    SweepRefusedError,
    trash_of,
)
from djgc_widgets.stores import RESTORED, SKIPPED, Outcome, Parcel
from djgc_widgets.verdict import FOREIGN, MISSING, UNSEEN

_TAKEN = "a row refers to its path, where something else is by now"
_KEPT = "kept while objects that rows refer to are missing"


@dataclass(frozen=True, slots=True)
class Purge:
    """What is needed to empty a trash.

    Parameters
    ----------
    work : Work
        The locked store.
    scan : CompleteScan
        Of this store, made while it was locked.
    planned : mapping of str to Planned
        The checked journals of its sweeps.
    clock : callable
        Returns the current time, aware, in UTC.
    chosen : frozenset of str
        Sweeps that may be purged; what rows need again comes back from any.
    """

    work: Work
    scan: CompleteScan
    planned: Mapping[str, Planned]
    clock: Callable[[], datetime]
    chosen: frozenset[str]

    def run(
        self,
        older_than: timedelta,
        acknowledge: Collection[str],
        progress: ProgressCallback,
    ) -> None:
        """Return what is live, then delete what has been there for long enough.

        Raises
        ------
        SweepRefusedError
            If rows of other servers or of schemas that cannot be seen may need it.
        """
        self._expect_sight(acknowledge)
        trash, work = self.scan.trash, self.work
        held = self._parcels(trash)
        returned = self._parcels(trash[trash["returnable"]])
        again = self._parcels(self._stored_again(trash))
        referenced = self._parcels(trash[trash["referenced"]])
        taken = referenced.keys() - returned.keys() - again.keys()
        due = [
            parcel
            for key, parcel in held.items()
            if key not in returned
            and parcel.sweep_id in self.chosen
            and self._is_old(parcel.sweep_id, older_than)
        ]
        if not due and not returned:
            return
        now = self.clock()
        parcels = [*returned.values(), *due]
        end = begin(work, "purging", parcels, now)
        work.bring_back(list(returned.values()), LIVE_AGAIN)
        if self._still_missing():
            work.tell(due, Outcome(SKIPPED, f"{MISSING}: {_KEPT}"))
        work.tell([p for p in due if _key(p) in taken], Outcome(SKIPPED, _TAKEN))
        due = [p for p in due if work.outcome(p) is None]
        try:
            self._delete(due, again, progress)
        except SweepRefusedError:
            work.tell(due, Outcome(SKIPPED, "the references could not be read again"))
            self._record(end, parcels)
            raise
        self._record(end, parcels)

    def _record(self, end: str, parcels: Collection[Parcel]) -> None:
        sweep_ids = sorted({parcel.sweep_id for parcel in parcels})
        self.work.record(end, self.clock(), sweep_ids)

    def _delete(
        self,
        due: list[Parcel],
        again: Collection[tuple[str, str]],
        progress: ProgressCallback,
    ) -> None:
        if not due:
            return
        work, store = self.work, self.work.store.info.name
        live = self.scan.reader.live_among({store: due}).objects
        needed = [p for p in due if (store, p.path) in live and _key(p) not in again]
        work.bring_back(needed, LIVE_AGAIN)
        rest = [p for p in due if work.outcome(p) is None]
        with suppress(Cancelled):  # the rows of the receipt say what was left alone
            work.run(work.store.purge, rest, Steps("purging", len(rest), progress))
        skip_rest([(work, rest)])

    def _parcels(self, trash: pd.DataFrame) -> dict[tuple[str, str], Parcel]:
        """Return what the journals say of rows of the trash; strangers are left out."""
        found = {}
        for sweep_id, rows in trash.groupby("sweep_id", sort=False):
            planned = self.planned.get(str(sweep_id))
            owners = planned.owners if planned else {}
            for path in rows["path"]:
                if path in owners:
                    found[_key(owners[path])] = owners[path]
        return found

    def _expect_sight(self, acknowledge: Collection[str]) -> None:
        seen = self.scan.reader.servers.keys()
        known = set(read_owners(self.work.store)).union(
            *(planned.servers for planned in self.planned.values())
        )
        if known - seen:
            raise SweepRefusedError(
                f"{FOREIGN}: store {self.work.store.info.name} was swept for database "
                f"servers whose rows were not read ({', '.join(sorted(known - seen))}),"
                " so nothing was deleted. Name them as well: "
                "Trash(schema, store, also=[connection])."
            )
        if self.scan.unseen and UNSEEN not in acknowledge:
            places = ", ".join(notice.place for notice in self.scan.unseen)
            raise SweepRefusedError(
                f"{UNSEEN}: this account cannot see everything ({places}), so nothing "
                f"was deleted. {self.scan.unseen[0].remedy}, or call purge("
                f"acknowledge={{{UNSEEN!r}}})."
            )

    def _is_old(self, sweep_id: str, older_than: timedelta) -> bool:
        """Tell whether a sweep is old by both clocks, ours and that of the store."""
        store = self.work.store
        written = store.changed_at_ns(f"{trash_of(sweep_id)}/plan.json")
        at = datetime.fromtimestamp(written // 10**9, UTC)
        ours = self.clock() - self.planned[sweep_id].created_at
        return min(ours, self.work.lock.store_time() - at) >= older_than

    def _still_missing(self) -> bool:
        missing = self.scan.missing
        here = missing[missing["store"].eq(self.work.store.info.name)]
        back = {p.path for p in self.work.with_outcome(RESTORED)}
        return not set(here["path"]) <= back

    def _stored_again(self, trash: pd.DataFrame) -> pd.DataFrame:
        """Return what of the trash is stored again at its place: the same content."""
        objects = self.scan.objects
        hashes = objects[objects["section"].eq(Section.HASH.value)]
        columns = ["store", "path", "size_bytes"]
        return trash.merge(hashes[columns], on=columns)


def _key(parcel: Parcel) -> tuple[str, str]:
    return parcel.sweep_id, parcel.path


def read_plans(work: Work, sweep_ids: Collection[str]) -> dict[str, Planned]:
    """Read and check the journals of sweeps."""
    return {key: Journal(work.store, key).read_plan() for key in sweep_ids}
