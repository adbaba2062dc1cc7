"""Figures and names as people read them; names are data and are shown as text."""

import html
import unicodedata
from datetime import timedelta

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
KIBI = 1024
_ROUNDED_UP = (9.995, 99.95)  # where rounding gives the next digit before the point
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
    while abs(size) >= KIBI - 0.5 and unit < len(_UNITS) - 1:
        size, unit = size / KIBI, unit + 1
    digits = 0 if unit == 0 else sum(abs(size) < bound for bound in _ROUNDED_UP)
    return f"{size:.{digits}f} {_UNITS[unit]}"


def readable_age(age: timedelta) -> str:
    """Return an age in the largest unit that leaves at least two of them."""
    days = age / timedelta(days=1)
    for unit, length in (("y", 365.25), ("mo", 30.44), ("d", 1.0), ("h", 1 / 24)):
        if days >= 2 * length:
            return f"{days / length:.0f} {unit}"
    return f"{max(days, 0) * 1440:.0f} min"


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
