"""DataJoint's documented way to collect garbage, with a trash and with our verdict."""

import logging
from collections.abc import Collection
from datetime import timedelta
from typing import Any

import datajoint as dj
import pandas as pd

from djgc_widgets.collector.arguments import scope_of
from djgc_widgets.collector.clock import Clock, utc_now
from djgc_widgets.collector.complete_scan import CompleteScan, IncompleteScan
from djgc_widgets.collector.scan_result import Scan
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
    names_among,
    names_of,
    plural,
    shown,
)
from djgc_widgets.stores import stores_of
from djgc_widgets.verdict import LIFTABLE, OF_ONE, names_one

_LOGGER = logging.getLogger("datajoint")  # which shows what its collector says
_MOVED = Outcome.MOVED.value


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
        Names of doubts that are lifted, for example ``"sole-owner"`` at first;
        ``"abandoned-schema"`` is none of these schemas'.
    clock : callable, optional
        Returns the current time, aware, in UTC.

    Raises
    ------
    InputError
        If there is no schema, store or doubt of this name, or another configuration.

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
        if others := [each for each in schemas if not isinstance(each, dj.Schema)]:
            raise InputError(
                f"Expected schemas; got {shown(others[0])}. Pass the schema object, "
                "for example dj.Schema('lab_ephys')."
            )
        connection, _ = scope_of(schemas)
        configured = stores_of(connection)
        if config is not None and getattr(config, "stores", None) != configured:
            raise InputError(
                "Expected the configuration of the schemas' connection in config; got "
                "one with other stores. Leave it out."
            )
        if store is None:
            store = configured.get("default")
        if not isinstance(store, str) or not isinstance(configured.get(store), dict):
            names = (
                name for name, spec in configured.items() if isinstance(spec, dict)
            )
            raise InputError(
                f"Expected the name of a store ({', '.join(sorted(names))}); got "
                f"{'no default store' if store is None else shown(store)}. Pass store=."
            )
        expect_age(minimum_age, "minimum_age")
        self.schemas, self.store = schemas, store
        self._minimum_age, self._clock = minimum_age, clock
        self._acknowledged = _doubts_of_sweeps(acknowledge)

    def collect(
        self,
        dry_run: bool = True,  # noqa: FBT001, FBT002 - as DataJoint has it
        verbose: bool = False,  # noqa: FBT001, FBT002 - likewise
    ) -> dict[str, Any]:
        """Report orphans and, unless it is a dry run, move them to the trash.

        What rows need from the trash returns to its path first, if the scan is
        complete.

        Parameters
        ----------
        dry_run : bool
            Change nothing; so it is by default.
        verbose : bool
            Log each object that was moved, or in a dry run each orphan.

        Returns
        -------
        dict
            The keys of DataJoint's collector; paths are those of files, relative to the
            store. ``deleted`` counts files that were moved to the trash, and
            ``bytes_trashed`` their bytes; ``bytes_freed`` is 0, as a purge frees them.
            ``sweep_id`` names the sweep, empty if there was none. ``restored`` and
            ``skipped`` count objects, ``errors`` those that failed and what could not
            be written down. Unless ``complete``, nothing is called an orphan, and
            ``scan_errors`` say why.

        Raises
        ------
        SweepRefusedError
            If it is no dry run, and the scan is incomplete, a doubt stands, or what
            rows need did not return; it says which, and what to do.
        InputError
            If the schema or the store is gone by now.
        """
        result = self._scan()
        restored = 0
        if not dry_run and isinstance(result, CompleteScan):
            restored = self._heal(result)
            result = self._scan() if restored else result
        receipt = None if dry_run else self._sweep(result, restored)
        if verbose:
            self._log(result, receipt)
        name = self._name(result)
        return {
            **_counts(result, name),
            **_moved(result, receipt),
            "restored": restored,
            "complete": result.complete,
            "scan_errors": [str(problem) for problem in result.problems],
            "dry_run": dry_run,
        }

    def _scan(self) -> CompleteScan | IncompleteScan:
        # of all stores: one may lie in another
        return scan(*self.schemas, minimum_age=self._minimum_age, clock=self._clock)

    def _name(self, result: Scan) -> str:
        """Return what the frames of a scan call the store."""
        return next((s.name for s in result.stores if self.store in s.aliases), "")

    def _orphans(self, result: Scan) -> pd.DataFrame:
        orphans = result.orphans
        return orphans[orphans["store"].eq(self._name(result))]

    def _heal(self, result: CompleteScan) -> int:
        """Restore what rows need from the trash; return how many objects."""
        name, trash = self._name(result), result.trash
        needed = trash["returnable"] & trash["store"].eq(name)
        if not needed.any():
            return 0
        receipt = result.heal(stores=[name])
        if failed := [*receipt.unfinished["detail"], *map(str, receipt.problems)]:
            raise SweepRefusedError(
                "Nothing was swept, since not all that rows need came back from the "
                f"trash: {' '.join(failed)}. See djgc heal."
            )
        return receipt.count(Outcome.RESTORED)

    def _sweep(
        self, result: CompleteScan | IncompleteScan, restored: int
    ) -> Receipt | None:
        if not isinstance(result, CompleteScan):
            before = f"{plural(restored, 'object')} returned from the trash. "
            raise SweepRefusedError(
                (before if restored else "")
                + "Nothing was swept, since not everything could be read: "
                + " ".join(map(str, result.problems))
            )
        plan = result.plan(self._orphans(result), acknowledge=self._acknowledged)
        return None if plan.objects.empty else plan.sweep()

    def _log(self, result: Scan, receipt: Receipt | None) -> None:
        if receipt is None:
            for path in self._orphans(result)["path"]:
                _LOGGER.info("Orphan: %s", path)
            return
        for path in receipt.rows.loc[receipt.rows["outcome"].eq(_MOVED), "path"]:
            _LOGGER.info("Moved to the trash: %s", path)


def _doubts_of_sweeps(acknowledge: Collection[str]) -> frozenset[str]:
    """Return the names of doubts, each of which a sweep of these schemas may have."""
    names = names_of(acknowledge, "acknowledge")
    others = {name for name in names if not names_one(name)}
    names_among(
        others, [code.value for code in LIFTABLE - OF_ONE.keys()], "acknowledge"
    )
    return names


def _files_of_section(
    result: Scan, store: str, section: Section, status: Status | None
) -> pd.DataFrame:
    """Return the listed files of the objects of a section, and of a status."""
    objects = result.objects
    wanted = objects["section"].eq(section.value) & objects["store"].eq(store)
    wanted &= objects["schema"].isin(result.schemas)
    if status is not None:
        wanted &= objects["status"].eq(status.value)
    files = result.files
    own = files[files["object"].isin(objects.index[wanted])]
    if section is Section.HASH:  # a sidecar is no hash
        own = own[own["path"].eq(own["object"].map(objects["path"]))]
    return own


def _counts(result: Scan, store: str) -> dict[str, Any]:
    counts: dict[str, Any] = {}
    references, objects = result.references, result.objects
    own = references["store"].eq(store) & references["schema"].isin(result.schemas)
    references = references[own]
    # that of the object, where the path does not tell: of a prefix of former times
    sections = objects[objects["store"].eq(store)].set_index("path")["section"]
    known = references["section"].fillna(references["path"].map(sections))
    for section in (Section.HASH, Section.SCHEMA):
        referred = references[known.eq(section.value)]
        stored = _files_of_section(result, store, section, None)
        orphaned = _files_of_section(result, store, section, Status.ORPHAN)
        name = section.value
        counts |= {
            f"{name}_paths_referenced": int(referred["path"].nunique()),
            f"{name}_paths_stored": len(stored),
            f"{name}_paths_orphaned": len(orphaned),
            f"{name}_paths_orphaned_bytes": int(orphaned["size_bytes"].sum()),
            f"orphaned_{name}_paths": sorted(orphaned["path"]),
        }
    return counts


def _moved(result: Scan, receipt: Receipt | None) -> dict[str, Any]:
    problems = () if receipt is None else receipt.problems
    rows = RECEIPT.empty() if receipt is None else receipt.rows
    keys = ["store", "path"]
    failed = rows["outcome"].eq(Outcome.FAILED.value) | rows["in_doubt"]
    moved = rows[rows["outcome"].eq(_MOVED)].merge(
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
        "errors": int(failed.sum()) + len(problems),
        "skipped": int(rows["outcome"].eq(Outcome.SKIPPED.value).sum()),
        "sweep_id": "" if receipt is None else receipt.sweep_id,
    }
