"""Delete for good what was swept long ago and what no row needs again."""

import base64
import hashlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NoReturn

import pandas as pd

from djgc_widgets.collector.clock import Clock
from djgc_widgets.collector.complete_scan import CompleteScan
from djgc_widgets.collector.journal import Planned
from djgc_widgets.collector.operation import (
    MOST_FAILURES,
    RETURNED_LIVE,
    Key,
    Operation,
    begin,
    key_of,
    skip_rest,
)
from djgc_widgets.collector.owners import (
    read_ownership,
    with_journals,
    write_ownership,
)
from djgc_widgets.collector.pins import read_pins
from djgc_widgets.collector.recheck import Rechecker
from djgc_widgets.collector.steps import Steps
from djgc_widgets.model import (
    STR,
    Cancelled,
    Detail,
    DoubtCode,
    Outcome,
    ProgressCallback,
    Section,
    Sighting,
    Step,
    SweepRefusedError,
    error_text,
    names_among,
    parse_paths,
    remedy_for,
    trash_of,
)
from djgc_widgets.stores import PinnedObject, Result
from djgc_widgets.verdict import (
    LIFTABLE_IN_PURGE,
    OF_ONE,
    Doubt,
    Ownership,
    after_acknowledgment,
    are_pinned,
    names_one,
    prepared_doubt,
    server_doubts,
    standing_doubts,
    unseen_doubts,
)

_REFERENCED = Result(Outcome.SKIPPED, Detail.REFERENCED_ELSE)
_MISSING = Result(Outcome.SKIPPED, Detail.OBJECTS_MISSING)
_SHORTEST_RETENTION = timedelta(days=1)
_UNREAD = Result(Outcome.SKIPPED, Detail.REFERENCES_UNREAD, {"error": ""})


@dataclass(frozen=True, slots=True)
class Purge:
    """What is needed to empty a trash."""

    operation: Operation
    """On the locked store."""
    scan: CompleteScan
    """Of all stores, made while this one was locked."""
    rechecker: Rechecker
    planned: Mapping[str, Planned]
    """The checked journals of its sweeps."""
    clock: Clock
    chosen: frozenset[str]
    """Sweeps that may be purged; what rows need again comes back from any."""

    def run(
        self,
        older_than: timedelta,
        acknowledge: Collection[str],
        progress: ProgressCallback,
        oldest_backup: timedelta | None = None,
    ) -> None:
        """Bring back what is live, then delete what has been there for long enough.

        That is longer than `older_than`, and than the oldest backup is old.

        If rows of other servers or of schemas that cannot be seen may need it,
        `SweepRefusedError` is raised.
        """
        self._expect_sight(acknowledge)
        trash, operation = self.scan.trash, self.operation
        trash = trash[trash["store"].eq(operation.store.info.name)]
        every = self._pinned(trash)
        returned = self._pinned(trash[trash["returnable"]])
        again = self._pinned(self._stored_again(trash))
        referenced = self._pinned(trash[trash["referenced"]])
        held = {pinned.sweep_id for pinned in every.values()} & self.chosen
        backup = self._oldest_backup(oldest_backup)
        older_than = max(older_than, backup or older_than)
        ages = {sweep_id: self._age(sweep_id) for sweep_id in held}
        old = {sweep_id for sweep_id, age in ages.items() if age >= older_than}
        due = self._unpinned(
            [p for k, p in every.items() if k not in returned and p.sweep_id in old]
        )
        doubt = short_retention_doubt([ages[pinned.sweep_id] for pinned in due])
        if doubt and doubt.name not in acknowledge:
            refuse(doubt.code, **doubt.values)
        if due and backup is None and DoubtCode.OLDEST_BACKUP not in acknowledge:
            refuse(DoubtCode.OLDEST_BACKUP)
        if not due and not returned:
            return
        objects = [*returned.values(), *due]
        end = begin(operation, "purging", objects, self.clock(), acknowledge)
        operation.bring_back(list(returned.values()), RETURNED_LIVE)
        if DoubtCode.MISSING_OBJECTS not in acknowledge and self._still_missing():
            operation.note(due, _MISSING)
        stored = [p for p in operation.pending(due) if key_of(p) in again]
        whole = {key_of(pinned) for pinned in stored if self._is_whole(pinned)}
        elsewhere = referenced.keys() - returned.keys() - whole
        operation.note([p for p in due if key_of(p) in elsewhere], _REFERENCED)
        due = operation.pending(due)
        try:
            self._delete(due, whole, acknowledge, progress)
        except SweepRefusedError:
            operation.note(due, _UNREAD)
            self._record(end, objects)
            raise
        self._record(end, objects)
        self._record_servers(acknowledge)

    def _oldest_backup(self, said: timedelta | None) -> timedelta | None:
        """Return the age of the oldest backup; write down what is said of it."""
        store, owner = self.operation.store, read_ownership(self.operation.store)
        if said is None or said == owner.oldest_backup:
            return owner.oldest_backup
        try:
            write_ownership(store, self.clock(), replace(owner, oldest_backup=said))
        except OSError as error:
            raise SweepRefusedError(
                f"The age of the oldest backup could not be written down "
                f"({error_text(error)}), so nothing was deleted. {remedy_for(error)}."
            ) from error
        return said

    def _record(self, end: str, objects: Collection[PinnedObject]) -> None:
        sweep_ids = sorted({pinned.sweep_id for pinned in objects})
        self.operation.record(end, self.clock(), sweep_ids)

    def _record_servers(self, acknowledge: Collection[str]) -> None:
        """Record how the servers looked, and which of them are gone."""
        store, read = self.operation.store, self.rechecker.servers
        owner = after_acknowledgment(self._ownership(), read, acknowledge)
        if DoubtCode.OLDEST_BACKUP in acknowledge and owner.oldest_backup is None:
            owner = replace(owner, oldest_backup=timedelta(0))
        try:
            write_ownership(store, self.clock(), owner)
        except OSError as error:  # what was done is done
            self.operation.note_unwritten("owner", error)

    def _delete(
        self,
        due: list[PinnedObject],
        whole: Collection[Key],
        acknowledge: Collection[str],
        progress: ProgressCallback,
    ) -> None:
        if not due:
            return
        operation, store = self.operation, self.operation.store.info.name
        live = self.rechecker.live_among({store: due}, acknowledge).objects
        needed = [p for p in due if (store, p.path) in live and key_of(p) not in whole]
        operation.bring_back(needed, RETURNED_LIVE)
        rest = operation.pending(due)
        with suppress(Cancelled):  # the rows of the receipt say what was left alone
            steps = Steps(Step.PURGING, len(rest), progress)
            operation.run(
                *(operation.store.purge, rest, steps), most_failures=MOST_FAILURES
            )
        skip_rest([(operation, rest)])

    def _pinned(self, trash: pd.DataFrame) -> dict[Key, PinnedObject]:
        """Return the objects of rows of the trash, without those of no journal."""
        pinned = {}
        for sweep_id, rows in trash.groupby("sweep_id", sort=False):
            planned = self.planned.get(str(sweep_id))
            owners = planned.owners if planned else {}
            for path in rows["path"]:
                if path in owners:
                    pinned[key_of(owners[path])] = owners[path]
        return pinned

    def _unpinned(self, due: Collection[PinnedObject]) -> list[PinnedObject]:
        """Leave out what somebody has pinned, by the path that it had in the store."""
        store = self.scan.store_names.stores
        (info,) = (
            each for each in store if each.name == self.operation.store.info.name
        )
        paths = pd.Series([pinned.path for pinned in due], dtype=STR)
        named = parse_paths(paths, info)[["schema", "table"]].assign(path=paths)
        kept = are_pinned(named, read_pins(self.operation.store))
        return [pinned for pinned, keep in zip(due, kept, strict=True) if not keep]

    def _expect_sight(self, acknowledge: Collection[str]) -> None:
        owner, read = self._ownership(), self.rechecker.servers
        every = [
            doubt
            for doubt in server_doubts(owner, read)
            # one server more can only protect more
            if doubt.code is not DoubtCode.SOLE_OWNER or not _overlap(owner, read)
        ]
        every.extend(unseen_doubts(self.scan.unseen))
        if doubt := prepared_doubt(self.rechecker.prepared):
            every.append(doubt)
        if standing := standing_doubts(every, acknowledge):
            text = " ".join(map(str, standing))
            names = ", ".join(repr(doubt.name) for doubt in standing)
            raise SweepRefusedError(
                f"Nothing was deleted. {text} Acknowledge with: "
                f"Trash(schema, {self.operation.store.info.name!r})"
                f".purge(acknowledge={{{names}}})"
            )

    def _ownership(self) -> Ownership:
        journals = sorted(self.planned.values(), key=lambda each: each.created_at)
        seen = [sighting for planned in journals for sighting in planned.sightings]
        return with_journals(read_ownership(self.operation.store), seen)

    def _age(self, sweep_id: str) -> timedelta:
        """Return how long ago a sweep was by our clock or the store's, the shorter."""
        operation = self.operation
        at = operation.lock.time_of(f"{trash_of(sweep_id)}/plan.json")
        ours = self.clock() - self.planned[sweep_id].created_at
        return min(ours, operation.lock.store_time() - at)

    def _still_missing(self) -> bool:
        missing = self.scan.missing
        restored = self.operation.with_outcome(Outcome.RESTORED)
        store = self.operation.store.info.name
        back = {(store, pinned.path) for pinned in restored}
        return not set(zip(missing["store"], missing["path"], strict=True)) <= back

    def _stored_again(self, trash: pd.DataFrame) -> pd.DataFrame:
        """Return what of the trash is stored again at its path, in the same size."""
        objects = self.scan.objects
        hashes = objects[objects["section"].eq(Section.HASH.value)]
        columns = ["store", "path", "size_bytes"]
        return trash.merge(hashes[columns], on=columns)

    def _is_whole(self, pinned: PinnedObject) -> bool:
        """Return whether what is stored there has the content that its hash tells.

        DataJoint names it by its MD5 in base 32, and refuses to read anything else.
        """
        try:
            content = self.operation.store.read(pinned.path)
        except (OSError, MemoryError):  # what is in the trash stays
            return False
        digest = hashlib.md5(content, usedforsecurity=False).digest()
        name = base64.b32encode(digest).decode().rstrip("=").lower()
        return pinned.path.rpartition("/")[2] == name


def short_retention_doubt(ages: Collection[timedelta]) -> Doubt | None:
    """Return what is in doubt about a purge of sweeps that are so old, if anything."""
    if not ages or min(ages) >= _SHORTEST_RETENTION:
        return None
    minutes = max(min(ages), timedelta(0)) // timedelta(minutes=1)
    return Doubt(DoubtCode.SHORT_RETENTION, {"minutes": minutes})


def expect_liftable(acknowledged: Collection[str], what: str) -> None:
    """Raise `InputError` unless all of these are doubts that may be lifted in a purge.

    `what` says where they were passed.
    """
    others = {name for name in acknowledged if not names_one(name)}
    names_among(others, LIFTABLE_IN_PURGE - OF_ONE.keys(), what)


def refuse(code: DoubtCode, **values: object) -> NoReturn:
    """Refuse a purge before anything was deleted."""
    raise SweepRefusedError(f"Nothing was deleted. {Doubt(code, values)}")


def _overlap(owner: Ownership, read: Sequence[Sighting]) -> bool:
    """Return whether a server was read for which the store was swept, if any was."""
    known = {server.identifier for server in owner.known}
    return not known or not known.isdisjoint(each.identifier for each in read)
