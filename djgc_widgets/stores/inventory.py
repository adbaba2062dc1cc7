"""What a store holds as an inventory tells it: of S3, or any table of keys.

An inventory of S3 is a ``manifest.json`` and the CSV or Parquet files that it names
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html).
Any other CSV or Parquet needs the columns key, size and last-modified. Keys are those
of the bucket, or paths within a folder.
"""

import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from csv import reader as csv_reader
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import TextIOWrapper
from pathlib import PurePosixPath
from typing import IO, Any
from urllib.parse import unquote_plus

import pyarrow as pa
import pyarrow.compute as pc
from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from pyarrow import csv, parquet

from djgc_widgets.model import InputError
from djgc_widgets.stores.api_listing import Page

_MANIFEST = "manifest.json"
_NAMES = {
    "key": ("key", "path"),
    "size": ("size", "sizebytes"),
    "modified": ("lastmodifieddate", "lastmodified", "modified", "modifiedat"),
    "etag": ("etag",),
    "storage_class": ("storageclass",),
    "bucket": ("bucket",),
    "is_latest": ("islatest",),
    "is_delete_marker": ("isdeletemarker",),
}
"""What a column may be called, without case, spaces, dashes and underscores."""
_NEEDED = ("key", "size", "modified")
_IN_UTC = r"^([0-9-]+[T ][0-9:.]+)(?: ?UTC)?$"
_OF_A_DAY = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})$"
_NO = ["false", "f", "no", "n", "0"]
_YES = ["true", "t", "yes", "y", "1"]
_MOST_BYTES = 2**63 - 1
_STANDARD = "STANDARD"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ENDINGS = (".csv", ".csv.gz", ".parquet")


@dataclass(frozen=True, slots=True)
class Inventory:
    """A table of the objects of a bucket, or of a part of it."""

    name: str
    """As the caller gave it."""
    made_at: datetime
    """Aware; what was stored later is not in it."""
    bucket: str
    """Whose objects it has; empty if it does not say."""
    _fs: AbstractFileSystem
    _files: Sequence[str]
    _columns: Sequence[str] | None = None
    """Of CSV without a header."""
    _format: str = ""
    """CSV or Parquet; empty if the names of the files say so. Keys of the CSV of S3 are
    spelled as in URLs."""

    def pages(self, bucket: str, prefix: str) -> Iterator[Page]:
        """Yield the objects of a bucket below a prefix, by path below it.

        If it is of another bucket, or lacks a column, `InputError` is raised.
        """
        self._expect_bucket(bucket, self.bucket)
        for file in self._files:
            for batch in self._batches(file):
                yield self._page(batch, bucket, prefix)

    def _batches(self, file: str) -> Iterator[pa.RecordBatch]:
        if not self._is_csv(file):
            with self._fs.open(file, "rb") as stream:
                yield from parquet.ParquetFile(stream).iter_batches()
            return
        names = self._columns
        if names is None:
            with _unpacked(self._fs, file) as stream:
                names = _header(stream)
        self._positions(names)
        with _unpacked(self._fs, file) as stream:
            yield from csv.open_csv(
                stream,
                csv.ReadOptions(column_names=names, skip_rows=self._columns is None),
                csv.ParseOptions(newlines_in_values=True),
                # keys that look like numbers stay what they are
                csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
            )

    def _is_csv(self, file: str) -> bool:
        if self._format:
            return self._format == "CSV"
        return not file.lower().endswith(".parquet")

    def _page(self, batch: pa.RecordBatch, bucket: str, prefix: str) -> Page:
        at = self._positions(batch.schema.names)
        columns = {name: batch.column(number) for name, number in at.items()}
        if "bucket" in columns:
            for other in pc.unique(columns["bucket"]).to_pylist():
                self._expect_bucket(bucket, str(other or ""))
        keys = columns["key"].cast(pa.string())
        columns["key"] = keys = _decoded(keys) if self._format == "CSV" else keys
        keep = pc.starts_with(keys, prefix)
        # old versions and delete markers are no objects
        for name, not_kept in (("is_latest", _NO), ("is_delete_marker", _YES)):
            if name in columns:
                flags = pc.utf8_lower(columns[name].cast(pa.string()))
                given = pc.is_in(flags, value_set=pa.array(not_kept))
                keep = pc.and_(keep, pc.invert(given))
        columns = {name: values.filter(keep) for name, values in columns.items()}
        nothing = [""] * len(columns["key"])
        etags, classes = (
            columns[name].cast(pa.string()).to_pylist() if name in columns else nothing
            for name in ("etag", "storage_class")
        )
        return Page(
            [key[len(prefix) :] for key in columns["key"].to_pylist()],
            [_size(size) for size in columns["size"].to_pylist()],
            _dates(columns["modified"]).to_pylist(),
            [f'"{bare}"' if (bare := (e or "").strip('"')) else "" for e in etags],
            ["" if name in {None, _STANDARD} else name for name in classes],
        )

    def _positions(self, names: Sequence[str]) -> dict[str, int]:
        """Return where each column is."""
        plain = [re.sub("[ _-]", "", name).lower() for name in names]
        at = {}
        for name, every in _NAMES.items():
            found = [number for number, given in enumerate(plain) if given in every]
            if len(found) > 1:
                several = " and ".join(names[number] for number in found)
                raise InputError(
                    f"Expected one column of each kind in {self.name}; got {several}. "
                    "Take one of them out."
                )
            if found:
                at[name] = found[0]
        if absent := [name for name in _NEEDED if name not in at]:
            wanted = ", ".join({"modified": "last-modified"}.get(n, n) for n in absent)
            raise InputError(
                f"Expected the columns key, size and last-modified in {self.name}; got "
                f"{', '.join(names)}, without {wanted}. Let the inventory have them."
            )
        return at

    def _expect_bucket(self, bucket: str, other: str) -> None:
        if bucket and other and other != bucket:
            raise InputError(
                f"Expected an inventory of bucket {bucket}; got one of {other} in "
                f"{self.name}. Name the one of this store's bucket."
            )


def readable_url(where: str) -> str:
    """Return a path or URL without what signs it, and whom it is for."""
    start, separator, rest = where.partition("://")
    if not separator:
        return where
    return f"{start}://{rest.partition('?')[0].rpartition('@')[2]}"


def open_inventory(where: str, own: AbstractFileSystem | None) -> Inventory:
    """Open an inventory at a path or URL; `own` is what the store itself is read with.

    If there is none, `InputError` is raised.
    """
    fs, path = _located(where, own)
    where = readable_url(where)
    try:
        if fs.isdir(path):
            manifest = f"{path.rstrip('/')}/{_MANIFEST}"
            if not fs.exists(manifest):
                return _of_files(where, fs, _tables_in(fs, path))
            path = manifest
        if PurePosixPath(path).name == _MANIFEST:
            return _of_manifest(where, fs, path)
        return _of_files(where, fs, [path])
    except FileNotFoundError as error:
        raise InputError(
            f"Expected an inventory at {where}; got nothing there ({error}). Correct "
            "the path."
        ) from None


def _located(
    where: str, own: AbstractFileSystem | None
) -> tuple[AbstractFileSystem, str]:
    scheme = where.partition("://")[0] if "://" in where else "file"
    if own is not None and scheme in {own.protocol, *own.protocol}:
        return own, str(own._strip_protocol(where))  # noqa: SLF001 - what fsspec has for it
    fs, path = url_to_fs(where)
    return fs, str(path)


def _of_files(where: str, fs: AbstractFileSystem, files: Sequence[str]) -> Inventory:
    if not files or not all(file.lower().endswith(_ENDINGS) for file in files):
        raise InputError(
            f"Expected files that end with {', '.join(_ENDINGS)} at {where}; got "
            f"{', '.join(files) or 'none'}. Name the folder or file of an inventory."
        )
    made = [fs.modified(file).astimezone(UTC) for file in files]
    return Inventory(where, min(made), "", fs, files)


def _of_manifest(where: str, fs: AbstractFileSystem, path: str) -> Inventory:
    try:
        told: Mapping[str, Any] = json.loads(fs.cat_file(path))
        kind, source = str(told["fileFormat"]), str(told["sourceBucket"])
        made_at = _EPOCH + timedelta(milliseconds=int(told["creationTimestamp"]))
        sizes = {str(each["key"]): int(each["size"]) for each in told["files"]}
        names = [name.strip() for name in str(told["fileSchema"]).split(",")]
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise InputError(
            f"Expected the manifest of an inventory of S3 at {where}; got something "
            f"else ({error!r}). Name its manifest.json."
        ) from None
    if kind not in {"CSV", "Parquet"}:
        raise InputError(
            f"Expected an inventory in CSV or Parquet; got {kind} in {where}. Let S3 "
            "write one of these."
        )
    files = [_file_of(fs, path, key) for key in sizes]
    for file, size in zip(files, sizes.values(), strict=True):
        if (stored := fs.size(file)) != size:
            raise InputError(
                f"Expected {size:,} bytes of {file}, as {where} says; got {stored:,}. "
                "Copy it once more."
            )
    columns = names if kind == "CSV" else None
    return Inventory(where, made_at, source, fs, files, columns, kind)


def _file_of(fs: AbstractFileSystem, manifest: str, key: str) -> str:
    """Return where a file of an inventory is: its key is below some folder above."""
    above = PurePosixPath(manifest).parents
    candidates = [str(folder / key) for folder in above]
    return next((each for each in candidates if fs.exists(each)), candidates[0])


def _tables_in(fs: AbstractFileSystem, path: str) -> list[str]:
    return sorted(e for e in map(str, fs.find(path)) if e.lower().endswith(_ENDINGS))


@contextmanager
def _unpacked(fs: AbstractFileSystem, file: str) -> Iterator[Any]:
    with fs.open(file, "rb") as stream:
        if not file.endswith(".gz"):
            yield stream
            return
        with gzip.open(stream) as unpacked:
            yield unpacked


def _header(stream: IO[bytes]) -> list[str]:
    text = TextIOWrapper(stream, "utf-8-sig", newline="")
    try:
        return next(csv_reader(text), [])
    finally:
        text.detach()  # whoever opened the stream closes it


def _decoded(keys: pa.Array) -> pa.Array:
    if not pc.any(pc.match_substring_regex(keys, "[%+]")).as_py():
        return keys
    return pa.array(
        [key and unquote_plus(key) for key in keys.to_pylist()], pa.string()
    )


def _size(size: object) -> object:
    """Return a size as a number; as it is, if it is none."""
    text = str(size)
    if isinstance(size, Decimal | float) and size == size // 1:
        text = str(int(size))
    if not (text.isascii() and text.isdecimal()):
        return size
    return int(text) if int(text) <= _MOST_BYTES else text


def _dates(dates: pa.Array) -> pa.Array:
    """Return dates as text with a zone, which is UTC if none is told."""
    if pa.types.is_timestamp(dates.type) and dates.type.tz is None:
        dates = pc.assume_timezone(dates, "UTC")
    texts = pc.replace_substring_regex(dates.cast(pa.string()), _IN_UTC, r"\1Z")
    return pc.replace_substring_regex(texts, _OF_A_DAY, r"\1T00:00:00Z")
