"""The command line, as cron and admins use it: dry unless confirmed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from laboratory import HASH, Laboratory, orphaned

from djgc_widgets import History

Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def laboratory(postgresql_laboratory: Laboratory) -> Laboratory:
    return postgresql_laboratory


@pytest.fixture
def djgc(laboratory: Laboratory, tmp_path: Path) -> Run:
    """Run a command in a process of its own, configured as DataJoint is."""
    server = laboratory.server
    config = {
        "database": {
            "host": server.host,
            "port": server.port,
            "user": server.user,
            "backend": laboratory.backend,
            "use_tls": False,
        },
        "stores": dict(laboratory.config.stores),
    }
    work = tmp_path / "work"
    work.mkdir()
    (work / "datajoint.json").write_text(json.dumps(config))
    environment = {**os.environ, "DJ_PASS": server.password}

    def run(*words: str, **changed: str) -> tuple[int, Any]:
        ended = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "djgc_widgets.cli", *words],
            cwd=work,
            env={**environment, **changed},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in ended.stderr, ended.stderr
        assert server.password not in ended.stdout + ended.stderr
        if "--json" in words and ended.stdout.startswith("{"):
            told = json.loads(ended.stdout)
            assert told["code"] == ended.returncode
            return ended.returncode, told
        return ended.returncode, ended.stdout + ended.stderr

    return run


def schema(laboratory: Laboratory) -> tuple[str, str]:
    return "--schema", laboratory.name


ALL = ("--acknowledge", "large-sweep", "--acknowledge", "sole-owner")


def test_a_sweep_and_its_way_back(laboratory: Laboratory, djgc: Run) -> None:
    orphaned(laboratory, HASH)
    before = laboratory.held()
    own = schema(laboratory)

    code, told = djgc("scan", *own, "--json")
    assert (code, told["complete"]) == (3, True)
    assert {row["status"]: row["objects"] for row in told["summary"]} == {
        "live": 2,
        "orphan": 3,
    }
    code, told = djgc("report", *own, "--json")
    assert code == 3
    assert {row["reason"] for row in told["orphans"]} == {"no row holds this hash"}
    assert [row["rows"] for row in told["usage"]] == [2]

    code, told = djgc("sweep", *own, "--confirm", "raw", "--json")
    assert code == 5
    assert {r["name"] for r in told["refusals"]} == {"large-sweep", "sole-owner"}
    for words in ((), ("--dry-run", "--confirm", "raw"), ("--confirm", "derived")):
        code, text = djgc("sweep", *own, *ALL, *words)
        assert code == 3
        assert "Nothing was changed. To do it, add: --confirm raw" in text
    assert laboratory.held() == before

    code, told = djgc("sweep", *own, *ALL, "--confirm", "raw", "--json")
    assert code == 0
    assert [row["outcome"] for row in told["rows"]] == ["moved"] * 3
    assert djgc("scan", *own)[0] == 0
    assert djgc("sweep", *own, "--confirm", "raw")[1].startswith("Nothing to sweep")
    code, listed = djgc("trash", "--store", "raw", "--json")
    assert (code, listed["sweeps"][0]["left_objects"]) == (0, 3)
    sweep_id = listed["sweeps"][0]["sweep_id"]

    code, text = djgc("restore", "--store", "raw", sweep_id)
    assert code == 0
    assert "--confirm raw" in text
    assert djgc("restore", "--store", "raw", sweep_id, "--confirm", "raw")[0] == 0
    now = {p: c for p, c in laboratory.held().items() if not p.startswith("_trash/")}
    assert now == before


def test_a_purge_is_dry_until_it_is_confirmed(
    laboratory: Laboratory, djgc: Run
) -> None:
    orphaned(laboratory, HASH)
    djgc("sweep", *schema(laboratory), *ALL, "--confirm", "raw")

    assert "old enough: none" in djgc("purge", "--store", "raw")[1]
    dry = ("purge", "--store", "raw", "--older-than", "0")
    assert "To do it, add: --confirm raw" in djgc(*dry)[1]
    assert len([p for p in laboratory.held() if "/objects/" in p]) == 3
    code, told = djgc(*dry, "--confirm", "raw", "--json")

    assert code == 0
    assert [row["outcome"] for row in told["rows"]] == ["purged"] * 3
    assert len([p for p in laboratory.held() if "/objects/" in p]) == 0


def test_what_rows_need_again_is_brought_back(
    laboratory: Laboratory, djgc: Run
) -> None:
    table = orphaned(laboratory, HASH)
    path = laboratory.raw(table.table_name, "data")[4]["path"]
    own = schema(laboratory)
    assert djgc("heal", *own)[1].startswith("Nothing in the trash is needed")
    (table & "id = 4").delete()
    laboratory.age()
    djgc("sweep", *own, *ALL, "--confirm", "raw")
    metadata = {"path": path, "hash": path[-26:], "store": "raw"}
    laboratory.write_row(table.table_name, 4, metadata)

    assert "--confirm raw" in djgc("heal", *own)[1]
    assert path not in laboratory.held()
    assert djgc("heal", *own, "--confirm", "raw")[0] == 0

    assert path in laboratory.held()


def test_a_stale_lock_is_recovered(laboratory: Laboratory, djgc: Run) -> None:
    orphaned(laboratory, HASH)
    laboratory.put("_trash/lock.json", data=b"{}")
    own = schema(laboratory)

    code, text = djgc("sweep", *own, *ALL, "--confirm", "raw")
    assert code == 5
    assert "locked" in text
    assert djgc("recover", "--store", "raw", "--confirm", "raw")[0] == 5
    recover = ("recover", "--store", "raw", "--break-lock")
    assert "--confirm raw" in djgc(*recover)[1]
    assert djgc(*recover, "--confirm", "raw")[0] == 0
    assert djgc("sweep", *own, *ALL, "--confirm", "raw")[0] == 0


def test_what_cannot_be_done_has_a_code_of_its_own(
    laboratory: Laboratory, djgc: Run
) -> None:
    table = orphaned(laboratory)
    own = schema(laboratory)

    assert djgc("scan", "--schema", "no_such_schema")[0] == 1
    assert djgc("scan", *own, DJ_PASS="wrong")[0] == 1  # noqa: S106 - it is
    assert djgc("trash", "--store", "cold")[0] == 1
    assert djgc("restore", "--store", "raw", "no-such-sweep")[0] == 1
    assert djgc("sweep", *own, "--acknowledge", "everything")[0] == 1
    assert djgc("sing")[0] == 2
    place = laboratory.quote(laboratory.name, table.table_name)
    laboratory.connection.query(f"UPDATE {place} SET data = '{{}}' WHERE id = 4")
    code, told = djgc("scan", *own, "--json")
    assert code == 4
    assert "record a path" in told["problems"][0]
    assert djgc("sweep", *own, *ALL, "--confirm", "raw")[0] == 4


def test_a_report_is_a_new_page_each_time_and_adds_to_the_history(
    laboratory: Laboratory, djgc: Run, tmp_path: Path
) -> None:
    orphaned(laboratory)
    records = tmp_path / "records"
    words = ("report", *schema(laboratory), "--history", str(records))

    code, text = djgc(*words)
    djgc(*words)
    djgc(*words, "--json")

    assert code == 3
    written = sorted((tmp_path / "work").glob("djgc-report-*.html"))
    assert len(written) == 2  # programs get no page
    assert str(written[0]) in text
    page = written[-1].read_text()
    assert "row deleted" in page
    assert "stored, measured by scans" in page
    history = History(records)
    assert len(history.totals()) == 3
    assert set(history.frame["orphan_bytes"]) == {0, 3 * 384}
