"""The command line, as cron and admins use it: dry unless confirmed."""

import os
import re
import shlex
from importlib.metadata import version
from pathlib import Path

import pytest
from command_line import ALL, CommandLine, Own, Run
from laboratory import HASH, Laboratory, every_kind_orphaned, orphaned

from djgc_widgets import History, save_filter
from djgc_widgets.cli.options import COMMANDS, argument_parser
from djgc_widgets.model import ExitCode

_LOSING = """
import datajoint
from djgc_widgets.collector.ranges import bounds
from djgc_widgets.collector.ranges.dataset import RECORDED
lay = bounds.lay_ranges
def lay_and_lose(dataset, *arguments):
    dataset.remove(RECORDED)
    return lay(dataset, *arguments)
bounds.lay_ranges = lay_and_lose
"""


@pytest.fixture
def laboratory(postgresql_laboratory: Laboratory) -> Laboratory:
    return postgresql_laboratory


def test_a_sweep_takes_only_what_a_saved_filter_shows(
    laboratory: Laboratory, djgc: CommandLine, own: Own
) -> None:
    orphaned(laboratory)
    before = laboratory.contents()
    file = djgc.folder / "djgc-filters.json"
    save_filter("second", {"text": "id=2"}, file)
    save_filter("live", {"Status": ["live"]}, file)
    sweep = ("sweep", *own, *ALL, "--confirm", "raw", "--json")

    for name, code, moved in (
        ("live", ExitCode.DONE, 0),
        ("other", ExitCode.USAGE_ERROR, 0),
        ("second", ExitCode.DONE, 1),
    ):
        done, data = djgc(*sweep, "--filter", name)
        assert done == code
        assert len(data.get("rows", [])) == moved

    (gone,) = set(before) - set(laboratory.contents())
    assert "/id=2/" in gone


def test_a_sweep_takes_only_what_all_of_its_filters_show(
    laboratory: Laboratory, djgc: CommandLine, own: Own
) -> None:
    every_kind_orphaned(laboratory)
    laboratory.put(f"_schema/{laboratory.name}/gone/id=1/data_AbCd1234.npy")
    laboratory.put(f"_schema/{laboratory.name}/gone/id=2/data_AbCd1234.npy", data=b"")
    laboratory.age()
    sweep = ("sweep", *own, *ALL, "--json")

    for options, tables in (
        (("--table", "array"), {"array"}),
        (("--table", f"{laboratory.name}.gone", "--table", "array"), {"array", "gone"}),
        (("--table", "other.gone"), set()),
        (("--table", ""), set()),
        (("--reason", "table-dropped"), {"gone"}),
        (("--reason", "table-dropped", "--table", "array"), set()),
        (("--larger-than", "320 B", "--older-than", "2 weeks"), {"array"}),
        (("--older-than", "400"), set()),
    ):
        code, data = djgc(*sweep, *options)
        assert {row["table"] for row in data["plan"]} == tables, options
        assert code == (ExitCode.ORPHANS_FOUND if tables else ExitCode.DONE)

    said = djgc(*sweep[:-1], "--table", "arrays", "--table", "gone")[1]
    assert "nothing is stored of table arrays," in said
    assert "there is something of array, folder, gone" in said
    assert "note: nothing" not in djgc(*sweep[:-1], "--table", "gone")[1]

    save_filter("gone", {"Table": ["gone"]}, djgc.folder / "djgc-filters.json")
    one = ("--filter", "gone", "--larger-than", "1", "--confirm", "raw")
    code, data = djgc(*sweep, *one)
    assert [row["n_files"] for row in data["rows"]] == [1]
    assert "/gone/id=1/" in data["rows"][0]["path"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("--reason", "because"), "Expected in --reason names among"),
        (("--larger-than", ""), "Expected a size"),
        (("--larger-than", "> 3"), "Expected a size"),
        (("--larger-than", "1 GB to 2 GB"), "Expected a size"),
        (("--older-than", "yesterday"), "Expected an age"),
    ],
)
def test_a_filter_that_is_not_understood_moves_nothing(
    typed: tuple[str, str], said: str, laboratory: Laboratory, djgc: Run, own: Own
) -> None:
    orphaned(laboratory)
    before = laboratory.contents()

    code, text = djgc("sweep", *own, *ALL, "--confirm", "raw", *typed)

    assert code == ExitCode.USAGE_ERROR
    assert said in text
    assert laboratory.contents() == before


def test_the_help_has_examples_that_are_understood(
    capsys: pytest.CaptureFixture[str],
) -> None:
    parser = argument_parser()
    with pytest.raises(SystemExit):
        parser.parse_args(["--version"])
    assert capsys.readouterr().out == f"djgc-widgets {version('djgc-widgets')}\n"

    for name in COMMANDS:
        with pytest.raises(SystemExit):
            parser.parse_args([name, "--help"])
        text = capsys.readouterr().out
        shown = re.findall(r"^  (djgc .*)$", text, re.MULTILINE)
        assert shown, name
        for line in shown:
            _, *words = shlex.split(line, comments=True)
            assert parser.parse_args(words).command == name


def test_a_sweep_and_its_restore(laboratory: Laboratory, djgc: Run, own: Own) -> None:
    orphaned(laboratory, HASH)
    before = laboratory.contents()

    code, data = djgc("scan", *own, "--json")
    assert (code, data["complete"]) == (ExitCode.ORPHANS_FOUND, True)
    counts = {row["status"]: row["n_objects"] for row in data["summary"]}
    assert counts == {"live": 2, "orphan": 3}
    code, data = djgc("report", *own, "--json")
    assert code == ExitCode.ORPHANS_FOUND
    assert {row["reason_code"] for row in data["orphans"]} == {"no-row-holds-hash"}
    assert [row["n_rows"] for row in data["usage"]] == [2]

    code, data = djgc("sweep", *own, "--confirm", "raw", "--json")
    assert code == ExitCode.REFUSED
    assert {r["name"] for r in data["refusals"]} == {"large-sweep", "sole-owner"}
    assert all(r["message"] and r["remedy"] for r in data["refusals"])
    for options, expected, how in (
        ((), ExitCode.ORPHANS_FOUND, "add: --confirm raw"),
        (("--dry-run",), ExitCode.ORPHANS_FOUND, "leave out --dry-run and add: "),
        (("--dry-run", "--confirm", "raw"), ExitCode.ORPHANS_FOUND, "leave out --dry"),
        (("--confirm", "derived"), ExitCode.DONE, "add: --confirm raw"),
    ):
        code, text = djgc("sweep", *own, *ALL, *options)
        assert code == expected
        where = " in raw" if options == ("--confirm", "derived") else ""
        assert f"Nothing was changed{where}. To do it, {how}" in text
    assert laboratory.contents() == before

    code, data = djgc("sweep", *own, *ALL, "--confirm", "raw", "--json")
    assert code == ExitCode.DONE
    assert [row["outcome"] for row in data["rows"]] == ["moved"] * 3
    assert djgc("scan", *own)[0] == ExitCode.DONE
    assert djgc("sweep", *own, "--confirm", "raw")[1].startswith("Nothing to sweep")
    code, listed = djgc("trash", "--store", "raw", "--json")
    assert (code, listed["sweeps"][0]["n_left"]) == (ExitCode.DONE, 3)
    sweep_id = listed["sweeps"][0]["sweep_id"]

    restore = ("restore", "--store", "raw", sweep_id)
    code, text = djgc(*restore)
    assert code == ExitCode.DONE
    assert "--confirm raw" in text
    code, text = djgc(*restore, "--confirm", "raw")
    assert code == ExitCode.DONE
    assert text.startswith("3 objects restored (")
    now = laboratory.contents().items()
    assert {p: c for p, c in now if not p.startswith("_trash/")} == before


def test_a_purge_is_dry_until_confirmed(
    laboratory: Laboratory, djgc: Run, own: Own
) -> None:
    orphaned(laboratory, HASH)
    djgc("sweep", *own, *ALL, "--confirm", "raw")

    text = djgc("purge", "--store", "raw")[1]
    assert "old enough: none" in text
    assert "note: 1 sweep of store raw not yet 30 d old\n" in text
    assert "--confirm" not in text
    dry = ("purge", "--store", "raw", "--retention", "0h")
    assert "To do it, add: --confirm raw" in djgc(*dry)[1]
    asked = djgc(*dry, "--oldest-backup", "1")[1]
    assert "1 sweep of store raw not yet 24 h old, as the oldest backup" in asked
    assert len([p for p in laboratory.contents() if "/objects/" in p]) == 3
    code, text = djgc(*dry, "--confirm", "raw")
    assert code == ExitCode.REFUSED
    assert "short-retention: what would be deleted was swept" in text
    assert len([p for p in laboratory.contents() if "/objects/" in p]) == 3
    lifted = ("--acknowledge", "short-retention", "--confirm", "raw")
    code, text = djgc(*dry, *lifted)
    assert code == ExitCode.REFUSED
    assert "how old the oldest backup" in text
    assert len([p for p in laboratory.contents() if "/objects/" in p]) == 3
    code, data = djgc(*dry, *lifted, "--oldest-backup", "1", "--json")
    assert (code, data["changed"], data["rows"]) == (ExitCode.DONE, False, [])
    kept = "1 sweep of store raw not yet 24 h old, as the oldest backup that may be"
    assert kept in djgc(*dry)[1]
    assert kept in djgc(*dry, *lifted)[1]
    code, data = djgc(*dry, *lifted, "--oldest-backup", "0", "--json")

    assert code == ExitCode.DONE
    assert [row["outcome"] for row in data["rows"]] == ["purged"] * 3
    assert len([p for p in laboratory.contents() if "/objects/" in p]) == 0


def test_what_rows_need_again_is_restored(
    laboratory: Laboratory, djgc: Run, own: Own
) -> None:
    table = orphaned(laboratory, HASH)
    path = laboratory.raw(table.table_name, "data")[4]["path"]
    assert djgc("heal", *own)[1].startswith("Nothing to restore.")
    (table & "id = 4").delete()
    laboratory.age()
    djgc("sweep", *own, *ALL, "--confirm", "raw")
    metadata = {"path": path, "hash": path[-26:], "store": "raw"}
    laboratory.write_row(table.table_name, 4, metadata)

    assert "--confirm raw" in djgc("heal", *own)[1]
    assert path not in laboratory.contents()
    assert djgc("heal", *own, "--confirm", "raw")[0] == ExitCode.DONE

    assert path in laboratory.contents()


def test_a_stale_lock_is_recovered(laboratory: Laboratory, djgc: Run, own: Own) -> None:
    orphaned(laboratory, HASH)
    laboratory.put("_trash/lock.json", data=b"{}")

    code, text = djgc("sweep", *own, *ALL, "--confirm", "raw")
    assert code == ExitCode.REFUSED
    assert "locked" in text
    recover = ("recover", "--store", "raw")
    assert djgc(*recover, "--confirm", "raw")[0] == ExitCode.REFUSED
    assert "--confirm raw" in djgc(*recover, "--break-lock")[1]
    assert djgc(*recover, "--break-lock", "--confirm", "raw")[0] == ExitCode.DONE
    assert djgc("sweep", *own, *ALL, "--confirm", "raw")[0] == ExitCode.DONE


def test_a_report_is_a_new_page_each_time_and_adds_to_the_history(
    laboratory: Laboratory, djgc: Run, own: Own, tmp_path: Path
) -> None:
    orphaned(laboratory)
    records = tmp_path / "records"
    report = ("report", *own, "--history", str(records))

    code, text = djgc(*report)
    djgc(*report)
    djgc(*report, "--json")

    assert code == ExitCode.ORPHANS_FOUND
    written = sorted((tmp_path / "work").glob("djgc-report-*.html"))
    assert len(written) == 2  # programs get no page
    assert str(written[0]) in text
    page = written[-1].read_text()
    assert "row deleted" in page
    assert "stored, measured by scans" in page
    history = History(records)
    assert len(history.totals()) == 3
    assert set(history.frame["orphan_bytes"]) == {0, 3 * 384}


def test_pins_are_listed_added_and_removed(
    laboratory: Laboratory, djgc: CommandLine, own: Own
) -> None:
    orphaned(laboratory)
    pin = ("pin", "--store", "raw", "--table", f"{laboratory.name}.recording")

    code, text = djgc(*pin, "--key", "id=2")
    assert code == ExitCode.DONE
    assert "which keeps 1 object (384 B)" in text
    assert "pins: none" in djgc("pins")[1]
    code, data = djgc(*pin, "--key", "id=2", "--confirm", "raw", "--json")
    assert (code, data["changed"]) == (ExitCode.DONE, True)
    assert "nothing that is stored now" in djgc(*pin, "--key", "id=77")[1]
    code, text = djgc(*pin, "--key", "id=2", "--key", "id=3")
    assert (code, "each attribute once" in text) == (ExitCode.USAGE_ERROR, True)
    assert "NAME=VALUE" in djgc(*pin, "--key", "id")[1]
    moved = djgc("sweep", *own, *ALL, "--confirm", "raw", "--json")[1]["rows"]
    assert len(moved) == 2
    unpin = ("unpin", "--store", "raw", "0", "--confirm", "raw")
    assert djgc(*unpin)[0] == ExitCode.DONE
    assert djgc("scan", *own)[0] == ExitCode.ORPHANS_FOUND


def test_a_store_that_is_away_hides_no_other(
    laboratory: Laboratory, djgc: CommandLine, own: Own
) -> None:
    orphaned(laboratory, HASH)
    djgc("sweep", *own, *ALL, "--confirm", "raw")
    laboratory.store("derived").rename(laboratory.folder / "away")

    code, text = djgc("trash")
    assert code == ExitCode.DONE_IN_PART
    assert "problem: store derived" in text
    sweep_id = re.findall(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}", text)[0]
    code, data = djgc("sweep", *own, "--confirm", "raw,derived", "--json")
    assert (code, data["complete"]) == (ExitCode.SCAN_INCOMPLETE, False)
    assert djgc("restore", sweep_id, "--confirm", "raw")[0] == ExitCode.DONE
    text = djgc("restore", sweep_id, "--confirm", "raw")[1]
    assert "Nothing of it is left in the trash" in text
    laboratory.store("raw").rename(laboratory.folder / "away-too")
    (laboratory.folder / "away").rename(laboratory.store("derived"))
    code, text = djgc("restore", sweep_id, "--confirm", "raw")
    assert code == ExitCode.USAGE_ERROR
    assert "It may be of another store: store raw: expected a folder" in text


def test_commands_scan_in_ranges(s3_laboratory: Laboratory, tmp_path: Path) -> None:
    every_kind_orphaned(s3_laboratory)
    djgc = CommandLine.of(s3_laboratory, tmp_path / "here")
    own = ("--schema", s3_laboratory.name, "--minimum-age", "0")
    _, whole = djgc("scan", *own, "--json")
    (djgc.folder / "djgc.toml").write_text('out = "scans"\n')

    _, found = djgc("scan", *own, "--json")
    report, _ = djgc("report", *own)
    lifted = (*ALL, "--acknowledge", "minimum-age")
    code, swept = djgc(
        *("sweep", *own, *lifted, "--table", "array", "--confirm", "raw", "--json")
    )

    assert found["summary"] == whole["summary"]
    assert report == ExitCode.ORPHANS_FOUND
    assert code == ExitCode.DONE
    assert [row["outcome"] for row in swept["rows"]] == ["moved"]
    scans = list((djgc.folder / "scans").iterdir())
    assert len(scans) == 3
    assert all((scan / "objects").is_dir() for scan in scans)
    code, text = djgc("scan", *own, "--out", str(scans[0]))
    assert code == ExitCode.USAGE_ERROR
    assert "the folder above it" in text


def test_a_scan_that_ended_early_is_told(
    s3_laboratory: Laboratory, tmp_path: Path
) -> None:
    orphaned(s3_laboratory)
    djgc = CommandLine.of(s3_laboratory, tmp_path / "here")
    (djgc.folder / "sitecustomize.py").write_text(_LOSING)

    code, said = djgc(
        *("scan", "--schema", s3_laboratory.name, "--out", "scans", "--json"),
        PYTHONPATH=os.pathsep.join(
            [str(djgc.folder), os.environ.get("PYTHONPATH", "")]
        ),
    )

    assert code == ExitCode.ERROR
    assert "one scan at a time" in said["error"]
