"""One sweeper per store: a lock in the store, with a heartbeat.

A lock is never stolen silently. One whose process has ended on this very machine is
taken over by a recovery; any other only if the caller says so.
"""

import hashlib
import json
import os
import secrets
import threading
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Annotated, Self

from pydantic import Field

from djgc_widgets.collector.clock import Clock, utc_now
from djgc_widgets.collector.journal import account_name, host_name
from djgc_widgets.collector.records import Record
from djgc_widgets.model import (
    TRASH_FOLDER,
    Detail,
    Outcome,
    SweepRefusedError,
    error_text,
)
from djgc_widgets.stores import NotExclusiveError, Result, SweepableStore

LOCK_PATH = f"{TRASH_FOLDER}/lock.json"
STALE_AFTER = timedelta(minutes=10)
"""A lock without a heartbeat for so long is reported as stale."""

_BEAT_SECONDS = 30.0
_MOST_FAILURES = 5
_TRIES = 5


class LockHolder(Record):
    """Who has a lock: the record in the store."""

    token: Annotated[str, Field(pattern="^[0-9A-Za-z]+$")]
    """Names this one lock."""
    account: str
    host: str
    pid: int
    process: str
    """Identifies the process beyond its number: boot, namespace and start."""
    purpose: str
    since: str
    """Time in ISO format, by the holder's clock."""
    heartbeat: str
    """The same, of its latest sign of life."""

    def dump(self) -> bytes:
        """Return the record."""
        return self.model_dump_json().encode()

    @property
    def ended(self) -> bool:
        """Whether the process has certainly ended: it ran here and left no trace."""
        here = _machine_identity()
        own = bool(here) and self.process.startswith(f"{here}/")
        return own and self.process != _process_identity(self.pid)

    def __str__(self) -> str:
        return (
            f"{self.account} on {self.host} (process {self.pid}, {self.purpose}) since "
            f"{self.since}, last sign of life at {self.heartbeat}"
        )


class StoreLock(AbstractContextManager["StoreLock"]):
    """Locks a store for one sweep, restore or purge.

    With `take_over`, the lock of a process that has ended on this machine is taken;
    with `break_lock` any lock: the caller knows that its process has ended.
    """

    def __init__(  # noqa: PLR0913 - each is one fact
        self,
        store: SweepableStore,
        purpose: str,
        *,
        take_over: bool = False,
        break_lock: bool = False,
        clock: Clock = utc_now,
        beat_seconds: float = _BEAT_SECONDS,
    ) -> None:
        self._store, self._purpose, self._clock = store, purpose, clock
        self._take_over, self._break = take_over, break_lock
        self._seconds = beat_seconds
        self._lost: Result | None = None
        self._done = threading.Event()

    def __enter__(self) -> Self:
        now = self._clock().isoformat(timespec="seconds")
        self._holder = LockHolder(
            token=secrets.token_hex(16),
            account=account_name(),
            host=host_name(),
            pid=os.getpid(),
            process=_process_identity(os.getpid()),
            purpose=self._purpose,
            since=now,
            heartbeat=now,
        )
        try:
            self._acquire()
        except NotExclusiveError as error:
            raise SweepRefusedError(
                f"Store {self._store.info.name} cannot be locked, so nothing was "
                f"moved: {error}. Ask whoever runs the server to update it, or sweep "
                "the store where it is a folder."
            ) from error
        except OSError as error:
            raise SweepRefusedError(
                f"Store {self._store.info.name} could not be locked "
                f"({error_text(error)}), so nothing was moved. Let this account write "
                "and delete in its folder _trash."
            ) from error
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
        self._thread.join()
        with suppress(OSError):  # it stays and is reported to whoever comes next
            if self._store.read(LOCK_PATH) == self._holder.dump():
                self._store.remove(LOCK_PATH)

    def lost(self) -> Result | None:
        """Return why nothing more may be done; None while the lock is ours."""
        return self._lost

    def store_time(self) -> datetime:
        """Return when the lock was taken, by the store's own clock."""
        changed = self._store.changed_at_ns(LOCK_PATH)
        return datetime.fromtimestamp(changed / 1e9, UTC)

    def _acquire(self) -> None:
        name = self._store.info.name
        for _ in range(_TRIES):
            try:
                self._store.write(LOCK_PATH, self._holder.dump(), new=True)
            except FileExistsError:
                pass
            else:
                return
            try:
                data = self._store.read(LOCK_PATH)
            except FileNotFoundError:
                continue  # it was released just now
            holder = read_holder(data)
            ended = holder is not None and holder.ended
            if not (self._break or (self._take_over and ended)):
                raise SweepRefusedError(_locked_message(name, holder, self._clock()))
            token = holder.token if holder else self._name_of_unreadable(data)
            broken = f"{TRASH_FOLDER}/broken-{token}.json"
            if not self._store.retire(LOCK_PATH, data, broken):
                break  # another process took it over
        raise SweepRefusedError(
            f"Store {name} was locked by another process just now. Try again later."
        )

    def _name_of_unreadable(self, data: bytes) -> str:
        """Name a record that has no token, so that it is taken once and no other is."""
        digest = hashlib.sha256(data).hexdigest()[:16]
        return f"{digest}-{self._store.changed_at_ns(LOCK_PATH)}"

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
            self._holder = later


def read_holder(data: bytes) -> LockHolder | None:
    """Return who has a lock; None if the record cannot be understood."""
    try:
        return LockHolder.of(json.loads(data))
    except (RecursionError, ValueError):
        return None


def _locked_message(store: str, holder: LockHolder | None, now: datetime) -> str:
    who = str(holder) if holder else "a process that left an unreadable record"
    ended = holder is not None and holder.ended
    if ended or holder is None or _is_stale(holder, now):
        why = "Its process has ended" if ended else "It seems stale"
        force = "" if ended else "break_lock=True"
        remedy = (
            f"{why}: check that nothing is running there, then call "
            f"Trash(schema, {store!r}).recover({force})"
        )
    else:
        remedy = "Wait until it has finished"
    return f"Store {store} is locked by {who}. {remedy}."


def _is_stale(holder: LockHolder, now: datetime) -> bool:
    try:
        return now - datetime.fromisoformat(holder.heartbeat) > STALE_AFTER
    except (TypeError, ValueError):
        return True


def _machine_identity() -> str:
    """Identify what process numbers belong to; empty if that is not known."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        return f"{boot.strip()}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _process_identity(pid: int) -> str:
    """Identify a process of this machine; empty if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    state, *_ = rest = stat.rpartition(")")[2].split()
    return "" if state in {"Z", "X"} else f"{_machine_identity()}/{pid}/{rest[19]}"
