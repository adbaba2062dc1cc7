"""Race two processes for one name in a store; run with the shim.

Each role repeats its part; what must never be seen ends it with an error.
"""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from djgc_widgets.collector.lock import StoreLock
from djgc_widgets.model import StoreInfo, SweepRefusedError
from djgc_widgets.stores.file.folder import StoreFolder
from djgc_widgets.stores.file.store import FileStore

role, name, count = sys.argv[1:]
root, rounds = Path(name), int(count)
folder, ended = StoreFolder(name), root.parent / "ended"
object_path = root / "object"


def trashed(number: int) -> str:
    return f"_trash/x/objects/{number}"


def move(source: str, target: str) -> bool:
    with folder.open() as source_start, folder.open() as target_start:
        try:
            folder.move(source, target, source_start, target_start)
        except (FileNotFoundError, FileExistsError):
            return False
    return True


def sweep() -> None:
    """Move whatever is at the path to the trash, until the writer has ended."""
    number = 0
    while not ended.exists():
        number += move("object", trashed(number))
    assert number, "nothing was moved"


def replace() -> None:
    """Replace the object; what was written is there or in the trash."""
    for number in range(rounds):
        draft = root / "draft"
        draft.write_text(f"{number}")
        draft.rename(object_path)
        with suppress(FileNotFoundError):
            if object_path.read_text() == f"{number}":
                continue
        kept = (root / "_trash/x/objects").iterdir()
        assert f"{number}" in {path.read_text() for path in kept}, number
    ended.touch()


def restore() -> None:
    """Bring something back from the trash wherever the path is free."""
    number, returned = 0, 0
    while not ended.exists():
        path = root / trashed(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("from the trash")
        returned += move(trashed(number), "object")
        number += 1
    assert returned, "nothing was moved"


def write() -> None:
    """Write the object and look whether it stays what was written."""
    for number in range(rounds):
        draft = root / "draft"
        draft.write_text(f"{number}")
        draft.rename(object_path)
        time.sleep(0.0005)  # with and without the object, as long as each other
        assert object_path.read_text() == f"{number}", "it was overwritten"
        object_path.unlink()
        time.sleep(0.0005)
    ended.touch()


def lock() -> None:
    """Take the lock of the store as often as it can be had."""
    store, witness = FileStore(StoreInfo("raw", ("raw",), name)), root.parent / "held"
    held = 0
    for _ in range(rounds):
        with suppress(SweepRefusedError), StoreLock(store, "sweep"):
            witness.mkdir()  # fails if another process holds the lock as well
            os.sched_yield()
            witness.rmdir()
            held += 1
    assert held, "the lock was never had"


def lock_once() -> None:
    """Take the lock while no other process wants it."""
    with StoreLock(FileStore(StoreInfo("raw", ("raw",), name)), "sweep"):
        pass


def claim() -> None:
    """Claim what the other process claims as well; only one of them gets each."""
    won = 0
    for number in range(rounds):
        with suppress(FileNotFoundError, FileExistsError):
            folder.claim(trashed(number), f"{trashed(number)}-claimed")
            (root.parent / f"winner-{number}").touch(exist_ok=False)
            won += 1
    (root.parent / f"won-{os.getpid()}").write_text(f"{won}")


def claim_late() -> None:
    """Claim what another process is just claiming, or has claimed."""
    path, to = root / trashed(0), root / f"{trashed(0)}-claimed"
    path.write_text("the record")
    os.link(path, to)  # where renames have no flags, it is at both for a moment
    for left in (True, False):
        if not left:
            path.unlink()
        try:
            folder.claim(trashed(0), f"{trashed(0)}-claimed")
        except (FileNotFoundError, FileExistsError):
            assert path.exists() is left, "what another process claims was removed"
        else:
            raise AssertionError("two processes claimed one record")


def start_together() -> None:
    """Wait until the other process is there as well."""
    (root.parent / f"ready-{os.getpid()}").touch()
    while len(list(root.parent.glob("ready-*"))) < 2:
        time.sleep(0.01)


if role == "claim":
    for number in range(rounds):
        (root / trashed(number)).write_text("")
if role not in {"lock_once", "claim_late"}:
    start_together()
roles = (sweep, replace, restore, write, lock, lock_once, claim, claim_late)
{each.__name__: each for each in roles}[role]()
