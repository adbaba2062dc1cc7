"""One small record per scan, for years: how the stores really grew."""

import secrets
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
from pyarrow import ArrowException, ArrowInvalid

from djgc_widgets.analysis.arguments import expect_scan
from djgc_widgets.analysis.cost import Price, checked_price, cost_figure, costs_by_scan
from djgc_widgets.analysis.forecast import Forecast, forecast_of
from djgc_widgets.analysis.growth_chart import growth
from djgc_widgets.collector import Scan
from djgc_widgets.model import (
    HISTORY,
    LISTED_STATUSES,
    InputError,
    as_text,
    error_text,
    names_of,
    shown,
    stacked,
)

_FORMER_NAMES = {"objects": "n_objects", "missing": "n_missing"}
"""Columns of version 0.1, and their names now."""


class History:
    """Measured totals of the stores, a Parquet file of a row per store for each scan.

    Records are only ever added, each as a file of its own, so that cron jobs and
    notebooks may record into one folder at once.

    Parameters
    ----------
    path : str or Path
        Folder of the records; created when the first is written.
    price : float or mapping of str to float, optional
        Of 10^12 bytes for a month, in any currency: of every store, or by store.

    Examples
    --------
    >>> import tempfile
    >>> from djgc_widgets import History, open_lab, scan
    >>> with open_lab() as lab, tempfile.TemporaryDirectory() as folder:
    ...     history = History(folder)
    ...     _ = history.record(scan(lab.schema))
    ...     list(history.frame["store"])
    ['derived', 'raw']
    """

    def __init__(self, path: str | Path, price: Price | None = None) -> None:
        if not isinstance(path, str | Path):
            raise InputError(
                f"Expected the path of a folder; got {shown(path)}. Pass for example "
                'History("store-history").'
            )
        self._folder = Path(path)
        self.price = None if price is None else checked_price(price)

    def record(self, scan: Scan) -> Path:
        """Write the totals of a scan as a new file, and return its path.

        Parameters
        ----------
        scan : CompleteScan or IncompleteScan
            An incomplete one is recorded as such, and not used in figures or forecasts.

        Raises
        ------
        InputError
            If the folder cannot be written to.
        """
        expect_scan(scan)
        name = f"{scan.started_at:%Y%m%dT%H%M%S%fZ}-{secrets.token_hex(4)}"
        path = self._folder / f"{name}.parquet"
        unfinished = self._folder / f"{name}.unfinished"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            totals_of(scan).to_parquet(unfinished, index=False)
            unfinished.rename(path)
        except (OSError, ValueError, ArrowException) as error:
            raise InputError(
                f"Expected a folder for the history that can be written to; "
                f"{self._folder} cannot ({error_text(error)}). Pass another path."
            ) from error
        return path

    @property
    def frame(self) -> pd.DataFrame:
        """Every record, the oldest first: a frame of the history schema.

        A scan that was recorded twice appears once.

        Raises
        ------
        InputError
            If the folder cannot be read, or a file there is not such a record.
        """
        try:
            paths = sorted(self._folder.iterdir()) if self._folder.exists() else []
        except OSError as error:
            raise InputError(
                f"Expected a folder with a history that can be read; {self._folder} "
                f"cannot ({error.strerror}). Fix its permissions."
            ) from error
        records = [
            _read_history_record(path) for path in paths if path.suffix == ".parquet"
        ]
        rows = stacked([HISTORY.empty(), *records])
        rows = rows.drop_duplicates(["scanned_at", "address"], keep="last")
        return HISTORY.conform(rows.sort_values(["scanned_at", "store"], kind="stable"))

    def measured(self, store: str | None = None) -> pd.DataFrame:
        """Return comparable records, of complete scans: a frame of the history schema.

        Parameters
        ----------
        store : str, optional
            Name of a store; by default all, at scans that covered the same stores as
            the latest one.
        """
        rows = self.frame
        rows = rows[rows["complete"]]
        if store is not None:
            names_of([store], "store")
            rows = rows[rows["store"].eq(store)]
        if rows.empty:
            return rows
        covered = rows.groupby("scanned_at")["address"].agg("\n".join)
        alike = covered.index[covered.eq(covered.iloc[-1])]
        return HISTORY.conform(rows[rows["scanned_at"].isin(alike)])

    def totals(self, store: str | None = None) -> pd.Series:
        """Return the stored bytes of each comparable scan, by its aware time.

        Parameters
        ----------
        store : str, optional
            As in `measured`.

        Raises
        ------
        InputError
            If no complete scan of that store was recorded.
        """
        rows = self.measured(store)
        if rows.empty:
            stores = ", ".join(sorted(self.frame["store"].unique())) or "nothing"
            raise InputError(
                f"Expected a complete scan of {store or 'any store'} in the history; "
                f"it holds records of {stores}. Record one: History(path).record(scan)."
            )
        return rows.groupby("scanned_at")["stored_bytes"].sum()

    def forecast(self, quota_bytes: int, store: str | None = None) -> Forecast:
        """Forecast when the stored bytes reach a quota if nothing is purged.

        The interval needs scans over twelve weeks or more. Without one, the forecast
        has no date, and says so.

        Parameters
        ----------
        quota_bytes : int
            The quota.
        store : str, optional
            As in `measured`.

        Raises
        ------
        InputError
            If there are fewer than six complete scans.
        """
        totals = self.totals(store)
        trash = self.measured(store).groupby("scanned_at")["trash_bytes"].sum()
        return forecast_of(totals, quota_bytes, trash)

    def costs(self) -> pd.DataFrame:
        """Return what the stores cost a month at each comparable scan.

        Returns
        -------
        DataFrame
            ``stored_cost`` and ``orphan_cost``, in the currency of the price, with the
            aware times of scans as its index.

        Raises
        ------
        InputError
            If there is no price, or none of a store.
        """
        if self.price is None:
            raise InputError(
                "Expected a history with a price; got one without. Pass for example "
                f'History("{self._folder}", price=23.0), the price of a terabyte for a '
                "month."
            )
        return costs_by_scan(self.measured(), self.price)

    def cost_figure(self) -> go.Figure:
        """Draw what the stores cost a month, and orphans, at each comparable scan.

        Raises
        ------
        InputError
            As in `costs`.
        """
        return cost_figure(self.costs())

    def figure(self, scan: Scan, quota_bytes: int | None = None) -> go.Figure:
        """Draw measured growth beside the one reconstructed from object dates.

        Parameters
        ----------
        scan : Scan
            Its objects have the dates.
        quota_bytes : int, optional
            If given, the forecast is drawn as well.

        Raises
        ------
        InputError
            If a forecast is asked for and there are fewer than six complete scans.
        """
        expect_scan(scan)
        forecast = None if quota_bytes is None else self.forecast(quota_bytes)
        return growth(scan.growth(), self.measured(), forecast)


def totals_of(scan: Scan) -> pd.DataFrame:
    """Add up a scan per store: a frame of the history schema."""
    summary, missing = scan.summary(), scan.missing
    summary = summary[summary["status"].isin(LISTED_STATUSES)]
    rows = []
    for store in scan.stores:
        own = summary[summary["store"].eq(store.name)].set_index("status")
        sizes = own["size_bytes"]
        rows.append(
            {
                "scanned_at": scan.started_at,
                "store": store.name,
                "address": as_text(store.address),
                "complete": scan.complete,
                "schemas": ", ".join(scan.schemas),
                "n_objects": int(own["n_objects"].sum()),
                "stored_bytes": int(sizes.sum()),
                **{
                    f"{name}_bytes": int(sizes.get(name, 0)) for name in LISTED_STATUSES
                },
                "logical_bytes": int(own["logical_bytes"].sum()),
                "n_missing": int(missing["store"].eq(store.name).sum()),
            }
        )
    return HISTORY.conform(pd.DataFrame(rows, columns=HISTORY.column_names))


def _read_history_record(path: Path) -> pd.DataFrame:
    try:
        record = pd.read_parquet(path, partitioning=None)
        return HISTORY.conform(record.rename(columns=_FORMER_NAMES))
    except (OSError, ValueError, ArrowInvalid) as error:
        raise InputError(
            f"Expected a record of a scan in {path}; got something else ({error}). "
            "Move it to another folder."
        ) from error
