"""Figures and names as people read them; names are data and are shown as text."""

import html
import re
import unicodedata
from datetime import timedelta

from djgc_widgets.model.vocabulary import InputError

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_STEP = 1024
_ROUNDED_UP = (9.995, 99.95)  # where rounding gives the next digit before the point
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtpe]?)(i?)b?", re.IGNORECASE)
_AGE = re.compile(
    r"(\d+(?:\.\d+)?)\s*(h|d|w|mo|y)?(?:ours?|ays?|eeks?|nths?|ears?)?", re.IGNORECASE
)
_DAYS = {"h": 1 / 24, "d": 1.0, "w": 7.0, "mo": 30.44, "y": 365.25}
_UNSEEN = {
    "Cc",
    "Cf",
    "Cs",
    "Co",
    "Zl",
    "Zp",
}  # control, format (bidi), surrogate, private


def readable_bytes(size_bytes: int) -> str:
    """Return a size in IEC units with three significant digits.

    Examples
    --------
    >>> readable_bytes(1536), readable_bytes(12)
    ('1.50 KiB', '12 B')
    """
    size, unit = float(size_bytes), 0
    while abs(size) >= _STEP - 0.5 and unit < len(_UNITS) - 1:
        size, unit = size / _STEP, unit + 1
    digits = 0 if unit == 0 else sum(abs(size) < bound for bound in _ROUNDED_UP)
    return f"{size:.{digits}f} {_UNITS[unit]}"


def readable_age(age: timedelta) -> str:
    """Return an age in the largest unit that leaves at least two of them."""
    days = age / timedelta(days=1)
    for unit, length in (("y", 365.25), ("mo", 30.44), ("d", 1.0), ("h", 1 / 24)):
        if days >= 2 * length:
            return f"{days / length:.0f} {unit}"
    return f"{max(days, 0) * 1440:.0f} min"


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
    unit = (_STEP if binary else 1000) ** power
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


def visible(text: str) -> str:
    """Return text in which control and bidirectional characters can be seen."""
    if text.isprintable():
        return text
    return "".join(
        f"\\u{ord(c):04x}" if unicodedata.category(c) in _UNSEEN else c for c in text
    )


def escaped(text: object) -> str:
    """Return text that HTML shows as it is and never runs."""
    return html.escape(visible(str(text)), quote=True)


def plural(count: int, noun: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(1, "object"), plural(12041, "object")
    ('1 object', '12,041 objects')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
