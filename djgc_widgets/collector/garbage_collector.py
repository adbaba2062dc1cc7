"""DataJoint's documented way to collect garbage, with a trash and with our verdict."""

import logging
from collections.abc import Collection
from datetime import timedelta
from typing import Any

import datajoint as dj
import pandas as pd

from djgc_widgets.collector.arguments import scope_of
from djgc_widgets.collector.clock import Clock, utc_now
from djgc_widgets.collector.scan_result import CompleteScan, IncompleteScan
from djgc_widgets.collector.scanner import scan
from djgc_widgets.model import (
    MINIMUM_AGE,
    RECEIPT,
    InputError,
    Outcome,
    Receipt,
    Section,
    Status,
    SweepRefusedError,
    expect_age,
    names_of,
    shown,
)
from djgc_widgets.stores import stores_of

_LOGGER = logging.getLogger(__name__)


class GarbageCollector:
    """Collects like ``datajoint.gc.GarbageCollector``, but moves garbage to the trash.

    A script after DataJoint's how-to becomes safe by the import alone. What differs: an
    orphan is what a scan of djgc-widgets calls one, so what rows refer to through any
    codec, schema or spelling stays, and so does what is younger than the minimum age;
    it goes to the store's trash, from where ``djgc restore`` brings it back; and while
    there is a doubt, a sweep is refused.

    Parameters
    ----------
    *schemas : datajoint.Schema
        Schemas whose garbage is collected. Rows of all schemas of the server count.
    store : str, optional
        Name of the store; the default store of the configuration by default.
    config : datajoint Config, optional
        That of the schemas' connection, and no other.
    minimum_age : timedelta
        Younger objects are never orphans; 7 days by default.
    acknowledge : collection of str
        Names of doubts that are lifted, for example ``"sole-owner"`` at first.
    clock : callable, optional
        Returns the current time, aware, in UTC.

    Raises
    ------
    InputError
        If there is no schema, no such store, or another configuration.

    Examples
    --------
    >>> from djgc_widgets import GarbageCollector, open_lab
    >>> with open_lab() as lab:
    ...     collector = GarbageCollector(lab.schema, store="raw")
    ...     stats = collector.collect()
    >>> stats["dry_run"], stats["deleted"], stats["schema_paths_orphaned"] > 0
    (True, 0, True)
    """

    def __init__(
        self,
        *schemas: dj.Schema,
        store: str | None = None,
        config: Any = None,  # noqa: ANN401 - DataJoint has no public name for its type
        minimum_age: timedelta = MINIMUM_AGE,
        acknowledge: Collection[str] = (),
        clock: Clock = utc_now,
    ) -> None:
        connection, _ = scope_of(schemas)
        if config is not None and dict(config.stores) != stores_of(connection):
            raise InputError(
                "Expected the configuration of the schemas' connection in config; got "
                "one with other stores. Leave it out."
            )
        configured = stores_of(connection)
        if store is None:
            store = configured.get("default")
        if store is None or not isinstance(configured.get(store), dict):
            names = (
                name for name, spec in configured.items() if isinstance(spec, dict)
            )
            raise InputError(
                f"Expected the name of a store ({', '.join(sorted(names))}); got "
                f"{'no default store' if store is None else shown(store)}. Pass store=."
            )
        expect_age(minimum_age)
        self.schemas, self.store = schemas, store
        self._minimum_age, self._clock = minimum_age, clock
        self._acknowledged = names_of(acknowledge, "acknowledge")

    def collect(
        self,
        dry_run: bool = True,  # noqa: FBT001, FBT002 - as DataJoint has it
        verbose: bool = False,  # noqa: FBT001, FBT002 - likewise
    ) -> dict[str, Any]:
        """Report orphans and, unless it is a dry run, move them to the trash.

        What rows need from the trash returns to its path first.

        Parameters
        ----------
        dry_run : bool
            Change nothing; so it is by default.
        verbose : bool
            Log each object that was moved.

        Returns
        -------
        dict
            The keys of DataJoint's collector; paths are those of files, relative to the
            store. ``deleted`` counts files that were moved to the trash, and
            ``bytes_trashed`` their bytes; ``bytes_freed`` is 0, as a purge frees
            them. ``sweep_id`` names the sweep, empty if there was none.

        Raises
        ------
        SweepRefusedError
            If anything is to be moved, and the scan is incomplete or a doubt stands; it
            says which, and how to lift it.
        """
        result = self._scan()
        if not dry_run and bool(result.trash["returnable"].any()):
            result.heal(stores=[self.store])
            result = self._scan()
        receipt = None if dry_run else self._sweep(result)
        if receipt is not None and verbose:
            for path, outcome in receipt.rows[["path", "outcome"]].itertuples(
                index=False
            ):
                _LOGGER.info("%s: %s", path, outcome)
        return {
            **_counts(result, self.store),
            **_moved(result, receipt),
            "scan_errors": [str(problem) for problem in result.problems],
            "dry_run": dry_run,
        }

    def _scan(self) -> CompleteScan | IncompleteScan:
        return scan(
            *self.schemas,
            stores=[self.store],
            minimum_age=self._minimum_age,
            clock=self._clock,
        )

    def _sweep(self, result: CompleteScan | IncompleteScan) -> Receipt | None:
        if not isinstance(result, CompleteScan):
            raise SweepRefusedError(
                "Nothing was moved, since not everything could be read: "
                + " ".join(map(str, result.problems))
            )
        plan = result.plan(acknowledge=self._acknowledged)
        return None if plan.objects.empty else plan.sweep()


def _files_of_section(
    result: CompleteScan | IncompleteScan, section: Section, status: Status | None
) -> pd.DataFrame:
    """Return the listed files of the objects of a section, and of a status."""
    objects = result.objects
    wanted = objects["section"].eq(section.value)
    wanted &= objects["schema"].isin(result.schemas)
    if status is not None:
        wanted &= objects["status"].eq(status.value)
    files = result.files
    return files[files["object"].isin(objects.index[wanted])]


def _counts(result: CompleteScan | IncompleteScan, store: str) -> dict[str, Any]:
    counts: dict[str, Any] = {}
    references = result.references
    own = references["store"].eq(store) & references["schema"].isin(result.schemas)
    for section in (Section.HASH, Section.SCHEMA):
        referred = references[own & references["section"].eq(section.value)]
        stored = _files_of_section(result, section, None)
        orphaned = _files_of_section(result, section, Status.ORPHAN)
        name = section.value
        counts |= {
            f"{name}_paths_referenced": int(referred["path"].nunique()),
            f"{name}_paths_stored": len(stored),
            f"{name}_paths_orphaned": len(orphaned),
            f"{name}_paths_orphaned_bytes": int(orphaned["size_bytes"].sum()),
            f"orphaned_{name}_paths": sorted(orphaned["path"]),
        }
    return counts


def _moved(
    result: CompleteScan | IncompleteScan, receipt: Receipt | None
) -> dict[str, Any]:
    rows = RECEIPT.empty() if receipt is None else receipt.rows
    keys = ["store", "path"]
    moved = rows[rows["outcome"].eq(Outcome.MOVED.value)].merge(
        result.objects[[*keys, "section"]], on=keys
    )
    deleted = {
        f"{section.value}_paths_deleted": int(
            moved.loc[moved["section"].eq(section.value), "n_files"].sum()
        )
        for section in (Section.HASH, Section.SCHEMA)
    }
    return {
        **deleted,
        "deleted": sum(deleted.values()),
        "bytes_freed": 0,
        "bytes_trashed": int(moved["size_bytes"].sum()),
        "errors": 0 if receipt is None else len(receipt.unfinished),
        "sweep_id": "" if receipt is None else receipt.sweep_id,
    }
