"""A process ends or a disk is full at any change of a sweep: nothing is lost."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from laboratory import Laboratory, every_kind_orphaned
from services import Services, with_shim

from djgc_widgets.lab.postgresql import start_postgresql

_SUPPORT = Path(__file__).parents[2] / "support"
_HALVES = (1, 2)
_CHANGES = {"sweep": 20, "restore": 12, "purge": 10}


@pytest.mark.parametrize(
    ("verb", "kind", "environment"),
    [
        *((verb, "killed", {}) for verb in _CHANGES),
        ("sweep", "full", {}),
        ("sweep", "read-only", {}),
        ("sweep", "killed", {"WITHOUT_RENAME_FLAGS": "1"}),
        ("restore", "killed", {"WITHOUT_RENAME_FLAGS": "1"}),
        ("sweep", "interrupted", {"WITHOUT_RENAME_FLAGS": "1"}),
        ("restore", "exists", {"WITHOUT_RENAME_FLAGS": "1"}),
    ],
)
def test_every_change_of_a_store_may_be_the_last(
    services: Services,
    tmp_path: Path,
    verb: str,
    kind: str,
    environment: dict[str, str],
) -> None:
    services.need("C compiler")
    with ExitStack() as stack:
        running = []
        for half in _HALVES:  # side by side, each with a server of its own
            folder = tmp_path / str(half)
            folder.mkdir()
            server = stack.enter_context(start_postgresql())
            opened = Laboratory.on(server, "postgresql", folder)
            laboratory = stack.enter_context(opened)
            every_kind_orphaned(laboratory)
            running.append(start(laboratory, folder, verb, kind, half, environment))
        lines = [line for process in running for line in answer(process)]

    checked = {int(line.split()[1]) for line in lines if line.startswith("checked")}
    assert checked == set(range(1, len(checked) + 1))
    assert len(checked) > _CHANGES[verb]
    assert len([line for line in lines if line.startswith("complete")]) == len(_HALVES)


def start(  # noqa: PLR0913, PLR0917 - each is one fact
    laboratory: Laboratory,
    folder: Path,
    verb: str,
    kind: str,
    half: int,
    environment: dict[str, str],
) -> subprocess.Popen[str]:
    server = laboratory.server
    return subprocess.Popen(  # noqa: S603 - our own script
        [
            *(sys.executable, "-W", "ignore", _SUPPORT / "crashes.py"),
            *(server.host, str(server.port), server.user, server.password),
            *(laboratory.name, laboratory.store("raw"), verb, kind),
            *(str(half), str(len(_HALVES))),
        ],
        env=with_shim(folder, **environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def answer(process: subprocess.Popen[str]) -> list[str]:
    output, _ = process.communicate()
    assert process.returncode == 0, output[-3000:]
    return output.splitlines()
