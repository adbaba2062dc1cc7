"""A crontab from the documents alone runs for thirty nights over a lab that lives.

The nights are in the past: a process is told what time it is, and whatever was written
during a night is dated to it, as a store's own clock would. So a day passes in seconds.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import datajoint as dj
import pytest
from command_line import CommandLine
from laboratory import HASH, NPY, Laboratory, array, connect

from djgc_widgets import History
from djgc_widgets.lab import EmbeddedServer, start_postgresql
from djgc_widgets.model import ExitCode

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount"),
    pytest.mark.timeout(1800),
]
_PAGE = Path(__file__).parents[2] / "docs/pages/how-to/cron.md"
_NIGHTS = 30
_THREE = datetime.now(UTC).replace(hour=3, minute=0, second=0, microsecond=0)
_START = _THREE - timedelta(days=_THREE.weekday() + 42)  # a Monday
_SITE = """
import os, time, datajoint
from datetime import datetime, timedelta
datajoint.Connection.made_up_dates = True
from djgc_widgets.collector import clock
began = time.monotonic()
class Night(datetime):
    @classmethod
    def now(cls, zone=None):
        passed = timedelta(seconds=time.monotonic() - began)
        return datetime.fromisoformat(os.environ["NIGHT"]) + passed
clock.datetime = Night
"""


def block(kind: str, number: int = 0) -> str:
    blocks = re.findall(rf"```{kind}[^\n]*\n(.*?)```", _PAGE.read_text(), re.DOTALL)
    return str(blocks[number])


@contextmanager
def mounted(folder: Path) -> Iterator[None]:
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder]
    subprocess.run(mount, check=True)  # noqa: S603 - our own folder
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)  # noqa: S603, S607 - likewise


Rows = dict[str, dict[int, Any]]
"""Raw metadata by table and key."""


@dataclass
class Nights:
    """A laboratory whose days pass one by one."""

    lab: Laboratory
    djgc: CommandLine
    number: int = 0
    next_row: int = 100
    tables: dict[str, Any] = field(default_factory=dict)
    codes: list[int] = field(default_factory=list)
    purges: list[int] = field(default_factory=list)
    series: list[dict[str, float]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return _START + timedelta(days=self.number)

    @property
    def home(self) -> Path:
        return self.djgc.folder.parent

    def date(self, since: float) -> None:
        """Date what was written since a moment to this night."""
        then = self.now.timestamp()
        for store in ("raw", "derived"):
            for path in self.lab.store(store).rglob("*"):
                if path.stat().st_mtime > since:
                    os.utime(path, (then, then))

    def declare(self) -> None:
        definitions = {"Image": HASH, "Array": NPY}
        self.tables = {n: self.lab.declare(d, n) for n, d in definitions.items()}

    def insert(self, table: str, count: int = 1) -> list[int]:
        before = datetime.now(UTC).timestamp() - 1
        keys = [*range(self.next_row, self.next_row + count)]
        self.next_row += count
        kind = self.tables[table]
        kind.insert(
            {"id": k, "data": array(k) if table == "Array" else b"%d" % k} for k in keys
        )
        self.date(before)
        return keys

    def run(self, line: str) -> int:
        """Run a line of a crontab, or a command that a person types."""
        before = datetime.now(UTC).timestamp() - 1
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        modules = f"{self.home / 'site'}:{os.environ.get('PYTHONPATH', '')}"
        changed = {"HOME": str(self.home), "PATH": path, "PYTHONPATH": modules}
        ended = subprocess.run(  # noqa: S603 - our own document
            ["sh", "-c", f"cd ~/pipeline && {line}"],  # noqa: S607
            env={**self.djgc.environment, **changed, "NIGHT": self.now.isoformat()},
            check=False,
            capture_output=True,
            text=True,
        )
        assert "Traceback" not in ended.stderr, ended.stderr
        self.date(before)
        return ended.returncode

    def day(self) -> None:
        """Insert a row into each table, and delete the oldest one."""
        for name, table in self.tables.items():
            self.insert(name)
            (table & {"id": min(self.rows()[name])}).delete()

    def night(self, absent: int | None = 0) -> int:
        """Let the night's lines of the crontab run, and return the first one's code."""
        nightly, weekly = block("crontab").splitlines()
        code = self.run(nightly.split(maxsplit=5)[5])
        self.codes.append(code)
        self.runs.append(json.loads(self.log()[-1]))
        self.series.append(self.metrics())
        assert absent is None or len(self.absent()) == absent
        if self.now.weekday() == 6:
            self.purges.append(self.run(weekly.split(maxsplit=5)[5]))
        self.number += 1
        return code

    def log(self) -> list[str]:
        return (self.home / "pipeline/djgc.jsonl").read_text().splitlines()

    def told(self) -> str:
        path = self.home / "pipeline/told.txt"
        return path.read_text() if path.exists() else ""

    def metrics(self) -> dict[str, float]:
        lines = (self.home / "pipeline/djgc.prom").read_text().splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    def rows(self) -> Rows:
        names = {"Image": "image", "Array": "array"}
        return {name: self.lab.raw(table, "data") for name, table in names.items()}

    def absent(self) -> set[str]:
        """Return what a row refers to and no store holds."""
        stored = self.lab.contents()
        paths = {row["path"] for own in self.rows().values() for row in own.values()}
        return paths - set(stored)

    def garbage(self) -> set[str]:
        """Return what no row refers to and a store holds."""
        paths = {row["path"] for own in self.rows().values() for row in own.values()}
        kept = {p for p in self.lab.contents() if not p.startswith("_trash/")}
        return kept - paths

    def become(self, rows: Rows) -> None:
        """Let the tables have these rows, as a dump restores them."""
        for name, own in rows.items():
            table = self.lab.quote(self.lab.name, name.lower())
            self.lab.connection.query(f"DELETE FROM {table}")
            for key, metadata in own.items():
                self.lab.write_row(name.lower(), key, metadata)


@pytest.fixture
def nights(postgresql_laboratory: Laboratory, tmp_path: Path) -> Iterator[Nights]:
    lab = postgresql_laboratory
    with mounted(lab.store("raw")):
        djgc = CommandLine.of(lab, tmp_path / "pipeline")
        (tmp_path / "site").mkdir()
        (tmp_path / "site/sitecustomize.py").write_text(_SITE)
        settings = block("toml").replace("lab_ephys", lab.name)
        (djgc.folder / "djgc.toml").write_text(settings)
        nights = Nights(lab, djgc)
        nights.declare()
        nights.number = -60
        for table in nights.tables:
            nights.insert(table, 80)
        nights.number = 0
        yield nights


def test_a_lab_lives_through_thirty_nights(nights: Nights) -> None:
    a_first_sweep_by_hand(nights)
    first_orphans_are_held_until_somebody_looks(nights)
    for _ in range(5):  # from now on garbage goes after its two scans
        nights.day()
        assert nights.night() == ExitCode.DONE
        assert len(nights.garbage()) == 2
    dump = nights.rows()
    a_mount_is_away_for_a_night(nights)
    an_older_state_is_restored(nights, dump)
    the_disk_is_full_for_a_night(nights)
    while nights.number < 24:
        nights.day()
        assert nights.night() == ExitCode.DONE
    with start_postgresql() as server:
        the_database_moves(nights, server)
        while nights.number < _NIGHTS:
            nights.day()
            assert nights.night() == ExitCode.DONE
            assert len(nights.garbage()) == 2

    assert len(nights.codes) == _NIGHTS
    assert nights.purges == [ExitCode.DONE] * 4
    the_metrics_draw_the_story(nights)


def a_first_sweep_by_hand(nights: Nights) -> None:
    """Let a person sweep once, and say how old a backup may be."""
    nights.day()
    lines = block("console").replace("$ ", "").splitlines()
    first = f"djgc sweep --schema {nights.lab.name} --confirm raw"
    assert nights.run(f"{first} --acknowledge sole-owner") == ExitCode.DONE
    assert nights.run(lines[0]) == ExitCode.DONE
    assert nights.garbage() == set()


def first_orphans_are_held_until_somebody_looks(nights: Nights) -> None:
    nights.day()
    assert nights.night() == ExitCode.DONE
    for _ in range(2):
        nights.day()
        assert nights.night() == ExitCode.REFUSED
    schema = nights.lab.name
    names = [f"first-orphans:raw/{schema}", f"first-orphans:raw/{schema}.array"]
    assert {doubt["name"] for doubt in nights.runs[-1]["held"]} == set(names)
    assert nights.told().count("was ever swept") == 2
    toml = nights.djgc.folder / "djgc.toml"
    toml.write_text(f"acknowledge = {json.dumps(names)}\n{toml.read_text()}")


def a_mount_is_away_for_a_night(nights: Nights) -> None:
    lab, raw = nights.lab, nights.lab.store("raw")
    nights.day()
    before = lab.contents()
    with mounted(raw):
        assert nights.night(absent=None) == ExitCode.SCAN_INCOMPLETE
        assert lab.contents() == {}
    assert lab.contents() == before
    assert nights.told().count("store raw: nothing is stored in it") == 1
    for _ in range(3):
        nights.day()
        assert nights.night() == ExitCode.DONE


def an_older_state_is_restored(nights: Nights, dump: Rows) -> None:
    """Let rows come back whose objects are in the trash, for a day."""
    newest = nights.rows()
    nights.become(dump)
    needed = nights.absent()
    assert needed
    assert nights.night() == ExitCode.DONE
    assert {row["path"] for row in nights.runs[-1]["healed"]} == needed
    nights.become(newest)
    nights.day()
    assert nights.night() == ExitCode.DONE
    nights.day()
    assert nights.night() == ExitCode.REFUSED
    held = {doubt["name"].partition(":")[0] for doubt in nights.runs[-1]["held"]}
    assert held == {"more-orphans"}
    assert nights.garbage() >= needed
    assert nights.run("djgc sweep --confirm raw") == ExitCode.DONE
    assert nights.garbage() == set()
    assert nights.told().count("new orphans on") == 2


def the_disk_is_full_for_a_night(nights: Nights) -> None:
    filler = nights.lab.store("raw") / "filler"
    nights.day()
    assert nights.night() == ExitCode.DONE
    nights.day()
    free = os.statvfs(filler.parent)
    filler.write_bytes(bytes(free.f_bavail * free.f_frsize))
    os.utime(filler, (10**9, 10**9))
    garbage = nights.garbage()
    assert nights.night() == ExitCode.DONE  # there is a reserve for journals
    assert len(nights.garbage() & garbage) < len(garbage)
    filler.unlink()


def the_database_moves(nights: Nights, server: EmbeddedServer) -> None:
    nights.day()
    move(nights, server)
    for _ in range(2):
        assert nights.night() == ExitCode.REFUSED
    names = [doubt["name"] for doubt in nights.runs[-1]["refusals"]]
    (former,) = [name for name in names if name.startswith("other-owner:")]
    assert nights.told().count(f"{former}: ") == 1
    by_hand = block("console", 1).removeprefix("$ ").strip()
    assert nights.run(by_hand.replace("other-owner:SERVER", former)) == ExitCode.DONE
    assert nights.garbage() == set()


def the_metrics_draw_the_story(nights: Nights) -> None:
    complete = [night["djgc_scan_complete"] for night in nights.series]
    assert complete.count(0.0) == 1
    codes = [night['djgc_exit_code{command="sweep"}'] for night in nights.series]
    assert codes == nights.codes
    trash = 'djgc_stored_objects{status="trash",store="raw"}'
    swept = [night.get(trash, 0.0) for night in nights.series]
    assert max(swept) > 15
    assert swept[-1] < max(swept)  # purged
    moved = [
        night.get('djgc_objects_processed{outcome="moved"}', 0)
        for night in nights.series
    ]
    assert moved.count(2.0) > 10
    assert nights.series[0]["djgc_orphans_waiting"] == 2
    measured = History(nights.djgc.folder / "store-history").measured("raw")
    assert len(measured) > _NIGHTS


def move(nights: Nights, server: EmbeddedServer) -> None:
    """Let a new server have the tables and rows of the laboratory."""
    old, rows = nights.lab, nights.rows()
    there = connect(server, old.kind, server.user, server.password, old.folder)
    schema = dj.Schema(old.name, connection=there)
    nights.lab = replace(old, server=server, connection=there, schema=schema)
    nights.declare()
    nights.become(rows)
    nights.djgc = replace(nights.djgc, laboratory=nights.lab)
    path = nights.djgc.folder / "datajoint.json"
    config = json.loads(path.read_text())
    config["database"] |= {"host": server.host, "port": server.port}
    path.write_text(json.dumps(config))
