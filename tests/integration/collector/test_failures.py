"""Every call of a scan to a database or a file system fails once: no plan is made."""

import json
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest
from laboratory import HASH, NPY, Laboratory, array, connect, filled, schema_of
from proxy import Relay, relay
from services import Services, with_shim

from djgc_widgets import CompleteScan, IncompleteScan, InputError, scan
from djgc_widgets.lab.server import EmbeddedServer
from djgc_widgets.model import NoticeCode

_SUPPORT = Path(__file__).parents[2] / "support"


def through(wire: Relay, laboratory: Laboratory) -> object:
    """Return the laboratory's schema on a new connection that may be cut."""
    server, folder = laboratory.server, laboratory.folder
    there = EmbeddedServer(server.folder, wire.port, server.user, server.password)
    connection = connect(
        there, laboratory.backend, server.user, server.password, folder
    )
    return schema_of(connection, laboratory.name)


def databases_of(laboratory: Laboratory) -> int:
    """Count the databases that a scan reads, each over a connection of its own."""
    if laboratory.backend == "mysql":
        return 1
    ((count,),) = laboratory.query(
        "SELECT count(*) FROM pg_database WHERE datallowconn"
    )
    return int(count)


def test_every_message_to_a_database_may_be_the_last(laboratory: Laboratory) -> None:
    filled(laboratory)
    laboratory.age()
    outcomes, goodbyes = [], 0
    with relay(laboratory.server.host, laboratory.server.port) as wire:
        for number in count(1):  # how the talk is cut into pieces differs a little
            wire.arm()
            schema = through(wire, laboratory)
            wire.arm(number)
            try:
                outcome = type(scan(schema))
            except InputError:
                outcome = InputError
            if not wire.was_cut:
                break
            outcomes.append(outcome)

    assert outcome is CompleteScan
    assert len(outcomes) > 20
    assert outcomes.count(IncompleteScan) > len(outcomes) / 2
    while outcomes[-1] is CompleteScan:  # the last pieces only say goodbye
        outcomes.pop()
        goodbyes += 1
    assert CompleteScan not in outcomes
    assert goodbyes <= 2 * databases_of(laboratory)


def test_a_reading_that_ends_between_rows_is_a_problem(laboratory: Laboratory) -> None:
    table = laboratory.declare(HASH)
    table.insert1({"id": 0, "data": b"x"})
    value = json.dumps(laboratory.raw(table.table_name, "data")[0])
    sql_table = laboratory.quote(laboratory.name, table.table_name)
    for start in range(1, 12_001, 1_000):
        rows = ", ".join(f"({key}, '{value}')" for key in range(start, start + 1_000))
        laboratory.connection.query(f"INSERT INTO {sql_table} (id, data) VALUES {rows}")

    with relay(laboratory.server.host, laboratory.server.port) as wire:
        schema = through(wire, laboratory)
        wire.arm()
        assert isinstance(scan(schema), CompleteScan)
        wire.arm(cut_after_bytes=wire.size_bytes // 2)

        result = scan(schema)

    assert isinstance(result, IncompleteScan)
    assert result.problems[0].code is NoticeCode.DATABASE_UNREAD
    assert result.problems[0].where == f"{laboratory.name}.{table.table_name}.data"


def test_every_call_to_a_file_system_may_fail(
    lab: Laboratory, services: Services, tmp_path: Path
) -> None:
    services.need("C compiler")
    filled(lab)
    lab.declare(NPY, "Array").insert1({"id": 1, "data": array(1)})
    (lab.store("raw") / "link").symlink_to("_hash")
    lost = lab.declare(HASH, "Lost")
    lost.insert1({"id": 1, "data": b"lost"})
    lab.remove(lab.raw(lost.table_name, "data")[1]["path"])
    lab.age()
    server = lab.server
    where = [server.host, str(server.port), server.user, server.password]
    stores = [lab.store("raw"), lab.store("derived")]

    ended = subprocess.run(  # noqa: S603 - our own script
        [
            *(sys.executable, "-W", "ignore", _SUPPORT / "file_calls.py"),
            *(*where, lab.name, *stores),
        ],
        env=with_shim(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    outcomes = [line.split() for line in lines if line.startswith("E")]
    assert len(outcomes) > 3 * 20
    assert {kind for _, _, kind in outcomes} == {"IncompleteScan"}, ended.stdout


@pytest.mark.parametrize("store", ["raw", "derived"])
def test_a_mount_that_went_away_is_a_problem(lab: Laboratory, store: str) -> None:
    filled(lab)
    folder = lab.store(store)
    folder.rename(folder.with_name("elsewhere"))

    result = lab.scan()

    assert isinstance(result, IncompleteScan)
    assert f"expected a folder at {folder}" in result.problems[0].message
