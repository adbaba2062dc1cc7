"""The panel, as a notebook uses it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

import datajoint as dj
import pandas as pd
from IPython.core.getipython import get_ipython
from IPython.display import HTML, display

from djgc_widgets.collector import CompleteScan, IncompleteScan
from djgc_widgets.model import MINIMUM_AGE, InputError, Receipt
from djgc_widgets.panel.saved_html import saved_html
from djgc_widgets.panel.state import PanelState
from djgc_widgets.panel.view import View
from djgc_widgets.panel.worker import Activity


class GCPanel:
    """See what the object stores hold, tick orphans, move them to the trash, undo.

    Parameters
    ----------
    *schemas : datajoint.Schema or datajoint.Connection
        What to scan.
    stores : sequence of str, optional
        Names of the stores; all by default.
    minimum_age : timedelta
        Younger objects are never orphans; 7 days by default.

    Examples
    --------
    >>> from djgc_widgets import GCPanel, open_lab
    >>> with open_lab() as lab:
    ...     panel = GCPanel(lab.schema)  # in a notebook: panel.show()
    ...     panel.refresh()
    ...     panel.wait()
    ...     panel.scan.complete, len(panel.selected)
    ...     panel.close()
    (True, 0)
    """

    # a cell that runs again makes another panel; the previous one is closed
    _shown: ClassVar[dict[str, "GCPanel"]] = {}

    def __init__(
        self,
        *schemas: dj.Schema | dj.Connection,
        stores: Sequence[str] | None = None,
        minimum_age: timedelta = MINIMUM_AGE,
    ) -> None:
        self.state = PanelState(*schemas, stores=stores, minimum_age=minimum_age)
        self.view = View(self.state)

    def show(self) -> None:
        """Show the panel below the cell and start the first scan; returns at once.

        Totals of the latest scan are saved in the output beside it, and can be read
        when the notebook is opened without a kernel.
        """
        cell = _running_cell_id()
        before = self._shown.get(cell)
        if before is not None and before is not self:
            before.close()
        if cell:
            self._shown[cell] = self
        display(self.view.root)
        totals = display(HTML(saved_html(self.state.scan)), display_id=True)
        if totals is not None:
            self.state.observe(
                lambda change: totals.update(HTML(saved_html(change["new"]))), "scan"
            )
        if self.state.scan is None and self.state.activity is Activity.IDLE:
            self.state.start_scan()

    def refresh(self) -> None:
        """Scan again, in the background."""
        self.state.start_scan()

    def wait(self) -> None:
        """Wait until nothing is running in the background."""
        self.state.wait()

    def close(self) -> None:
        """Stop what is running in the background and remove the panel."""
        self.state.close()
        self.view.close()

    @property
    def scan(self) -> CompleteScan | IncompleteScan:
        """The latest scan.

        Raises
        ------
        InputError
            If there is none yet.
        """
        scan = self.state.scan
        if not isinstance(scan, CompleteScan | IncompleteScan):
            reason = (
                self.state.message or "Show the panel, or wait until its scan is done"
            )
            raise InputError(f"Expected a finished scan; there is none yet. {reason}.")
        return scan

    @property
    def receipt(self) -> Receipt | None:
        """What the latest sweep, restore or purge did; None before the first."""
        receipt: Receipt | None = self.state.receipt
        return receipt

    @property
    def selected(self) -> pd.DataFrame:
        """The ticked orphans: a frame of the objects schema."""
        return self.state.selected


def _running_cell_id() -> str:
    """Return which cell of the notebook is running; empty elsewhere."""
    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return ""
    return str(kernel.get_parent("shell").get("metadata", {}).get("cellId", ""))
