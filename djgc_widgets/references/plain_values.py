"""Raw metadata of a plain shape, read as columns: most values, by the thousand.

A value is plain if its text alone shows that it records exactly one path, in one
spelling. What is plain is written down here; every other value goes through the reader
of `recorded_paths`, which must find the same in a plain one.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import extract_groups, keep_where, re2_literal
from djgc_widgets.references.known_paths import KnownPaths
from djgc_widgets.references.raw_text import Raw, text_array, value_text

# neither an escape, nor a path, nor JSON within JSON
_STRING = r'"(?:[^"\\/\x00-\x1f {\[\x{feff}][^"\\/\x00-\x1f]*)?"'
_NUMBER = r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?"
_NUMBERS = rf"\[(?:{_NUMBER}(?:, ?{_NUMBER})*)?\]"
_PAIR = rf"{_STRING}: ?(?:{_STRING}|{_NUMBER}|true|false|null|{_NUMBERS})"
# what may be a part of a URL, a blank, invisible, or a byte of a name
_ODD_CHARACTERS = (
    r'"\\/?#%:\x00-\x20\x7f-\xa0\x{1680}\x{2000}-\x{206f}\x{3000}\x{feff}'
    r"\x{10ff80}-\x{10ffff}"
)
_ANY, _NO_DOT = rf"[^{_ODD_CHARACTERS}]", rf"[^.{_ODD_CHARACTERS}]"
_SEGMENT = rf"(?:{_NO_DOT}{_ANY}*|\.{_NO_DOT}{_ANY}*|\.\.{_ANY}+)"
_STORE = r'"store": ?"(?P<value>[^"]+)"'
_SIZE = r'"size": ?(?P<value>[0-9]+)'
_IS_DIR = '"is_dir": ?true'
_READ = ("path", "store", "size", "is_dir", "item_count")
_N_FILES = r'"item_count": ?(?P<value>[0-9]+)'
# a key that comes twice, a text that holds bytes, a value of a type that means nothing
_NOT_PLAIN = "|".join(
    (
        *(f'"{key}":.*"{key}":' for key in _READ),
        "base64:",
        '"store": ?[^"n ]',
        r'"(?:size|item_count)": ?(?:["tf\[-]|[0-9]+\.)',
        '"is_dir": ?[^tf ]',
    )
)


class PlainPaths(NamedTuple):
    """The paths that the plain ones of some values record, in columns."""

    positions: npt.NDArray[np.int64]
    """Of the plain values among all of them."""
    paths: pa.Array
    stores: pa.Array
    """Stores that the metadata names; null where it names none."""
    sizes: pa.Array
    """Bytes that it records; null where it records none."""
    are_folders: pa.Array
    n_files: pa.Array
    """Files of a folder that it records; null where it records none."""


def plain_shape(known: KnownPaths) -> str | None:
    """Return the pattern of plain values; None if no section has a plain name."""
    plain = re.compile(r"[\w.=+~@-]+(/[\w.=+~@-]+)*/", re.ASCII)
    starts = [
        start
        for start in known.section_starts
        if plain.fullmatch(start) and not {".", ".."}.intersection(start.split("/"))
    ]
    if not starts:
        return None
    section = "|".join(map(re2_literal, starts))
    path = rf'"path": ?"(?:{section}){_SEGMENT}(?:/{_SEGMENT})*"'
    return rf"^\{{(?:{_PAIR}, ?)*{path}(?:, ?{_PAIR})*\}}$"


def read_plain(values: Sequence[Raw], shape: str | None) -> PlainPaths:
    """Read the plain ones of some values."""
    texts = text_array(values if shape else (), value_text)
    matching = pc.match_substring_regex(texts, shape or "^")
    plain = pc.and_not(matching, pc.match_substring_regex(texts, _NOT_PLAIN))
    plain = pc.fill_null(plain, fill_value=False)  # half a character
    texts = texts.filter(plain)
    are_folders = pc.match_substring_regex(texts, _IS_DIR)
    folders = keep_where(are_folders, texts)
    return PlainPaths(
        np.flatnonzero(plain),
        _paths(texts),
        _stores(texts),
        pc.cast(extract_groups(texts, _SIZE)["value"], pa.int64()),
        are_folders,
        pc.cast(extract_groups(folders, _N_FILES)["value"], pa.int64()),
    )


def _paths(texts: pa.Array) -> pa.Array:
    """Return what stands between the first quotes after the one key ``path``."""
    after = pc.list_element(pc.split_pattern(texts, '"path":', max_splits=1), 1)
    return pc.list_element(pc.split_pattern(after, '"', max_splits=2), 1)


def _stores(texts: pa.Array) -> pa.Array:
    """Return the stores that texts name; most of a column name the same one."""
    found = re.search(_STORE, texts[0].as_py()) if len(texts) else None
    if not found:
        return extract_groups(texts, _STORE)["value"]
    same = pc.match_substring_regex(texts, re2_literal(found[0]))
    rest = keep_where(pc.invert(same), texts)
    return pc.if_else(same, found["value"], extract_groups(rest, _STORE)["value"])
