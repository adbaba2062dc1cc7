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
    header = dict(re.findall(r"^(\w+): (.+)$", mutant.read_text(), re.MULTILINE))
    for name in ("djgc_widgets", "tests", "pyproject.toml"):
        source, target = _ROOT / name, tmp_path / name
        if source.is_dir():
            shutil.copytree(
                source, target, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(source, target)
    subprocess.run(["git", "apply", mutant], cwd=tmp_path, check=True)  # noqa: S603, S607
    pytest_here = [sys.executable, "-m", "pytest", "-qx", "-p", "no:cacheprovider"]

    killed = subprocess.run(  # noqa: S603 - our own tests
        [*pytest_here, header["test"]],
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if not k.startswith("COVERAGE")},
        capture_output=True,
        text=True,
        check=False,
    )

    verdict = killed.stdout.strip().splitlines()[-1:]
    assert "1 failed" in " ".join(verdict), header["mechanism"]
