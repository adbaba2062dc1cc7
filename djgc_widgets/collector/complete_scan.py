"""Whether a scan read everything; only then it can make plans."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import pandas as pd

from djgc_widgets.collector.look_first import look_first
from djgc_widgets.collector.scan_result import Scan
from djgc_widgets.collector.uploads import UploadPlan, plan_uploads
from djgc_widgets.model import names_of
from djgc_widgets.stores import LookedAtStore
from djgc_widgets.verdict import Brakes, Selection, SweepPlan, plan_sweep


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class CompleteScan(Scan):
    """A scan that read everything; only it can make a plan."""

    def plan(
        self,
        selection: Selection = None,
        acknowledge: Collection[str] = frozenset(),
        brakes: Brakes | None = None,
    ) -> SweepPlan:
        """Pin what should be moved to the trash.

        Parameters
        ----------
        selection : DataFrame, Series of bool or list of str, optional
            A frame with ``store`` and ``path``, a mask with the index of `orphans` or
            `objects`, or paths; all orphans by default.
        acknowledge : collection of str
            Names of doubts that you lift: ``"sole-owner"`` if no other database server
            has rows that refer into these stores (needed at their first sweep),
            ``"large-sweep"`` if more than a quarter of a table or store may go,
            ``"missing-objects"`` if the missing objects are known to be lost,
            ``"inventory"`` if a store is in good order of which an inventory told,
            ``"minimum-age"`` if nothing is being inserted, ``"unseen-schemas:WHERE"``
            if no row that the account cannot see there refers to these stores, and
            ``"abandoned-schema:NAME"`` to make candidates of the well-formed objects of
            a schema that no server has.
        brakes : Brakes, optional
            Which share of a table or store is large; a quarter by default.

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
            If the record of the servers for which a store was swept cannot be read, or
            an inventory told of a store whose objects cannot be looked at now.
        """
        seen = self.unseen, self.minimum_age, self.interrupted
        lifted, sweeper = names_of(acknowledge, "acknowledge"), self._sweeper
        what = self._reconciled, self._files, selection
        now = sweeper.circumstances(lifted, *seen)
        brakes = brakes or now.brakes
        now = replace(
            now,
            brakes=brakes,
            inventoried=self._inventoried,
            scanned_at=self.started_at,
        )
        plan = plan_sweep(*what, now, carry_out=sweeper.carry_out)
        told = [
            store
            for store in sweeper.stores
            if isinstance(store, LookedAtStore) and store.info.name in self._inventoried
        ]
        return look_first(plan, told)

    def plan_uploads(self, selection: pd.DataFrame | None = None) -> UploadPlan:
        """Pin unfinished uploads that should be aborted, which nothing undoes.

        Parameters
        ----------
        selection : DataFrame, optional
            Rows of `hidden`; by default all uploads whose latest part is older than the
            minimum age of the scan, and than a day.

        Returns
        -------
        UploadPlan
            It expires after an hour.

        Raises
        ------
        InputError
            If anything else is selected.
        """
        sweeper, hidden = self._sweeper, self.hidden
        how = self.minimum_age, sweeper.stores, sweeper.clock
        return plan_uploads(hidden, selection, *how)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class IncompleteScan(Scan):
    """A scan that met a problem: it calls nothing an orphan and cannot make a plan."""
