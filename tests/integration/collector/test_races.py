"""Writers at work while something is swept or restored: nothing live is lost."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import datajoint as dj
import pytest
from laboratory import (
    HASH,
    Laboratory,
    array,
    complete,
    connect,
    filled,
    orphaned,
    outcomes,
    planned,
    put_if_absent,
)

from djgc_widgets import Progress, Receipt, SweepPlan

NOW = timedelta(0)


@pytest.fixture
def writer(anywhere: Laboratory) -> Iterator[Any]:
    """A second session, whose transactions nobody else sees."""
    server = anywhere.server
    session = connect(
        server, anywhere.backend, server.user, server.password, anywhere.folder
    )
    session._config.stores = anywhere.config.stores  # noqa: SLF001 - DataJoint has no public name
    yield session
    if session.in_transaction:
        session.cancel_transaction()
    session.close()


def table_of(laboratory: Laboratory, session: Any) -> Any:
    return dj.FreeTable(session, f"{laboratory.name}.recording")


def at_progress(plan: SweepPlan, actions: dict[int, Any], after: Any = None) -> Receipt:
    """Sweep, and act before the n-th object is moved."""

    def act(progress: Progress) -> None:
        actions.get(progress.done, lambda: None)()

    receipt = plan.sweep(act)
    if after is not None:
        after()
    return receipt


def readable(laboratory: Laboratory, key: int) -> bool:
    table = table_of(laboratory, laboratory.connection)
    path = laboratory.raw("recording", "data")[key]["path"]
    data = laboratory.contents().get(path)
    return len(table & {"id": key}) == 1 and data == array(key).tobytes()


def test_what_is_uploaded_but_not_committed_is_young(
    anywhere: Laboratory, writer: Any
) -> None:
    orphaned(anywhere, HASH)
    writer.start_transaction()
    table_of(anywhere, writer).insert1({"id": 9, "data": array(9).tobytes()})

    result = complete(anywhere, minimum_age=timedelta(days=7))
    late = {p for p, c in anywhere.contents().items() if c == array(9).tobytes()}

    assert late <= set(result.objects.query("status == 'young'")["path"])
    assert not late & set(result.orphans["path"])
    writer.commit_transaction()
    assert readable(anywhere, 9)


def test_what_was_swept_before_its_row_was_committed_comes_back(
    anywhere: Laboratory, writer: Any
) -> None:
    """Without a minimum age it looks like an orphan; the next scan brings it back."""
    orphaned(anywhere, HASH)
    writer.start_transaction()
    table_of(anywhere, writer).insert1({"id": 9, "data": array(9).tobytes()})
    plan = planned(complete(anywhere, minimum_age=NOW))

    receipt = at_progress(plan, {}, after=writer.commit_transaction)

    assert receipt.count("moved") == 4
    assert not readable(anywhere, 9)
    result = complete(anywhere)
    assert len(result.missing) == 1
    assert outcomes(result.heal()) == {"restored": 1}
    assert readable(anywhere, 9)


def test_a_staged_insert_that_is_running_keeps_its_object(lab: Laboratory) -> None:
    orphaned(lab)
    table = lab.declare("id : int32\n---\ndata : <object@raw>\n", "Staged")

    with table.staged_insert1 as staged:
        staged.rec["id"] = 1
        with staged.open("data", ".bin", mode="wb") as file:
            file.write(b"being written")
        receipt = planned(complete(lab)).sweep()

    assert outcomes(receipt) == {"moved": 3}
    assert complete(lab).missing.empty
    assert b"being written" in lab.contents().values()


def test_a_hash_that_is_used_again_while_it_moves_comes_back(
    anywhere: Laboratory, writer: Any
) -> None:
    """The writer saw the file, we moved it, the writer commits."""
    orphaned(anywhere, HASH)
    plan = planned(complete(anywhere))
    table = table_of(anywhere, writer)

    def see_the_file() -> None:
        writer.start_transaction()
        table.insert1({"id": 1, "data": array(1).tobytes()})

    last = len(plan.objects) - 1
    receipt = at_progress(plan, {0: see_the_file, last: writer.commit_transaction})

    assert receipt.count("moved") == 2
    assert receipt.count("restored") == 1
    assert readable(anywhere, 1)


def test_a_hash_that_is_committed_after_the_sweep_comes_back_at_the_next_scan(
    anywhere: Laboratory, writer: Any
) -> None:
    orphaned(anywhere, HASH)
    plan = planned(complete(anywhere))

    def see_the_file() -> None:
        writer.start_transaction()
        table_of(anywhere, writer).insert1({"id": 1, "data": array(1).tobytes()})

    receipt = at_progress(plan, {0: see_the_file}, after=writer.commit_transaction)

    assert receipt.count("moved") == 3
    assert outcomes(complete(anywhere).heal()) == {"restored": 1}
    assert readable(anywhere, 1)


def test_a_row_that_was_updated_back_keeps_its_object(anywhere: Laboratory) -> None:
    table = orphaned(anywhere, HASH)
    old = anywhere.raw("recording", "data")[4]["path"]
    table.update1({"id": 4, "data": b"another value"})
    anywhere.age()
    plan = planned(complete(anywhere))
    assert old in set(plan.objects["path"])
    table.update1({"id": 4, "data": array(4).tobytes()})

    receipt = plan.sweep()

    rows = receipt.rows.set_index("path")
    assert rows.loc[old, "detail_code"] == "live-again"
    assert readable(anywhere, 4)


def test_a_restore_that_races_a_writer_of_the_same_paths_overwrites_nothing(
    anywhere: Laboratory,
) -> None:
    table = filled(anywhere, range(1, 41))
    table.delete()
    anywhere.age()
    original = anywhere.contents()
    receipt = planned(complete(anywhere)).sweep()
    others = set[str]()
    begun = threading.Event()

    def write_from_the_end() -> None:
        begun.wait()
        for path in reversed(receipt.rows["path"]):
            if put_if_absent(anywhere, path, b"another value"):
                others.add(path)

    writer = threading.Thread(target=write_from_the_end)
    writer.start()
    restored = receipt.restore(lambda _: begun.set())
    writer.join()

    expected = {path: data for path, data in original.items() if path not in others}
    expected |= dict.fromkeys(others, b"another value")
    found = anywhere.contents()
    assert {path: found[path] for path in original} == expected
    rows = restored.rows.set_index("path")
    assert set(rows.query("detail_code == 'path-taken'").index) == others
    assert set(rows.query("outcome == 'restored'").index) == original.keys() - others
    assert others
    trashed = {path.partition("/objects/")[2]: data for path, data in found.items()}
    assert {path: trashed[path] for path in others} == {p: original[p] for p in others}
