"""Interrupt a sweep, restore or purge at every change; run with the shim.

Before the n-th change the process is killed, or the call fails. Then nothing may be
"""

import ctypes
import errno
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import datajoint as dj

from djgc_widgets import CompleteScan, Progress, Trash, scan
from djgc_widgets.collector.journal import Journal

host, port, user, password, name, folder, verb, kind, start, step = sys.argv[1:]
ALL = {"sole-owner", "large-sweep"}
ERRORS = {"killed": 0, "full": errno.ENOSPC, "read-only": errno.EROFS}
raw = Path(folder)
libc = ctypes.CDLL(None)


def connect() -> Any:
    lab = dj.Instance(
        host, user, password, port=int(port), use_tls=False, backend="postgresql"
    )
    lab.config.stores = {"raw": {"protocol": "file", "location": folder}}
    return dj.Schema(name, connection=lab.connection, create_schema=False)


def held() -> dict[str, bytes]:
    """Return every file, at its place or in the trash."""
    found: dict[str, bytes] = {}
    for path in raw.rglob("*"):
        place = path.relative_to(raw).as_posix()
        if not path.is_file() or (
            place.startswith("_trash") and "/objects/" not in place
        ):
            continue
        place = place.partition("/objects/")[2] or place
        assert place not in found, f"{place} is in both places"
        found[place] = path.read_bytes()
    return found


def covered(path: str, references: set[str]) -> bool:
    return any(
        path == own or path.startswith((f"{own}/", f"{own}.")) for own in references
    )


def query(schema: Any, statement: str) -> None:
    schema.connection.query(statement.replace("PLACE", f'"{name}".recording'))


def complete(schema: Any) -> CompleteScan:
    found = scan(schema)
    assert isinstance(found, CompleteScan), found.problems
    return found


def prepare() -> None:
    """Do what comes before that which is interrupted."""
    schema = connect()
    if verb != "sweep":
        complete(schema).plan(acknowledge=ALL).sweep()


def act(arm: Callable[[], None]) -> None:
    schema = connect()
    trash = Trash(schema, "raw")
    if verb == "restore":
        sweep_id = latest(trash)
        arm()
        report(trash.restore(sweep_id).rows)
    elif verb == "purge":
        arm()
        report(trash.purge(timedelta(0)).rows)
    else:
        plan = complete(schema).plan(acknowledge=ALL)
        hashed = next(p for p in plan.objects["path"] if p.startswith("_hash"))
        value = f'{{"path": "{hashed}", "hash": "{hashed[-26:]}", "store": "raw"}}'

        def become_live(progress: Progress) -> None:
            if progress.done == progress.total - 1:
                query(schema, f"INSERT INTO PLACE (id, data) VALUES (99, '{value}')")

        arm()
        report(plan.sweep(become_live).rows)


def latest(trash: Trash) -> str:
    return str(trash.sweeps["sweep_id"].iloc[0])


def report(rows: Any) -> None:
    """Hold what a receipt says against what is there."""
    now = {path.relative_to(raw).as_posix() for path in raw.rglob("*")}
    for row in rows.itertuples():
        trashed = f"_trash/{row.sweep_id}/objects/{row.path}" in now
        placed = row.path in now
        expected = {
            "moved": (False, True),
            "restored": (True, False),
            "skipped": (True, False),
            "purged": (False, False),
        }
        if row.outcome in expected:
            assert (placed, trashed) == expected[row.outcome], row


def check(before: dict[str, bytes]) -> None:
    """Look at what is left, recover, look again, and put everything back."""
    now = held()
    purging = verb == "purge"
    if not purging:
        assert now == before, set(now) ^ set(before)
    schema = connect()
    trash = Trash(schema, "raw")
    trash.recover()
    assert not (raw / "_trash" / "lock.json").exists()
    assert trash.sweeps["state"].eq("done").all()
    complete(schema).heal()
    found = complete(schema)
    assert found.interrupted == []
    assert found.missing.empty, found.missing
    assert found.adds_up()
    live = set(found.references["path"])
    if purging:
        trash.purge(timedelta(0))
        kept = {p: c for p, c in before.items() if covered(p, live)}
        assert {p: c for p, c in held().items() if covered(p, live)} == kept
        assert not any("/objects/" in str(p) for p in raw.rglob("*") if p.is_file())
        return
    assert held() == before
    for sweep_id in trash.sweeps["sweep_id"]:
        for parcel in Journal(trash._store, sweep_id).read_plan().parcels:  # noqa: SLF001 - what a sweep moved
            places = {
                (raw / "_trash" / sweep_id / "objects" / path).exists()
                for path in parcel.files
            }
            assert len(places) == 1, f"{parcel.path} is torn"
        trash.restore(sweep_id)
    query(schema, "DELETE FROM PLACE WHERE id = 99")
    assert held() == before
    outside = [p for p in held() if not (raw / p).exists()]
    assert outside == []


def run(work: Callable[[], None]) -> int:
    """Run something in a process of its own; return how that ended."""
    child = os.fork()
    if child == 0:
        code = 1
        with suppress(BaseException):
            try:
                work()
                code = 0
            except BaseException as error:
                print(f"{type(error).__name__}: {error}", flush=True)  # noqa: T201
                raise
        os._exit(code)
    return os.waitpid(child, 0)[1]


def armed_act(number: int) -> None:
    def arm() -> None:
        libc.fail_change_at(folder.encode(), number, ERRORS[kind])

    refused = ""
    try:
        act(arm)
    except Exception as error:
        refused = str(error)
        if ERRORS[kind] == 0 or "could not be" not in refused:
            raise
    if libc.calls() < number:
        print("whole", number, flush=True)  # noqa: T201 - the answer
        os._exit(3)


before = held()
for number in count(int(start), int(step)):
    assert run(prepare) == 0
    status = run(lambda number=number: armed_act(number))
    if os.waitstatus_to_exitcode(status) == 3:
        assert run(lambda: check(before)) == 0
        break
    expected = -signal.SIGKILL if kind == "killed" else 0
    assert os.waitstatus_to_exitcode(status) == expected, (number, status)
    assert run(lambda: check(before)) == 0, number
    print("checked", number, flush=True)  # noqa: T201 - the answer
    if verb == "purge":
        for path, data in before.items():
            (raw / path).parent.mkdir(parents=True, exist_ok=True)
            if not (raw / path).exists():
                (raw / path).write_bytes(data)
                os.utime(raw / path, (10**9, 10**9))
