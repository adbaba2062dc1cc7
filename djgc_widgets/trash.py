"""Sweep to the trash and back: the only code that changes a store.

What is live again when the references are read just before the move is left alone; what
became live while it was moved is brought back. The journal is written before the first
move.
"""

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import datajoint as dj
import pandas as pd

from djgc_widgets.grammar import MANIFEST_SUFFIX
from djgc_widgets.grouping import entered_objects, mark
from djgc_widgets.journal import Journal
from djgc_widgets.metadata import Places
from djgc_widgets.model import (
    Cancelled,
    Notice,
    Progress,
    ProgressCallback,
    StoreNames,
    SweepRefusedError,
    no_progress,
)
from djgc_widgets.plan import Receipt, SweepPlan, receipt_rows
from djgc_widgets.references import read_references
from djgc_widgets.resolve import resolve_stores
from djgc_widgets.snapshot import server_name
from djgc_widgets.stores import FileIdentity, FileStore, changed_files

MOVED, SKIPPED, RESTORED, FAILED = "moved", "skipped", "restored", "failed"
LIVE_AGAIN = "live again: a row refers to it"
GONE = "gone: it is no longer in the store"
CANCELLED = "cancelled before its turn"
TOO_LONG = "its path in the trash would be too long for the file system"
_PATH_MAX = 4000

Key = tuple[str, str]
"""Store and path of an object."""


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Carries out plans on stores whose references it can read again.

    Parameters
    ----------
    connections : sequence of datajoint.Connection
        Every server whose rows may refer into the stores.
    names : StoreNames
        The scanned stores and how recorded names lead to them.
    stores : sequence of FileStore
        The scanned stores.
    places : Places
        Roots and sections of the stores.
    clock : callable
        Returns the current time, aware, in UTC.
    """

    connections: Sequence[dj.Connection]
    names: StoreNames
    stores: Sequence[FileStore]
    places: Places
    clock: Callable[[], datetime]

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
        sweep = _Sweep(plan, sweep_id, self.stores)
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
        if reading.problems:
            problems = " ".join(str(problem) for problem in reading.problems[:3])
            raise SweepRefusedError(
                "The references could not be read again, so nothing may be moved. "
                f"{problems}"
            )
        targets, _ = resolve_stores(reading.recorded, self.names)
        marked = mark(plan.files, targets, self.names)
        files = plan.files[marked.coverage.reference >= 0]
        live = set(zip(files["store"], files["object"], strict=True))
        # a row may refer to something in a folder that the plan does not know of
        entered = entered_objects(marked, plan.objects)
        return live | set(zip(entered["store"], entered["path"], strict=True))

    def _bring_back(self, sweep: "_Sweep") -> None:
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

    def _restore(self, sweep: "_Sweep") -> Receipt:
        moved = sweep.in_trash()
        for key in moved:
            sweep.bring_back(key, "")
        name = f"restored-{self.clock():%Y%m%dT%H%M%S%fZ}"
        unwritten = self._write_result(sweep, name) if moved else ()
        return self._receipt(sweep, sweep.rows(moved), unwritten)

    def _receipt(
        self, sweep: "_Sweep", rows: pd.DataFrame, problems: tuple[Notice, ...]
    ) -> Receipt:
        return Receipt(sweep.sweep_id, rows, lambda: self._restore(sweep), problems)

    def _write_plan(self, sweep: "_Sweep", now: datetime) -> None:
        servers = [server_name(connection) for connection in self.connections]
        try:
            for name, journal in sweep.journals.items():
                pins = {
                    path: p for (store, path), p in sweep.pins.items() if store == name
                }
                journal.write_plan(servers, now, pins)
        except OSError as error:
            raise SweepRefusedError(
                f"The journal could not be written ({_why(error)}), so nothing was "
                "moved. Make the store's folder writable for this account."
            ) from error

    def _write_result(self, sweep: "_Sweep", name: str) -> tuple[Notice, ...]:
        """Write what was done; it is done even if that cannot be written."""
        rows = sweep.rows()
        problems = []
        for store, journal in sweep.journals.items():
            try:
                journal.write_result(name, self.clock(), rows[rows["store"].eq(store)])
            except OSError as error:
                problems.append(_unwritten(store, name, error))
        return tuple(problems)


class _Sweep:
    """One sweep under way: its plan, its pinned identities, its outcomes so far."""

    def __init__(
        self, plan: SweepPlan, sweep_id: str, stores: Sequence[FileStore]
    ) -> None:
        self.plan = plan
        self.sweep_id = sweep_id
        self.pins = _pins(plan)
        touched = {store for store, _ in self.pins}
        self.journals = {
            store.info.name: Journal(store, sweep_id)
            for store in stores
            if store.info.name in touched
        }
        self.outcomes: dict[Key, tuple[str, str]] = {}
        self._in_trash: dict[Key, None] = {}  # in the order of the moves

    def move(self, key: Key) -> None:
        """Move an object to the trash if it is still what was judged."""
        self.outcomes[key] = self._moved(key)
        if self.outcomes[key][0] == MOVED:
            self._in_trash[key] = None

    def bring_back(self, key: Key, why: str) -> None:
        """Move an object back to its place; never overwrites."""
        journal = self.journals[key[0]]
        try:
            _move_parts(journal.store, self._parts(key), journal.trashed, _as_it_is)
        except FileExistsError:
            why = "something is at its place already; it stays in the trash"
            self.outcomes[key] = FAILED, why
        except OSError as error:
            self.outcomes[key] = FAILED, f"{_why(error)}; it stays in the trash"
        else:
            self.outcomes[key] = RESTORED, why
            del self._in_trash[key]

    def in_trash(self) -> list[Key]:
        """Return the objects that were moved and have not come back."""
        return list(self._in_trash)

    def rows(self, keys: Sequence[Key] | None = None) -> pd.DataFrame:
        """Return the rows of a receipt, for all objects that have an outcome."""
        told = self.outcomes if keys is None else keys
        outcomes = {key: self.outcomes[key] for key in told}
        return receipt_rows(self.plan.objects, outcomes)

    def _moved(self, key: Key) -> tuple[str, str]:
        journal, _path, pinned = self.journals[key[0]], key[1], self.pins[key]
        store, parts = journal.store, self._parts(key)
        try:
            if max(
                len(os.fsencode(store.locate(journal.trashed(p)))) for p in pinned
            ) > (_PATH_MAX):
                return SKIPPED, TOO_LONG
            present = self._present(key, _as_it_is)
            if not present:
                return SKIPPED, GONE
            changed = changed_files(pinned, present)
            if not changed:
                _move_parts(store, parts, _as_it_is, journal.trashed)
                # a writer may have been faster than the move: look at what was moved
                changed = changed_files(pinned, self._present(key, journal.trashed))
                if changed:
                    _move_parts(store, parts, journal.trashed, _as_it_is)
        except OSError as error:
            return FAILED, _why(error)
        if changed:
            return SKIPPED, f"changed since it was scanned: {changed[0]}"
        return MOVED, ""

    def _present(
        self, key: Key, place: Callable[[str], str]
    ) -> dict[str, FileIdentity]:
        """Return the files of an object as they are now, by path in the store."""
        path, sidecar = key[1], f"{key[1]}{MANIFEST_SUFFIX}"
        found = self.journals[key[0]].store.identities(place(path))
        moved = place(path)
        present = {f"{path}{name[len(moved) :]}": pin for name, pin in found.items()}
        if sidecar not in self.pins[key]:
            present.pop(sidecar, None)  # it is an object of its own
        return present

    def _parts(self, key: Key) -> list[str]:
        """Return what has to be moved: the file or folder, and its sidecar."""
        path, pinned = key[1], self.pins[key]
        sidecar = f"{path}{MANIFEST_SUFFIX}"
        described = [sidecar] if sidecar in pinned else []
        return described if pinned.keys() == {sidecar} else [path, *described]


def utc_now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


def _pins(plan: SweepPlan) -> dict[Key, dict[str, FileIdentity]]:
    pins: dict[Key, dict[str, FileIdentity]] = {}
    columns = ["store", "object", "path", "size_bytes", "modified_ns", "inode"]
    for store, owner, path, *identity in plan.files[columns].itertuples(index=False):
        pins.setdefault((store, owner), {})[path] = FileIdentity(*map(int, identity))
    return pins


def _move_parts(
    store: FileStore,
    parts: list[str],
    source: Callable[[str], str],
    target: Callable[[str], str],
) -> None:
    """Move the parts of an object together: all of them, or none."""
    done: list[str] = []
    try:
        for part in parts:
            store.move(source(part), target(part))
            done.append(part)
    except OSError:
        for part in reversed(done):
            store.move(target(part), source(part))
        raise


def _unwritten(store: str, name: str, error: OSError) -> Notice:
    return Notice(
        f"store {store}",
        f"the journal's record {name!r} could not be written ({_why(error)})",
        "Make room or mend the rights; what the receipt says was done all the same",
    )


def _as_it_is(path: str) -> str:
    return path


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__
