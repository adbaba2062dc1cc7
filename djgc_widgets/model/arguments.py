"""Check what a caller passes; anything else is an `InputError` in one sentence."""

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

from djgc_widgets.model.codes import OLDEST
from djgc_widgets.model.errors import InputError

_SHOWN = 80


def shown(value: object) -> str:
    """Return what was passed on one short line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def names_of(given: Any, what: str) -> frozenset[str]:  # noqa: ANN401 - what a caller passes
    """Return the names that were passed in the argument `what`."""
    texts = isinstance(given, Iterable) and not isinstance(given, str | bytes)
    names = list(given) if texts else []
    if not texts or not all(isinstance(name, str) for name in names):
        raise InputError(
            f"Expected a list or set of names in {what}; got {shown(given)}. Pass for "
            f"example {what}=[{given if isinstance(given, str) else 'name'!r}]."
        )
    return frozenset(names)


def names_among(given: Any, known: Collection[str], what: str) -> frozenset[str]:  # noqa: ANN401 - likewise
    """Return the names that were passed, all of which are known; None means all."""
    names = frozenset(known) if given is None else names_of(given, what)
    if unknown := sorted(names.difference(known)):
        raise InputError(
            f"Expected in {what} names among {', '.join(sorted(known)) or 'none'}; got "
            f"{', '.join(unknown)}. Correct them."
        )
    return names


def expect_age(age: Any, name: str) -> None:  # noqa: ANN401 - what a caller passes
    """Raise `InputError` unless an age is a timedelta from zero to a hundred years."""
    if not isinstance(age, timedelta) or not timedelta(0) <= age <= OLDEST:
        raise InputError(
            f"Expected an age from 0 to {OLDEST.days:,} days in {name}; got "
            f"{shown(age)}. Pass a timedelta, for example timedelta(days=30)."
        )
