"""Sizes and ages as a person types them: 1.5 KiB, 90 d."""

import re

from djgc_widgets.model.errors import InputError
from djgc_widgets.model.text import KIBI

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
