"""One sweeper per store: a lock in the store, with a heartbeat.

A lock is never stolen silently. One whose process has ended on this very machine is
taken over by a recovery; any other only if the caller says so.
"""

import hashlib
import json
import os
import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from djgc_widgets.collector.journal import account_name
from djgc_widgets.model import TRASH_FOLDER, SweepRefusedError
from djgc_widgets.stores import SweepableStore, reason_of
from djgc_widgets.verdict import LOCKED

LOCK = f"{TRASH_FOLDER}/lock.json"
STALE_AFTER = timedelta(minutes=10)
"""A lock without a heartbeat for so long is reported as stale."""

_BEAT_SECONDS = 30.0
_MOST_FAILURES = 5
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock.

    Parameters
    ----------
    token : str
        Names this one lock.
    account, host : str
        Who took it, and where.
    pid : int
        Process that took it.
    process : str
        Identifies the process beyond its number: boot, namespace and start.
    purpose : str
        What it is held for.
    since, heartbeat : str
        Times in ISO format, by the holder's clock.
    """

    token: str
    account: str
    host: str
    pid: int
    process: str
    purpose: str
    since: str
    heartbeat: str

    def dump(self) -> bytes:
        """Return the record."""
        return json.dumps(asdict(self)).encode()

    @property
    def ended(self) -> bool:
        """Whether the process certainly is no more: it ran here and left no trace."""
        here = _machine()
        return bool(here) and (
            self.process.startswith(f"{here}/") and self.process != _process(self.pid)
        )

    def __str__(self) -> str:
        return (
            f"{self.account} on {self.host} (process {self.pid}, {self.purpose}) since "
            f"{self.since}, last heard of at {self.heartbeat}"
        )


class StoreLock(AbstractContextManager["StoreLock"]):
    """Holds a store for one sweep, restore or purge.

    Parameters
    ----------
    store : SweepableStore
        The store.
    purpose : str
        What it is held for.
    take_over : bool, optional
        Take the lock of a process that has ended on this machine.
    break_lock : bool, optional
        Take the lock whoever holds it: the caller knows that its holder is no more.
    clock : callable, optional
        Returns the current time, aware, in UTC.
    beat_seconds : float, optional
        Pause between two heartbeats.
    """

    def __init__(  # noqa: PLR0913 - each is one fact
        self,
        store: SweepableStore,
        purpose: str,
        *,
        take_over: bool = False,
        break_lock: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        beat_seconds: float = _BEAT_SECONDS,
    ) -> None:
        self._store, self._purpose, self._clock = store, purpose, clock
        self._take_over, self._break = take_over, break_lock
        self._seconds = beat_seconds
        self._lost = ""
        self._done = threading.Event()

    def __enter__(self) -> Self:
        now = self._clock().isoformat(timespec="seconds")
        self._held = Holder(
            token=secrets.token_hex(16),
            account=account_name(),
            host=socket.gethostname(),
            pid=os.getpid(),
            process=_process(os.getpid()),
            purpose=self._purpose,
            since=now,
            heartbeat=now,
        )
        try:
            self._acquire()
        except OSError as error:
            raise SweepRefusedError(
                f"Store {self._store.info.name} could not be locked "
                f"({reason_of(error)}), so nothing was moved. Make its folder writable "
                "for this account."
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
        with suppress(OSError):  # it stays and is reported by whoever comes next
            if self._store.read(LOCK) == self._held.dump():
                self._store.remove(LOCK)

    def lost(self) -> str:
        """Say why the lock is no longer ours; empty if it is."""
        return self._lost

    def store_time(self) -> datetime:
        """Return when the lock was taken, by the store's own clock."""
        changed = self._store.changed_at_ns(LOCK)
        return datetime.fromtimestamp(changed / 1e9, UTC)

    def _acquire(self) -> None:
        name = self._store.info.name
        for _ in range(_TRIES):
            try:
                self._store.write(LOCK, self._held.dump(), new=True)
            except FileExistsError:
                pass
            else:
                return
            try:
                data = self._store.read(LOCK)
            except FileNotFoundError:
                continue  # it was released just now
            holder = read_holder(data)
            ended = holder is not None and holder.ended
            if not (self._break or (self._take_over and ended)):
                raise SweepRefusedError(_locked(name, holder, self._clock()))
            token = holder.token if holder else self._name_of_unreadable(data)
            if not self._store.retire(
                LOCK, data, f"{TRASH_FOLDER}/broken-{token}.json"
            ):
                break  # somebody else took it over
        raise SweepRefusedError(
            f"{LOCKED}: somebody else locked store {name} just now. Try again later."
        )

    def _name_of_unreadable(self, data: bytes) -> str:
        """Name a record that has no token, so that it is taken once and no other is."""
        digest = hashlib.sha256(data).hexdigest()[:16]
        return f"{digest}-{self._store.changed_at_ns(LOCK)}"

    def _beat(self) -> None:
        failures = 0
        while not self._done.wait(self._seconds):
            now = self._clock().isoformat(timespec="seconds")
            later = replace(self._held, heartbeat=now)
            try:
                kept = self._store.rewrite(LOCK, self._held.dump(), later.dump())
                failures = 0
            except OSError as error:
                failures += 1
                if failures >= _MOST_FAILURES:
                    self._lost = f"the lock could not be kept ({reason_of(error)})"
                    return
                continue
            if not kept:
                self._lost = "somebody else took the lock"
                return
            self._held = later


def read_holder(data: bytes) -> Holder | None:
    """Return who holds a lock; nothing if the record cannot be understood."""
    try:
        told = json.loads(data)
        strings = {f.name: str(told[f.name]) for f in fields(Holder) if f.name != "pid"}
        if not strings["token"].isalnum():
            return None
        return Holder(pid=int(told["pid"]), **strings)
    except (KeyError, RecursionError, TypeError, ValueError):
        return None


def _locked(store: str, holder: Holder | None, now: datetime) -> str:
    who = str(holder) if holder else "somebody who left an unreadable record"
    remedy = "Wait until it is done"
    if holder is None or holder.ended or _is_stale(holder, now):
        why = "its process has ended" if holder and holder.ended else "it seems stale"
        force = "" if holder and holder.ended else "break_lock=True"
        remedy = (
            f"{why[0].upper()}{why[1:]}: see that nothing is running there, then call "
            f"Trash(schema, {store!r}).recover({force})"
        )
    return f"{LOCKED}: store {store} is held by {who}. {remedy}."


def _is_stale(holder: Holder, now: datetime) -> bool:
    try:
        return now - datetime.fromisoformat(holder.heartbeat) > STALE_AFTER
    except (TypeError, ValueError):
        return True


def _machine() -> str:
    """Identify what process numbers belong to; empty where that cannot be told."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        return f"{boot.strip()}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _process(pid: int) -> str:
    """Identify a process of this machine; empty if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    state, *_ = rest = stat.rpartition(")")[2].split()
    return "" if state in {"Z", "X"} else f"{_machine()}/{pid}/{rest[19]}"
