"""Every example of a docstring runs, and every public name has one."""

import doctest
import pkgutil
from collections.abc import Iterator
from importlib import import_module

import pytest

import djgc_widgets
from djgc_widgets import open_lab
from djgc_widgets.lab.demo_lab import LAB_VARIABLE

_FOUND = pkgutil.walk_packages(djgc_widgets.__path__, "djgc_widgets.")
_MODULES = [module.name for module in _FOUND]


@pytest.fixture(scope="module", autouse=True)
def lab() -> Iterator[None]:
    """Let examples join one lab instead of starting a server each."""
    with open_lab() as lab, pytest.MonkeyPatch.context() as patch:
        patch.setenv(LAB_VARIABLE, str(lab.folder))
        yield


@pytest.mark.parametrize("name", djgc_widgets.__all__)
def test_every_public_name_has_an_example(name: str) -> None:
    found = doctest.DocTestFinder(recurse=False).find(getattr(djgc_widgets, name), name)

    assert [test for test in found if test.examples]


@pytest.mark.parametrize("name", _MODULES)
def test_every_example_runs(name: str) -> None:
    module = import_module(name)

    results = doctest.testmod(module)

    assert results.failed == 0
