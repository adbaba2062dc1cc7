"""One small record per scan, kept for years: how the stores really grew."""

import secrets
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
from pyarrow import ArrowInvalid

from djgc_widgets.analysis.growth import Forecast, forecast_of, growth_by_week
from djgc_widgets.analysis.growth_chart import growth
from djgc_widgets.collector import Scan
from djgc_widgets.model import HISTORY, InputError


class History:
    """Measured totals of the stores, a Parquet file of a row per store for each scan.

    Records are only ever added, each as a file of its own, so that cron jobs and
    notebooks may record into one folder at once.

    Parameters
    ----------
    path : str or Path
        Folder of the records; made at the first one.

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

    def __init__(self, path: str | Path) -> None:
        self._folder = Path(path)

    def record(self, scan: Scan) -> Path:
        """Keep the totals of a scan.

        Parameters
        ----------
        scan : CompleteScan or IncompleteScan
            An incomplete one is marked so, and neither drawn nor forecast from.

        Returns
        -------
        Path
            The new file.

        Raises
        ------
        InputError
            If the folder cannot be written to.
        """
        name = f"{scan.started_at:%Y%m%dT%H%M%S%fZ}-{secrets.token_hex(4)}"
        path = self._folder / f"{name}.parquet"
        unfinished = self._folder / f"{name}.unfinished"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            totals_of(scan).to_parquet(unfinished, index=False)
            unfinished.rename(path)
        except OSError as error:
            raise InputError(
                f"Expected a folder for the history that can be written to; "
                f"{self._folder} cannot ({error.strerror}). Pass another path."
            ) from error
        return path

    @property
    def frame(self) -> pd.DataFrame:
        """Every record, the oldest first: a frame of the history schema.

        A scan that was recorded twice is in it once.

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
                f"cannot ({error.strerror}). Mend its permissions."
            ) from error
        records = [_read(path) for path in paths if path.suffix == ".parquet"]
        rows = pd.concat([HISTORY.empty(), *records], ignore_index=True)
        rows = rows.drop_duplicates(["scanned_at", "address"], keep="last")
        return HISTORY.conform(rows.sort_values(["scanned_at", "store"], kind="stable"))

    def measured(self, store: str | None = None) -> pd.DataFrame:
        """Return the records that can be compared: those of complete scans.

        Parameters
        ----------
        store : str, optional
            Of this store; by default of all, at scans that covered the same stores as
            the latest one.

        Returns
        -------
        DataFrame
            A frame of the history schema.
        """
        rows = self.frame
        rows = rows[rows["complete"]]
        if store is not None:
            rows = rows[rows["store"].eq(store)]
        if rows.empty:
            return rows
        covered = rows.groupby("scanned_at")["address"].agg("\n".join)
        alike = covered.index[covered.eq(covered.iloc[-1])]
        return HISTORY.conform(rows[rows["scanned_at"].isin(alike)])

    def totals(self, store: str | None = None) -> pd.Series:
        """Return the stored bytes at the time of each comparable scan.

        Parameters
        ----------
        store : str, optional
            As of `measured`.

        Returns
        -------
        Series of int64
            By aware time, ascending.

        Raises
        ------
        InputError
            If no complete scan of that store was recorded.
        """
        rows = self.measured(store)
        if rows.empty:
            told = ", ".join(sorted(self.frame["store"].unique())) or "nothing"
            raise InputError(
                f"Expected a complete scan of {store or 'any store'} in the history; "
                f"it holds records of {told}. Record one: History(path).record(scan)."
            )
        return rows.groupby("scanned_at")["stored_bytes"].sum()

    def forecast(self, quota_bytes: int, store: str | None = None) -> Forecast:
        """Say when the stored bytes reach a quota.

        Parameters
        ----------
        quota_bytes : int
            What is to be reached.
        store : str, optional
            Of this store; of all by default.

        Returns
        -------
        Forecast
            With an interval of 95 %.

        Raises
        ------
        InputError
            If there are fewer than six complete scans.
        """
        return forecast_of(self.totals(store), quota_bytes)

    def figure(self, scan: Scan, quota_bytes: int | None = None) -> go.Figure:
        """Draw measured growth beside the one reconstructed from object dates.

        Parameters
        ----------
        scan : Scan
            Whose objects tell the dates.
        quota_bytes : int, optional
            Draws the forecast as well.

        Returns
        -------
        plotly.graph_objects.Figure
            One trace per line, named for what it is.

        Raises
        ------
        InputError
            If a forecast is asked for and there are fewer than six complete scans.
        """
        forecast = None if quota_bytes is None else self.forecast(quota_bytes)
        return growth(growth_by_week(scan.objects), self.measured(), forecast)


def totals_of(scan: Scan) -> pd.DataFrame:
    """Add up a scan per store: a frame of the history schema.

    Parameters
    ----------
    scan : Scan
        Any scan.
    """
    summary, missing = scan.summary(), scan.missing
    rows = []
    for store in scan.stores:
        own = summary[summary["store"].eq(store.name)].set_index("status")
        sizes = own["size_bytes"]
        statuses = ("live", "orphan", "young", "unknown", "trash")
        rows.append(
            {
                "scanned_at": scan.started_at,
                "store": store.name,
                "address": store.address,
                "complete": scan.complete,
                "schemas": ", ".join(scan.schemas),
                "objects": int(own["objects"].sum()),
                "stored_bytes": int(sizes.sum()),
                **{f"{name}_bytes": int(sizes.get(name, 0)) for name in statuses},
                "logical_bytes": int(own["logical_bytes"].sum()),
                "missing": int(missing["store"].eq(store.name).sum()),
            }
        )
    return HISTORY.conform(pd.DataFrame(rows, columns=HISTORY.names))


def _read(path: Path) -> pd.DataFrame:
    try:
        return HISTORY.conform(pd.read_parquet(path, partitioning=None))
    except (OSError, ValueError, ArrowInvalid) as error:
        raise InputError(
            f"Expected a record of a scan in {path}; it is none ({error}). Move it "
            "away."
        ) from error
