"""Each safety mechanism, removed: the test that is named must then fail.

A mutant is a patch whose first lines say which mechanism it removes and which test
notices.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
_MUTANTS = sorted(_HERE.glob("*.patch"))


@pytest.mark.parametrize("mutant", _MUTANTS, ids=lambda mutant: mutant.stem)
def test_the_mutant_does_not_survive(mutant: Path, tmp_path: Path) -> None:
    assert "1 failed" in _run(mutant, tmp_path), _header(mutant)["mechanism"]


def _header(mutant: Path) -> dict[str, str]:
    return dict(re.findall(r"^(\w+): (.+)$", mutant.read_text(), re.MULTILINE))


def _run(mutant: Path, folder: Path) -> str:
    """Return the closing line of the test that has to notice the mutant."""
    for name in ("djgc_widgets", "tests", "pyproject.toml"):
        source, target = _ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target)  # what was compiled as well, to be quick
        else:
            shutil.copy(source, target)
    subprocess.run(["git", "apply", mutant], cwd=folder, check=True)  # noqa: S603, S607
    pytest_here = [sys.executable, "-m", "pytest", "-qx", "-p", "no:cacheprovider"]
    plain = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE")}
    ended = subprocess.run(  # noqa: S603 - our own tests
        [*pytest_here, f"--basetemp={folder}/temporary", _header(mutant)["test"]],
        cwd=folder,
        env={
            **plain,
            "PYTHONPATH": str(folder),
        },  # what the test starts is mutated, too
        capture_output=True,
        text=True,
        check=False,
    )
    return " ".join(ended.stdout.strip().splitlines()[-1:])
