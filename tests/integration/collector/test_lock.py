"""One sweeper per store: locks on real stores, with real processes that end."""

import errno
import json
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from laboratory import HASH, Laboratory, complete, orphaned, outcomes, planned
from unprivileged import open_folder

from djgc_widgets import Progress, SweepRefusedError, Trash
from djgc_widgets.collector.journal import Journal
from djgc_widgets.collector.lock import LOCK_PATH, STALE_AFTER, StoreLock
from djgc_widgets.collector.lock_holder import LockHolder, read_holder
from djgc_widgets.collector.operation import (
    RETURNED_LIVE,
    Operation,
    Steps,
    skip_rest,
)
from djgc_widgets.collector.processes import has_ended, own_process
from djgc_widgets.model import Detail, NoticeCode, Outcome, Step, StoreInfo
from djgc_widgets.stores import (
    MOVED,
    Result,
    Store,
    open_stores,
)
from djgc_widgets.stores.file.store import FileStore

BROKEN = "_trash/broken-{}.json"


@pytest.fixture(params=["file", pytest.param("s3", marks=pytest.mark.s3)])
def lab(request: pytest.FixtureRequest) -> Laboratory:
    name = "postgresql_laboratory" if request.param == "file" else "s3_laboratory"
    laboratory = request.getfixturevalue(name)
    assert isinstance(laboratory, Laboratory)
    return laboratory


def store_of(lab: Laboratory) -> Store:
    return open_stores([lab.connection], ["raw"]).stores[0]


@pytest.fixture
def store(lab: Laboratory) -> Store:
    return store_of(lab)


@pytest.fixture
def ended() -> int:
    """The number of a process that was here and is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def holder_of(store: Store) -> LockHolder:
    holder = read_holder(store.read(LOCK_PATH))
    assert holder is not None
    return holder


def leave(store: Store, **changed: object) -> LockHolder:
    """Leave a lock as a process that was killed does."""
    with StoreLock(store, "sweep"):
        left = holder_of(store).model_copy(update=changed)
    store.write(LOCK_PATH, left.dump())
    return left


def of_process(store: Store, pid: int) -> LockHolder:
    with StoreLock(store, "sweep"):
        ours = holder_of(store)
    boot = ours.process.rpartition(f"/{ours.pid}/")[0]
    return leave(store, pid=pid, process=f"{boot}/{pid}/12345")


def test_a_lock_names_its_holder_and_goes_when_it_is_released(
    store: Store,
) -> None:
    with StoreLock(store, "sweep"):
        expected = f"process {holder_of(store).pid}, sweep.*Wait until"
        with pytest.raises(SweepRefusedError, match=expected):
            StoreLock(store, "purge").__enter__()

    with pytest.raises(FileNotFoundError):
        store.read(LOCK_PATH)


def test_a_heartbeat_shows_that_the_holder_is_alive(store: Store) -> None:
    times = iter(range(1, 1_000_000))
    start = datetime.now(UTC)

    with StoreLock(
        store,
        "sweep",
        clock=lambda: start + timedelta(minutes=next(times)),
        beat_seconds=0.01,
    ) as lock:
        first = holder_of(store)
        while holder_of(store).heartbeat == first.heartbeat:
            assert lock.lost() is None

        later = holder_of(store)
        assert later.model_copy(update={"heartbeat": first.heartbeat}) == first
    with pytest.raises(FileNotFoundError):
        store.read(LOCK_PATH)


def test_a_lost_lock_is_noticed(store: Store) -> None:
    with StoreLock(store, "sweep", beat_seconds=0.01) as lock:
        other = holder_of(store).model_copy(update={"token": "f" * 32})
        store.write(LOCK_PATH, other.dump())
        while not lock.lost():
            pass
        assert lock.lost() == Result(Outcome.SKIPPED, Detail.LOCK_TAKEN)

    assert holder_of(store) == other  # what is not ours stays


def test_a_stale_lock_is_reported_and_never_stolen(
    postgresql_laboratory: Laboratory,
) -> None:
    lab = postgresql_laboratory
    store = store_of(lab)
    orphaned(lab, HASH)
    plan = planned(complete(lab))
    left = leave(store, host="elsewhere", process="another/machine")
    then = time.time() - STALE_AFTER.total_seconds() - 60
    os.utime(lab.store("raw") / LOCK_PATH, (then, then))

    with pytest.raises(SweepRefusedError, match="It seems stale") as swept:
        plan.sweep()
    with pytest.raises(SweepRefusedError, match="on elsewhere"):
        Trash(lab.schema, "raw").recover()

    assert "recover(break_lock=True)" in str(swept.value)
    assert holder_of(store) == left
    assert Trash(lab.schema, "raw").recover(break_lock=True).rows.empty
    assert outcomes(plan.sweep()) == {"moved": 3}


def test_the_lock_of_a_process_that_has_ended_is_taken_over_by_a_recovery_alone(
    lab: Laboratory, store: Store, ended: int
) -> None:
    orphaned(lab, HASH)
    plan = planned(complete(lab))
    left = of_process(store, ended)

    with pytest.raises(SweepRefusedError, match="Its process has ended"):
        plan.sweep()
    Trash(lab.schema, "raw").recover()

    assert read_holder(store.read(BROKEN.format(left.token))) == left
    assert outcomes(plan.sweep()) == {"moved": 3}


def test_a_holder_whose_clock_is_slow_is_never_taken_over(
    lab: Laboratory, store: Store
) -> None:
    slow = datetime.now(UTC) - 2 * STALE_AFTER

    with StoreLock(store, "sweep", clock=lambda: slow, beat_seconds=0.01):
        holder = holder_of(store)
        elsewhere = holder.model_copy(update={"process": "another/machine"})
        other = StoreLock(store, "recovery", take_over=True)
        with pytest.raises(SweepRefusedError, match="0 min ago") as refused:
            other.__enter__()
        with pytest.raises(SweepRefusedError, match="Wait until"):
            Trash(lab.schema, "raw").recover()

        assert holder_of(store).token == holder.token
    store.write(LOCK_PATH, elsewhere.dump())
    with pytest.raises(SweepRefusedError, match="Wait until"):
        other.__enter__()
    assert "Wait until it has finished" in str(refused.value)


_TAKE_OVER = """
import ctypes, encodings.ascii, os, sys
from djgc_widgets.collector.lock import StoreLock
from djgc_widgets.model import StoreInfo
from djgc_widgets.stores.file.store import FileStore
folder, account = sys.argv[1:]
if account:
    assert ctypes.CDLL(None).mount(b"proc", b"/proc", b"proc", 0, b"hidepid=2") == 0
    os.setgroups([])
    os.setgid(int(account))
    os.setuid(int(account))
store = FileStore(StoreInfo("raw", ("raw",), folder))
StoreLock(store, "recovery", take_over=True).__enter__()
"""


@pytest.mark.parametrize(
    ("namespaces", "account"),
    [(["-m"], "65534"), (["-p", "-f"], ""), (["-p", "-f", "--mount-proc"], "")],
    ids=["hidden", "other namespace", "other proc"],
)
def test_a_holder_that_cannot_be_seen_is_never_taken_over(
    namespaces: list[str], account: str
) -> None:
    unshare = ["unshare", *namespaces]
    if subprocess.run([*unshare, "true"], check=False).returncode:  # noqa: S603
        pytest.skip("this account may not make namespaces")
    with open_folder() as folder:
        store = FileStore(StoreInfo("raw", ("raw",), str(folder)))
        command = [sys.executable, "-W", "ignore", "-c", _TAKE_OVER]
        with StoreLock(store, "sweep"):
            refused = subprocess.run(  # noqa: S603 - our own script
                [*unshare, *command, str(folder), account],
                capture_output=True,
                text=True,
                check=False,
            )

            assert "Wait until it has finished" in refused.stderr
            assert holder_of(store).pid == os.getpid()


def test_only_the_kernel_says_that_a_process_has_ended(ended: int) -> None:
    ours = own_process()
    machine = ours.rpartition(f"/{os.getpid()}/")[0]
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it is a zombie now

        assert has_ended(child.pid, f"{machine}/{child.pid}/1")

    assert not has_ended(os.getpid(), ours)
    assert has_ended(
        os.getpid(), f"{machine}/{os.getpid()}/1"
    )  # the number's last owner
    assert has_ended(ended, f"{machine}/{ended}/1")
    assert not has_ended(ended, f"another/machine/{ended}/1")
    assert not has_ended(ended, "")


def test_a_lock_that_cannot_be_renewed_is_given_up(store: Store) -> None:
    failures: list[str] = []

    def fail(path: str, *_: bytes) -> bool:
        failures.append(path)
        raise OSError(errno.EIO, "no answer")

    store.rewrite = fail  # type: ignore[method-assign] - it stops to answer
    with StoreLock(store, "sweep", beat_seconds=0.01) as lock:
        while not lock.lost() and len(failures) < 50:
            pass
        lost = lock.lost()

    assert lost == Result(Outcome.SKIPPED, Detail.LOCK_FAILED, {"error": "no answer"})
    assert len(failures) == 5


def test_a_holder_that_was_asleep_gives_its_lock_up(store: Store) -> None:
    seconds = iter([0.0, 1.0, 301.0, 302.0])

    with StoreLock(
        store, "sweep", beat_seconds=1000, stopwatch=lambda: next(seconds, 303.0)
    ) as lock:
        assert lock.lost() is None
        lost = lock.lost()

    assert lost is not None
    assert lost.detail is Detail.LOCK_FAILED


def test_a_lock_that_was_taken_is_noticed_between_heartbeats(
    store: Store,
) -> None:
    seconds = count(0, 2)

    with StoreLock(
        store, "sweep", beat_seconds=1000, stopwatch=lambda: next(seconds)
    ) as lock:
        assert lock.lost() is None
        other = holder_of(store).model_copy(update={"token": "f" * 32})
        store.write(LOCK_PATH, other.dump())

        lost = lock.lost()

    assert lost == Result(Outcome.SKIPPED, Detail.LOCK_TAKEN)
    assert holder_of(store) == other


def test_a_dead_lock_is_taken_over_once(store: Store, ended: int) -> None:
    of_process(store, ended)
    taken: list[str] = []
    ready = threading.Barrier(8)
    let_go = threading.Event()

    def take() -> None:
        lock = StoreLock(store, "recovery", take_over=True)
        ready.wait()
        try:
            with lock:
                taken.append("taken")
                let_go.wait()
        except SweepRefusedError:
            taken.append("refused")
        if taken.count("refused") == 7:
            let_go.set()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == ["refused"] * 7 + ["taken"]


def test_only_the_lock_that_was_found_is_broken(
    postgresql_laboratory: Laboratory, ended: int
) -> None:
    info = store_of(postgresql_laboratory).info

    class Late(FileStore):
        """Another process was faster, which this store does not notice."""

        def retire(self, path: str, current: bytes, to: str) -> bool:
            assert super().retire(path, current, to)
            if current != winner:
                self.write(path, winner)
            return True

    store = Late(info, {}, {})
    with StoreLock(store, "sweep") as lock:
        held = lock._holder  # noqa: SLF001 - to write one like it
    other = held.model_copy(update={"token": "of-the-winner"})
    winner = other.dump()
    store.write(LOCK_PATH, held.model_copy(update={"pid": ended}).dump(), new=True)

    with pytest.raises(SweepRefusedError, match="locked by another process"):
        StoreLock(store, "recovery", break_lock=True).__enter__()

    assert store.read(LOCK_PATH) == winner


def test_a_lock_that_cannot_be_understood_is_reported(
    lab: Laboratory, store: Store
) -> None:
    for content in (b"", b"{", b"[]", json.dumps({"token": "../../x"}).encode()):
        store.write(LOCK_PATH, content)

        with pytest.raises(SweepRefusedError, match="unreadable record"):
            StoreLock(store, "sweep", take_over=True).__enter__()

    assert Trash(lab.schema, "raw").recover(break_lock=True).rows.empty


def test_a_call_that_is_interrupted_leaves_no_lock(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = store.write

    def written_then_interrupted(path: str, data: bytes, *, new: bool = False) -> None:
        write(path, data, new=new)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store, "write", written_then_interrupted)
        with pytest.raises(KeyboardInterrupt):
            StoreLock(store, "sweep").__enter__()

    with StoreLock(store, "sweep"):
        pass


def test_an_operation_that_loses_its_lock_stops(lab: Laboratory, store: Store) -> None:
    orphaned(lab, HASH)
    receipt = planned(complete(lab)).sweep()
    objects = Journal(store, receipt.sweep_id).read_plan().objects

    with StoreLock(store, "restore", beat_seconds=0.01) as lock:
        operation = Operation(store, lock)

        def lose_it(progress: Progress) -> None:
            if progress.done == 1:
                other = holder_of(store).model_copy(update={"token": "f" * 32})
                store.write(LOCK_PATH, other.dump())
                while not lock.lost():
                    pass

        operation.run(store.from_trash, objects, Steps(Step.RESTORING, 3, lose_it))
        skip_rest([(operation, objects)])

    rows = operation.rows()
    done = ["restored"] if lab.s3 is None else ["skipped"]  # S3 collects a batch first
    assert list(rows["outcome"]) == [*done, "skipped", "skipped"]
    assert rows["detail_code"].iloc[2] == "lock-taken"


def test_without_its_lock_an_operation_brings_nothing_back_and_leaves_a_recovery(
    lab: Laboratory, store: Store
) -> None:
    orphaned(lab, HASH)
    receipt = planned(complete(lab)).sweep()
    objects = Journal(store, receipt.sweep_id).read_plan().objects
    before = lab.contents()

    with StoreLock(store, "sweep", beat_seconds=0.01) as lock:
        operation = Operation(store, lock)
        operation.note(objects, MOVED)
        other = holder_of(store).model_copy(update={"token": "f" * 32})
        store.write(LOCK_PATH, other.dump())
        while not lock.lost():
            pass
        operation.bring_back(objects, RETURNED_LIVE)
        operation.record("result", datetime.now(UTC))

    after = lab.contents()
    assert {p: after.get(p) for p in before} == before
    assert set(after) - set(before) == {LOCK_PATH}
    assert [problem.code for problem in operation.problems] == [NoticeCode.LOCK_LOST]


def test_two_sweepers_at_once_are_one_after_the_other(lab: Laboratory) -> None:
    orphaned(lab, HASH)
    plans = [planned(complete(lab)) for _ in range(4)]
    ready = threading.Barrier(4)
    results: list[str] = []

    def sweep(number: int) -> None:
        ready.wait()
        try:
            receipt = plans[number].sweep()
        except SweepRefusedError as error:
            results.append("locked" if "locked by" in str(error) else str(error))
        else:
            results.extend(receipt.rows["outcome"])

    threads = [threading.Thread(target=sweep, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results.count("moved") == 3
    assert set(results) <= {"moved", "skipped", "locked"}
    assert len([p for p in lab.contents() if "/objects/" in p]) == 3
