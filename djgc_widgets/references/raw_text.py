"""Text as drivers return it: some of them as bytes, which need not be UTF-8."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from djgc_widgets.model import arrow_text

PAGE_ROWS, PAGE_BYTES = 40_000, 2**24
"""Most of the rows of a page, and where it ends although it has fewer."""

Raw = Any
"""A text as Arrow has it, or as bytes."""


class Page(NamedTuple):
    """Some values of a column, and the keys of their rows as JSON."""

    values: Sequence[Raw]
    keys: Sequence[Raw]


def page_of_fields(text: npt.NDArray[np.uint8], lengths: npt.NDArray[np.int64]) -> Page:
    """Return the page whose values and keys, in turn, are one after the other."""
    offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    buffers = pa.py_buffer(offsets), pa.py_buffer(text)
    fields = pa.LargeStringArray.from_buffers(len(lengths), *buffers)
    try:
        fields.validate(full=True)
    except pa.ArrowInvalid:  # not UTF-8
        raw = text.tobytes()
        pieces = [raw[begin:end] for begin, end in pairwise(offsets.tolist())]
        return Page(pieces[::2], pieces[1::2])
    at = np.arange(0, len(lengths), 2)
    return Page(fields.take(pa.array(at)), fields.take(pa.array(at + 1)))


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
