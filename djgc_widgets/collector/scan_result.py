"""What a scan found: frames, problems, and, if it is complete, plans."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pandas as pd

from djgc_widgets.collector.operation import Work, receipt_of
from djgc_widgets.collector.recheck import LiveReader
from djgc_widgets.collector.restore import restore
from djgc_widgets.collector.sweeper import Sweeper
from djgc_widgets.model import (
    FILES,
    InputError,
    Notice,
    ProgressCallback,
    Receipt,
    State,
    Status,
    StoreInfo,
    SweepRefusedError,
    interrupted_sweeps,
    no_progress,
)
from djgc_widgets.references import ColumnCount
from djgc_widgets.stores import sweepable
from djgc_widgets.verdict import (
    INDEX,
    Circumstances,
    Reconciled,
    Selection,
    SweepPlan,
    bytes_by_place,
    plan_sweep,
    usage_by_attribute,
)


@dataclass(frozen=True, slots=True)
class Scan:
    """What the stores hold and what the rows need; `CompleteScan` or `IncompleteScan`.

    Its frames are copies: altering one alters neither the scan nor a plan.

    Parameters
    ----------
    schemas : tuple of str
        Schemas whose objects were judged.
    stores : tuple of StoreInfo
        The scanned stores.
    servers : tuple of str
        Database servers whose rows were read.
    schemas_read : int
        Schemas on these servers, all of which were read.
    started_at : datetime
        Aware UTC time at which the listing began.
    elapsed_seconds : float
        Duration of the scan.
    minimum_age : timedelta
        Younger objects are never orphans.
    listed_files, listed_bytes : int
        Files and bytes that the listing counted, whatever they are.
    counts : tuple of ColumnCount
        Per store column: counted by SQL, read, and recording a path.
    problems : tuple of Notice
        What could not be read; empty only in a `CompleteScan`.
    unseen : tuple of Notice
        Schemas and databases of the servers of which this account sees nothing; a plan
        needs the acknowledgement ``"unseen-schemas"`` then.
    warnings : tuple of Notice
        What a person should know although the scan is complete.
    """

    schemas: tuple[str, ...]
    stores: tuple[StoreInfo, ...]
    servers: tuple[str, ...]
    schemas_read: int
    started_at: datetime
    elapsed_seconds: float
    minimum_age: timedelta
    listed_files: int
    listed_bytes: int
    counts: tuple[ColumnCount, ...]
    problems: tuple[Notice, ...]
    unseen: tuple[Notice, ...]
    warnings: tuple[Notice, ...]
    _reconciled: Reconciled = field(repr=False)
    _files: pd.DataFrame = field(repr=False)
    _sweeper: Sweeper = field(repr=False)

    @property
    def complete(self) -> bool:
        """Whether everything was read."""
        return not self.problems

    @property
    def objects(self) -> pd.DataFrame:
        """Every object of the stores: a frame of the objects schema."""
        return self._reconciled.objects.rename_axis(INDEX)

    @property
    def references(self) -> pd.DataFrame:
        """Every path that a row records: a frame of the references schema."""
        return self._reconciled.references.copy()

    @property
    def orphans(self) -> pd.DataFrame:
        """The objects that no row refers to and that are old enough, biggest first."""
        objects = self.objects
        orphans = objects[objects["status"].eq(Status.ORPHAN.value)]
        return orphans.sort_values(
            ["size_bytes", "store", "path"], ascending=[False, True, True]
        )

    @property
    def missing(self) -> pd.DataFrame:
        """References whose object is not stored: a frame of the references schema."""
        references = self._reconciled.references
        return references[references["state"].eq(State.MISSING.value)].reset_index(
            drop=True
        )

    @property
    def trash(self) -> pd.DataFrame:
        """What earlier sweeps moved to the trash: a frame of the trash schema."""
        return self._reconciled.trash.copy()

    @property
    def files(self) -> pd.DataFrame:
        """Every listed file: a frame of the files schema, and ``object`` beside it.

        That is the label of its row in `objects`; -1 in the trash.
        """
        return self._files.assign(object=self._reconciled.object_of_file.to_numpy())

    def summary(self) -> pd.DataFrame:
        """Add up per store and status: a frame of the summary schema."""
        return self._reconciled.summary.copy()

    def usage(self) -> pd.DataFrame:
        """Add up per store column what its rows need: a frame of the usage schema."""
        return usage_by_attribute(self._reconciled.objects, self._reconciled.references)

    def places(self) -> pd.DataFrame:
        """Add up what is stored where: a frame of the places schema."""
        return bytes_by_place(self._reconciled.objects, self._reconciled.references)

    def files_of(self, store: str, path: str) -> pd.DataFrame:
        """Return the listed files of one object: a frame of the files schema.

        Raises
        ------
        InputError
            If this scan holds no such object.
        """
        objects = self._reconciled.objects
        at = objects.index[objects["store"].eq(store) & objects["path"].eq(path)]
        if at.empty:
            raise InputError(
                f"Expected an object of this scan; got {path!r} in store {store!r}."
            )
        own = self._reconciled.object_of_file.eq(at[0])
        return FILES.conform(self._files[own])

    @property
    def interrupted(self) -> list[tuple[str, str]]:
        """Store and sweep of those that are under way or were interrupted."""
        return sorted(interrupted_sweeps(self._files))

    @property
    def reader(self) -> LiveReader:
        """Reads the references again, as this scan read them."""
        return self._sweeper.reader

    def heal(self, progress: ProgressCallback = no_progress) -> Receipt:
        """Bring back what is in the trash although a row refers to it again.

        Parameters
        ----------
        progress : callable, optional
            Called before each object; may raise `Cancelled` to leave the rest alone.

        Returns
        -------
        Receipt
            One row per such object: restored, or failed and why. Nothing is ever
            overwritten.

        Raises
        ------
        SweepRefusedError
            If a store is locked, or a journal cannot be trusted.
        """
        trash = self._reconciled.trash
        needed = trash[trash["returnable"]]
        works: list[Work] = []
        problems: list[Notice] = []
        for store in sweepable(self._sweeper.stores):
            here = needed[needed["store"].eq(store.info.name)]
            for sweep_id, paths in here.groupby("sweep_id")["path"]:
                wanted = {str(sweep_id): list(paths)}
                try:
                    clock = self._sweeper.clock
                    works.append(restore(wanted, store, clock=clock, progress=progress))
                except (InputError, SweepRefusedError) as error:
                    # one journal that cannot be trusted does not keep the others
                    place = f"store {store.info.name}, sweep {sweep_id}"
                    problems.append(Notice(place, str(error), "The others came back"))
        if problems and not works:
            raise SweepRefusedError(" ".join(notice.message for notice in problems))
        receipt = receipt_of("", works, self.heal)
        return replace(receipt, problems=(*receipt.problems, *problems))

    def adds_up(self) -> bool:
        """Tell whether the summary holds as many files and bytes as were listed."""
        summary = self._reconciled.summary
        sums = int(summary["files"].sum()), int(summary["size_bytes"].sum())
        return sums == (self.listed_files, self.listed_bytes)


@dataclass(frozen=True, slots=True)
class CompleteScan(Scan):
    """A scan that read everything; only it can make a plan.

    Examples
    --------
    >>> from djgc_widgets import CompleteScan, open_lab, scan
    >>> with open_lab() as lab:
    ...     s = scan(lab.schema)
    >>> isinstance(s, CompleteScan), s.adds_up(), len(s.missing)
    (True, True, 2)
    """

    def plan(
        self, selection: Selection = None, acknowledge: Collection[str] = frozenset()
    ) -> SweepPlan:
        """Pin what should be moved to the trash.

        Parameters
        ----------
        selection : DataFrame, Series of bool or list of str, optional
            A frame with ``store`` and ``path``, a mask with the index of `orphans` or
            `objects`, or paths; all orphans by default.
        acknowledge : collection of str
            Names of refusals that you lift: ``"sole-owner"`` if no database server but
            those named has rows that refer into these stores (asked at their first
            sweep), ``"large-sweep"`` if more than a quarter of a table or store may go,
            ``"missing-objects"`` if what is missing is lost anyhow, ``"minimum-age"``
            if nothing is being inserted, ``"unseen-schemas"`` if no row of a schema
            that the account cannot see refers to these stores, and
            ``"abandoned-schema:NAME"`` to make candidates of the well-formed objects of
            a schema that no server has.

        Returns
        -------
        SweepPlan
            It expires after an hour.

        Raises
        ------
        InputError
            If anything but a candidate of this scan is selected, or something is
            acknowledged that this scan does not know.
        SweepRefusedError
            If it cannot be read for which servers a store was swept.
        """
        if isinstance(acknowledge, str):
            raise InputError(
                "Expected a set of names in acknowledge; got one text. "
                f"Pass acknowledge={{{acknowledge!r}}}."
            )
        return plan_sweep(
            self._reconciled,
            self._files,
            selection,
            Circumstances(
                self._sweeper.clock(),
                frozenset(acknowledge),
                self.unseen,
                self._sweeper.unsweepable(),
                self.reader.sight,
                self.minimum_age,
                frozenset(self.reader.servers),
                self._sweeper.owners(),
                frozenset(interrupted_sweeps(self._files)),
            ),
            carry_out=self._sweeper.carry_out,
        )


@dataclass(frozen=True, slots=True)
class IncompleteScan(Scan):
    """A scan that met a problem: it shows what it saw and cannot make a plan.

    Examples
    --------
    >>> from djgc_widgets import CompleteScan, IncompleteScan
    >>> hasattr(CompleteScan, "plan"), hasattr(IncompleteScan, "plan")
    (True, False)
    """
