"""The configuration file: what it sets, what wins, and what it cannot say."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from command_line import CommandLine
from laboratory import HASH, Laboratory, orphaned

from djgc_widgets import History
from djgc_widgets.cli.settings import Settings
from djgc_widgets.model import ExitCode


@pytest.fixture
def laboratory(postgresql_laboratory: Laboratory) -> Laboratory:
    return postgresql_laboratory


def configure(djgc: CommandLine, text: str, name: str = "djgc.toml") -> None:
    (djgc.folder / name).write_text(text)


def test_options_that_are_not_typed_come_from_the_file(
    laboratory: Laboratory, djgc: CommandLine
) -> None:
    orphaned(laboratory, HASH)
    settings = f"""\
schema = ["{laboratory.name}"]
stores = ["raw"]
minimum-age = 90
acknowledge = ["sole-owner", "large-sweep"]
history = "store-history"
log-file = "djgc.log"
"""
    configure(djgc, settings)

    code, data = djgc("sweep", "--confirm", "raw", "--json")
    assert (code, data["plan"]) == (ExitCode.DONE, [])
    code, data = djgc("sweep", "--minimum-age", "7", "--confirm", "raw", "--json")
    assert (code, data["changed"], len(data["rows"])) == (ExitCode.DONE, True, 3)

    assert set(History(djgc.folder / "store-history").frame["store"]) == {"raw"}
    lines = (djgc.folder / "djgc.log").read_text().splitlines()
    log = [json.loads(line) for line in lines]
    assert [each["changed"] for each in log] == [False, True]
    assert {each["command"] for each in log} == {"sweep"}
    assert all(each["at"] for each in log)


def test_a_project_file_may_hold_the_settings(
    laboratory: Laboratory, djgc: CommandLine
) -> None:
    orphaned(laboratory, HASH)
    configure(djgc, "[tool.djgc]\nschema = ['gone']\n", "pyproject.toml")
    assert "Expected a schema of the server in --schema; got 'gone'" in djgc("scan")[1]

    configure(djgc, f'schema = ["{laboratory.name}"]\n')  # djgc.toml comes first
    assert djgc("scan", "--stores", "raw")[0] == ExitCode.ORPHANS_FOUND
    configure(djgc, "schema = ['missing']\n", "other.toml")
    assert "got 'missing'" in djgc("scan", "--config", "other.toml")[1]


def test_brakes_can_be_set(laboratory: Laboratory, djgc: CommandLine) -> None:
    orphaned(laboratory, HASH)
    own = f'schema = ["{laboratory.name}"]\nacknowledge = ["sole-owner"]\n'
    configure(djgc, f"{own}[brakes]\nlarge-sweep = 0.59\n")

    code, data = djgc("sweep", "--confirm", "raw", "--json")
    assert code == ExitCode.REFUSED
    assert "more than 59%" in data["refusals"][0]["message"]
    configure(djgc, f"{own}[brakes]\nlarge-sweep = 0.61\n")
    assert djgc("sweep", "--confirm", "raw")[0] == ExitCode.DONE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("minimum-age = 'old'\n", "valid number in djgc.toml, line 1 (minimum-age)"),
        ("\nstores = 'raw'\n", "valid list in djgc.toml, line 2 (stores); got 'raw'"),
        ("minimum-age = -1\n", "greater than or equal to 0 in djgc.toml, line 1"),
        ("# a\nminimumage = 7\n", "minimum-age, retention"),
        ("# a\nminimumage = 7\n", "djgc.toml, line 2 (minimumage); got 'minimumage'"),
        ("confirm = ['raw']\n", "line 1 (confirm); got 'confirm'"),
        ("[brakes]\nmore-orphans = 0.5\n", "line 2 (more-orphans); got 0.5"),
        ("[brakes]\nmore = 3\n", "one of the keys large-sweep, more-orphans in"),
        ("schema = [\n", "Expected TOML in djgc.toml; got"),
        ("schema = [1]\n", "valid string in djgc.toml, line 1 (schema); got 1"),
    ],
)
def test_an_error_names_the_line(
    laboratory: Laboratory, djgc: CommandLine, text: str, said: str
) -> None:
    orphaned(laboratory, HASH)
    before = laboratory.contents()
    configure(djgc, text)

    code, output = djgc("sweep", "--confirm", "raw")

    assert code == ExitCode.USAGE_ERROR
    assert said in output
    assert laboratory.contents() == before


def test_a_file_that_is_not_there_is_an_error(djgc: CommandLine) -> None:
    code, output = djgc("scan", "--config", "absent.toml")

    assert code == ExitCode.USAGE_ERROR
    assert "configuration file that can be read; got absent.toml" in output


def test_what_is_acknowledged_in_the_file_counts_for_sweeps_alone(
    laboratory: Laboratory, djgc: CommandLine
) -> None:
    orphaned(laboratory, HASH)
    names = '"sole-owner", "large-sweep", "missing-objects"'
    configure(djgc, f'schema = ["{laboratory.name}"]\nacknowledge = [{names}]\n')
    assert djgc("sweep", "--confirm", "raw")[0] == ExitCode.DONE

    purge = ("purge", "--store", "raw", "--retention", "0", "--oldest-backup", "0")
    code, text = djgc(*purge, "--confirm", "raw")
    assert (code, "short-retention: " in text) == (ExitCode.REFUSED, True)
    lifted = ("--acknowledge", "short-retention", "--confirm", "raw")
    table = laboratory.declare(HASH)
    laboratory.remove(laboratory.raw(table.table_name, "data")[5]["path"])
    code, data = djgc(*purge, *lifted, "--json")
    assert code == ExitCode.DONE_IN_PART
    assert {row["detail_code"] for row in data["rows"]} == {"objects-missing"}


def test_a_run_that_cannot_begin_is_told(djgc: CommandLine) -> None:
    told = "notify = 'tee -a told'\nlog-file = 'djgc.log'\n"
    for text, arguments in (
        (told, ("sweep", "--minimum-age", "old")),
        (f"{told}minimumage = 7\n", ("sweep",)),
    ):
        configure(djgc, text)
        assert djgc(*arguments)[0] == ExitCode.USAGE_ERROR

    assert (djgc.folder / "told").read_text().count("exit code 2") == 2
    assert len((djgc.folder / "djgc.log").read_text().splitlines()) == 2


@pytest.mark.parametrize("document", ["README.md", "docs/pages/how-to/cron.md"])
def test_the_settings_that_a_document_shows_are_valid(document: str) -> None:
    text = (Path(__file__).parents[2] / document).read_text()
    blocks = re.findall(r"```toml[^\n]*\n(.*?)```", text, re.DOTALL)

    assert blocks
    for block in blocks:
        assert Settings.model_validate(tomllib.loads(block)) != Settings()
