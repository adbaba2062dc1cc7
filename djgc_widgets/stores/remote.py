"""Stores behind an API: S3, Google Cloud, Azure and whatever else DataJoint knows.

The file system object is the one that DataJoint itself writes with, so endpoint,
credentials and prefix are understood alike. Errors are asked for: a listing that fails
is a problem, never an empty store.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from datajoint.storage import StorageBackend

from djgc_widgets.model import (
    Notice,
    Progress,
    ProgressCallback,
    StoreInfo,
    no_progress,
)
from djgc_widgets.stores.api_listing import Entry, Gathered
from djgc_widgets.stores.listing import Listing, SecondLook, other_way
from djgc_widgets.stores.outcomes import reason_of

_PUBLIC = {"protocol", "location", "bucket", "container", "endpoint", "stage"}
_DEFAULT_PORT = {"http": ":80", "https": ":443"}
_LOOPBACK = re.compile(r"^(?:localhost|\[::1\])(?=:|$)")
_AMAZON = re.compile(r"^s3[.-](?:.*\.)?amazonaws\.com$")
_TIMES = ("LastModified", "last_modified", "mtime", "updated", "created")
_TAGS = ("ETag", "etag", "md5Hash", "content_md5", "checksum", "uid")


def remote_address(backend: StorageBackend) -> tuple[str, tuple[str, ...]]:
    """Return the physical address of a store, and how absolute paths begin with it.

    Parameters
    ----------
    backend : datajoint.storage.StorageBackend
        DataJoint's own view of the store.

    Returns
    -------
    address : str
        Server, bucket and prefix; without account and scheme, which do not tell places
        apart.
    spellings : tuple of str
        What stands before the relative path in a URL.
    """
    spec, base = backend.spec, "/".join(filter(None, base_of(backend).split("/")))
    server = ""
    if backend.protocol == "s3":
        server = _server(str(spec["endpoint"]), secure=bool(spec.get("secure")))
    elif backend.protocol == "azure":
        told = re.search(r"AccountName=([^;]+)", str(spec.get("connection_string")))
        server = str(spec.get("account_name") or (told[1] if told else ""))
    full = "/".join(filter(None, (server, base)))
    return full, tuple(dict.fromkeys((full, base)))


class RemoteStore:
    """A store behind an API.

    Parameters
    ----------
    info : StoreInfo
        The store.
    backend : datajoint.storage.StorageBackend
        DataJoint's own view of it.
    inside : mapping of str to str
        Folders that belong to another store, and its name; they are listed there.
    """

    def __init__(
        self, info: StoreInfo, backend: StorageBackend, inside: Mapping[str, str]
    ) -> None:
        self.info = info
        self._backend = backend
        self._inside = inside

    def list_files(self, progress: ProgressCallback, below: str = "") -> Listing:
        """List every object below the store's prefix.

        One request per 1,000 objects on S3, and one per folder elsewhere.

        Parameters
        ----------
        progress : callable
            Called once per page.
        below : str, optional
            A folder of the store to list alone.
        """
        gathered = Gathered(self.info)
        pages = self._pages(f"{below}/" if below else "")
        while True:
            try:
                page = next(pages, None)
            except Exception as error:  # noqa: BLE001 - each API has its own errors; all are problems
                gathered.problems.append(self._unread(error))
                break
            if page is None:
                break
            gathered.add([e for e in page if self._owner(e.path) is None])
            step, size = f"listing store {self.info.name}", gathered.size_bytes
            progress(Progress(step, gathered.seen, size_bytes=size))
        gathered.warnings.extend(
            other_way(self.info.name, path, store)
            for path, store in self._inside.items()
        )
        return gathered.listing()

    def stored(self, paths: Sequence[str]) -> SecondLook:
        """Tell which of these paths hold something by now; the store is listed again.

        One request per path would be more than one per 1,000 objects.
        """
        again = self.list_files(no_progress)
        held = set(again.files["path"])
        folders = {
            path[:cut]
            for path in held
            for cut in (i for i, letter in enumerate(path) if letter == "/")
        }
        found = {path for path in paths if path in held or path in folders}
        return SecondLook(found, list(again.problems), [])

    def _owner(self, path: str) -> str | None:
        for folder, store in self._inside.items():
            if path == folder or path.startswith(f"{folder}/"):
                return store
        return None

    def _pages(self, below: str) -> Iterator[list[Entry]]:
        return self._folder_pages(below)

    def _folder_pages(self, below: str) -> Iterator[list[Entry]]:
        fs, base = self._backend.fs, base_of(self._backend)
        root = fs._strip_protocol(base).rstrip("/")  # noqa: SLF001 - how its listings begin
        waiting = [f"{root}/{below}".rstrip("/")]
        while waiting:
            folder = waiting.pop()
            fs.invalidate_cache(folder)
            page = []
            for found in self._ls(folder, root):
                name = str(found["name"]).rstrip("/")
                path = "/".join(filter(None, name[len(root) :].split("/")))
                if found["type"] == "directory":
                    if name != folder:
                        waiting.append(name)
                    continue
                modified = next((found[k] for k in _TIMES if found.get(k)), None)
                tag = next((str(found[k]) for k in _TAGS if found.get(k)), "")
                page.append(Entry(path, found["size"], modified, tag))
            yield page

    def _ls(self, folder: str, root: str) -> list[dict[str, Any]]:
        try:
            listed: list[dict[str, Any]] = self._backend.fs.ls(folder, detail=True)
        except FileNotFoundError:
            # a bucket has no folders: nothing is there until something is stored
            bucket = root.partition("/")[0]
            if folder == root and self._backend.protocol in {"gcs", "azure"}:
                self._backend.fs.ls(bucket, detail=False)
                return []
            if folder == root:
                raise
            return []  # a folder that a writer removed since is gone with its files
        return listed

    def told(self, error: Exception) -> str:
        """Return what an error says, on one line and without the store's keys."""
        text = reason_of(error)
        for key, value in self._backend.spec.items():
            if key not in _PUBLIC and isinstance(value, str) and value:
                text = text.replace(value, "***")
        return text

    def _unread(self, error: Exception) -> Notice:
        return Notice(
            f"store {self.info.name}",
            f"it could not be listed to the end ({self.told(error)}), so what it holds "
            "is not known",
            "See that it answers and the account may list it, then scan again",
        )


def base_of(backend: StorageBackend) -> str:
    """Return what DataJoint puts before a relative path."""
    return str(backend._full_path("x"))[:-1]  # noqa: SLF001 - DataJoint has no other way


def _server(endpoint: str, *, secure: bool) -> str:
    scheme, found, rest = endpoint.partition("://")
    if not found:
        scheme, rest = "https" if secure else "http", endpoint
    server = rest.strip("/").lower().removesuffix(_DEFAULT_PORT.get(scheme, ""))
    if _AMAZON.match(server):
        return "s3.amazonaws.com"  # a bucket's name is unique among its regions
    return _LOOPBACK.sub("127.0.0.1", server)
