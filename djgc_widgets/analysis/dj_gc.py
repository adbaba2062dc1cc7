"""What DataJoint's own collector would delete, laid beside what we say of it."""

import copy
import logging
import os
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

from djgc_widgets.analysis.comparison import Doomed, Verdict, compare
from djgc_widgets.collector import CompleteScan, IncompleteScan
from djgc_widgets.model import OPINIONS, InputError, Notice, plural
from djgc_widgets.references import backend_of, describe_error

_LOCK_SECONDS = 60
_ONLY_READ = {  # and do not wait for a lock for ever
    "postgresql": (
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        f"SET SESSION lock_timeout = '{_LOCK_SECONDS}s'",
    ),
    "mysql": (
        "SET SESSION TRANSACTION READ ONLY",
        f"SET SESSION lock_wait_timeout = {_LOCK_SECONDS}",
    ),
}
_LISTS = ("orphaned_hash_paths", "orphaned_schema_paths")
_LISTS_BEFORE_2_3_1 = ("orphaned_hashes", "orphaned_paths")


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """What DataJoint's own collector would delete, beside our verdict.

    Parameters
    ----------
    collector : str
        Whose opinion it is: DataJoint and its release.
    objects : DataFrame
        A frame of the opinions schema: a row per object that the collector would
        delete or that we call an orphan; what it would lose comes first.
    problems : tuple of Notice
        Stores that the collector gave up on.
    warnings : tuple of str
        What it logged and went on after: what it could not read counts as garbage.

    Examples
    --------
    >>> from djgc_widgets import SecondOpinion, open_lab, scan, second_opinion
    >>> with open_lab() as lab:
    ...     opinion = second_opinion(scan(lab.schema))
    >>> isinstance(opinion, SecondOpinion), opinion.collector.partition(" ")[0]
    (True, 'DataJoint')
    """

    collector: str
    objects: pd.DataFrame = field(repr=False)
    problems: tuple[Notice, ...]
    warnings: tuple[str, ...]

    @property
    def losses(self) -> pd.DataFrame:
        """The live objects that it would delete: a frame of the opinions schema."""
        return self.objects[self.objects["verdict"].eq(Verdict.LOSES.value)]

    def summary(self) -> pd.DataFrame:
        """Add up per verdict, the worst first: objects, and bytes of these objects."""
        groups = self.objects.groupby("verdict", sort=False)["size_bytes"]
        sums = groups.agg(objects="size", size_bytes="sum")
        return sums.reset_index()


def second_opinion(scan: CompleteScan | IncompleteScan) -> SecondOpinion:
    """Ask the installed ``datajoint.gc`` what it would delete; nothing is deleted.

    It runs dry, over a connection of its own whose transactions are read-only, for
    the scan's schemas and every name of the scan's stores. What it lists now may have
    changed since the scan.

    Parameters
    ----------
    scan : CompleteScan
        What we say.

    Returns
    -------
    SecondOpinion
        Its `losses` are what a row needs and the collector would delete.

    Raises
    ------
    InputError
        If the scan is incomplete: what it calls an orphan is not certain.

    Examples
    --------
    >>> from djgc_widgets import open_lab, scan, second_opinion
    >>> with open_lab() as lab:
    ...     opinion = second_opinion(scan(lab.schema))
    >>> opinion.losses.empty
    True
    """
    if not isinstance(scan, CompleteScan):
        raise InputError(
            "Expected a complete scan to compare with; got "
            f"{type(scan).__name__} with {plural(len(scan.problems), 'problem')}. Mend "
            "what its problems name, then scan again."
        )
    reader = scan.reader
    names = reader.names
    canonical = names.servers[0].stores
    scanned = {info.name for info in names.stores}
    wanted = sorted(name for name, store in canonical.items() if store in scanned)
    objects = scan.objects
    managed = objects[objects["schema"].isin(scan.schemas) & objects["section"].notna()]
    known = managed["store"].value_counts().to_dict()
    doomed: list[tuple[str, str]] = []
    problems: list[Notice] = []
    unasked: set[str] = set()
    with (
        _heard() as warnings,
        closing(_own_connection(reader.connections[0])) as connection,
    ):
        for name in wanted:
            store = canonical[name]
            try:
                paths = _doomed(scan.schemas, connection, name, known.get(store, 0))
            except Exception as error:  # noqa: BLE001 - of the collector: told, not ours
                why = describe_error(error, connection)
                message = f"the collector gave up: {type(error).__name__}: {why}"
                remedy = "What it would delete there is not known"
                problems.append(Notice(f"store {name}", message, remedy))
                unasked.add(store)
            else:
                doomed += [(store, path) for path in paths]
    told = Doomed(doomed, _FOLDERS)
    rows = compare(told, objects, scan.references, scan.files, names)
    unsaid = rows["verdict"].eq(Verdict.LEAVES.value) & rows["store"].isin(unasked)
    return SecondOpinion(
        f"DataJoint {dj.__version__}",
        OPINIONS.conform(rows[~unsaid]),
        tuple(problems),
        tuple(dict.fromkeys(warnings)),
    )


_FOLDERS = not hasattr(gc, "GarbageCollector")
"""Up to 2.3.0 the collector deletes folders, since then files."""


def _doomed(
    schemas: Sequence[str], connection: dj.Connection, store: str, known: int
) -> list[str]:
    """Return the paths that the collector of the installed release would delete.

    Raises
    ------
    OSError
        If it could not look: it takes that for an empty store.
    """
    activated = [
        dj.Schema(name, connection=connection, create_schema=False, create_tables=False)
        for name in schemas
    ]
    config = connection._config if hasattr(connection, "_config") else None  # noqa: SLF001
    if _FOLDERS:
        own = "config" in signature(gc.get_store_backend).parameters
        backend = gc.get_store_backend(store, **({"config": config} if own else {}))
        backend.fs.invalidate_cache()  # of listings, which other sessions change
        # up to 2.1 it decodes every value, which downloads what was attached
        with TemporaryDirectory() as place, dj.config.override(download_path=place):
            told = gc.scan(*activated, store_name=store)
        stored, lists = told["stored"], _LISTS_BEFORE_2_3_1
    else:
        collector = gc.GarbageCollector(*activated, store=store)
        collector.backend.fs.invalidate_cache()
        told = collector.collect(dry_run=True)
        stored, lists = told["hash_paths_stored"] + told["schema_paths_stored"], _LISTS
    if errors := told.get("scan_errors"):
        raise OSError("; ".join(errors))
    if known and not stored:
        raise OSError(f"it saw none of the {plural(known, 'object')} of these schemas")
    # as our listing spells names that are not UTF-8
    return [
        os.fsencode(str(path)).decode("utf-8", "backslashreplace")
        for name in lists
        for path in told[name]
    ]


def _own_connection(connection: dj.Connection) -> dj.Connection:
    """Return a connection like this one that can only read."""
    # DataJoint has no clone; what the original caches must not be shared
    own: Any = copy.copy(connection)
    own.schemas, own._in_transaction, own._conn = {}, False, None  # noqa: SLF001
    own._query_cache = None  # noqa: SLF001
    own.dependencies = Dependencies(own)
    own.connect()
    own.connect = _stay_lost  # another session could write again
    try:
        for statement in _ONLY_READ[backend_of(own)]:
            own.query(statement)
    except BaseException:
        own.close()
        raise
    return own


def _stay_lost() -> None:
    raise LostConnectionError("the connection was lost amid the collector's reading")


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Collect what DataJoint warns of in this thread."""
    warnings: list[str] = []
    here = threading.get_ident()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == here:
                warnings.append(record.getMessage())

    logger, listener = logging.getLogger("datajoint"), Listener(logging.WARNING)
    before = logger.level, logger.disabled
    logger.addHandler(listener)
    logger.setLevel(min(logger.getEffectiveLevel(), logging.WARNING))
    logger.disabled = False
    try:
        yield warnings
    finally:
        logger.removeHandler(listener)
        logger.setLevel(before[0])
        logger.disabled = before[1]
