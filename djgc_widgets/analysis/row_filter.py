"""Frame, filters and order -> the rows that are shown. Quick at a million rows."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import KIBI, InputError, arrow_text, visible

_CHOICES = 200
"""How many values of a column are offered at once; a search finds the others."""
_LABEL = 80
_Mask = npt.NDArray[np.bool_]
_OPERATORS = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class Facet:
    """What rows can be filtered by."""

    title: str
    """What a person calls it: the title of its column, where it has one."""
    source: str
    """Column of the frame."""
    unit: str = ""
    """``size`` or ``age`` (in days) of what is typed; empty if values are chosen."""
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Every value that there can be, and what a person calls it; empty if any can."""

    def label(self, value: str | None) -> str:
        """Return what a person calls a value; None stands for NA."""
        return "none" if value is None else visible(self.labels.get(value, value))


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rows whose column has any of these values; None stands for NA."""

    among: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Rows whose column fulfills every comparison: an operator and a number."""

    comparisons: tuple[tuple[str, float], ...]
    text: str
    """As a person reads them: > 1 GB."""


Condition = Chosen | Bounds
Wanted = Sequence[str | None] | str | None
"""A condition as plain values: those that a row may have (None stands for NA), or text
such as ``> 1 GB`` or ``> 90 days``; nothing if there is none."""


def facet_of(facets: Sequence[Facet], title: str) -> Facet:
    """Return the facet of a title, or raise InputError."""
    for facet in facets:
        if facet.title == title:
            return facet
    titles = ", ".join(facet.title for facet in facets)
    raise InputError(f"Expected a filter by {titles}; got {title!r}.")


def condition_of(facet: Facet, wanted: Wanted) -> Condition | None:
    """Return what a person wants of a column as a condition, or raise InputError."""
    if not wanted:
        return None
    if facet.unit:
        if not isinstance(wanted, str):
            raise InputError(
                f"Expected text such as > 1 GB or > 90 days for {facet.title}; got "
                f"{wanted!r}."
            )
        return parse_bounds(facet.unit, wanted)
    values = [wanted] if isinstance(wanted, str) else list(wanted)
    known = {None, *facet.labels} if facet.labels else {None, *values}
    if unknown := [value for value in values if value not in known]:
        names = ", ".join(sorted(facet.labels)) or "text"
        raise InputError(
            f"Expected for {facet.title} values among {names}; got {unknown[0]!r}."
        )
    if any(value is not None and not isinstance(value, str) for value in values):
        raise InputError(f"Expected text for {facet.title}; got {values!r}.")
    return Chosen(tuple(dict.fromkeys(values)))


def plain(condition: Condition) -> list[str | None] | str:
    """Return a condition as plain values, which `condition_of` reads again."""
    if isinstance(condition, Bounds):
        return condition.text
    return list(condition.among)


class Choice(NamedTuple):
    """A value that rows can be filtered by."""

    number: int
    """Its place among all values of its column."""
    label: str
    n_rows: int


def short(text: str) -> str:
    """Return a text without its middle, if it is long."""
    half = _LABEL // 2
    return text if len(text) <= _LABEL else f"{text[:half]} … {text[-half:]}"


class RowFilter:
    """Says which rows of a frame are shown, and caches masks and orders.

    The frame must not change; a text is searched in the `searched` columns.
    """

    def __init__(self, frame: pd.DataFrame, searched: Sequence[str]) -> None:
        self._frame, self._searched = frame, searched
        self._orders: dict[str, tuple[npt.NDArray[np.intp], int]] = {}
        self._masks: dict[object, _Mask] = {}
        self._values: dict[str, list[str | None]] = {}

    def prepare(self) -> None:
        """Do what the first search for a text has to do: a second per million rows."""
        _ = self._texts

    def values(self, facet: Facet) -> list[str | None]:
        """Return every value of a column, the most frequent first."""
        if facet.source not in self._values:
            counts = self._frame[facet.source].value_counts(dropna=False)
            named = [None if pd.isna(value) else str(value) for value in counts.index]
            self._values[facet.source] = named
        return self._values[facet.source]

    def choices(
        self, facet: Facet, text: str, among: npt.NDArray[np.intp]
    ) -> list[Choice]:
        """Return the values whose label contains a text, in any case; the first 200.

        Their rows are counted among those at some positions; values that none of these
        rows has are left out.
        """
        counts = self._frame[facet.source].iloc[among].value_counts(dropna=False)
        named = (None if pd.isna(value) else str(value) for value in counts.index)
        n_rows = dict(zip(named, counts.tolist(), strict=True))
        wanted = text.casefold()
        offered = (
            Choice(number, facet.label(value), n_rows[value])
            for number, value in enumerate(self.values(facet))
            if value in n_rows and wanted in facet.label(value).casefold()
        )
        found = list(islice(offered, _CHOICES))
        found.sort(key=lambda choice: -choice.n_rows)
        return [choice._replace(label=short(choice.label)) for choice in found]

    def shown(
        self,
        text: str,
        conditions: Mapping[Facet, Condition],
        sort: str,
        *,
        descending: bool,
    ) -> npt.NDArray[np.intp]:
        """Return the positions of the rows that are shown, in order.

        Each word of the text must occur in the row, in upper or lower case, and every
        condition must be fulfilled.
        """
        if self._frame.empty:
            return np.zeros(0, dtype=np.intp)
        masks: dict[object, _Mask] = {}
        shown = np.ones(len(self._frame), dtype=bool)
        for word in text.lower().split():
            masks[word] = self._mask(word, self._contains)
            shown &= masks[word]
        for pair in conditions.items():
            masks[pair] = self._mask(pair, self._fulfills)
            shown &= masks[pair]
        self._masks = masks
        order, n_known = self._order(sort)
        if descending:  # what is not known comes last in both directions
            order = np.concatenate([order[:n_known][::-1], order[n_known:]])
        return order[shown[order]]

    def _mask(self, key: _Key, compute: Callable[[_Key], _Mask]) -> _Mask:
        cached = self._masks.get(key)
        return compute(key) if cached is None else cached

    @cached_property
    def _texts(self) -> dict[str, pa.DictionaryArray]:
        return {
            name: pc.dictionary_encode(arrow_text(self._frame[name]), "encode")
            for name in self._searched
        }

    def _contains(self, word: str) -> _Mask:
        mask = np.zeros(len(self._frame), dtype=bool)
        for texts in self._texts.values():
            hit = pc.match_substring(texts.dictionary, word, ignore_case=True)
            hit = pc.take(pc.fill_null(hit, fill_value=False), texts.indices)
            mask |= hit.to_numpy(zero_copy_only=False)
        return mask

    def _fulfills(self, pair: tuple[Facet, Condition]) -> _Mask:
        facet, condition = pair
        values = self._frame[facet.source]
        if isinstance(condition, Bounds):
            mask = np.ones(len(values), dtype=bool)
            for sign, bound in condition.comparisons:
                mask &= _OPERATORS[sign](values, bound).fillna(value=False)
            return np.asarray(mask, dtype=bool)
        named = [value for value in condition.among if value is not None]
        chosen = values.isin(named)
        if None in condition.among:
            chosen |= values.isna()
        return chosen.to_numpy(dtype=bool)

    def _order(self, sort: str) -> tuple[npt.NDArray[np.intp], int]:
        """Return the positions in ascending order, and how many of them are not NA."""
        if sort not in self._orders:
            values = self._frame[sort]
            order = np.asarray(values.array.argsort(kind="stable"), np.intp)
            self._orders[sort] = order, int(values.notna().sum())
        return self._orders[sort]


_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtpe]?)(i?)b?", re.IGNORECASE)
_AGE = re.compile(
    r"(\d+(?:\.\d+)?)\s*(h|d|w|mo|y)?(?:ours?|ays?|eeks?|nths?|ears?)?", re.IGNORECASE
)
_DAYS = {"h": 1 / 24, "d": 1.0, "w": 7.0, "mo": 30.44, "y": 365.25}
_SIGN = re.compile(r"\s*(>=|<=|>|<|≥|≤)?\s*([^<>≤≥]+?)\s*(?=[<>≤≥]|$)")
_AND = re.compile(r"\s+and\s+(?=[<>≤≥])", re.IGNORECASE)
_RANGE = re.compile(r"\s*(.+?)\s+to\s+(.+?)\s*", re.IGNORECASE)


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


_PARSE = {"size": parse_size, "age": parse_age}


def parse_bounds(unit: str, text: str) -> Bounds:
    """Return the bounds that a person typed: > 1 GB, < 90 days, 1 GB to 2 GB, 90.

    A number alone is a lower bound. Anything else raises InputError.
    """
    parse = _PARSE[unit]
    text = _AND.sub(" ", text)
    if match := _RANGE.fullmatch(text):
        parts = [(">=", match[1]), ("<=", match[2])]
    else:
        found = list(_SIGN.finditer(text))
        if not found or "".join(each[0] for each in found) != text:
            parts = [(">=", text)]  # whose parser says what was expected
        else:
            signs = {None: ">=", "≥": ">=", "≤": "<="}
            parts = [(signs.get(each[1], each[1]), each[2]) for each in found]
    comparisons = tuple((sign, float(parse(given))) for sign, given in parts)
    return Bounds(comparisons, " and ".join(f"{s} {_unit(unit, g)}" for s, g in parts))


def _unit(unit: str, given: str) -> str:
    """Return a bound as it was typed, with the unit that was meant."""
    given = " ".join(given.split())
    if given[-1:].isdigit():
        given += " B" if unit == "size" else " days"
    return given
