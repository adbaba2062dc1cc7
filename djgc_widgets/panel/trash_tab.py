"""The tab of the trash."""

from datetime import timedelta
from functools import partial
from typing import Any

import ipywidgets as widgets

from djgc_widgets.model import RETENTION
from djgc_widgets.panel.details import sweep_details
from djgc_widgets.panel.dialog_html import purge_html
from djgc_widgets.panel.elements import ConfirmBar, PanelRegion, box, button, row, show
from djgc_widgets.panel.grid.widget import Grid, GridTexts
from djgc_widgets.panel.html import notices_html, trash_html
from djgc_widgets.panel.state import PanelState
from djgc_widgets.panel.sweep_box import DoubtList
from djgc_widgets.panel.worker import Activity
from djgc_widgets.verdict import standing_doubts


class TrashTab:
    """Every sweep in the trash: what is left of it, to restore or purge."""

    def __init__(self, state: PanelState, region: PanelRegion) -> None:
        self._state, self._region = state, region
        self.grid = Grid(
            state.sweeps,
            GridTexts("Sweeps", "sweep", "The trash is empty.", "filter sweeps …"),
            tickable=True,
            explain=lambda row: sweep_details(row, state.scan.trash),
            export=partial(state.export, "sweeps", state.sweeps),
        )
        self._problems, self._total = widgets.HTML(), widgets.HTML()
        self._question = widgets.HTML()
        self._doubts = DoubtList(state.acknowledge_purge)
        self._restore = button(
            "Restore ticked", "Restore everything that the ticked sweeps moved"
        )
        self._ask = button("Purge ticked …", "Delete the ticked sweeps for good")
        self._older_than = RETENTION
        self._confirm = ConfirmBar(
            ("Purge", "Delete for good"),
            ("Keep the trash", "Delete nothing"),
            receive=self._receive,
            days=RETENTION.days,
        )
        self._confirmation = box(
            "djgc-confirm djgc-purge", self._question, self._doubts.root, self._confirm
        )
        self.root = box(
            "djgc-tab",
            self._problems,
            self._total,
            self.grid,
            row("djgc-actions", self._restore, self._ask),
            self._confirmation,
        )
        self._restore.on_click(lambda _: state.restore())
        self._ask.on_click(lambda _: setattr(state, "purge_wanted", True))
        state.observe(lambda _: self._draw(), ["activity", "scan", "unread"])
        state.observe(lambda change: self._ask_or_end(change["new"]), "purge_wanted")
        state.observe(lambda _: self._draw_question(), "purge_acknowledged")
        state.sweeps.observe(lambda _: self._draw_question(), "revision")
        self._draw_question()

    def _receive(self, content: dict[str, Any]) -> None:
        match content:
            case {"do": "confirm", "typed": str(typed), "days": int(days)}:
                self._state.purge(typed, timedelta(days=days))
            case {"do": "days", "days": int(days)}:
                self._older_than = timedelta(days=days)
                self._draw_question()
            case {"do": "decline"}:
                self._state.purge_wanted = False

    def _draw(self) -> None:
        state = self._state
        ticked = state.sweeps.selected
        idle = state.activity is Activity.IDLE
        self._problems.value = notices_html(state.unread, ()) if state.unread else ""
        self._total.value = trash_html(state.scan)
        self._restore.disabled = not idle or ticked.empty
        self._ask.disabled = not idle or ticked.empty or state.purge_wanted
        self._confirm.allowed = idle and not ticked.empty
        self.grid.locked = not idle or state.purge_wanted

    def _draw_question(self) -> None:
        state = self._state
        ticked = state.sweeps.selected
        old = state.purgeable(self._older_than)
        stores = state.purge_confirmation()
        self._question.value = purge_html(stores, len(ticked), old)
        doubts = state.purge_doubts(self._older_than)
        standing = standing_doubts(doubts, state.purge_acknowledged)
        self._doubts.draw(doubts, standing)
        show(self._confirmation, state.purge_wanted)
        self._draw()

    def _ask_or_end(self, wanted: bool) -> None:  # noqa: FBT001 - a trait's new value
        if wanted:
            self._region.move_focus(".djgc-purge input[type=text]")
        else:  # the next question begins anew
            self._older_than = RETENTION
            self._state.purge_acknowledged = frozenset()
            self._confirm.question += 1
        self._draw_question()
