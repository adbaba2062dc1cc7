"""The result of a scan: frames, problems and, if it is complete, plans."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import datajoint as dj
import pandas as pd

from djgc_widgets.collector.restore import restore_returnable
from djgc_widgets.collector.scan_frames import Frames
from djgc_widgets.collector.scan_html import scan_html
from djgc_widgets.collector.sweeper import Sweeper
from djgc_widgets.model import (
    FILES,
    Notices,
    ProgressCallback,
    Receipt,
    State,
    Status,
    StoreInfo,
    StoreNames,
    and_more,
    interrupted_sweeps,
    names_among,
    no_progress,
    plural,
    readable_bytes,
)
from djgc_widgets.references import ColumnCount
from djgc_widgets.stores import Store
from djgc_widgets.verdict import (
    INDEX,
    Reconciled,
    with_hidden,
)

_SHOWN_SCHEMAS = 3

_COPIED_AT_ONCE = pd.__version__.startswith("2.")


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Scan:
    """What the stores hold and what the rows need; `CompleteScan` or `IncompleteScan`.

    Its frames are copies: altering one alters neither the scan nor a plan.
    """

    schemas: tuple[str, ...]
    """Schemas whose objects were judged."""
    stores: tuple[StoreInfo, ...]
    store_names: StoreNames
    """How names and paths in rows lead to these stores."""
    connections: tuple[dj.Connection, ...]
    """To the servers whose rows were read; the first is the schemas' own."""
    servers: tuple[str, ...]
    schemas_read: int
    """Schemas on these servers, all of which were read."""
    started_at: datetime
    """Aware UTC time at which the listing began."""
    finished_at: datetime
    """Aware UTC time; the references were read before."""
    elapsed_seconds: float
    minimum_age: timedelta
    """Younger objects are never orphans."""
    out: str | None
    """Where the Parquet of a scan in ranges is; None if all of it is in memory."""
    listed_files: int
    listed_bytes: int
    counts: tuple[ColumnCount, ...]
    """Per store column: values counted by SQL, read, and recording a path."""
    problems: Notices
    """What could not be read; empty only in a `CompleteScan`."""
    unseen: Notices
    """Tables, schemas and databases of which this account sees nothing; a plan then
    needs the acknowledgment ``"unseen-schemas:WHERE"`` for each of them."""
    warnings: Notices
    """What a person should know although the scan is complete."""
    _reconciled: Reconciled
    _files: pd.DataFrame
    _every: Frames
    _hidden: pd.DataFrame
    _inventoried: frozenset[str]
    _sweeper: Sweeper
    _frames: dict[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether everything was read."""
        return not self.problems

    def _cached_frame(
        self, name: str, make: Callable[[], pd.DataFrame]
    ) -> pd.DataFrame:
        """Return a copy of a frame that is made once; pandas 3 copies it on write."""
        if name not in self._frames:
            self._frames[name] = make()
        return self._frames[name].copy(deep=_COPIED_AT_ONCE)

    @property
    def objects(self) -> pd.DataFrame:
        """Every object of the stores: a frame of the objects schema."""
        every = self._every
        return self._cached_frame("objects", lambda: every.objects().rename_axis(INDEX))

    @property
    def references(self) -> pd.DataFrame:
        """Every path that a row records: a frame of the references schema."""
        return self._cached_frame("references", self._every.references)

    @property
    def orphans(self) -> pd.DataFrame:
        """The objects that no row refers to and that are old enough, biggest first.

        Empty if the scan is incomplete: rows that were not read may need them.
        """

        def make() -> pd.DataFrame:
            objects = self._reconciled.objects.rename_axis(INDEX)
            orphans = objects[objects["status"].eq(Status.ORPHAN.value)]
            columns = ["size_bytes", "store", "path"]
            return orphans.sort_values(columns, ascending=[False, True, True])

        return self._cached_frame("orphans", make)

    @property
    def missing(self) -> pd.DataFrame:
        """References whose object is not stored: a frame of the references schema.

        Those that could not be looked at, as in a store that does not answer, are none.
        """

        def make() -> pd.DataFrame:
            references = self._reconciled.references
            missing = references["state"].eq(State.MISSING.value)
            return references[missing].reset_index(drop=True)

        return self._cached_frame("missing", make)

    @property
    def trash(self) -> pd.DataFrame:
        """What earlier sweeps moved to the trash: a frame of the trash schema."""
        return self._cached_frame("trash", lambda: self._reconciled.trash)

    @property
    def files(self) -> pd.DataFrame:
        """Every listed file: a frame of the files schema, and ``object`` beside it.

        That is the label of its row in `objects`; -1 in the trash.
        """
        return self._cached_frame("files", self._every.files)

    @property
    def hidden(self) -> pd.DataFrame:
        """What buckets keep that no listing shows: a frame of the hidden schema."""
        return self._cached_frame("hidden", lambda: self._hidden)

    def summary(self) -> pd.DataFrame:
        """Add up per store and status: a frame of the summary schema."""
        both = self._reconciled.summary, self._hidden
        return self._cached_frame("summary", lambda: with_hidden(*both))

    def usage(self) -> pd.DataFrame:
        """Add up per store column what its rows need: a frame of the usage schema."""
        return self._cached_frame("usage", self._every.usage)

    def places(self) -> pd.DataFrame:
        """Add up what is stored where: a frame of the places schema."""
        return self._cached_frame("places", self._every.places)

    def ages(self) -> pd.DataFrame:
        """Add up bytes per age and status: a frame of the ages schema."""
        return self._cached_frame("ages", self._every.ages)

    def growth(self) -> pd.DataFrame:
        """Reconstruct how the stores grew, as `growth_by_week` does of `objects`."""
        return self._cached_frame("growth", self._every.growth)

    def in_memory(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return objects and references; of a scan in ranges, those that it keeps.

        That is what is not live, and what is missing: frames of the objects and of the
        references schema.
        """
        found = self._reconciled
        objects = self._cached_frame("kept", lambda: found.objects.rename_axis(INDEX))
        return objects, self._cached_frame("lost", lambda: found.references)

    def at_paths(self, store: str, paths: pd.Series) -> pd.DataFrame:
        """Return the objects at paths of a store: a frame of the objects schema."""
        return self._every.objects_at(store, paths)

    def files_of(self, store: str, path: str) -> pd.DataFrame:
        """Return the listed files of an object of this scan: a frame of files."""
        found = self._reconciled
        own = found.objects["store"].eq(store) & found.objects["path"].eq(path)
        if not own.any():
            return self._every.files_of(store, path)
        return FILES.conform(self._files[found.object_of_file.isin(own.index[own])])

    def table_totals(self, store: str | None = None) -> pd.DataFrame:
        """Add up objects and bytes of each table of a store, whatever their status.

        Without a store, those of all stores.

        The columns are ``store``, ``schema``, ``table``, ``n_objects`` and
        ``size_bytes``; NA stands for what is of no schema or table.

        Examples
        --------
        >>> from djgc_widgets import open_lab, scan
        >>> with open_lab() as lab:
        ...     totals = scan(lab.schema).table_totals("raw")
        >>> int(totals["n_objects"].sum()) > 0
        True
        """
        totals = self._reconciled.totals
        if store is None:
            return totals.copy()
        return totals[totals["store"].eq(store)].reset_index(drop=True)

    @property
    def opened_stores(self) -> list[Store]:
        """The stores of the scan, in which objects can be moved."""
        return list(self._sweeper.stores)

    @property
    def interrupted(self) -> list[tuple[str, str]]:
        """Store and sweep of those that are running or were interrupted."""
        return sorted(interrupted_sweeps(self._files))

    def heal(
        self,
        progress: ProgressCallback = no_progress,
        *,
        stores: Collection[str] | None = None,
    ) -> Receipt:
        """Bring back what rows refer to again from the trash; never overwrites.

        Parameters
        ----------
        progress : callable, optional
            Called before each object; may raise `Cancelled` to leave the rest alone.
        stores : collection of str, optional
            Only in these stores; in all of the scan by default.

        Returns
        -------
        Receipt
            One row per such object: restored, or failed and why.

        Raises
        ------
        SweepRefusedError
            If a store is locked, or a journal cannot be trusted.
        """
        wanted = names_among(stores, {each.name for each in self.stores}, "stores")
        here = [store for store in self.opened_stores if store.info.name in wanted]
        clock = self._sweeper.clock
        return restore_returnable(self.trash, here, clock=clock, progress=progress)

    def adds_up(self) -> bool:
        """Return whether the statuses have as many files and bytes as were listed."""
        n_files, size_bytes = self._reconciled.summary[["n_files", "size_bytes"]].sum()
        return (n_files, size_bytes) == (self.listed_files, self.listed_bytes)

    def headline(self) -> str:
        """Say in one line what was scanned, when, and with which result."""
        state = "complete" if self.complete else "incomplete"
        named = ", ".join(self.schemas[:_SHOWN_SCHEMAS])
        more = and_more(len(self.schemas) - _SHOWN_SCHEMAS, "schema")
        sizes = self.orphans["size_bytes"]
        found = f"{plural(len(sizes), 'orphan')} ({readable_bytes(int(sizes.sum()))})"
        states = self._reconciled.references["state"]
        n_unread = int(states.eq(State.UNKNOWN.value).sum())
        unread = f" ({plural(n_unread, 'reference')} could not be looked up)"
        missing = plural(len(self.missing), "missing object") + unread * bool(n_unread)
        if not self.complete and states.empty and not self.listed_files:
            missing = "missing objects not known"
        return (
            f"{state} scan of {' '.join(filter(None, [named, more]))}, "
            f"{self.started_at:%Y-%m-%d %H:%M} UTC: "
            f"{plural(self.listed_files, 'file')} "
            f"({readable_bytes(self.listed_bytes)}), "
            f"{found if self.complete else 'orphans not known'}, "
            f"{missing}, "
            f"{plural(len(self.problems), 'problem')}"
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {self.headline()}"

    def _repr_html_(self) -> str:
        return scan_html(repr(self), self.summary(), self.problems)
