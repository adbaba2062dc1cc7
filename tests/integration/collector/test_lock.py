"""One sweeper per store: locks on real stores, with real processes that end."""

import json
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from laboratory import HASH, Laboratory, complete, orphaned, outcomes, planned

from djgc_widgets import Progress, SweepRefusedError, Trash
from djgc_widgets.collector.journal import Journal
from djgc_widgets.collector.lock import LOCK_PATH, LockHolder, StoreLock, read_holder
from djgc_widgets.collector.operation import Operation, Steps, skip_rest
from djgc_widgets.model import Detail, Outcome, Step
from djgc_widgets.stores import Result, SweepableStore, open_stores, sweepable_stores

BROKEN = "_trash/broken-{}.json"


@pytest.fixture(params=["file", pytest.param("s3", marks=pytest.mark.s3)])
def lab(request: pytest.FixtureRequest) -> Laboratory:
    name = "postgresql_laboratory" if request.param == "file" else "s3_laboratory"
    laboratory = request.getfixturevalue(name)
    assert isinstance(laboratory, Laboratory)
    return laboratory


@pytest.fixture
def store(lab: Laboratory) -> SweepableStore:
    return sweepable_stores(open_stores([lab.connection], ["raw"]).stores)[0]


@pytest.fixture
def ended() -> int:
    """The number of a process that was here and is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def holder_of(store: SweepableStore) -> LockHolder:
    holder = read_holder(store.read(LOCK_PATH))
    assert holder is not None
    return holder


def leave(store: SweepableStore, **changed: object) -> LockHolder:
    """Leave a lock as a process that was killed does."""
    with StoreLock(store, "sweep"):
        left = holder_of(store).model_copy(update=changed)
    store.write(LOCK_PATH, left.dump())
    return left


def of_process(store: SweepableStore, pid: int) -> LockHolder:
    with StoreLock(store, "sweep"):
        ours = holder_of(store)
    boot = ours.process.rpartition(f"/{ours.pid}/")[0]
    return leave(store, pid=pid, process=f"{boot}/{pid}/12345")


def test_a_lock_names_its_holder_and_goes_when_it_is_released(
    store: SweepableStore,
) -> None:
    with StoreLock(store, "sweep"):
        expected = f"process {holder_of(store).pid}, sweep.*Wait until"
        with pytest.raises(SweepRefusedError, match=expected):
            StoreLock(store, "purge").__enter__()

    with pytest.raises(FileNotFoundError):
        store.read(LOCK_PATH)


def test_a_heartbeat_shows_that_the_holder_is_alive(store: SweepableStore) -> None:
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


def test_a_lost_lock_is_noticed(store: SweepableStore) -> None:
    with StoreLock(store, "sweep", beat_seconds=0.01) as lock:
        other = holder_of(store).model_copy(update={"token": "f" * 32})
        store.write(LOCK_PATH, other.dump())
        while not lock.lost():
            pass
        assert lock.lost() == Result(Outcome.SKIPPED, Detail.LOCK_TAKEN)

    assert holder_of(store) == other  # what is not ours stays


def test_a_stale_lock_is_reported_and_never_stolen(
    lab: Laboratory, store: SweepableStore
) -> None:
    orphaned(lab, HASH)
    plan = planned(complete(lab))
    then = (datetime.now(UTC) - timedelta(hours=3)).isoformat(timespec="seconds")
    left = leave(store, host="elsewhere", process="another/machine", heartbeat=then)

    with pytest.raises(SweepRefusedError, match="It seems stale") as swept:
        plan.sweep()
    with pytest.raises(SweepRefusedError, match="on elsewhere"):
        Trash(lab.schema, "raw").recover()

    assert "recover(break_lock=True)" in str(swept.value)
    assert holder_of(store) == left
    assert Trash(lab.schema, "raw").recover(break_lock=True).rows.empty
    assert outcomes(plan.sweep()) == {"moved": 3}


def test_the_lock_of_a_process_that_has_ended_is_taken_over_by_a_recovery_alone(
    lab: Laboratory, store: SweepableStore, ended: int
) -> None:
    orphaned(lab, HASH)
    plan = planned(complete(lab))
    left = of_process(store, ended)

    with pytest.raises(SweepRefusedError, match="Its process has ended"):
        plan.sweep()
    Trash(lab.schema, "raw").recover()

    assert read_holder(store.read(BROKEN.format(left.token))) == left
    assert outcomes(plan.sweep()) == {"moved": 3}


def test_a_dead_lock_is_taken_over_once(store: SweepableStore, ended: int) -> None:
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


def test_a_lock_that_cannot_be_understood_is_reported(
    lab: Laboratory, store: SweepableStore
) -> None:
    for content in (b"", b"{", b"[]", json.dumps({"token": "../../x"}).encode()):
        store.write(LOCK_PATH, content)

        with pytest.raises(SweepRefusedError, match="unreadable record"):
            StoreLock(store, "sweep", take_over=True).__enter__()

    assert Trash(lab.schema, "raw").recover(break_lock=True).rows.empty


def test_an_operation_that_loses_its_lock_stops(
    lab: Laboratory, store: SweepableStore
) -> None:
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
