"""Run a test in a mutated copy of the project.

Each run is a process of its own, forked from one that has imported what is not mutated:
to import it takes longer than most of the tests.
"""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterable
from multiprocessing import forkserver
from pathlib import Path

import pytest

_NOT_MUTATED = [
    *("_pytest.config", "hypothesis.stateful", "nbmake.pytest_items"),
    *("pytest_cov.plugin", "datajoint", "ipywidgets", "pandas", "plotly.graph_objects"),
    *("psycopg2", "pyarrow.compute", "pymysql", "s3fs"),
]


def closing_line(test: str, folder: Path) -> str:
    """Run a test as the project in this folder has it; return what pytest says last."""
    output = folder / "output.txt"
    process = multiprocessing.get_context("forkserver").Process(
        target=_run, args=(test, folder, output)
    )
    _start_server()
    process.start()
    process.join()
    lines = output.read_text(errors="backslashreplace").strip().splitlines()
    return " ".join(lines[-1:])


def collected(files: Iterable[str], folder: Path) -> list[str]:
    """Return the tests of files of the project in this folder, as pytest names them."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *sorted(files)]
    options = ["-p", "no:cacheprovider", "-p", "no:xdist", "--no-cov"]
    # what is printed must not depend on options of whoever runs the tests
    environment = {k: v for k, v in os.environ.items() if k != "PYTEST_ADDOPTS"}
    found = subprocess.run(  # noqa: S603 - pytest itself
        [*command, *options],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return [line for line in found.stdout.splitlines() if "::" in line]


def _start_server() -> None:
    """Start what each run is forked from, unless it runs; it measures no coverage."""
    forkserver.set_forkserver_preload(_NOT_MUTATED)
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("COVERAGE")]:
            patch.delenv(name)
        forkserver.ensure_running()


def _run(test: str, folder: Path, output: Path) -> None:
    with output.open("w") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    if "djgc_widgets" in sys.modules:
        raise RuntimeError("what is mutated was imported before")
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    os.environ["PYTHONPATH"] = str(folder)  # what the test starts is mutated, too
    ignored = "ignore::pytest.PytestAssertRewriteWarning"  # of what is imported
    options = ["-qx", "-p", "no:cacheprovider", "-W", ignored]
    sys.exit(pytest.main([*options, f"--basetemp={folder}/temporary", test]))
