"""Figures and names as people read them; names are data and are shown as text."""

import unicodedata
from datetime import timedelta

from djgc_widgets.model.file_names import byte_of

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
    """Return text in which bytes, control and bidirectional characters can be seen."""
    if text.isprintable():
        return text
    return "".join(map(_visible_character, text))


def _visible_character(character: str) -> str:
    byte = byte_of(character)
    if byte is not None:
        return f"\\x{byte:02x}"
    if unicodedata.category(character) in _UNSEEN:
        return f"\\u{ord(character):04x}"
    return character


def and_more(n_left: int, noun: str = "") -> str:
    """Say how many more there are; empty if there are none.

    Examples
    --------
    >>> and_more(3, "table"), and_more(1200), and_more(0, "table")
    ('and 3 more tables', 'and 1,200 more', '')
    """
    if n_left <= 0:
        return ""
    return f"and {plural(n_left, f'more {noun}') if noun else f'{n_left:,} more'}"


def plural(count: int, noun: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(1, "object"), plural(12041, "object")
    ('1 object', '12,041 objects')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def error_text(error: Exception) -> str:
    """Return the text of an error of the operating system or an API, on one line."""
    text = getattr(error, "strerror", None) or " ".join(str(error).split())
    return as_text(str(text)) or type(error).__name__


def as_text(name: str) -> str:
    """Return a name of the file system as text that can be written anywhere."""
    return name.encode("utf-8", "backslashreplace").decode()
