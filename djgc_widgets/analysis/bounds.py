"""Sizes and ages as a person types them: > 1 GB, < 90 days, 1 GB to 2 GB."""

import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from djgc_widgets.model import parse_age, parse_size

if TYPE_CHECKING:
    import pandas as pd

_OPERATORS = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_SIGN = re.compile(r"\s*(>=|<=|>|<|≥|≤)?\s*([^<>≤≥]+?)\s*(?=[<>≤≥]|$)")
_AND = re.compile(r"\s+and\s+(?=[<>≤≥])", re.IGNORECASE)
_RANGE = re.compile(r"\s*(.+?)\s+to\s+(.+?)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Rows whose column fulfills every comparison: an operator and a number."""

    comparisons: tuple[tuple[str, float], ...]
    text: str
    """As a person reads them: > 1 GB."""

    def fulfilled_by(self, values: "pd.Series[float]") -> npt.NDArray[np.bool_]:
        """Say which values are within; what is not known is not."""
        mask = np.ones(len(values), dtype=bool)
        for sign, bound in self.comparisons:
            mask &= _OPERATORS[sign](values, bound).fillna(value=False)
        return np.asarray(mask, dtype=bool)


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
