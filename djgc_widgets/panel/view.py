"""The panel's widgets, bound to a `PanelState`: the state changes, the view follows."""

from functools import partial

import ipywidgets as widgets
from markupsafe import Markup

from djgc_widgets.analysis import age_histogram, bytes_by_status
from djgc_widgets.panel.details import (
    missing_details,
    opinion_details,
    orphan_details,
    usage_details,
)
from djgc_widgets.panel.elements import PanelRegion, box, button, chart, draw, row, show
from djgc_widgets.panel.grid.widget import Grid, GridTexts
from djgc_widgets.panel.html import (
    activity_html,
    cards_html,
    failure_html,
    header_html,
    incomplete_html,
    missing_html,
    notice_html,
    notices_html,
    opinion_html,
)
from djgc_widgets.panel.state import PanelState
from djgc_widgets.panel.sweep_box import SweepBox
from djgc_widgets.panel.trash_tab import TrashTab
from djgc_widgets.panel.treemap.widget import Treemap
from djgc_widgets.panel.worker import UNSTOPPABLE, Activity

_ORPHANS = 1
"""The tab that is open at first."""


class View:
    """Builds the widgets and binds them."""

    def __init__(self, state: PanelState) -> None:
        self.state = state
        region = PanelRegion(self._resend)
        self._bar, self._working, self._failure = (widgets.HTML() for _ in range(3))
        self._notice, self._refusal, self._cards = (widgets.HTML() for _ in range(3))
        self._missing_total, self._notices = widgets.HTML(), widgets.HTML()
        self._rescan = button("Rescan", "List the stores and read the references again")
        self._cancel = button("Cancel", "Stop at the next page")
        self._heal = button("Restore needed", "Restore what rows refer to again")
        self._recover = button("Recover", "Finish or undo the interrupted sweep")
        self._stores, self._ages = chart(), chart()
        self._treemap = Treemap(state.orphans)
        self._make_grids()
        self._trash, sweeping = TrashTab(state, region), SweepBox(state, region)
        age_title = widgets.HTML(Markup("<h4>Age</h4>"))
        self._tabs = widgets.Tab(
            [
                box("djgc-tab", self._stores, age_title, self._ages),
                box("djgc-tab", self._treemap, self._orphans),
                box("djgc-tab", self._missing_total, self._missing),
                box("djgc-tab", self._usage),
                self._trash.root,
                box("djgc-tab", self._notices),
                _OpinionTab(state).root,
            ],
            selected_index=_ORPHANS,
        )
        self._results = widgets.VBox([self._cards, self._tabs, sweeping.basket])
        self.root = box(
            "djgc",
            region,
            self._bar,
            row("djgc-actions", self._rescan, self._cancel, self._working),
            self._failure,
            self._notice,
            self._refusal,
            row("djgc-actions", self._heal, self._recover),
            self._results,
            sweeping.root,
        )
        self._bind()
        self._draw_scan()
        self._draw_activity()

    def _make_grids(self) -> None:
        state = self.state
        self._orphans = Grid(
            state.orphans,
            GridTexts("Orphans", "orphan", "No orphans.", "filter path, table, why …"),
            tickable=True,
            explain=lambda row: orphan_details(
                row, state.scan.files_of(row["store"], row["path"])
            ),
            export=partial(state.export, "orphans", state.orphans),
        )
        self._missing = Grid(
            state.missing,
            GridTexts("Missing", "row", "No missing objects.", "filter rows …"),
            tickable=False,
            explain=lambda row: missing_details(
                row, state.missing.frame, complete=state.scan.complete
            ),
            export=partial(state.export, "missing", state.missing),
        )
        self._usage = Grid(
            state.usage,
            GridTexts(
                "References", "column", "No references found.", "filter columns …"
            ),
            tickable=False,
            explain=usage_details,
            export=partial(state.export, "references", state.usage),
        )

    def close(self) -> None:
        """Remove the widgets from the page and from the kernel."""
        for widget in self.all_widgets():
            widget.close()

    def _resend(self) -> None:
        for widget in self.all_widgets():
            widget.send_state()
            if hasattr(widget, "layout"):
                widget.layout.send_state()

    def all_widgets(self) -> list[widgets.Widget]:
        """Return every widget of the panel."""
        visited, waiting = [], [self.root]
        while waiting:
            widget = waiting.pop()
            visited.append(widget)
            waiting.extend(getattr(widget, "children", ()))
        return visited

    def _bind(self) -> None:
        state = self.state
        self._rescan.on_click(lambda _: state.start_scan())
        self._cancel.on_click(lambda _: state.cancel())
        self._heal.on_click(lambda _: state.heal())
        self._recover.on_click(lambda _: state.recover())
        state.observe(lambda _: self._draw_scan(), ["scan", "stale"])
        state.observe(
            lambda _: self._draw_activity(),
            ["activity", "progress", "message", "notice", "plan"],
        )

    def _draw_scan(self) -> None:
        scan, stale = self.state.scan, self.state.stale
        self._bar.value = header_html(scan, stale=stale)
        show(self._results, scan)
        show(self._heal, scan is not None and scan.trash["returnable"].any())
        show(self._recover, scan is not None and scan.interrupted)
        if scan is None:
            return
        self._cards.value = cards_html(scan)
        self._refusal.value = incomplete_html(scan.problems)
        warnings = (*scan.unseen, *scan.warnings, *self.state.unread)
        self._notices.value = notices_html(scan.problems, warnings)
        self._missing_total.value = missing_html(scan)
        for grid in (self._orphans, self._missing, self._usage, self._trash.grid):
            grid.trust(complete=scan.complete)
        draw(self._stores, bytes_by_status(scan.summary()))
        draw(self._ages, age_histogram(scan.objects, scan.started_at))
        self._treemap.draw(self.state.places)
        sweeps = int(self.state.sweeps.frame["n_left"].gt(0).sum())
        self._tabs.titles = [
            "Overview",
            f"Orphans {len(scan.orphans):,}",
            f"Missing {len(scan.missing):,}",
            "References",
            f"Trash {sweeps:,}",
            f"Problems {len(scan.problems):,}",
            "Second opinion",
        ]

    def _draw_activity(self) -> None:
        state = self.state
        busy = state.activity is not Activity.IDLE
        self._working.value = activity_html(
            state.activity, state.progress, state.listed, state.elapsed_seconds
        )
        self._failure.value = failure_html(state.message)
        self._notice.value = notice_html(state.notice)
        self._cancel.disabled = not busy or state.activity in UNSTOPPABLE
        for each in (self._rescan, self._heal, self._recover):
            each.disabled = busy
        # while a plan is open, it has what is ticked
        self._orphans.locked = not state.ready or state.plan is not None


class _OpinionTab:
    """What DataJoint's own collector would delete, once it was asked."""

    def __init__(self, state: PanelState) -> None:
        self._state = state
        self._ask = button(
            "Ask DataJoint's own collector", "What would dj.gc delete? It runs dry"
        )
        self._text = widgets.HTML()
        self._grid = Grid(
            state.opinions,
            GridTexts("Second opinion", "object", "No objects.", "filter path, why …"),
            tickable=False,
            explain=lambda row: opinion_details(row, state.opinion.collector),
            export=partial(state.export, "opinion", state.opinions),
        )
        actions = row("djgc-actions", self._ask)
        self.root = box("djgc-tab", actions, self._text, self._grid)
        self._ask.on_click(lambda _: state.ask())
        state.observe(lambda _: self._draw(), ["opinion", "activity"])
        self._draw()

    def _draw(self) -> None:
        opinion = self._state.opinion
        self._ask.disabled = self._state.activity is not Activity.IDLE
        self._text.value = opinion_html(opinion)
        show(self._grid, opinion is not None)
