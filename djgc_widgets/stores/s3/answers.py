"""Answers of S3 to a request for a page of a listing -> columns.

A page of entries of one shape, which is what servers send, is taken apart by a pattern
that is made of its first entry. Whatever does not match it as a whole is parsed as XML.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

from djgc_widgets.stores.api_listing import Page

_ENTRY = "Contents"
_START, _END = f"<{_ENTRY}>", f"</{_ENTRY}>"
_FIELDS = ("Key", "Size", "LastModified", "ETag", "StorageClass")
_NOT_PLAIN = ("\r", "\0", "<!", "<?")
_TOKEN = re.compile(r"<(/?)([^\s<>/]+)[^<>]*>([^<]*)")
_SLOT = "([^<]*)"
_STANDARD = "STANDARD"

_Columns = list[Sequence[str | None]]


class Answer(NamedTuple):
    """A page of a listing, and how to ask for the next one."""

    page: Page
    """Its paths are keys."""
    token: str
    more: bool


def read_answer(body: bytes) -> Answer:
    """Read an answer to ListObjectsV2; `OSError` if it is none."""
    try:
        text = body.decode()
        columns, rest = _plain(text)
        root = ET.fromstring(rest)  # noqa: S314 - of the server that DataJoint trusts; expat bounds what entities grow to
        # what the pattern's text search did not find is an entry none the less
        if columns is None or any(_name(child.tag) == _ENTRY for child in root):
            root = ET.fromstring(body)  # noqa: S314 - of the same server
            columns = _parsed(root)
    except (UnicodeDecodeError, ET.ParseError) as error:
        raise OSError(
            f"expected a listing in XML, got {body[:60]!r}: {error}"
        ) from None
    told = {_name(child.tag): child.text or "" for child in root}
    keys, sizes, modified, etags, classes = columns
    if not all(keys):
        raise OSError("expected a key in each entry of a listing, got one without")
    paths = [key for key in keys if key]
    if not all(etags):
        # without one, a condition of its etag would be none
        without = paths[[bool(etag) for etag in etags].index(False)]
        raise OSError(
            f"expected an ETag of each key in a listing, got none of {without!r}"
        )
    if told.get("EncodingType") == "url":
        paths = [unquote_plus(p) if "%" in p or "+" in p else p for p in paths]
    return Answer(
        Page(
            paths,
            [int(s) if s and s.isdecimal() else s for s in sizes],
            list(modified),
            [etag for etag in etags if etag],
            [standard_as_none(name or "") for name in classes],
        ),
        told.get("NextContinuationToken", ""),
        told.get("IsTruncated") == "true",
    )


def standard_as_none(storage_class: str) -> str:
    """Return a storage class; empty for the standard class."""
    return "" if storage_class == _STANDARD else storage_class


def _plain(text: str) -> tuple[_Columns | None, str]:
    """Return the columns of an answer, None if it is not plain, and what is around."""
    start, end = text.find(_START), text.rfind(_END) + len(_END)
    if start < 0:
        return [[] for _ in _FIELDS], text
    if end <= start:
        return None, text
    # what stands for a quotation mark stands around each ETag
    region = text[start:end].replace("&quot;", '"').replace("&#34;", '"')
    rest = text[:start] + text[end:]
    first = region[: region.find(_END) + len(_END)]
    shape = _shape(re.sub(r">[^<]*<", "><", first))
    if shape is None or any(odd in region for odd in _NOT_PLAIN) or "<!" in rest:
        return None, rest
    pattern, slots, n_fixed = shape
    columns = list(zip(*pattern.findall(region), strict=True))
    n_rows = len(columns[0]) if columns else 0
    covered = n_rows * n_fixed + sum(sum(map(len, column)) for column in columns)
    if covered != len(region):
        return None, rest
    absent: Sequence[str | None] = [None] * n_rows
    found = [absent if at is None else columns[at] for at in slots]
    if "&" in region:
        found = [[_unescaped(text) for text in column] for column in found]
    return found, rest


@lru_cache(16)
def _shape(
    first: str,
) -> tuple[re.Pattern[str], list[int | None], int] | None:
    """Return what matches entries like this one, without its texts.

    Beside the pattern, the group of each field, if it has one, and the number of
    characters that are the same in each entry. None if the entry has no plain shape.
    """
    tokens = _TOKEN.findall(first)
    depth, slots = 0, dict[str, int]()
    for at, (closes, name, _) in enumerate(tokens):
        if not closes and depth == 1 and name in _FIELDS:
            follower = tokens[at + 1] if at + 1 < len(tokens) else ("", "", "")
            if name in slots or follower[:2] != ("/", name):
                return None
            slots[name] = at
        depth += -1 if closes else 1
    if depth or "/>" in first or "Key" not in slots:
        return None
    parts = first.split("><")
    pattern = f">{_SLOT}<".join(map(re.escape, parts))
    return re.compile(pattern), [slots.get(name) for name in _FIELDS], len(first)


def _parsed(root: ET.Element) -> _Columns:
    rows = [
        {_name(child.tag): child.text or "" for child in entry}
        for entry in root
        if _name(entry.tag) == _ENTRY
    ]
    return [[row.get(name) for row in rows] for name in _FIELDS]


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]


def _unescaped(text: str | None) -> str | None:
    if text is None or "&" not in text:
        return text
    return ET.fromstring(f"<a>{text}</a>").text  # noqa: S314 - one text, without elements
