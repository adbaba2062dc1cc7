"""Two processes want one name: nothing is overwritten, whatever the file system has."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from services import Services, with_shim

_RACES = Path(__file__).parents[2] / "support" / "file_races.py"
_FLAGLESS = {"WITHOUT_RENAME_FLAGS": "1"}


@pytest.fixture(params=[{}, _FLAGLESS], ids=["flags", "no flags"])
def environment(
    request: pytest.FixtureRequest, services: Services, tmp_path: Path
) -> dict[str, str]:
    """Of a process on a file system with or without flags for its renames."""
    services.need("C compiler")
    return with_shim(tmp_path, **request.param)


@pytest.mark.parametrize(
    ("roles", "rounds"),
    [
        (("sweep", "replace"), 1000),
        (("restore", "write"), 500),
        (("lock", "lock"), 200),
        (("claim", "claim"), 1000),
    ],
    ids=["sweep", "restore", "lock", "claim"],
)
def test_of_two_processes_that_want_one_name_neither_overwrites(
    tmp_path: Path, environment: dict[str, str], roles: tuple[str, str], rounds: int
) -> None:
    store = tmp_path / "raw"
    (store / "_trash/x/objects").mkdir(parents=True)
    command = (sys.executable, "-W", "ignore", _RACES)

    racing = [
        subprocess.Popen(  # noqa: S603 - our own script
            [*command, role, str(store), str(rounds)],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for role in roles
    ]
    while running := [process for process in racing if process.poll() is None]:
        if any(process.returncode for process in racing if process not in running):
            running[0].kill()  # it would wait for the other one for ever
        time.sleep(0.05)  # between two looks at a condition
    errors = [process.communicate()[1] for process in racing]

    assert errors == ["", ""]
    if "claim" in roles:
        won = [int(path.read_text()) for path in tmp_path.glob("won-*")]
        assert sum(won) == rounds


def test_what_another_process_claims_is_never_claimed_as_well(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    (tmp_path / "raw/_trash/x/objects").mkdir(parents=True)
    command = (sys.executable, "-W", "ignore", _RACES)

    late = subprocess.run(  # noqa: S603 - our own script
        [*command, "claim_late", str(tmp_path / "raw"), "1"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert late.stderr == ""


def test_a_file_system_without_an_exclusive_rename_or_link_is_refused(
    tmp_path: Path, services: Services
) -> None:
    services.need("C compiler")
    locked = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-W", "ignore", _RACES, "lock_once", str(tmp_path), "1"],
        env=with_shim(tmp_path, WITHOUT_HARD_LINKS="1", **_FLAGLESS),
        capture_output=True,
        text=True,
        check=False,
    )

    assert "SweepRefusedError" in locked.stderr
    assert "cannot rename without overwriting" in locked.stderr
