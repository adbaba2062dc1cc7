"""The power goes at any moment of a sweep or restore: nothing is lost or torn."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from laboratory import Laboratory, complete, contents, every_kind_orphaned, planned
from power_cuts import Disk, read_calls, states_after_a_power_cut
from services import Services, with_shim

from djgc_widgets.collector.clock import utc_now
from djgc_widgets.collector.recover import recover
from djgc_widgets.collector.restore import restore
from djgc_widgets.lab.server import EmbeddedServer
from djgc_widgets.model import (
    StoreInfo,
    interrupted_sweeps,
    no_progress,
    parse_trash,
)
from djgc_widgets.stores import list_trash
from djgc_widgets.stores.file.store import FileStore

_RECORDED = Path(__file__).parents[2] / "support" / "recorded_changes.py"
_ENDS = {"sweep": "result.json", "restore": "restored-*.json"}
_MEMORY = Path("/dev/shm")  # noqa: S108 - to write a thousand states is quick there


@pytest.fixture
def memory() -> Iterator[Path]:
    where = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=where) as folder:
        yield Path(folder)


@pytest.mark.parametrize("verb", ["sweep", "restore"])
def test_after_a_power_cut_each_object_is_whole_and_in_one_place(
    postgresql: EmbeddedServer, services: Services, memory: Path, verb: str
) -> None:
    services.need("C compiler")
    with Laboratory.on(postgresql, "postgresql", memory) as lab:
        every_kind_orphaned(lab)
        stored, raw = lab.contents(), lab.store("raw")
        if verb == "restore":
            planned(complete(lab)).sweep()
        originals, log = memory / "originals", memory / "log"
        shutil.copytree(raw, originals, copy_function=os.link)
        before = Disk.of(raw)
        record(lab, verb, log)
    calls = read_calls(log, raw)

    tried = 0
    for disk in states_after_a_power_cut(before, calls):
        shutil.rmtree(raw)
        disk.write(raw, originals)
        expect_what_the_journal_says(raw, verb)
        bring_everything_back(raw)
        assert objects_in(raw) == stored, disk
        tried += 1

    sys.stdout.write(f"{tried} states after {len(calls)} calls of a {verb}\n")
    assert tried > 50


def record(lab: Laboratory, verb: str, log: Path) -> None:
    server = lab.server
    subprocess.run(  # noqa: S603 - our own script
        [
            *(sys.executable, "-W", "ignore", _RECORDED),
            *(server.host, str(server.port), server.user, server.password),
            *(lab.name, lab.store("raw"), verb, log),
        ],
        env=with_shim(lab.folder),
        check=True,
    )


def expect_what_the_journal_says(raw: Path, verb: str) -> None:
    """If there is a record of the end, what it says has happened."""
    for record in raw.glob(f"_trash/*/{_ENDS[verb]}"):
        for row in json.loads(record.read_text())["content"]["objects"]:
            in_trash = record.parent / "objects" / row["path"]
            at = in_trash if row["outcome"] == "moved" else raw / row["path"]
            assert at.exists(), row


def bring_everything_back(raw: Path) -> None:
    """Recover without a database, then restore what is left in the trash."""
    store = FileStore(StoreInfo("raw", ("raw",), str(raw)))
    files = list_trash(store, no_progress).files
    due = {sweep: records for (_, sweep), records in interrupted_sweeps(files).items()}
    recover(lambda: due, store, lambda: None, clock=utc_now, break_lock=True)
    parsed = parse_trash(files["path"])
    for sweep_id in parsed.loc[parsed["record"].eq("plan"), "sweep_id"]:
        restore({sweep_id: None}, store, clock=utc_now)


def objects_in(raw: Path) -> dict[str, bytes]:
    return {
        path: data
        for path, data in contents(raw).items()
        if not path.startswith("_trash/") or "/objects/" in path
    }
