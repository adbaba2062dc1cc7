"""The panel: widgets bound to a `PanelState`, and nothing else."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import datajoint as dj
import ipywidgets as widgets
import pandas as pd
from IPython.display import display

from djgc_widgets import fragments
from djgc_widgets.charts import bytes_by_status
from djgc_widgets.grid import TickGrid
from djgc_widgets.model import InputError
from djgc_widgets.scanner import MINIMUM_AGE
from djgc_widgets.scans import CompleteScan, IncompleteScan
from djgc_widgets.state import IDLE, PanelState

_PLOTLY = "application/vnd.plotly.v1+json"


class GCPanel:
    """See what the object stores hold, tick what may go, move it to the trash, undo.

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
    >>> GCPanel(schema).show()  # doctest: +SKIP
    """

    def __init__(
        self,
        *schemas: dj.Schema | dj.Connection,
        stores: Sequence[str] | None = None,
        minimum_age: timedelta = MINIMUM_AGE,
    ) -> None:
        self.state = PanelState(*schemas, stores=stores, minimum_age=minimum_age)
        self.widget = _View(self.state).root

    def show(self) -> None:
        """Show the panel below the cell and start the first scan; returns at once."""
        display(self.widget)
        if self.state.scan is None and self.state.activity == IDLE:
            self.state.start_scan()

    def refresh(self) -> None:
        """Scan again, in the background."""
        self.state.start_scan()

    def wait(self) -> None:
        """Wait until nothing is running in the background."""
        self.state.wait()

    @property
    def scan(self) -> CompleteScan | IncompleteScan:
        """The latest scan.

        Raises
        ------
        InputError
            If there is none yet.
        """
        found = self.state.scan
        if not isinstance(found, CompleteScan | IncompleteScan):
            reason = (
                self.state.message or "Show the panel, or wait until its scan is done"
            )
            raise InputError(f"Expected a finished scan; there is none yet. {reason}.")
        return found

    @property
    def selected(self) -> pd.DataFrame:
        """The ticked orphans: a frame of the objects schema."""
        return self.state.orphans.selected


class _View:
    """Builds the widgets and binds them: the state changes, the view follows."""

    def __init__(self, state: PanelState) -> None:
        self.state = state
        self.bar, self.cards, self.notices = (
            widgets.HTML(),
            widgets.HTML(),
            widgets.HTML(),
        )
        self.working, self.failure, self.missing = (
            widgets.HTML(),
            widgets.HTML(),
            widgets.HTML(),
        )
        self.basket, self.plan, self.receipt = (
            widgets.HTML(),
            widgets.HTML(),
            widgets.HTML(),
        )
        self.chart = widgets.Output()
        self.chart.add_class("djgc-chart")
        self.grid = TickGrid(state.orphans)
        self.rescan = _button("Rescan", "List the stores and read the references again")
        self.cancel = _button("Cancel", "Stop at the next page")
        self.move = _button(
            "Move to trash …", "Plan the sweep of what is ticked", "djgc-primary"
        )
        self.typed = widgets.Text(placeholder="store name", layout={"width": "180px"})
        self.confirm = _button("Move to trash", "Carry out the plan", "djgc-primary")
        self.decline = _button("Keep everything", "Do not move anything")
        self.undo = _button("Undo", "Bring back what this sweep moved")
        self.lifts = widgets.VBox()
        self.confirmation = _box(
            "djgc-confirm",
            self.plan,
            self.lifts,
            widgets.HBox([self.typed, self.confirm, self.decline]),
        )
        self.done = _box("djgc-actions", self.receipt, self.undo)
        self.heal = _button("Bring back", "Return what rows refer to again")
        self.recover = _button("Recover", "Finish or undo the interrupted sweep")
        self.purged = widgets.Text(placeholder="store name", layout={"width": "180px"})
        self.purge = _button("Purge", "Delete for good what was swept 30 days ago")
        self.trash = widgets.HTML()
        self.emptying = widgets.HBox([self.trash, self.purged, self.purge])
        self.emptying.add_class("djgc-actions")
        mending = widgets.HBox([self.heal, self.recover])
        mending.add_class("djgc-actions")
        basket = widgets.HBox([self.basket, self.move])
        basket.add_class("djgc-basket")
        self.results = widgets.VBox([self.cards, self.chart, self.grid, basket])
        actions = widgets.HBox([self.rescan, self.cancel, self.working])
        actions.add_class("djgc-actions")
        self.root = _box(
            "djgc",
            *(self.bar, actions, self.failure, self.notices, mending, self.results),
            *(self.confirmation, self.done, self.missing, self.emptying),
        )
        self._bind()
        self._draw_scan()
        self._draw_activity()
        self._draw_plan()
        self._draw_receipt()

    def _bind(self) -> None:
        state = self.state
        self.rescan.on_click(lambda _: state.start_scan())
        self.cancel.on_click(lambda _: state.cancel())
        self.move.on_click(lambda _: state.make_plan())
        self.confirm.on_click(lambda _: state.sweep(self.typed.value))
        self.decline.on_click(lambda _: state.drop_plan())
        self.undo.on_click(lambda _: state.undo())
        self.heal.on_click(lambda _: state.heal())
        self.recover.on_click(lambda _: state.recover())
        self.purge.on_click(lambda _: state.purge(self.purged.value))
        state.observe(lambda _: self._draw_scan(), "scan")
        state.observe(
            lambda _: self._draw_activity(), ["activity", "progress", "message"]
        )
        state.observe(lambda _: self._draw_plan(), "plan")
        state.observe(lambda _: self._draw_receipt(), "receipt")
        state.orphans.observe(lambda _: self._draw_basket(), "revision")

    def _draw_scan(self) -> None:
        scan = self.state.scan
        self.bar.value = fragments.bar(scan)
        self.cards.value = fragments.cards(scan)
        self.missing.value = fragments.missing(scan)
        self.notices.value = (
            fragments.notices(scan.problems, (*scan.unseen, *scan.warnings))
            if scan
            else ""
        )
        self.results.layout.display = "" if scan else "none"
        self.heal.layout.display = _shown(
            scan is not None and scan.trash["returnable"].any()
        )
        self.recover.layout.display = _shown(scan is not None and scan.interrupted)
        self.trash.value = fragments.trash(scan)
        self.emptying.layout.display = _shown(scan is not None and len(scan.trash))
        self.purged.value = ""
        if scan:
            figure = bytes_by_status(scan.summary())
            self.chart.layout.height = f"{figure.layout.height}px"
            self.chart.outputs = (_output(figure.to_plotly_json()),)
        self._draw_basket()

    def _draw_activity(self) -> None:
        state = self.state
        busy = state.activity != IDLE
        self.working.value = fragments.working(state.activity, state.progress)
        self.failure.value = fragments.failure(state.message)
        self.rescan.disabled, self.cancel.disabled = busy, not busy
        for button in (self.undo, self.heal, self.recover, self.purge):
            button.disabled = busy
        self._draw_basket()

    def _draw_basket(self) -> None:
        self.basket.value = fragments.basket(self.state.orphans.selected)
        self.move.disabled = not self.state.can_sweep
        ready = self.state.activity == IDLE and isinstance(
            self.state.scan, CompleteScan
        )
        # while a plan is open, what is ticked is what will go
        plan = self.state.plan
        self.grid.locked = not ready or plan is not None
        self.confirm.disabled = not ready or plan is None or not plan.allowed

    def _draw_plan(self) -> None:
        plan = self.state.plan
        if plan is None:
            self.typed.value = ""
        self.plan.value = fragments.confirmation(plan, self.state.confirmation())
        self._draw_lifts()
        self.confirmation.layout.display = "" if plan is not None else "none"
        self._draw_basket()

    def _draw_lifts(self) -> None:
        """Offer a box per refusal that can be lifted; keep those that are there."""
        plan, state = self.state.plan, self.state
        names = [] if plan is None else [r.name for r in plan.refusals if r.liftable]
        wanted = sorted({*names, *state.acknowledged})
        if wanted == [box.description for box in self.lifts.children]:
            return
        boxes = []
        for name in wanted:
            box = widgets.Checkbox(
                value=name in state.acknowledged,
                description=name,
                indent=False,
                tooltip=f"Acknowledge {name}",
            )
            box.observe(
                lambda change, name=name: state.acknowledge(name, lifted=change["new"]),
                "value",
            )
            boxes.append(box)
        self.lifts.children = boxes

    def _draw_receipt(self) -> None:
        receipt = self.state.receipt
        self.receipt.value = fragments.receipt(receipt)
        self.done.layout.display = "" if receipt is not None else "none"
        self.undo.layout.display = (
            "" if receipt is not None and receipt.count("moved") else "none"
        )


def _shown(wanted: object) -> str:
    return "" if wanted else "none"


def _button(label: str, hover: str, style: str = "djgc-button") -> widgets.Button:
    button = widgets.Button(description=label, tooltip=hover)
    button.add_class(style)
    return button


def _box(style: str, *children: widgets.Widget) -> widgets.VBox:
    box = widgets.VBox(children)
    box.add_class(style)
    return box


def _output(figure: dict[str, Any]) -> dict[str, Any]:
    content = {**figure, "config": {"displayModeBar": False, "responsive": True}}
    return {"output_type": "display_data", "data": {_PLOTLY: content}, "metadata": {}}
