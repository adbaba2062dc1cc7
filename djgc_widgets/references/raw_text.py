"""Text as drivers return it: some of them as bytes, which need not be UTF-8."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pyarrow as pa

from djgc_widgets.model import arrow_text

Raw = str | bytes | memoryview


class Page(NamedTuple):
    """Some values of a column, and the keys of their rows as JSON."""

    values: Sequence[Raw]
    keys: Sequence[Raw]


def value_text(value: object) -> str:
    """Return a value; bytes that are not UTF-8 are half characters, as in no path."""
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "surrogateescape")
    return str(value)


def key_text(key: Raw) -> str:
    """Return a key as people read it."""
    return str(key, "utf-8", "backslashreplace") if isinstance(key, bytes) else str(key)


def text_array(raw: Sequence[Raw], read: Callable[[Raw], str]) -> pa.Array:
    """Return texts as an Arrow array; null where even what is read is not UTF-8."""
    try:
        return arrow_text(raw)
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        return arrow_text([_storable(read(each)) for each in raw])


def _storable(text: str) -> str | None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return None
    return text
