"""Frame, filters and order -> the rows that are shown. Quick at a million rows."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import KIBI, InputError, arrow_text, visible

_CHOICES = 200
"""How many values of a column can be chosen from; the text filter finds the others."""
_Key = TypeVar("_Key", "Rule", str)


@dataclass(frozen=True, slots=True)
class Facet:
    """What rows can be filtered by.

    Parameters
    ----------
    title : str
        What a person calls it: table, larger than, older than.
    source : str
        Column of the frame.
    relation : str
        ``is``, ``at least`` or ``at most``.
    unit : str
        ``size`` or ``days`` of what is typed; empty if a value is chosen.
    """

    title: str
    source: str
    relation: str = "is"
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition that the shown rows fulfil.

    Parameters
    ----------
    facet : Facet
        What it is about.
    value : str or float or None
        A value of the column, None for NA; or a bound, in bytes or days.
    label : str
        How a person reads it.
    """

    facet: Facet
    value: str | float | None
    label: str


def bound(facet: Facet, given: str) -> Rule:
    """Return the rule for a size or an age that a person typed.

    Raises
    ------
    InputError
        If it is none.
    """
    return Rule(facet, _READ[facet.unit](given), f"{facet.title} {given}")


def chosen(facet: Facet, value: str | None) -> Rule:
    """Return the rule that a column has a value; None stands for NA."""
    shown = "none" if value is None else visible(value)
    return Rule(facet, value, f"{facet.title}: {shown}")


class Sieve:
    """Answers which rows of a frame are shown, and keeps what it worked out.

    Parameters
    ----------
    frame : DataFrame
        Any frame; it must not change.
    searched : sequence of str
        Columns that a text is looked for in.
    """

    def __init__(self, frame: pd.DataFrame, searched: Sequence[str]) -> None:
        self._frame, self._searched = frame, searched
        self._orders: dict[str, npt.NDArray[np.intp]] = {}
        self._masks: dict[Rule | str, npt.NDArray[np.bool_]] = {}
        self._texts: dict[str, pa.DictionaryArray] = {
            name: pc.dictionary_encode(arrow_text(frame[name]), "encode")
            for name in (searched if len(frame) else ())
        }

    def choices(self, facet: Facet) -> list[tuple[str | None, int]]:
        """Return the values to choose from and their rows, the most frequent first."""
        if facet.unit or self._frame.empty:
            return []
        counts = self._frame[facet.source].value_counts(dropna=False).head(_CHOICES)
        values = [None if pd.isna(value) else str(value) for value in counts.index]
        return list(zip(values, counts.tolist(), strict=True))

    def shown(
        self, text: str, rules: Sequence[Rule], sort: str, *, descending: bool
    ) -> npt.NDArray[np.intp]:
        """Return the positions of the rows that are shown, in order.

        Parameters
        ----------
        text : str
            Each of its words must occur in the row, in any case of letters.
        rules : sequence of Rule
            Chosen values of one column are alternatives; otherwise all must hold.
        sort : str
            Column to order by.
        descending : bool
            The greatest first.
        """
        if self._frame.empty:
            return np.zeros(0, dtype=np.intp)
        kept: dict[Rule | str, npt.NDArray[np.bool_]] = {}
        keep = np.ones(len(self._frame), dtype=bool)
        for word in text.lower().split():
            kept[word] = self._mask(word, self._holds)
            keep &= kept[word]
        alternatives: dict[str, npt.NDArray[np.bool_]] = {}
        for rule in rules:
            kept[rule] = self._mask(rule, self._fulfils)
            if rule.facet.unit:
                keep &= kept[rule]
            else:
                source = rule.facet.source
                alternatives[source] = alternatives.get(source, False) | kept[rule]
        for any_of in alternatives.values():
            keep &= any_of
        self._masks = kept
        order = self._order(sort)
        order = order[::-1] if descending else order
        return order[keep[order]]

    def _mask(
        self, key: _Key, compute: Callable[[_Key], npt.NDArray[np.bool_]]
    ) -> npt.NDArray[np.bool_]:
        found = self._masks.get(key)
        return compute(key) if found is None else found

    def _holds(self, word: str) -> npt.NDArray[np.bool_]:
        found = np.zeros(len(self._frame), dtype=bool)
        for name in self._searched:
            texts = self._texts[name]
            hit = pc.match_substring(texts.dictionary, word, ignore_case=True)
            hit = pc.take(pc.fill_null(hit, fill_value=False), texts.indices)
            found |= hit.to_numpy(zero_copy_only=False)
        return found

    def _fulfils(self, rule: Rule) -> npt.NDArray[np.bool_]:
        values = self._frame[rule.facet.source]
        match rule.facet.relation:
            case "at least":
                found = values.ge(rule.value)
            case "at most":
                found = values.le(rule.value)
            case _:
                found = values.isna() if rule.value is None else values.eq(rule.value)
        return found.fillna(value=False).to_numpy(dtype=bool)

    def _order(self, sort: str) -> npt.NDArray[np.intp]:
        if sort not in self._orders:
            values = self._frame[sort].array
            self._orders[sort] = np.asarray(values.argsort(kind="stable"), np.intp)
        return self._orders[sort]


_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtpe]?)(i?)b?", re.IGNORECASE)


_AGE = re.compile(
    r"(\d+(?:\.\d+)?)\s*(h|d|w|mo|y)?(?:ours?|ays?|eeks?|nths?|ears?)?", re.IGNORECASE
)


_DAYS = {"h": 1 / 24, "d": 1.0, "w": 7.0, "mo": 30.44, "y": 365.25}


def bytes_of(text: str) -> int:
    """Return the bytes that a person means, in IEC or SI units.

    Examples
    --------
    >>> bytes_of("1.5 KiB"), bytes_of("2 GB"), bytes_of("512")
    (1536, 2000000000, 512)

    Raises
    ------
    InputError
        If it is no size.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise InputError(f"Expected a size such as 10 MiB or 512; got {text!r}.")
    number, letter, binary = found.groups()
    power = " kmgtpe".index(letter.lower() or " ")
    unit = (KIBI if binary else 1000) ** power
    return round(float(number) * float(unit))


def days_of(text: str) -> float:
    """Return the days that a person means.

    Examples
    --------
    >>> days_of("36 h"), days_of("2 weeks"), days_of("90")
    (1.5, 14.0, 90.0)

    Raises
    ------
    InputError
        If it is no age.
    """
    found = _AGE.fullmatch(text.strip())
    if found is None:
        raise InputError(f"Expected an age such as 90 d, 36 h or 2 y; got {text!r}.")
    return float(found[1]) * _DAYS[(found[2] or "d").lower()]


_READ = {"size": bytes_of, "days": days_of}
