"""One sweeper per store: a lock in the store, with a heartbeat.

A lock is never stolen silently. One whose process has ended on this very machine is
taken over by a recovery; any other only if the caller says so. How old a heartbeat is,
the store's own clock says.
"""

import hashlib
import os
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from djgc_widgets.collector.clock import Clock, utc_now
from djgc_widgets.collector.journal import account_name, host_name
from djgc_widgets.collector.lock_holder import LockHolder, read_holder
from djgc_widgets.collector.marker import expect_known_layout
from djgc_widgets.collector.processes import own_process
from djgc_widgets.model import (
    TRASH_FOLDER,
    Detail,
    Outcome,
    SweepRefusedError,
    error_text,
    readable_age,
    remedy_for,
)
from djgc_widgets.stores import NotExclusiveError, Result, Store

LOCK_PATH = f"{TRASH_FOLDER}/lock.json"
STALE_AFTER = timedelta(minutes=10)
"""A lock without a heartbeat for so long is reported as stale."""

_SILENT_SECONDS = STALE_AFTER.total_seconds() / 2
"""A process whose heartbeat stops for so long gives its lock up in time."""
_BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_BEAT_SECONDS = 30.0
_LOOK_SECONDS = 1.0
_MOST_FAILURES = 5
_TRIES = 5


def seconds_since_boot() -> float:
    """Return the seconds since this machine started, those asleep included."""
    return time.clock_gettime(_BOOT_CLOCK)


class StoreLock(AbstractContextManager["StoreLock"]):
    """Locks a store for one sweep, restore or purge.

    With `take_over`, the lock of a process that has ended on this machine is taken;
    with `break_lock` any lock: the caller knows that its process has ended.
    """

    def __init__(  # noqa: PLR0913 - each is one fact
        self,
        store: Store,
        purpose: str,
        *,
        take_over: bool = False,
        break_lock: bool = False,
        clock: Clock = utc_now,
        beat_seconds: float = _BEAT_SECONDS,
        stopwatch: Callable[[], float] = seconds_since_boot,
    ) -> None:
        self._store, self._purpose, self._clock = store, purpose, clock
        self._take_over, self._break = take_over, break_lock
        self._seconds, self._stopwatch = beat_seconds, stopwatch
        self._lost: Result | None = None
        self._done = threading.Event()

    def __enter__(self) -> Self:
        now = self._clock().isoformat(timespec="seconds")
        self._holder = LockHolder(
            token=secrets.token_hex(16),
            account=account_name(),
            host=host_name(),
            pid=os.getpid(),
            process=own_process(),
            purpose=self._purpose,
            since=now,
            heartbeat=now,
        )
        expect_known_layout(self._store)
        try:
            self._acquire_or_leave()
        except NotExclusiveError as error:
            raise SweepRefusedError(
                f"Store {self._store.info.name} cannot be locked, so nothing was "
                f"moved: {error}. Ask whoever runs the server to update it, or sweep "
                "the store where it is a folder."
            ) from error
        except OSError as error:
            raise SweepRefusedError(
                f"Store {self._store.info.name} could not be locked "
                f"({error_text(error)}), so nothing was moved. {remedy_for(error)}."
            ) from error
        self._beat_at = self._looked_at = self._stopwatch()
        self._thread = threading.Thread(
            target=self._beat, daemon=True, name=f"djgc lock {self._purpose}"
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        try:
            self._thread.join()
            with suppress(OSError):  # a full store keeps what room there is
                if not self.lost():
                    self._store.keep_room(new=kind is None)
        finally:
            self._leave()

    def _leave(self) -> None:
        with suppress(OSError):  # it stays and is reported to whoever comes next
            if self._store.read(LOCK_PATH) == self._holder.dump():
                self._store.remove(LOCK_PATH)

    def _acquire_or_leave(self) -> None:
        try:
            self._acquire()
        except BaseException:  # it may have been written all the same
            self._leave()
            raise

    def lost(self) -> Result | None:
        """Return why nothing more may be done; None while the lock is ours."""
        now = self._stopwatch()
        silent = now - self._beat_at
        if self._lost is None and silent > _SILENT_SECONDS:
            values = {"error": f"no heartbeat for {silent / 60:.0f} minutes"}
            self._lost = Result(Outcome.SKIPPED, Detail.LOCK_FAILED, values)
        if self._lost is None and now - self._looked_at > _LOOK_SECONDS:
            self._looked_at = now
            self._look()
        return self._lost

    @property
    def since(self) -> datetime:
        """When the lock was taken, by our clock."""
        return datetime.fromisoformat(self._holder.since)

    def store_time(self) -> datetime:
        """Return when the lock was taken, by the store's own clock."""
        return self.time_of(LOCK_PATH)

    def time_of(self, path: str) -> datetime:
        """Return when a record was written, by the store's own clock.

        If the store does not say it, `SweepRefusedError` is raised.
        """
        try:
            changed = self._store.changed_at_ns(path)
        except OSError as error:
            raise SweepRefusedError(
                f"Store {self._store.info.name} did not say when {path} was written "
                f"({error_text(error)}), so nothing was done. {remedy_for(error)}."
            ) from error
        return datetime.fromtimestamp(changed / 1e9, UTC)

    def _acquire(self) -> None:
        name, retired = self._store.info.name, None
        for _ in range(_TRIES):
            try:
                self._store.write(LOCK_PATH, self._holder.dump(), new=True)
            except FileExistsError:
                pass
            else:
                return
            try:
                data = self._store.read(LOCK_PATH)
                holder = read_holder(data)
                ended = holder is not None and holder.ended
                if not (self._break or (self._take_over and ended)):
                    message = _locked_message(name, holder, self._age(), ended=ended)
                    raise SweepRefusedError(message)
            except FileNotFoundError:
                continue  # it was released just now
            token = holder.token if holder else self._name_of_unreadable(data)
            if retired not in {None, token}:
                break  # another process took it over, and holds it by now
            retired = token
            broken = f"{TRASH_FOLDER}/broken-{token}.json"
            if not self._store.retire(LOCK_PATH, data, broken):
                break  # another process took it over
        raise SweepRefusedError(
            f"Store {name} was locked by another process just now. Try again later."
        )

    def _age(self) -> timedelta:
        """Return how long ago the lock was renewed, by the store's own clock."""
        changed = self._store.changed_at_ns(LOCK_PATH)
        probe = f"{TRASH_FOLDER}/probe-{self._holder.token}.json"
        self._store.write(probe, b"{}", new=True)
        try:
            now = self._store.changed_at_ns(probe)
        finally:
            self._store.remove(probe)
        return timedelta(microseconds=(now - changed) // 1000)

    def _name_of_unreadable(self, data: bytes) -> str:
        """Name a record that has no token, so that it is taken once and no other is."""
        digest = hashlib.sha256(data).hexdigest()[:16]
        return f"{digest}-{self._store.changed_at_ns(LOCK_PATH)}"

    def _look(self) -> None:
        """Notice before the next heartbeat that another process took the lock."""
        try:
            holder = read_holder(self._store.read(LOCK_PATH))
        except FileNotFoundError:
            holder = None
        except OSError:
            return  # the heartbeat counts failures
        if holder is None or holder.token != self._holder.token:
            self._lost = Result(Outcome.SKIPPED, Detail.LOCK_TAKEN)

    def _beat(self) -> None:
        failures = 0
        while not self._done.wait(self._seconds):
            now = self._clock().isoformat(timespec="seconds")
            later = self._holder.model_copy(update={"heartbeat": now})
            try:
                current = self._holder.dump()
                renewed = self._store.rewrite(LOCK_PATH, current, later.dump())
                failures = 0
            except OSError as error:
                failures += 1
                if failures >= _MOST_FAILURES:
                    values = {"error": error_text(error)}
                    self._lost = Result(Outcome.SKIPPED, Detail.LOCK_FAILED, values)
                    return
                continue
            if not renewed:
                self._lost = Result(Outcome.SKIPPED, Detail.LOCK_TAKEN)
                return
            self._holder, self._beat_at = later, self._stopwatch()


def _locked_message(
    store: str, holder: LockHolder | None, age: timedelta, *, ended: bool
) -> str:
    who = str(holder) if holder else "a process that left an unreadable record"
    ago = readable_age(abs(age))
    sign = "ago" if age >= timedelta(0) else "in the future"
    if ended or abs(age) > STALE_AFTER:  # whoever is alive gives it another date
        why = "Its process has ended" if ended else "It seems stale"
        force = "" if ended else "break_lock=True"
        remedy = (
            f"{why}: check that nothing is running there, then call "
            f"Trash(schema, {store!r}).recover({force})"
        )
    else:
        remedy = (
            "Wait until it has finished; without a sign of life for "
            f"{readable_age(STALE_AFTER)} it counts as stale"
        )
    return (
        f"Store {store} is locked by {who}, last sign of life {ago} {sign} by the "
        f"store's clock. {remedy}."
    )
