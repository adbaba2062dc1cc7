"""Sizes and ages as a person types them: > 1 GB, < 90 days, 1 GB to 2 GB."""

import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from djgc_widgets.model import KIBI, InputError

if TYPE_CHECKING:
    import pandas as pd

_OPERATORS = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtpe]?)(i?)b?", re.IGNORECASE)
_AGE = re.compile(
    r"(\d+(?:\.\d+)?)\s*(h|d|w|mo|y)?(?:ours?|ays?|eeks?|nths?|ears?)?", re.IGNORECASE
)
_DAYS = {"h": 1 / 24, "d": 1.0, "w": 7.0, "mo": 30.44, "y": 365.25}
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
