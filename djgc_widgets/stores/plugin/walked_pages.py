"""Listings of what a plugin brings: folder by folder, through fsspec."""

from collections.abc import Iterator
from typing import Any

from djgc_widgets.stores.api_listing import WEAK, Page, modified_ns

_WRITTEN = (
    *("LastModified", "last_modified", "modified", "mtime", "updated"),
    "last_write_time",
)
_MADE = ("created", "create_time", "creation_time")
_DEEPEST = 1_000
Row = tuple[str, Any, Any, str]
_TAGS = ("ETag", "etag", "md5Hash", "content_md5", "checksum")


def walked_pages(fs: Any, base: str, below: str) -> Iterator[Page]:  # noqa: ANN401 - fsspec has no types
    """Yield every file below a folder of a store, a page per folder.

    `base` is what DataJoint puts before a path. Plugins may spell slashes otherwise.
    """
    root = fs._strip_protocol(base).rstrip("/")  # noqa: SLF001 - how its listings begin
    waiting = [f"{root}/{below}".rstrip("/")]
    seen = set(waiting)
    empty = True
    while waiting:
        folder = waiting.pop()
        fs.invalidate_cache(folder)
        page = []
        for entry in _ls(fs, folder, root):
            name = str(entry["name"]).rstrip("/")
            if entry["type"] != "directory":
                page.append(entry_row("/".join(_parts_below(name, root)), entry))
            elif _parts(name) != _parts(folder):
                if name in seen or len(_parts(name)) > _DEEPEST:
                    raise OSError(
                        "the listing does not advance: expected a new folder, got "
                        f"{name[-200:]!r} once more"
                    )
                seen.add(name)
                waiting.append(name)
        empty = empty and not page
        yield Page.of(page)
    if empty and _parts(base) != base.lstrip("/").removesuffix("/").split("/"):
        yield Page.of(_found(fs, base, root, below))


def _found(fs: Any, base: str, root: str, below: str) -> list[Row]:  # noqa: ANN401 - as above
    """Return what no folder leads to: in an object store one may have no name."""
    fs.invalidate_cache()
    start = base.lstrip("/")
    found = fs.find(root, detail=True)
    names = {str(name).lstrip("/"): entry for name, entry in found.items()}
    return [
        entry_row(name[len(start) :], entry)
        for name, entry in names.items()
        if name.startswith(f"{start}{below}")
    ]


def entry_row(path: str, entry: dict[str, Any]) -> Row:
    """Return path, size, date and ETag of a file, as a file system describes it.

    Without an ETag a weak one is made of size and dates. A copy may have the date of
    what was copied; then the date at which it was made is the later one.
    """
    size, written = entry.get("size"), [entry[k] for k in _WRITTEN if entry.get(k)]
    dates = [*written, *(entry[k] for k in _MADE if entry.get(k))] if written else []
    told = (str(entry[name]) for name in _TAGS if entry.get(name))
    weak = "-".join(str(each) for each in (size, *map(modified_ns, dates)))
    return (
        path,
        size,
        max(dates, key=modified_ns, default=None),
        next(told, f"{WEAK}{weak}"),
    )


def _ls(fs: Any, folder: str, root: str) -> list[dict[str, Any]]:  # noqa: ANN401 - as above
    try:
        listed: list[dict[str, Any]] = fs.ls(folder, detail=True)
    except FileNotFoundError:
        if folder == root:
            raise
        return []  # a writer removed it since, with its files
    return listed


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def _parts_below(name: str, root: str) -> list[str]:
    """Return the parts of a name below a root, however slashes are spelled."""
    top, parts = _parts(root), _parts(name)
    if parts[: len(top)] != top:
        raise OSError(f"expected names below {root!r}, got {name!r}")
    return parts[len(top) :]
