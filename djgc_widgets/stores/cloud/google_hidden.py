"""What a bucket of Google Cloud keeps beside its objects; uploads are not listed."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from djgc_widgets.model import HiddenKind
from djgc_widgets.stores.cloud.google_api import Item
from djgc_widgets.stores.hidden import Hidden, expect_new

FIELDS = "name,size,updated,generation,timeDeleted,softDeleteTime,hardDeleteTime"

_Page = Callable[[Mapping[str, Any]], tuple[list[Item], str]]
_PathOf = Callable[[Item], str]


def old(page: _Page, path_of: _PathOf) -> Iterator[list[Hidden]]:
    """Yield what was overwritten or deleted and is kept as an old generation."""
    asked, date = {"versions": "true"}, "timeDeleted"
    return _listed(page, path_of, HiddenKind.VERSION, asked, date)


def softly_deleted(page: _Page, path_of: _PathOf) -> Iterator[list[Hidden]]:
    """Yield what is deleted, and kept for some days."""
    asked, date = {"softDeleted": "true"}, "softDeleteTime"
    return _listed(page, path_of, HiddenKind.SOFT_DELETED, asked, date)


def _listed(
    page: _Page,
    path_of: _PathOf,
    kind: HiddenKind,
    asked: Mapping[str, Any],
    date: str,
) -> Iterator[list[Hidden]]:
    """Yield what has a date, which no object has that is still one."""
    seen: set[object] = set()
    options = dict(asked)
    while True:
        items, token = page(options)
        yield [_hidden(kind, path_of(item), item) for item in items if date in item]
        if not token:
            return
        expect_new(token, seen)
        options["pageToken"] = token


def _hidden(kind: HiddenKind, path: str, item: Item) -> Hidden:
    size = str(item.get("size", ""))
    return Hidden(
        kind,
        path,
        int(size) if size.isascii() and size.isdecimal() else None,
        _date(item.get("updated")),
        str(item.get("generation", "")),
        _date(item.get("hardDeleteTime")),
    )


def _date(text: object) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        raise OSError(f"expected a date, got {text!r}") from None
