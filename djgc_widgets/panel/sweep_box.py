"""The parts of the panel that move or delete: question, typed name, receipt."""

from collections.abc import Collection, Sequence
from typing import Any, Protocol

import ipywidgets as widgets

from djgc_widgets.model import Outcome
from djgc_widgets.panel.dialog_html import (
    basket_html,
    doubt_html,
    plan_html,
    receipt_html,
)
from djgc_widgets.panel.elements import ConfirmBar, PanelRegion, box, button, row, show
from djgc_widgets.panel.state import PanelState
from djgc_widgets.panel.worker import Activity
from djgc_widgets.verdict import Doubt


class Acknowledge(Protocol):
    """Lifts a doubt by its name, or withdraws that."""

    def __call__(self, name: str, *, lifted: bool) -> None:
        """Acknowledge the doubt of this name if it is lifted."""


class SweepBox:
    """The basket, the plan that is to be confirmed, and the receipt with its undo."""

    def __init__(self, state: PanelState, region: PanelRegion) -> None:
        self._state, self._region = state, region
        self._basket, self._plan = widgets.HTML(), widgets.HTML()
        self._receipt = widgets.HTML()
        self._move = button(
            "Move to trash …", "Plan the sweep of what is ticked", "djgc-primary"
        )
        self._doubts = DoubtList(state.acknowledge)
        self._answered = False
        self._confirm = ConfirmBar(
            ("Move to trash", "Carry out the plan"),
            ("Keep everything", "Do not move anything"),
            receive=self._receive,
        )
        self._undo = button("Undo", "Restore what this sweep moved")
        self._move.add_class("djgc-move")
        self._undo.add_class("djgc-undo")
        self._confirmation = box(
            "djgc-confirm djgc-sweep", self._plan, self._doubts.root, self._confirm
        )
        self._done = box("djgc-done", self._receipt, self._undo)
        self.basket = row("djgc-basket", self._basket, self._move)
        self.root = widgets.VBox([self._confirmation, self._done])
        self._move.on_click(lambda _: state.make_plan())
        self._undo.on_click(lambda _: state.undo())
        state.observe(lambda _: self._draw(), ["activity", "scan", "receipt"])
        state.observe(lambda change: self._draw_plan(change["old"]), "plan")
        state.orphans.observe(lambda _: self._draw(), "revision")
        self._draw_plan(None)

    def _receive(self, content: dict[str, Any]) -> None:
        match content:
            case {"do": "confirm", "typed": str(typed)}:
                self._state.sweep(typed)
            case {"do": "decline"}:
                self._state.drop_plan()

    def _draw(self) -> None:
        state = self._state
        plan, receipt, idle = state.plan, state.receipt, state.activity is Activity.IDLE
        self._basket.value = basket_html(state.basket())
        self._move.disabled = not state.can_sweep
        self._confirm.allowed = state.ready and plan is not None and plan.allowed
        self._undo.disabled = not idle
        self._receipt.value = receipt_html(receipt)
        show(self._done, receipt is not None)
        undoable = receipt is not None and receipt.count(Outcome.MOVED) > 0
        show(self._undo, undoable)
        if self._answered and idle:  # a sweep may last for hours
            self._answered = False
            self._region.move_focus(".djgc-undo" if undoable else ".djgc-move")

    def _draw_plan(self, before: object) -> None:
        state = self._state
        plan = state.plan
        self._plan.value = plan_html(plan, state.confirmation())
        if plan is not None:
            self._doubts.draw(plan.doubts, plan.refusals)
        show(self._confirmation, plan is not None)
        if plan is None:
            self._confirm.question += 1
        # the keyboard's focus goes to the question, and then to its result
        if before is None and plan is not None:
            self._region.move_focus(".djgc-sweep input[type=text]")
        self._answered = before is not None and plan is None
        self._draw()


class DoubtList:
    """Doubts, each with a box that lifts it if it can be lifted."""

    def __init__(self, acknowledge: Acknowledge) -> None:
        self._acknowledge, self._lines = acknowledge, list[_DoubtLine]()
        self.root = widgets.VBox()

    def draw(self, doubts: Sequence[Doubt], standing: Collection[Doubt]) -> None:
        """Show doubts, and which of them still stand; reuse existing boxes."""
        if [doubt.name for doubt in doubts] != [line.name for line in self._lines]:
            self._lines = [_DoubtLine(self._acknowledge, d.name) for d in doubts]
            self.root.children = [line.root for line in self._lines]
        for doubt, line in zip(doubts, self._lines, strict=True):
            line.draw(doubt, lifted=doubt not in standing)


class _DoubtLine:
    """One doubt, and the box that lifts it."""

    def __init__(self, acknowledge: Acknowledge, name: str) -> None:
        self.name = name
        self._box = widgets.Checkbox(
            description=f"I acknowledge {name}", indent=False, layout={"width": "auto"}
        )
        self._text = widgets.HTML()
        self.root = row("djgc-doubt", self._box, self._text)
        self._box.observe(
            lambda change: acknowledge(name, lifted=change["new"]), "value"
        )

    def draw(self, doubt: Doubt, *, lifted: bool) -> None:
        self._text.value = doubt_html(doubt, lifted=lifted)
        self._box.value = lifted
        show(self._box, doubt.liftable)
