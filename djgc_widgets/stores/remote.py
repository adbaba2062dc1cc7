"""Stores behind an API: S3, Google Cloud, Azure and whatever else DataJoint knows.

The file system object is the one that DataJoint itself writes with, so endpoint,
credentials and prefix mean the same. A listing that fails is a problem, never an empty
store.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

from datajoint.storage import StorageBackend

from djgc_widgets.model import (
    TRASH_FOLDER,
    InputError,
    NoticeCode,
    ProgressCallback,
    StoreInfo,
    error_text,
    no_progress,
)
from djgc_widgets.stores.api_listing import (
    UNKNOWN_TIME,
    FolderRest,
    Page,
    add_page,
    add_rest,
)
from djgc_widgets.stores.inventory import Inventory, open_inventory, readable_url
from djgc_widgets.stores.listing import Listing, ListingBuilder, LookUp, Take
from djgc_widgets.stores.secrets import masked

_DEFAULT_PORT = {"http": ":80", "https": ":443"}
_LOOPBACK = re.compile(r"^(?:localhost|\[::1\])(?=:|$)")
_AMAZON = re.compile(r"^s3[.-](?:.*\.)?amazonaws\.com$")
_SLASH = re.compile("/")


def remote_address(backend: StorageBackend) -> tuple[str, tuple[str, ...]]:
    """Return the address of a store, and what stands before relative paths in URLs.

    The address is server, bucket and prefix, without account and scheme, which do not
    distinguish locations.
    """
    spec, base = backend.spec, "/".join(filter(None, base_path(backend).split("/")))
    server = ""
    if backend.protocol == "s3":
        server = _server_address(str(spec["endpoint"]), secure=bool(spec.get("secure")))
    elif backend.protocol == "azure":
        named = re.search(r"AccountName=([^;]+)", str(spec.get("connection_string")))
        server = str(spec.get("account_name") or (named[1] if named else ""))
    full = "/".join(filter(None, (server, base)))
    return full, tuple(dict.fromkeys((full, base)))


class RemoteStore(ABC):
    """A store behind an API; its verbs are those of `Store`.

    `inside` has the folders that are listed as part of another store, and its name.
    """

    def __init__(
        self, info: StoreInfo, backend: StorageBackend, inside: Mapping[str, str]
    ) -> None:
        self.info, self._backend, self._inside = info, backend, inside
        self._n_listed = 0

    def list_files(self, progress: ProgressCallback, below: str = "") -> Listing:
        """List every object: a request per 1,000 in a bucket, else per folder."""
        builder = ListingBuilder(self.info, progress)
        self._add_pages(builder, self._pages(f"{below}/" if below else ""))
        return self._listing(builder)

    def list_in_parts(self, progress: ProgressCallback, take: Take) -> Listing:
        """List every object, and let the files be taken part by part."""
        builder = ListingBuilder(self.info, progress, take)
        self._add_pages(builder, self._pages(""))
        return self._listing(builder)

    def open_inventory(self, where: str) -> Inventory:
        """Open an inventory at a path or URL; `InputError` if there is none."""
        try:
            return open_inventory(where, self._backend.fs)
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001 - each file system has its own errors; all are raised on
            raise InputError(
                f"Expected an inventory at {readable_url(where)}, which could not be "
                f"opened ({self.text_of(error)}). Check the path and the rights to it."
            ) from None

    def list_inventory(
        self, inventory: Inventory, progress: ProgressCallback
    ) -> Listing:
        """List what an inventory tells; `InputError` if it is none of this store.

        The trash is listed as ever: what lies there decides what may move.
        """
        builder = ListingBuilder(self.info, progress)
        bucket, _, prefix = base_path(self._backend).partition("/")
        told = inventory.pages(bucket, prefix)
        trash = f"{TRASH_FOLDER}/"
        self._add_pages(
            builder,
            (page.only([not p.startswith(trash) for p in page.path]) for page in told),
        )
        told_of = builder.n_files
        self._add_pages(builder, self._pages(trash))
        date = f"{inventory.made_at:%Y-%m-%d %H:%M} UTC"
        builder.add_warning(NoticeCode.INVENTORY, "", date=date)
        listing = self._listing(builder)
        if not told_of and not listing.problems:
            raise InputError(
                f"Expected keys of bucket {bucket} below {prefix or 'no prefix'} in "
                f"{inventory.name}; got none. Keys have the prefix of the store; if it "
                "is empty, scan without an inventory."
            )
        paths, dates = listing.files["path"], listing.files["modified_ns"][:told_of]
        if told_of and dates.eq(UNKNOWN_TIME).all():
            raise InputError(
                f"Expected dates in ISO 8601 in {inventory.name}, such as "
                "2026-01-01T00:00:00Z; got none that can be read."
            )
        if paths.duplicated().any():
            twice = paths[paths.duplicated()].iloc[0]
            raise InputError(
                f"Expected each key once in {inventory.name}; got {twice!r} twice. Let "
                "an inventory of all versions have the column IsLatest."
            )
        return listing

    def _listing(self, builder: ListingBuilder) -> Listing:
        self._n_listed = max(self._n_listed, builder.n_files)
        for path, store in self._inside.items():
            builder.add_warning(NoticeCode.LISTED_ELSEWHERE, path, store=store)
        return builder.listing()

    def _add_pages(
        self, builder: ListingBuilder, pages: Iterator[Page | FolderRest]
    ) -> None:
        while True:
            try:
                page = next(pages, None)
            except InputError:
                raise
            except Exception as error:  # noqa: BLE001 - each API has its own errors; all are problems
                text = self.text_of(error)
                builder.add_problem(NoticeCode.STORE_UNREAD, error=text)
                return
            if page is None:
                return
            if isinstance(page, FolderRest):
                add_rest(builder, page)
                continue
            if self._inside:
                page = page.only([not self._is_inside(path) for path in page.path])
            add_page(builder, page)

    def look_up(self, paths: Sequence[str]) -> LookUp:
        """List the store again."""
        again = self.list_files(no_progress)
        stored = set(again.files["path"])
        stored |= {
            path[: cut.start()] for path in stored for cut in _SLASH.finditer(path)
        }
        unread = set(paths) - stored if again.problems else set[str]()
        return LookUp(stored.intersection(paths), unread, list(again.problems), [])

    def _is_inside(self, path: str) -> bool:
        return any(path == f or path.startswith(f"{f}/") for f in self._inside)

    @abstractmethod
    def _pages(self, below: str) -> Iterator[Page]:
        """Yield every object whose path begins like that."""

    def text_of(self, error: Exception) -> str:
        """Return what an error says, on one line and without the store's keys."""
        return masked(error_text(error), self._backend.spec)


def base_path(backend: StorageBackend) -> str:
    """Return what DataJoint puts before a relative path."""
    return str(backend._full_path("x"))[:-1]  # noqa: SLF001 - the only one that DataJoint has


def _server_address(endpoint: str, *, secure: bool) -> str:
    scheme, separator, rest = endpoint.partition("://")
    if not separator:
        scheme, rest = "https" if secure else "http", endpoint
    server = (
        rest.strip("/")
        .rpartition("@")[2]
        .lower()
        .removesuffix(_DEFAULT_PORT.get(scheme, ""))
    )
    if _AMAZON.match(server):
        return "s3.amazonaws.com"  # a bucket's name is unique among its regions
    return _LOOPBACK.sub("127.0.0.1", server)
