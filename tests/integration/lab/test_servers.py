"""Private servers leave alone what others have on the machine, and leave nothing."""

import os
import secrets
import signal
from pathlib import Path

import datajoint as dj
import nbformat
import pytest
from services import Services, lingering
from waiting import wait_for

from djgc_widgets import DemoLab
from djgc_widgets.lab import S3Server, start_mariadb
from djgc_widgets.lab.jupyterlab import start_jupyterlab
from djgc_widgets.lab.server import (
    EmbeddedServer,
    ServerCommands,
    account_of_servers,
    free_port,
    private_folder,
    supervise,
)

_SHARED = Path("/tmp")  # noqa: S108 - the default folder of every server


@pytest.mark.mariadb
def test_a_starting_mariadb_leaves_temporary_tables_of_others(
    services: Services,
) -> None:
    services.need("MariaDB")
    table = _SHARED / f"#sql-temptable-{secrets.token_hex(4)}.MAI"
    table.touch()
    if (account := account_of_servers()) is not None:
        os.chown(table, *account)
    try:
        with start_mariadb():
            assert table.exists()
    finally:
        table.unlink(missing_ok=True)


@pytest.mark.s3
def test_no_repr_shows_a_secret(postgresql: EmbeddedServer, s3: S3Server) -> None:
    secrets = [postgresql.password, s3.server.password, s3.reader_secret]
    environment = {"JUPYTER_TOKEN": "hunter2"}
    commands = ServerCommands([], signal.SIGTERM, environment=environment)
    instance = dj.Instance(**postgresql.login, backend="postgresql", use_tls=False)
    with DemoLab(postgresql.folder, instance.connection) as lab:
        shown = repr([postgresql, s3, commands, lab])

    assert not [secret for secret in [*secrets, "hunter2"] if secret in shown]


def test_a_kernel_of_the_demo_never_inherits_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("DJ_PASS", "hunter2")
    monkeypatch.setenv("DJ_STORES", '{"raw": {"secret_key": "hunter2"}}')
    monkeypatch.setenv("LAB_COLOR", "blue")
    cell = nbformat.v4.new_code_cell("import os; print(dict(os.environ))")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    nbformat.write(notebook, tmp_path / "variables.ipynb")

    with start_jupyterlab(tmp_path, {"DJGC_LAB": "/a/lab"}) as server:
        server.execute("variables.ipynb")

    executed = nbformat.read(tmp_path / "variables.ipynb", as_version=4)
    variables = executed.cells[0].outputs[0].text
    assert "'LAB_COLOR': 'blue'" in variables
    assert "'DJGC_LAB': '/a/lab'" in variables
    assert "hunter2" not in variables


@pytest.mark.parametrize("ended_by", ["parent", "itself"])
def test_a_private_server_leaves_no_folder_and_no_process_whatever_still_writes(
    ended_by: str,
) -> None:
    folder = private_folder("djgc-test-")
    once = f"mkdir -p {folder}/deep; true > {folder}/deep/$n"
    write = f"for n in $(seq 20000); do {once}; done"
    wait = "exec sleep 600" if ended_by == "parent" else "exit 1"
    script = f"setsid sh -c '{write}' & until [ -e deep ]; do :; done; {wait}"
    commands = ServerCommands(["sh", "-c", script], signal.SIGTERM, as_caller=True)
    server = EmbeddedServer(folder, free_port(), "", "")
    supervise(server, commands, (folder / "deep").exists)
    if ended_by == "itself":
        wait_for(lambda: server.ended)

    server.close()

    assert lingering(folder) == []
    assert not folder.exists()
