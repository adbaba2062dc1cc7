"""The tab of the trash."""

from datetime import timedelta

import ipywidgets as widgets

from djgc_widgets.collector import RETENTION
from djgc_widgets.panel import dialog_html as dialogs
from djgc_widgets.panel import html as fragments
from djgc_widgets.panel.elements import PanelRegion, box, button, html, row, show
from djgc_widgets.panel.grid.widget import Grid, GridTexts
from djgc_widgets.panel.state import PanelState
from djgc_widgets.panel.sweep_box import store_name_field
from djgc_widgets.panel.worker import IDLE


class TrashTab:
    """Every sweep in the trash: what is left of it, brought back or purged."""

    def __init__(self, state: PanelState, region: PanelRegion) -> None:
        self._state, self._region = state, region
        self.grid = Grid(
            state.sweeps,
            GridTexts("Sweeps", "sweep", "The trash is empty.", "filter sweeps …"),
            tickable=True,
            explain=state.explain_sweep,
            export=lambda *how: state.export("sweeps", state.sweeps, *how),
        )
        self._problems, self._total, self._question = html(), html(), html()
        self._restore = button(
            "Restore ticked", "Bring everything of the ticked sweeps back"
        )
        self._ask = button("Purge ticked …", "Delete the ticked sweeps for good")
        self._store_name = store_name_field("Confirm")
        self._days = widgets.IntText(
            RETENTION.days, description="Days or older", layout={"width": "180px"}
        )
        self._days.style.description_width = "initial"
        self._purge = button("Purge", "Delete for good", "djgc-primary")
        self._decline = button("Keep the trash", "Delete nothing")
        self._confirmation = box(
            "djgc-confirm djgc-purge",
            self._question,
            row(
                "djgc-actions", self._store_name, self._days, self._purge, self._decline
            ),
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
        self._decline.on_click(lambda _: setattr(state, "purge_wanted", False))
        self._purge.on_click(
            lambda _: state.purge(
                self._store_name.value, timedelta(days=self._days.value)
            )
        )
        state.observe(lambda _: self._draw(), ["activity", "scan", "unread"])
        state.observe(lambda change: self._ask_or_end(change["new"]), "purge_wanted")
        self._days.observe(lambda _: self._draw_question(), "value")
        state.sweeps.observe(lambda _: self._draw(), "revision")
        self._draw_question()

    def _draw(self) -> None:
        state = self._state
        ticked = state.sweeps.selected
        idle = state.activity == IDLE
        self._problems.value = (
            fragments.notices(state.unread, ()) if state.unread else ""
        )
        self._total.value = fragments.trash_total(state.scan)
        self._restore.disabled = not idle or ticked.empty
        self._ask.disabled = not idle or ticked.empty or state.purge_wanted
        self._purge.disabled = not idle or ticked.empty
        self.grid.locked = not idle or state.purge_wanted

    def _draw_question(self) -> None:
        state = self._state
        ticked = state.sweeps.selected
        old = state.purgeable(timedelta(days=self._days.value))
        self._question.value = dialogs.purge(
            state.purge_confirmation(), len(ticked), old
        )
        show(self._confirmation, state.purge_wanted)
        self._draw()

    def _ask_or_end(self, wanted: bool) -> None:  # noqa: FBT001 - a trait's new value
        if wanted:
            self._region.move_focus(".djgc-purge input[type=text]")
        else:  # the next question begins anew
            self._store_name.value, self._days.value = "", RETENTION.days
        self._draw_question()
