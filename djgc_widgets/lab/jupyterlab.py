"""A private JupyterLab on one notebook that has been executed and signed.

The notebook runs on the kernel that its page connects to, so its panel works at once.
"""

import json
import os
import re
import secrets
import shutil
import signal
import sys
import time
import urllib.request
import webbrowser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any, Self

import nbformat
from jupyter_client.blocking.client import BlockingKernelClient
from nbformat.sign import NotebookNotary, SQLiteSignatureStore

from djgc_widgets.lab.demo_lab import LAB_VARIABLE, start_lab
from djgc_widgets.lab.server import (
    EmbeddedServer,
    ServerCommands,
    free_port,
    private_folder,
    supervise,
)
from djgc_widgets.model import ServerError

_NOTEBOOK = "01_quickstart.ipynb"
_QUIET = "ignore:No datajoint.json:UserWarning"  # the lab brings its own settings
_PACKAGE = Path(__file__).parents[1]
_START_SECONDS = 180
_CELL_SECONDS = 600
_WATCH_SECONDS = 0.5
_ANSWER_SECONDS = 5
_SECRET = re.compile(r"^DJ_|PASS|_PWD|SECRET|TOKEN|CREDENTIAL|KEY", re.IGNORECASE)
_SETTINGS = {
    "notification": {"fetchNews": "false", "checkForUpdates": False},
    "themes": {"adaptive-theme": True},
}


@dataclass(frozen=True, slots=True)
class NotebookServer:
    """A running JupyterLab; it ends with this process."""

    server: EmbeddedServer
    """Its folder contains settings and connection files, its password is the token."""
    root: Path
    """Folder with the notebooks."""

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://{self.server.host}:{self.server.port}"

    def url(self, notebook: str) -> str:
        """Return the address that opens a notebook."""
        return f"{self.address}/lab/tree/{notebook}?token={self.server.password}"

    def execute(self, notebook: str) -> None:
        """Run a notebook on the kernel of its page, save its outputs, and sign it.

        Raises `ServerError` if a cell fails.
        """
        path, folder = self.root / notebook, self.server.folder
        content = nbformat.read(path, as_version=4)
        names = {"path": notebook, "name": notebook, "type": "notebook"}
        session = self.request("sessions", {**names, "kernel": {"name": "python3"}})
        client = BlockingKernelClient()
        kernel = f"kernel-{session['kernel']['id']}.json"
        client.load_connection_file(str(folder / "runtime" / kernel))
        client.start_channels()
        try:
            _wait_for_kernel(client)
            for cell in content.cells:
                if cell.cell_type == "code":
                    _run_cell(client, cell)
        finally:
            client.stop_channels()
        nbformat.write(content, path)
        data = folder / "data"
        signatures = str(data / "nbsignatures.db")
        notary = NotebookNotary(
            data_dir=str(data),
            store_factory=lambda: SQLiteSignatureStore(db_file=signatures),
        )
        notary.sign(content)

    def wait(self) -> None:
        """Wait until JupyterLab is shut down from its own menu."""
        while not self.server.ended:
            time.sleep(_WATCH_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.close()

    def request(self, what: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        """Ask the server's API and return its answer."""
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self.address}/api/{what}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.server.password}"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.loads(answer.read())

    def answers(self) -> bool:
        """Check whether the server answers now."""
        try:
            self.request("status")
        except OSError:
            return False
        return True


def start_jupyterlab(root: Path, variables: Mapping[str, str]) -> NotebookServer:
    """Start a JupyterLab that neither reads nor writes the user's own settings.

    The variables are added to the environment of its kernels. Raises `ServerError` if
    it does not start.
    """
    home = private_folder("djgc-jupyter-")
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    for name, values in _SETTINGS.items():
        (settings / f"{name}.jupyterlab-settings").write_text(json.dumps(values))
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }
    server = EmbeddedServer(home, free_port(), "", secrets.token_urlsafe(24))
    environment = {
        **_without_secrets(os.environ),
        **variables,
        **{name: str(home / folder) for name, folder in folders.items()},
        "JUPYTER_TOKEN": server.password,  # other accounts can read arguments
    }
    options = {
        "ServerApp.ip": server.host,
        "ServerApp.port": server.port,
        "ServerApp.port_retries": 0,
        "ServerApp.open_browser": False,
        "ServerApp.root_dir": root,
        "ServerApp.allow_root": True,
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }
    serve = [sys.executable, "-m", "jupyterlab"]
    serve += [f"--{name}={value}" for name, value in options.items()]
    notebooks = NotebookServer(server, root)
    commands = ServerCommands(
        serve, signal.SIGTERM, environment=environment, as_caller=True
    )
    supervise(server, commands, notebooks.answers)
    return notebooks


def _without_secrets(variables: Mapping[str, str]) -> dict[str, str]:
    """Leave out DataJoint's settings and whatever may hold a secret.

    The lab needs none of them, and anybody with the URL can read what a kernel has.
    """
    return {k: v for k, v in variables.items() if not _SECRET.search(k)}


def _wait_for_kernel(client: BlockingKernelClient) -> None:
    """Wait until the kernel answers and its outputs arrive.

    The client's own method reports a dead kernel if its heartbeat is late.
    """
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        client.kernel_info()
        try:
            client.get_shell_msg(timeout=_ANSWER_SECONDS)
            client.get_iopub_msg(timeout=_ANSWER_SECONDS)
        except Empty:
            continue
        return
    raise ServerError(
        f"Expected a kernel to answer within {_START_SECONDS} s; none did."
    )


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


def run_demo(*, open_browser: bool) -> int:
    """Serve the embedded lab until interrupted; its URL is printed in any case."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # a shell that starts this in the background makes it ignore interrupts
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        print("Starting the lab …", file=sys.stderr)
        with start_lab() as lab:
            folder = lab.folder / "notebooks"
            shutil.copytree(_notebooks(), folder)
            variables = {LAB_VARIABLE: str(lab.folder), "PYTHONWARNINGS": _QUIET}
            with start_jupyterlab(folder, variables) as server:
                server.execute(_NOTEBOOK)
                print(server.url(_NOTEBOOK), flush=True)
                print("Press Ctrl-C to remove the lab.", file=sys.stderr)
                if open_browser:
                    webbrowser.open(server.url(_NOTEBOOK))
                server.wait()
    except KeyboardInterrupt:
        print("\nThe lab has ended.", file=sys.stderr)
    return 0


def _notebooks() -> Path:
    # in a checkout the notebooks are beside the package, in a wheel inside it
    inside = _PACKAGE / "notebooks"
    return inside if inside.is_dir() else _PACKAGE.parent / "notebooks"
