"""A private JupyterLab on one notebook that has been executed and signed.

The notebook runs on the very kernel that its page connects to, so its panel is live at
once.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import nbformat
from jupyter_client.blocking.client import BlockingKernelClient
from nbformat.sign import NotebookNotary, SQLiteSignatureStore

from djgc_widgets.embedded import ServerError, free_port

_START_SECONDS = 180
_CELL_SECONDS = 600


@dataclass(slots=True)
class NotebookServer:
    """A running JupyterLab.

    Parameters
    ----------
    folder : Path
        Its root folder, with the notebooks.
    port : int
        Port on 127.0.0.1.
    token : str
        Secret part of its URL.
    """

    folder: Path
    port: int
    token: str = field(repr=False)
    _home: Path = field(repr=False)
    _process: subprocess.Popen[bytes] = field(repr=False)

    def url(self, notebook: str) -> str:
        """Return the address that opens a notebook."""
        return f"http://127.0.0.1:{self.port}/lab/tree/{notebook}?token={self.token}"

    def execute(self, notebook: str) -> None:
        """Run a notebook on the kernel of its page, keep its outputs, sign it.

        Raises
        ------
        ServerError
            If a cell fails.
        """
        path = self.folder / notebook
        content = nbformat.read(path, as_version=4)
        session = self._request(
            "sessions",
            {
                "path": notebook,
                "name": notebook,
                "type": "notebook",
                "kernel": {"name": "python3"},
            },
        )
        client = BlockingKernelClient()
        client.load_connection_file(
            str(self._home / "runtime" / f"kernel-{session['kernel']['id']}.json")
        )
        client.start_channels()
        try:
            client.wait_for_ready(timeout=_START_SECONDS)
            for cell in content.cells:
                if cell.cell_type == "code":
                    _run_cell(client, cell)
        finally:
            client.stop_channels()
        nbformat.write(content, path)
        notary = NotebookNotary(
            data_dir=str(self._home / "data"),
            store_factory=lambda: SQLiteSignatureStore(
                db_file=str(self._home / "data" / "nbsignatures.db")
            ),
        )
        notary.sign(content)

    def wait(self) -> None:
        """Wait until the server ends."""
        self._process.wait()

    def close(self) -> None:
        """Stop the server and its kernels."""
        if self._process.poll() is None:
            try:
                self._request("shutdown", {})
            except (OSError, ValueError):
                self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._home, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _request(self, what: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/{what}",
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"token {self.token}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own loopback
            text = answer.read()
        return json.loads(text) if text else None


def start_jupyterlab(folder: Path, variables: Mapping[str, str]) -> NotebookServer:
    """Start a JupyterLab that leaves the user's own settings alone.

    Parameters
    ----------
    folder : Path
        Root folder, with the notebooks.
    variables : mapping of str to str
        Added to the environment of its kernels.

    Returns
    -------
    NotebookServer
        It answers when this returns.

    Raises
    ------
    ServerError
        If it does not start.
    """
    home = folder / ".jupyter-home"
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
    places = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }
    environment = {
        **os.environ,
        **variables,
        **{k: str(home / v) for k, v in places.items()},
    }
    port, token = free_port(), secrets.token_urlsafe(24)
    environment["JUPYTER_TOKEN"] = (
        token  # not on the command line, where others could read it
    )
    log = (home / "jupyterlab.log").open("wb")
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.open_browser": False,
        "ServerApp.root_dir": folder,
        "ServerApp.allow_root": True,
        "LabApp.news_url": None,
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        [
            *(sys.executable, "-m", "jupyterlab"),
            *(
                f"--{name}={value}"
                for name, value in options.items()
                if value is not None
            ),
        ],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    log.close()
    server = NotebookServer(folder, port, token, home, process)
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            server._request("status")  # noqa: SLF001 - the two belong together
        except (OSError, urllib.error.URLError):
            if process.poll() is not None or time.monotonic() > deadline:
                tail = (home / "jupyterlab.log").read_text(errors="replace")[-2000:]
                server.close()
                raise ServerError(
                    f"Expected JupyterLab on port {port}; it did not start: {tail}"
                ) from None
            time.sleep(0.1)
        else:
            return server


def _run_cell(client: BlockingKernelClient, cell: nbformat.NotebookNode) -> None:
    outputs: list[nbformat.NotebookNode] = []

    def collect(message: dict[str, Any]) -> None:
        if message["msg_type"] in {"stream", "display_data", "execute_result", "error"}:
            outputs.append(nbformat.v4.output_from_msg(message))

    reply = client.execute_interactive(
        cell.source,
        store_history=True,
        output_hook=collect,
        timeout=_CELL_SECONDS,
        stop_on_error=True,
    )
    cell.outputs = outputs
    cell.execution_count = reply["content"]["execution_count"]
    if reply["content"]["status"] != "ok":
        raise ServerError(
            f"Expected the cell to run; got {reply['content'].get('ename')}: "
            f"{reply['content'].get('evalue')}"
        )
