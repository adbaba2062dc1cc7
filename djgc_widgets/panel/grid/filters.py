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
_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Facet:
    """What rows can be filtered by."""

    title: str
    """What a person calls it: table, larger than, older than."""
    source: str
    """Column of the frame."""
    relation: str = "is"
    """``is``, ``at least`` or ``at most``."""
    unit: str = ""
    """``size`` or ``days`` of what is typed; empty if a value is chosen."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition that the shown rows fulfill."""

    facet: Facet
    value: str | float | None
    """A value of the column, None for NA; or a bound, in bytes or days."""
    label: str
    """How a person reads it."""


def bound(facet: Facet, given: str) -> Rule:
    """Return the rule for a size or an age that a person typed, or raise InputError."""
    return Rule(facet, _READ[facet.unit](given), f"{facet.title} {given}")


def chosen(facet: Facet, value: str | None) -> Rule:
    """Return the rule that a column has a value; None stands for NA."""
    shown = "none" if value is None else visible(value)
    return Rule(facet, value, f"{facet.title}: {shown}")


class RowFilter:
    """Says which rows of a frame are shown, and caches masks and orders.

    The frame must not change; a text is searched in the `searched` columns.
    """

    def __init__(self, frame: pd.DataFrame, searched: Sequence[str]) -> None:
        self._frame, self._searched = frame, searched
        self._orders: dict[str, npt.NDArray[np.intp]] = {}
        self._masks: dict[Rule | str, _Mask] = {}
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

        Each word of the text must occur in the row, in upper or lower case. Chosen
        values of one column are alternatives; all other rules must be fulfilled.
        """
        if self._frame.empty:
            return np.zeros(0, dtype=np.intp)
        masks: dict[Rule | str, _Mask] = {}
        shown = np.ones(len(self._frame), dtype=bool)
        for word in text.lower().split():
            masks[word] = self._mask(word, self._contains)
            shown &= masks[word]
        alternatives: dict[str, _Mask] = {}
        for rule in rules:
            masks[rule] = self._mask(rule, self._fulfills)
            if rule.facet.unit:
                shown &= masks[rule]
            else:
                source = rule.facet.source
                alternatives[source] = alternatives.get(source, False) | masks[rule]
        for any_of in alternatives.values():
            shown &= any_of
        self._masks = masks
        order = self._order(sort)
        order = order[::-1] if descending else order
        return order[shown[order]]

    def _mask(self, key: _Key, compute: Callable[[_Key], _Mask]) -> _Mask:
        cached = self._masks.get(key)
        return compute(key) if cached is None else cached

    def _contains(self, word: str) -> _Mask:
        mask = np.zeros(len(self._frame), dtype=bool)
        for name in self._searched:
            texts = self._texts[name]
            hit = pc.match_substring(texts.dictionary, word, ignore_case=True)
            hit = pc.take(pc.fill_null(hit, fill_value=False), texts.indices)
            mask |= hit.to_numpy(zero_copy_only=False)
        return mask

    def _fulfills(self, rule: Rule) -> _Mask:
        values = self._frame[rule.facet.source]
        match rule.facet.relation:
            case "at least":
                mask = values.ge(rule.value)
            case "at most":
                mask = values.le(rule.value)
            case _:
                mask = values.isna() if rule.value is None else values.eq(rule.value)
        return mask.fillna(value=False).to_numpy(dtype=bool)

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


def parse_size(text: str) -> int:
    """Return the bytes of a size such as 1.5 KiB, 2 GB or 512, or raise InputError."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise InputError(f"Expected a size such as 10 MiB or 512; got {text!r}.")
    number, letter, binary = match.groups()
    power = " kmgtpe".index(letter.lower() or " ")
    unit = (KIBI if binary else 1000) ** power
    return round(float(number) * float(unit))


def parse_age(text: str) -> float:
    """Return the days of an age such as 36 h, 2 weeks or 90, or raise InputError."""
    match = _AGE.fullmatch(text.strip())
    if match is None:
        raise InputError(f"Expected an age such as 90 d, 36 h or 2 y; got {text!r}.")
    return float(match[1]) * _DAYS[(match[2] or "d").lower()]


_READ = {"size": parse_size, "days": parse_age}
