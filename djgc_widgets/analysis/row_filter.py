"""Frame, filters and order -> the rows that are shown. Quick at a million rows."""

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

from djgc_widgets.analysis.bounds import Bounds, parse_bounds
from djgc_widgets.model import InputError, arrow_text, visible

_CHOICES = 200
"""How many values of a column are offered at once; a search finds the others."""
_LABEL = 80
_Mask = npt.NDArray[np.bool_]
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
        """Do what first searches and orders of text need: two seconds per million."""
        for name in self._texts:
            self._order(name)

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
        for word in text.encode("utf-8", "replace").decode().lower().split():
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
            return condition.fulfilled_by(values)
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
