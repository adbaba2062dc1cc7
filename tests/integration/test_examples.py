"""Every example of a docstring runs, and every public verb has one."""

import doctest
import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module

import pytest

import djgc_widgets
from djgc_widgets import GCPanel, History, Trash, open_lab
from djgc_widgets.lab.demo_lab import LAB_VARIABLE

_MODULES = pkgutil.walk_packages(djgc_widgets.__path__, "djgc_widgets.")
_PUBLIC = [getattr(djgc_widgets, name) for name in djgc_widgets.__all__]
_VERBS = [
    *(GCPanel, History, Trash),
    *(each for each in _PUBLIC if inspect.isfunction(each) or inspect.ismodule(each)),
]


@pytest.fixture(scope="module", autouse=True)
def lab() -> Iterator[None]:
    """Let examples join one lab instead of starting a server each."""
    with open_lab() as lab, pytest.MonkeyPatch.context() as patch:
        patch.setenv(LAB_VARIABLE, str(lab.folder))
        yield


@pytest.mark.parametrize("verb", _VERBS, ids=lambda verb: verb.__name__)
def test_every_public_verb_has_an_example(verb: object) -> None:
    docstrings = doctest.DocTestFinder().find(verb)  # its methods' as well

    assert [docstring for docstring in docstrings if docstring.examples]


@pytest.mark.parametrize("name", [module.name for module in _MODULES])
def test_every_example_runs(name: str) -> None:
    results = doctest.testmod(import_module(name))

    assert results.failed == 0
