"""Interrupt a sweep, restore or purge at every change; run with the shim.

Before the n-th change the process is killed, or the call fails; or the change happens,
and then it answers an error, or the process is interrupted. Then nothing may be lost, a
recovery has to finish or undo it, and a restore has to bring everything back.
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

from djgc_widgets import CompleteScan, Progress, SweepRefusedError, Trash, scan
from djgc_widgets.collector.journal import Journal

host, port, user, password, name, folder, verb, kind, start, step = sys.argv[1:]
ALL = {"sole-owner", "large-sweep"}
ERRORS = {"killed": 0, "full": errno.ENOSPC, "read-only": errno.EROFS}
MISREPORTED = {"interrupted": 0, "exists": errno.EEXIST}
"""Of changes that happen all the same."""
raw = Path(folder)
libc = ctypes.CDLL(None)


def connect() -> Any:
    lab = dj.Instance(
        host, user, password, port=int(port), use_tls=False, backend="postgresql"
    )
    lab.config.stores = {"raw": {"protocol": "file", "location": folder}}
    lab.connection.made_up_dates = True  # the files are made older
    return dj.Schema(name, connection=lab.connection, create_schema=False)


def stored(*, halves: bool = False) -> dict[str, bytes]:
    """Return every object's files by path in the store, also those in the trash."""
    files: dict[str, bytes] = {}
    for file in sorted(raw.rglob("*"), key=lambda file: "/_trash/" in str(file)):
        path = file.relative_to(raw).as_posix()
        if not file.is_file() or (
            path.startswith("_trash") and "/objects/" not in path
        ):
            continue
        path = path.partition("/objects/")[2] or path
        if halves and path in files and is_half(file, raw / path):
            continue
        assert path not in files, f"{path} is in the store and in the trash"
        files[path] = file.read_bytes()
    return files


def is_half(trashed: Path, stored: Path) -> bool:
    """Tell what a crash may leave of a move in two steps, until it is recovered."""
    return trashed.samefile(stored) or trashed.stat().st_size == 0


def covered(path: str, references: set[str]) -> bool:
    return any(
        path == own or path.startswith((f"{own}/", f"{own}.")) for own in references
    )


def query(schema: Any, statement: str) -> None:
    schema.connection.query(statement.replace("TABLE", f'"{name}".recording'))


def complete(schema: Any) -> CompleteScan:
    result = scan(schema)
    assert isinstance(result, CompleteScan), result.problems
    return result


def prepare() -> None:
    """Fill the trash, unless a sweep is interrupted."""
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
        report(trash.purge(timedelta(0), {"short-retention", "oldest-backup"}).rows)
    else:
        plan = complete(schema).plan(acknowledge=ALL)
        hashed = next(p for p in plan.objects["path"] if p.startswith("_hash"))
        value = f'{{"path": "{hashed}", "hash": "{hashed[-26:]}", "store": "raw"}}'

        def become_live(progress: Progress) -> None:
            if progress.done == progress.total - 1:
                query(schema, f"INSERT INTO TABLE (id, data) VALUES (99, '{value}')")

        arm()
        report(plan.sweep(become_live).rows)


def latest(trash: Trash) -> str:
    return str(trash.sweeps["sweep_id"].iloc[0])


def report(rows: Any) -> None:
    """Compare what a receipt says with the files."""
    now = {path.relative_to(raw).as_posix() for path in raw.rglob("*")}
    for row in rows.itertuples():
        in_trash = f"_trash/{row.sweep_id}/objects/{row.path}" in now
        in_store = row.path in now
        expected = {
            "moved": (False, True),
            "restored": (True, False),
            "skipped": (True, False),
            "purged": (False, False),
        }
        if row.outcome in expected:
            assert (in_store, in_trash) == expected[row.outcome], row


def check(before: dict[str, bytes]) -> None:
    """Look at what is left, recover, look again, and put everything back."""
    now = stored(halves="WITHOUT_RENAME_FLAGS" in os.environ)
    purging = verb == "purge"
    if not purging:
        assert now == before, set(now) ^ set(before)
    schema = connect()
    trash = Trash(schema, "raw")
    trash.recover()
    assert not (raw / "_trash" / "lock.json").exists()
    assert trash.sweeps["state"].eq("done").all()
    result = complete(schema)
    if result.trash["returnable"].any():
        result.heal()
        result = complete(schema)
    assert result.interrupted == []
    assert result.missing.empty, result.missing
    assert result.adds_up()
    live = set(result.references["path"])
    if purging:
        trash.purge(timedelta(0), {"short-retention", "oldest-backup"})
        needed = {p: c for p, c in before.items() if covered(p, live)}
        assert {p: c for p, c in stored().items() if covered(p, live)} == needed
        assert not any("/objects/" in str(p) for p in raw.rglob("*") if p.is_file())
        return
    assert stored() == before
    for sweep_id in trash.sweeps["sweep_id"]:
        for pinned in Journal(trash._store, sweep_id).read_plan().objects:  # noqa: SLF001 - what a sweep moved
            in_trash = {
                (raw / "_trash" / sweep_id / "objects" / path).exists()
                for path in pinned.files
            }
            assert len(in_trash) == 1, f"{pinned.path} is torn"
        trash.restore(sweep_id)
    query(schema, "DELETE FROM TABLE WHERE id = 99")
    assert stored() == before
    outside = [p for p in stored() if not (raw / p).exists()]
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
        if kind in MISREPORTED:
            libc.misreport_change_at(folder.encode(), number, MISREPORTED[kind])
        else:
            libc.fail_change_at(folder.encode(), number, ERRORS[kind])

    try:
        act(arm)
    except SweepRefusedError as error:
        if kind == "killed" or "could not be" not in str(error):
            raise
    except KeyboardInterrupt:
        if kind != "interrupted":
            raise
    if libc.calls() < number:
        print("complete", number, flush=True)  # noqa: T201 - the answer
        os._exit(3)


before = stored()
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
