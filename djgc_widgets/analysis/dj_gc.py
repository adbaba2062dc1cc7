"""Compare what DataJoint's own collector would delete with our verdict."""

import copy
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from inspect import signature
from tempfile import TemporaryDirectory
from typing import Any

import datajoint as dj
import pandas as pd
from datajoint import gc  # before 2.1 the package does not offer it by itself
from datajoint.dependencies import Dependencies
from datajoint.errors import LostConnectionError

from djgc_widgets.analysis.arguments import expect_scan
from djgc_widgets.analysis.comparison import CollectorDeletions, compare
from djgc_widgets.collector import CompleteScan, IncompleteScan
from djgc_widgets.model import (
    OPINIONS,
    InputError,
    Notice,
    NoticeCode,
    Notices,
    OpinionCode,
    in_store,
    path_text,
    plural,
)
from djgc_widgets.references import describe_error, dialect_of


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """What DataJoint's own collector would delete, beside our verdict."""

    collector: str
    """Whose opinion it is: DataJoint and its release."""
    objects: pd.DataFrame = field(repr=False)
    """A frame of the opinions schema: a row per object that the collector would delete
    or that we call an orphan; losses come first."""
    problems: Notices
    """Stores that the collector could not finish."""
    warnings: tuple[str, ...]
    """What it logged before it continued: whatever it cannot read counts as garbage."""

    @property
    def losses(self) -> pd.DataFrame:
        """The live objects that it would delete: a frame of the opinions schema."""
        return self.objects[self.objects["opinion_code"].eq(OpinionCode.LOSES.value)]

    def summary(self) -> pd.DataFrame:
        """Add up per opinion, the worst first: objects, and bytes of these objects."""
        groups = self.objects.groupby(["opinion_code", "opinion"], sort=False)
        sums = groups["size_bytes"].agg(n_objects="size", size_bytes="sum")
        return sums.reset_index()


def second_opinion(scan: CompleteScan | IncompleteScan) -> SecondOpinion:
    """Ask the installed ``datajoint.gc`` what it would delete; nothing is deleted.

    It runs dry, over a connection of its own whose transactions are read-only, for
    the scan's schemas and every name of the scan's stores. The stores may have changed
    since the scan. The opinion's `losses` are the objects that a row needs.

    Its documentation says in several ways which schemas it has to be given and whether
    it may run beside inserts; docs/pages/explanation/second-opinion.md cites both.

    Parameters
    ----------
    scan : CompleteScan
        Our verdict.

    Raises
    ------
    InputError
        If the scan is incomplete, so that its orphans are not certain.

    Examples
    --------
    >>> from djgc_widgets import open_lab, scan, second_opinion
    >>> with open_lab() as lab:
    ...     opinion = second_opinion(scan(lab.schema))
    >>> opinion.losses.empty
    True
    """
    expect_scan(scan)
    if not isinstance(scan, CompleteScan):
        raise InputError(
            "Expected a complete scan to compare with; got "
            f"{type(scan).__name__} with {plural(len(scan.problems), 'problem')}. Fix "
            "what its problems name, then scan again."
        )
    names, objects = scan.store_names, scan.objects
    canonical = names.servers[0].stores
    scanned = {info.name for info in names.stores}
    managed = objects[objects["schema"].isin(scan.schemas) & objects["section"].notna()]
    known = managed["store"].value_counts().to_dict()
    doomed: list[tuple[str, str]] = []
    problems: list[Notice] = []
    failed: set[str] = set()
    with (
        _datajoint_warnings() as warnings,
        closing(_read_only_connection(scan.connections[0])) as connection,
    ):
        for name, store in sorted(canonical.items()):
            if store not in scanned:
                continue
            try:
                paths = _paths_that_collector_deletes(
                    scan.schemas, connection, name, known.get(store, 0)
                )
            except Exception as error:  # noqa: BLE001 - reported as a problem, whatever it is
                text = f"{type(error).__name__}: {describe_error(error, connection)}"
                where, values = in_store(name), {"error": text}
                problems.append(Notice(NoticeCode.COLLECTOR_GAVE_UP, where, values))
                failed.add(store)
            else:
                doomed += [(store, path) for path in paths]
    deletions = CollectorDeletions(doomed, _FOLDERS)
    rows = compare(deletions, objects, scan.references, scan.files, names)
    leaves = rows["opinion_code"].eq(OpinionCode.LEAVES.value)
    return SecondOpinion(
        f"DataJoint {dj.__version__}",
        OPINIONS.conform(rows[~(leaves & rows["store"].isin(failed))]),
        Notices(problems),
        tuple(dict.fromkeys(warnings)),
    )


_FOLDERS = not hasattr(gc, "GarbageCollector")
"""Up to 2.3.0 the collector deletes folders, since then files."""


def _paths_that_collector_deletes(
    schemas: Sequence[str], connection: dj.Connection, store: str, known: int
) -> list[str]:
    """Return the paths that the collector of the installed release would delete.

    Raises `OSError` if it could not list the store, which it takes for an empty store.
    """
    activated = [
        dj.Schema(name, connection=connection, create_schema=False, create_tables=False)
        for name in schemas
    ]
    if _FOLDERS:
        configured = "config" in signature(gc.get_store_backend).parameters
        config = {"config": connection._config} if configured else {}  # noqa: SLF001 - no public name
        backend = gc.get_store_backend(store, **config)
        backend.fs.invalidate_cache()  # of listings, which other sessions change
        # up to 2.1 it decodes every value, which downloads what was attached
        with TemporaryDirectory() as folder, dj.config.override(download_path=folder):
            result = gc.scan(*activated, store_name=store)
        stored, lists = result["stored"], ["orphaned_hashes", "orphaned_paths"]
    else:
        collector = gc.GarbageCollector(*activated, store=store)
        collector.backend.fs.invalidate_cache()
        result = collector.collect(dry_run=True)
        stored = result["hash_paths_stored"] + result["schema_paths_stored"]
        lists = ["orphaned_hash_paths", "orphaned_schema_paths"]
    if errors := result.get("scan_errors"):
        raise OSError("; ".join(errors))
    if known and not stored:
        raise OSError(f"it listed none of {plural(known, 'object')}")
    return [path_text(str(path)) for name in lists for path in result[name]]


def _read_only_connection(connection: dj.Connection) -> dj.Connection:
    """Return a connection like this one that can only read."""
    # DataJoint has no clone; what the original caches must not be shared
    own: Any = copy.copy(connection)
    own.schemas, own._in_transaction, own._conn = {}, False, None  # noqa: SLF001 - likewise
    own._query_cache = None  # noqa: SLF001 - likewise
    own.dependencies = Dependencies(own)
    own.connect()
    own.connect = _refuse_to_reconnect  # another session could write again
    try:
        for statement in dialect_of(own).READ_ONLY:
            own.query(statement)
    except BaseException:
        own.close()
        raise
    return own


def _refuse_to_reconnect() -> None:
    raise LostConnectionError("the connection was lost while the collector was reading")


@contextmanager
def _datajoint_warnings() -> Iterator[list[str]]:
    """Collect the warnings that DataJoint logs in this thread."""
    warnings: list[str] = []
    here = threading.get_ident()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == here:
                warnings.append(record.getMessage())

    logger, listener = logging.getLogger("datajoint"), Listener(logging.WARNING)
    level, disabled = logger.level, logger.disabled
    logger.addHandler(listener)
    logger.setLevel(min(logger.getEffectiveLevel(), logging.WARNING))
    logger.disabled = False
    try:
        yield warnings
    finally:
        logger.removeHandler(listener)
        logger.setLevel(level)
        logger.disabled = disabled
