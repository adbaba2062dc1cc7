"""Frames for unit tests, in one line each."""

import zlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from djgc_widgets.model.arrow import STR
from djgc_widgets.model.frames import FILES, FOLDERS, RECORDED
from djgc_widgets.model.store_names import Naming, StoreInfo, StoreNames
from djgc_widgets.model.vocabulary import SchemaNames, TableInfo
from djgc_widgets.verdict.reconcile import Reconciled, reconcile
from djgc_widgets.verdict.resolve import resolve_stores
from djgc_widgets.verdict.status import World

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
OLD = NOW - timedelta(days=30)
HASH = "abcdefghijklmnopqrstuvwxyz"
RAW = StoreInfo("raw", ("raw",), "/data/raw")


def hash_path(digit: str = "a", schema: str = "lab") -> str:
    return f"_hash/{schema}/{digit * 26}"


def object_path(
    name: str = "voltage_AbCd1234.npy", key: str = "id=1", table: str = "rec"
) -> str:
    return f"_schema/lab/{table}/{key}/{name}"


def files(
    *paths: str, store: str = "raw", size: int = 10, at: datetime = OLD, **others: Any
) -> pd.DataFrame:
    return FILES.conform(
        {
            "store": store,
            "path": pd.array(list(paths), dtype=STR),
            "n_files": 1,
            "size_bytes": size,
            "modified_ns": int(at.timestamp()) * 10**9,
            "changed_ns": int(at.timestamp()) * 10**9,
            "device": zlib.crc32(store.encode()),
            "inode": range(len(paths)),
            "etag": "",
            "kind": "file",
            **others,
        }
    )


def folders(*paths: str, at: datetime = OLD) -> pd.DataFrame:
    return FOLDERS.conform(
        {
            "store": "raw",
            "path": pd.array(list(paths), dtype=STR),
            "modified_ns": int(at.timestamp()) * 10**9,
            "changed_ns": int(at.timestamp()) * 10**9,
        }
    )


def recorded(*paths: str, store: str | None = "raw", **others: Any) -> pd.DataFrame:
    columns = {
        "named_store": pd.array([store] * len(paths), dtype=STR),
        "column_store": "raw",
        "server": 0,
        "reference": range(len(paths)),
        "declared": True,
        "guessed": False,
        "schema": "lab",
        "table": "rec",
        "attribute": "voltage",
        "codec": "npy",
        "path": pd.array(list(paths), dtype=STR),
        "size_bytes": pd.array([None] * len(paths), dtype="Int64"),
        "n_files": pd.array([None] * len(paths), dtype="Int64"),
        "is_dir": False,
        "row_key": [f'{{"id": {number}}}' for number in range(1, len(paths) + 1)],
    }
    return RECORDED.conform({**columns, **others})


def names(
    *stores: StoreInfo,
    default: str | None = None,
    filepath_default: str | None = None,
    **others: Any,
) -> StoreNames:
    known = (*(stores or (RAW,)), *others.get("elsewhere", ()))
    aliases = {alias: store.name for store in known for alias in store.aliases}
    naming = Naming(aliases, default, filepath_default)
    return StoreNames(stores or (RAW,), (naming,), **others)


REC = TableInfo("lab", "rec", ("id", "voltage", "voltage_raw"), ("id",))


def world(
    store_names: StoreNames | None = None,
    *,
    schemas: Iterable[str] | SchemaNames = ("lab", "other"),
    scanned: Iterable[str] = ("lab",),
    tables: Iterable[TableInfo] = (REC,),
    minimum_age: timedelta = timedelta(days=7),
) -> World:
    return World(
        names() if store_names is None else store_names,
        schemas
        if isinstance(schemas, SchemaNames)
        else SchemaNames(frozenset(schemas)),
        set(scanned),
        tuple(tables),
        NOW,
        minimum_age,
    )


def judge(
    stored: pd.DataFrame,
    referred: pd.DataFrame,
    seen: World | None = None,
    dirs: pd.DataFrame | None = None,
) -> Reconciled:
    around = seen or world()
    targets, _ = resolve_stores(referred, around.names)
    changed = folders() if dirs is None else dirs
    return reconcile(stored, changed, referred, targets, around)


def statuses(verdict: Reconciled) -> dict[str, str]:
    return dict(zip(verdict.objects["path"], verdict.objects["status"], strict=True))


def reasons(verdict: Reconciled) -> dict[str, str | None]:
    codes = verdict.objects["reason_code"].replace({float("nan"): None})
    return dict(zip(verdict.objects["path"], codes, strict=True))
