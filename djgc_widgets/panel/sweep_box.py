"""The parts of the panel that move or delete: question, typed name, receipt."""

import ipywidgets as widgets

from djgc_widgets.panel import dialog_html as dialogs
from djgc_widgets.panel.elements import PanelRegion, box, button, html, row, show
from djgc_widgets.panel.state import PanelState
from djgc_widgets.panel.worker import IDLE
from djgc_widgets.verdict import Refusal


def store_name_field(label: str) -> widgets.Text:
    """Return a text field in which the name of a store is typed."""
    # a value that is sent at every key is overtaken by the click that follows
    return widgets.Text(
        placeholder="store name",
        description=label,
        continuous_update=False,
        layout={"width": "260px"},
    )


class Sweeping:
    """The basket, the plan that is to be confirmed, and the receipt with its undo."""

    def __init__(self, state: PanelState, region: PanelRegion) -> None:
        self._state, self._region = state, region
        self._basket, self._plan, self._receipt = html(), html(), html()
        self._move = button(
            "Move to trash …", "Plan the sweep of what is ticked", "djgc-primary"
        )
        self._doubts, self._lines = widgets.VBox(), list[_Doubt]()
        self._answered = False
        self._store_name = store_name_field("Confirm")
        self._confirm = button("Move to trash", "Carry out the plan", "djgc-primary")
        self._decline = button("Keep everything", "Do not move anything")
        self._undo = button("Undo", "Bring back what this sweep moved")
        self._move.add_class("djgc-move")
        self._undo.add_class("djgc-undo")
        self._confirmation = box(
            "djgc-confirm djgc-sweep",
            self._plan,
            self._doubts,
            row("djgc-actions", self._store_name, self._confirm, self._decline),
        )
        self._done = box("djgc-done", self._receipt, self._undo)
        self.basket = row("djgc-basket", self._basket, self._move)
        self.root = widgets.VBox([self._confirmation, self._done])
        self._move.on_click(lambda _: state.make_plan())
        self._confirm.on_click(lambda _: state.sweep(self._store_name.value))
        self._decline.on_click(lambda _: state.drop_plan())
        self._undo.on_click(lambda _: state.undo())
        state.observe(lambda _: self._draw(), ["activity", "scan", "receipt"])
        state.observe(lambda change: self._draw_plan(change["old"]), "plan")
        state.orphans.observe(lambda _: self._draw(), "revision")
        self._draw_plan(None)

    def _draw(self) -> None:
        state = self._state
        plan, receipt, idle = state.plan, state.receipt, state.activity == IDLE
        self._basket.value = dialogs.basket(state.basket())
        self._move.disabled = not state.can_sweep
        self._confirm.disabled = not state.ready or plan is None or not plan.allowed
        self._undo.disabled = not idle
        self._receipt.value = dialogs.receipt(receipt)
        show(self._done, receipt is not None)
        undoable = receipt is not None and receipt.count("moved") > 0
        show(self._undo, undoable)
        if self._answered and idle:  # a sweep may last for hours
            self._answered = False
            self._region.move_focus(".djgc-undo" if undoable else ".djgc-move")

    def _draw_plan(self, before: object) -> None:
        state = self._state
        plan = state.plan
        self._plan.value = dialogs.confirmation(plan, state.confirmation())
        self._draw_doubts()
        show(self._confirmation, plan is not None)
        if plan is None:
            self._store_name.value = ""
        # the keyboard goes where the question is, and then to what comes of it
        if before is None and plan is not None:
            self._region.move_focus(".djgc-sweep input[type=text]")
        self._answered = before is not None and plan is None
        self._draw()

    def _draw_doubts(self) -> None:
        """Show each doubt, with a box if it can be lifted; keep the boxes there are."""
        plan = self._state.plan
        doubts = () if plan is None else plan.doubts
        if [doubt.name for doubt in doubts] != [line.name for line in self._lines]:
            self._lines = [_Doubt(self._state, doubt.name) for doubt in doubts]
            self._doubts.children = [line.root for line in self._lines]
        for doubt, line in zip(doubts, self._lines, strict=True):
            line.draw(doubt, lifted=doubt not in plan.refusals)


class _Doubt:
    """One doubt about a plan, and the box that lifts it."""

    def __init__(self, state: PanelState, name: str) -> None:
        self.name = name
        self._box = widgets.Checkbox(
            description=f"I acknowledge {name}", indent=False, layout={"width": "auto"}
        )
        self._text = html()
        self.root = row("djgc-doubt", self._box, self._text)
        self._box.observe(
            lambda change: state.acknowledge(name, lifted=change["new"]), "value"
        )

    def draw(self, doubt: Refusal, *, lifted: bool) -> None:
        self._text.value = dialogs.doubt(doubt, lifted=lifted)
        self._box.value = lifted
        show(self._box, doubt.liftable)
