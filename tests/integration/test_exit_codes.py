"""What runs unattended says by its exit code what a person has to do."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import ALL, CommandLine, Own
from laboratory import HASH, Laboratory, complete, filled, orphaned, planned

from djgc_widgets.cli.answers import first_code
from djgc_widgets.model import ExitCode

_README = Path(__file__).parents[2] / "README.md"


def refer_to(lab: Laboratory, path: str, key: int = 4) -> None:
    lab.write_row("recording", key, {"path": path, "hash": path[-26:], "store": "raw"})


def emptied(lab: Laboratory) -> str:
    """Sweep the object of row 4 with the orphans; return its path."""
    table = orphaned(lab, HASH)
    path = lab.raw(table.table_name, "data")[4]["path"]
    (table & "id = 4").delete()
    lab.age()
    planned(complete(lab)).sweep()
    return str(path)


def test_missing_objects_are_never_reported_as_clean(
    laboratory: Laboratory, djgc: CommandLine, own: Own
) -> None:
    table = filled(laboratory)
    laboratory.age()
    assert djgc("scan", *own)[0] == ExitCode.DONE
    laboratory.remove(laboratory.raw(table.table_name, "data")[1]["path"])

    for command in ("scan", "report", "sweep", "heal"):
        code, data = djgc(command, *own, "--json")
        assert (code, data["missing_references"]) == (ExitCode.OBJECTS_MISSING, 1)
    known = ("--acknowledge", "missing-objects", "--confirm", "raw")
    assert djgc("sweep", *own, *known)[0] == ExitCode.DONE


def test_a_sweep_returns_from_the_trash_what_rows_need_before_it_moves_anything(
    laboratory: Laboratory, djgc: CommandLine, own: Own
) -> None:
    path = emptied(laboratory)
    refer_to(laboratory, path)
    garbage = laboratory.put(f"_hash/{laboratory.name}/{'a' * 26}")
    laboratory.age()

    code, data = djgc("scan", *own, "--json")
    assert (code, data["needed_in_trash"]) == (ExitCode.REPAIR_NEEDED, 1)
    assert djgc("heal", *own)[0] == ExitCode.REPAIR_NEEDED
    assert djgc("sweep", *own, *ALL)[0] == ExitCode.REPAIR_NEEDED
    other = djgc("sweep", *own, *ALL, "--confirm", "derived")
    assert other[0] == ExitCode.REPAIR_NEEDED
    assert path not in laboratory.contents()
    code, data = djgc("sweep", *own, *ALL, "--confirm", "raw", "--json")

    assert code == ExitCode.DONE
    assert [row["path"] for row in data["healed"]] == [path]
    assert [Path(row["path"]).name for row in data["rows"]] == [garbage.name]
    assert path in laboratory.contents()
    assert djgc("scan", *own)[0] == ExitCode.DONE


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_nothing_is_swept_while_a_live_object_stays_in_the_trash(
    laboratory: Laboratory, djgc: CommandLine, own: Own
) -> None:
    path = emptied(laboratory)
    refer_to(laboratory, path)
    (sweep,) = laboratory.store("raw").glob("_trash/2*")
    (sweep / "plan.json").write_bytes(b"{}")  # so that it cannot be restored
    garbage = laboratory.put(f"_hash/{laboratory.name}/{'a' * 26}")
    laboratory.age()

    code, text = djgc("sweep", *own, *ALL, "--confirm", "raw")

    assert code == ExitCode.REFUSED
    assert "plan.json" in text
    assert garbage.exists()


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_an_interrupted_sweep_is_never_reported_as_clean(
    laboratory: Laboratory, djgc: CommandLine, own: Own
) -> None:
    filled(laboratory)
    sweep_id = "20260101T000000Z-0123abcd"
    laboratory.put(f"_trash/{sweep_id}/plan.json")
    laboratory.age()

    for options in ((), ("--confirm", "raw")):
        code, data = djgc("sweep", *own, "--json", *options)
        assert (code, data["interrupted"]) == (ExitCode.REPAIR_NEEDED, [sweep_id])


def test_the_most_urgent_code_is_returned() -> None:
    urgent = [4, 6, 8, 5, 7, 3, 0]

    for n, code in enumerate(urgent):
        assert first_code(urgent[n:]) == code
    readme = _README.read_text()
    said = re.search(r"If several apply[^.]*: ([0-9, ]+)\.", readme)
    assert said is not None
    assert [int(code) for code in said[1].split(",")] == urgent[:-1]
    for code in ExitCode:
        assert f"| {code.value} | " in readme


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_only_the_confirmed_stores_are_ever_swept(
    laboratory: Laboratory, djgc: CommandLine, own: Own
) -> None:
    orphaned(laboratory, HASH)
    laboratory.put(f"_hash/{laboratory.name}/{'d' * 26}", store="derived")
    laboratory.age()

    code, text = djgc("sweep", *own, *ALL, "--confirm", "raw")

    assert code == ExitCode.DONE
    assert text.startswith("3 objects moved")
    assert "Nothing was changed in derived. To do it, add: --confirm derived" in text
    assert len(laboratory.contents("derived")) == 1


@pytest.fixture
def schedule() -> str:
    """The command of the crontab that the README shows."""
    (line,) = re.findall(r"```crontab\n(?:\S+ ){5}(.*)\n```", _README.read_text())
    return str(line)


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_the_crontab_of_the_readme_works_as_written(
    laboratory: Laboratory, djgc: CommandLine, own: Own, schedule: str
) -> None:
    hashes = orphaned(laboratory, HASH)
    laboratory.put(f"_hash/{laboratory.name}/{'d' * 26}", store="derived")
    laboratory.age()
    assert djgc("sweep", *own, *ALL, "--confirm", "raw")[0] == ExitCode.DONE
    hashes.insert({"id": key, "data": b"%d" % key} for key in range(20, 40))
    (hashes & "id = 20").delete()
    laboratory.age()
    djgc.folder.rename(djgc.folder.with_name("pipeline"))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    made_older = "import datajoint\ndatajoint.Connection.made_up_dates = True\n"
    (djgc.folder.parent / "sitecustomize.py").write_text(made_older)
    modules = f"{djgc.folder.parent}:{os.environ.get('PYTHONPATH', '')}"
    home = {"HOME": str(djgc.folder.parent), "PATH": path, "PYTHONPATH": modules}

    ended = [
        subprocess.run(  # noqa: S603 - our own README
            ["sh", "-c", schedule.replace("lab_ephys", laboratory.name)],  # noqa: S607
            env={**djgc.environment, **home},
            check=False,
        ).returncode
        for _ in range(2)
    ]

    (log,) = djgc.folder.parent.glob("**/sweeps.jsonl")
    first, second = map(json.loads, log.read_text().splitlines())
    # on one day nothing was seen twice
    assert ended == [first["code"], second["code"]] == [ExitCode.DONE] * 2
    assert first["n_waiting"] == second["n_waiting"] == 1
    assert second["plan"] == []
    assert len(laboratory.contents("derived")) == 1


def test_each_kind_of_failure_has_its_exit_code_and_one_line_of_json(
    postgresql_laboratory: Laboratory, tmp_path: Path
) -> None:
    lab, own = postgresql_laboratory, ("--schema", postgresql_laboratory.name)
    djgc = CommandLine.of(lab, tmp_path / "work")
    table = orphaned(lab)

    for arguments in (
        ("scan", "--schema", "no_such_schema"),
        ("scan", *own, "--stores", "cold"),
        ("scan", *own, "--minimum-age", "nan"),
        ("scan", *own, "--minimum-age", "7x"),
        ("scan", "--minimum-age", "-1"),
        ("scan", "--minimum-age", "inf"),
        ("purge", "--store", "raw", "--retention", "1e30"),
        ("purge", "--store", "raw", "--acknowledge", "everything"),
        ("trash", "--store", "cold"),
        ("restore", "--store", "raw", "no-such-sweep"),
        ("sweep", *own, "--acknowledge", "everything"),
        ("sweep", *own, *ALL, "--confirm", "rav"),
        ("recover", "--store", "raw", "--confirm", "derived"),
        ("report", *own, "--history", str(tmp_path / "work" / "datajoint.json")),
        ("scan", "--no-such-option"),
        ("sing",),
    ):
        code, data = djgc(*arguments, "--json")
        assert code == ExitCode.USAGE_ERROR, arguments
        assert "create_schema" not in data["error"]  # as DataJoint advises
        assert "xpected" in data["error"] or "See: djgc" in data["error"], arguments
    code, data = djgc("scan", *own, "--json", DJ_PASS="wrong")  # noqa: S106 - it is
    assert code == ExitCode.ERROR
    assert "Expected a database server that accepts the login" in data["error"]
    lab.put("_trash/lock.json", data=b"{}")
    code, data = djgc("sweep", *own, *ALL, "--confirm", "raw", "--json")
    assert code == ExitCode.REFUSED
    assert "locked" in data["refused"]
    name = lab.quote(lab.name, table.table_name)
    lab.connection.query(f"UPDATE {name} SET data = '{{}}' WHERE id = 4")
    for command in (("scan",), ("heal",), ("sweep", *ALL, "--confirm", "raw")):
        code, data = djgc(*command, *own, "--json")
        assert code == ExitCode.SCAN_INCOMPLETE
    assert data["problems"][0]["code"] == "values-without-path"
    assert data["problems"][0].keys() == {"code", "where", "message", "remedy"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("scan",), ExitCode.ORPHANS_FOUND),
        (("report", "--json"), ExitCode.ORPHANS_FOUND),
        (("trash", "--store", "raw"), ExitCode.DONE),
        (("sing",), ExitCode.USAGE_ERROR),
        (("--help",), ExitCode.DONE),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else each.name,
)
def test_a_reader_that_goes_away_is_never_an_error(
    arguments: tuple[str, ...],
    code: ExitCode,
    postgresql_laboratory: Laboratory,
    tmp_path: Path,
) -> None:
    djgc = CommandLine.of(postgresql_laboratory, tmp_path / "work")
    orphaned(postgresql_laboratory)
    reading, writing = os.pipe()
    os.close(reading)

    with open(writing, "wb") as pipe, (tmp_path / "errors").open("w+") as errors:  # noqa: PTH123 - a descriptor
        process = djgc.start(*arguments, stdout=pipe, stderr=errors)
        ended = process.wait()
        errors.seek(0)
        said = errors.read()

    assert ended == code
    for word in ("Traceback", "Exception ignored", "BrokenPipe"):
        assert word not in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_cannot_be_written_is_an_error(
    postgresql_laboratory: Laboratory, tmp_path: Path
) -> None:
    djgc = CommandLine.of(postgresql_laboratory, tmp_path / "work")

    with Path("/dev/full").open("w") as full:
        process = djgc.start("--help", stdout=full, stderr=subprocess.PIPE)
        _, said = process.communicate()

    assert process.returncode == ExitCode.ERROR
    assert "No space left" in said
    assert "Traceback" not in said
