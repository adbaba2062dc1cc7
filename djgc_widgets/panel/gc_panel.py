"""The panel, as a notebook uses it."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import datajoint as dj
import ipywidgets as widgets
import pandas as pd
from IPython.core.getipython import get_ipython
from IPython.display import HTML, display

from djgc_widgets.analysis import History
from djgc_widgets.collector import CompleteScan, IncompleteScan, Scan
from djgc_widgets.model import (
    MINIMUM_AGE,
    InputError,
    Receipt,
    error_text,
    names_among,
)
from djgc_widgets.panel.saved_html import saved_html
from djgc_widgets.panel.state import PanelState
from djgc_widgets.panel.widget import PanelWidget
from djgc_widgets.panel.worker import Activity

_OUTSIDE = (
    "GCPanel is shown in a notebook: JupyterLab, Notebook 7, VS Code or Voila; in "
    "marimo as the last line of a cell. Here, use scan(schema), or the command "
    "djgc scan."
)
_LOGGER = logging.getLogger(__name__)
_OBSERVABLE = ("scan", "activity", "selected")


class GCPanel:
    """See what the object stores hold, tick orphans, move them to the trash, undo.

    As the last line of a cell it shows itself.

    Parameters
    ----------
    *schemas : datajoint.Schema or datajoint.Connection
        What to scan.
    stores : sequence of str, optional
        Names of the stores; all by default.
    listing : mapping of str to str or path-like, optional
        Where inventories of stores are that are read instead of listings, as in `scan`.
    exact : bool
        Whether every file is listed; if not, live folders are jumped past, as in
        `scan`.
    out : str or path-like, optional
        Folder, or URL of one, in which each scan makes a folder of its own and is made
        in ranges of keys, as in `scan`; for more than fits into memory. Objects that
        are live are counted, and not listed.
    executor : concurrent.futures.Executor, optional
        What judges the ranges, as in `scan`.
    minimum_age : timedelta
        Younger objects are never orphans; 7 days by default.
    history : History or str or Path, optional
        Folder in which each scan is recorded; the overview shows how the stores grew,
        and with ``History(folder, price=23.0)`` also what they cost.

    Examples
    --------
    >>> from djgc_widgets import GCPanel, open_lab
    >>> with open_lab() as lab:
    ...     panel = GCPanel(lab.schema)  # in a notebook: the last line of a cell
    ...     panel.refresh()
    ...     panel.wait()
    ...     panel.scan.complete, len(panel.selected)
    ...     panel.close()
    (True, 0)
    """

    # a cell that runs again makes another panel; the previous one is closed
    _shown: ClassVar[dict[str, tuple[str, "GCPanel"]]] = {}

    def __init__(  # noqa: PLR0913 - those of a scan, and what it is for
        self,
        *schemas: dj.Schema | dj.Connection,
        stores: Sequence[str] | None = None,
        listing: Mapping[str, str | os.PathLike[str]] | None = None,
        exact: bool = True,
        out: str | os.PathLike[str] | None = None,
        executor: Executor | None = None,
        minimum_age: timedelta = MINIMUM_AGE,
        history: History | str | Path | None = None,
    ) -> None:
        if history is not None and not isinstance(history, History):
            history = History(history)
        self.state = PanelState(
            *schemas,
            stores=stores,
            listing=listing,
            exact=exact,
            out=out,
            executor=executor,
            minimum_age=minimum_age,
            history=history,
        )
        self._widget = PanelWidget(self.state)
        self._telling = ThreadPoolExecutor(1, thread_name_prefix="djgc observer")

    @property
    def widget(self) -> widgets.DOMWidget:
        """The panel as one widget, to compose with others; its first scan begins."""
        self._begin()
        return self._widget

    def show(self) -> None:
        """Show the panel below the cell and start the first scan; returns at once.

        Totals of the latest scan are saved in the output beside it, and can be read
        when the notebook is opened without a kernel. Where nobody can look later, as in
        ``jupyter nbconvert --execute``, it returns when the scan is done.
        """
        if getattr(get_ipython(), "kernel", None) is None:
            print(_OUTSIDE)  # noqa: T201 - a script has nothing but its output
            return
        cell, run = _running_cell()
        earlier_run, before = self._shown.get(cell, (run, self))
        if run != earlier_run:
            before.close()
        if cell:
            self._shown[cell] = run, self
        display(self.widget)
        if not cell and "VOILA_SERVER_URL" not in os.environ:
            self.wait()
        totals = display(_totals(self.state.scan), display_id=True)
        if totals is not None:
            self.observe(lambda change: totals.update(_totals(change["new"])), "scan")

    def _ipython_display_(self) -> None:
        self.show()

    def _display_(self) -> widgets.DOMWidget:
        """Show itself in marimo."""
        return self.widget

    def __repr__(self) -> str:
        return _OUTSIDE

    def _begin(self) -> None:
        if self.state.scan is None and not self.state.running:
            self.state.start_scan()

    def refresh(self) -> None:
        """Scan again, in the background."""
        self.state.start_scan()

    def wait(self) -> None:
        """Wait until nothing is running; the first scan begins, if none has yet."""
        if not (self.state.closed or self.state.message):  # it says why there is none
            self._begin()
        self.state.wait()

    def close(self) -> None:
        """Stop what is running in the background and remove the panel."""
        self.state.close()
        self._telling.shutdown(wait=False, cancel_futures=True)
        self._widget.close()

    def observe(self, handler: Callable[[dict[str, Any]], None], name: str) -> None:
        """Call a function whenever something about the panel changes.

        Parameters
        ----------
        handler : callable
            Gets a mapping with ``name``, ``new`` and ``owner``, the panel. It is called
            from a thread of its own, one change after the other; what it raises is
            shown in the panel and logged.
        name : str
            ``"scan"``, ``"activity"`` (its name; ``"idle"`` if nothing runs) or
            ``"selected"`` (``new`` is then the frame).

        Raises
        ------
        InputError
            If there is nothing of this name to observe.
        """
        names_among([name], _OBSERVABLE, "name")

        def handle(new: object) -> None:
            try:
                handler({"name": name, "new": new, "owner": self})
            except Exception as error:  # the handler is the user's
                _LOGGER.exception("A handler that observes %r failed.", name)
                self.state.handler_error = (
                    f"A handler that observes {name!r} failed: {error_text(error)}. "
                    "Its traceback is in the kernel's log."
                )

        # whoever changes something may hold locks that a handler needs
        def tell(new: object) -> None:
            if not self.state.closed:
                self._telling.submit(handle, new)

        if name == "selected":
            self.state.objects.observe(lambda _: tell(self.selected), "ticks")
        else:
            self.state.observe(lambda change: tell(change["new"]), name)

    @property
    def activity(self) -> Activity:
        """What the panel is doing; ``"idle"`` if nothing."""
        activity: Activity = self.state.activity
        return activity

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
            raise InputError(
                f"Expected a finished scan; there is none yet. {reason.rstrip('.')}."
            )
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


def _totals(scan: Scan | None) -> HTML:
    return HTML(saved_html(scan))


def _running_cell() -> tuple[str, str]:
    """Return which cell of the notebook is running, and which run; empty elsewhere."""
    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return "", ""
    request = kernel.get_parent("shell")
    cell = request.get("metadata", {}).get("cellId", "")
    return str(cell), str(request.get("header", {}).get("msg_id", ""))
