"""One sweep under way: its plan, its pinned identities, its outcomes so far."""

import os
from collections.abc import Callable, Sequence

import pandas as pd

from djgc_widgets.grammar import MANIFEST_SUFFIX
from djgc_widgets.journal import Journal
from djgc_widgets.plan import SweepPlan
from djgc_widgets.receipt import receipt_rows
from djgc_widgets.stores import FileIdentity, FileStore, changed_files

MOVED, SKIPPED, RESTORED, FAILED = "moved", "skipped", "restored", "failed"
LIVE_AGAIN = "live again: a row refers to it"
GONE = "gone: it is no longer in the store"
CANCELLED = "cancelled before its turn"
TOO_LONG = "its path in the trash would be too long for the file system"
_PATH_MAX = 4000

Key = tuple[str, str]
"""Store and path of an object."""


class Sweep:
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
            self.outcomes[key] = FAILED, f"{reason_of(error)}; it stays in the trash"
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
            return FAILED, reason_of(error)
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


def _as_it_is(path: str) -> str:
    return path


def reason_of(error: OSError) -> str:
    """Return what the operating system says of an error."""
    return error.strerror or type(error).__name__
