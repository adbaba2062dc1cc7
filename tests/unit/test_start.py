"""Nothing is imported before it is used: a help text must not take seconds."""

import subprocess
import sys

import pytest

import djgc_widgets
from djgc_widgets import model

_SLOW = {"datajoint", "ipywidgets", "numpy", "pandas", "plotly", "pyarrow"}
_START = """\
import sys
{statement}
print(*sys.modules)
"""


@pytest.mark.parametrize(
    "statement",
    [
        "import djgc_widgets",
        "from djgc_widgets.cli import main; main(['--help'])",
        "from djgc_widgets.cli import main; main(['purge', '--help'])",
        "from djgc_widgets.cli import main; main(['scan', '--minimum-age', 'old'])",
    ],
)
def test_a_start_imports_nothing_slow(statement: str) -> None:
    program = f"try:\n    {statement}\nexcept SystemExit:\n    pass"
    ran = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", _START.format(statement=program)],
        capture_output=True,
        text=True,
        check=True,
    )

    imported = set(ran.stdout.splitlines()[-1].split())
    assert "djgc_widgets" in imported
    assert not imported & _SLOW


@pytest.mark.parametrize("package", [djgc_widgets, model])
def test_every_name_that_is_offered_is_there(package: object) -> None:
    names = package.__all__  # type: ignore[attr-defined]

    assert len(names) > 20
    assert all(getattr(package, name) is not None for name in names)
    assert set(names) <= set(dir(package))


def test_an_unknown_name_is_an_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match="sweeep"):
        djgc_widgets.sweeep  # noqa: B018 - what is looked at
