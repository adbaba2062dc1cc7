"""Each safety mechanism, removed: the test that is named must then fail.

`mutants.toml` says of each mutant which mechanism it removes, which test notices, and
which text of which file it replaces; `also` where more than one is.
"""

import os
import shutil
import tomllib
from pathlib import Path

import pytest
from mutated import closing_line, collected

_ROOT = Path(__file__).parents[2]
_MUTANTS = tomllib.loads(Path(__file__).with_name("mutants.toml").read_text())
_THIRD = os.environ["DJGC_MUTANTS"]
_CHOSEN = [
    name
    for number, name in enumerate(_MUTANTS)
    if _THIRD in {"all", str(number % 3 + 1)}
]


def test_every_mutant_still_applies() -> None:
    """A third of them is run each time, so the others must not go stale."""
    stale = []
    files = {mutant["test"].partition("::")[0] for mutant in _MUTANTS.values()}
    tests = collected(files, _ROOT)
    for name, mutant in _MUTANTS.items():
        named = mutant["test"]  # alone, or with all of its parameters
        counts = [int(any(t == named or t.startswith(f"{named}[") for t in tests))]
        for edit in [mutant, *mutant.get("also", [])]:
            text = (_ROOT / edit["file"]).read_text()
            counts.append(text.count(edit["old"]))
            if edit["file"].endswith(".py"):
                compile(text.replace(edit["old"], edit["new"]), name, "exec")
        if set(counts) != {1}:
            stale.append(name)

    assert stale == []


@pytest.mark.parametrize("name", _CHOSEN)
def test_the_mutant_does_not_survive(name: str, tmp_path: Path) -> None:
    mutant = _MUTANTS[name]
    for folder in ("djgc_widgets", "tests"):  # what was compiled as well, to be quick
        shutil.copytree(_ROOT / folder, tmp_path / folder)
    shutil.copy(_ROOT / "pyproject.toml", tmp_path)
    for edit in [mutant, *mutant.get("also", [])]:
        file = tmp_path / edit["file"]
        assert file.read_text().count(edit["old"]) == 1, f"{name} does not apply"
        file.write_text(file.read_text().replace(edit["old"], edit["new"]))

    assert "1 failed" in closing_line(mutant["test"], tmp_path), mutant["removes"]
