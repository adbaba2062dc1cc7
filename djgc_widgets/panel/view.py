"""The panel's widgets, bound to a `PanelState`: the state changes, the view follows."""

import ipywidgets as widgets

from djgc_widgets.analysis import age_histogram, bytes_by_status
from djgc_widgets.panel import html as fragments
from djgc_widgets.panel.details import usage_facts
from djgc_widgets.panel.elements import (
    PanelRegion,
    box,
    button,
    chart,
    draw,
    html,
    row,
    show,
)
from djgc_widgets.panel.grid.widget import Grid, GridTexts
from djgc_widgets.panel.state import UNSTOPPABLE, PanelState
from djgc_widgets.panel.sweep_box import Sweeping
from djgc_widgets.panel.trash_tab import TrashTab
from djgc_widgets.panel.treemap.widget import Treemap
from djgc_widgets.panel.worker import IDLE

_ORPHANS = 1
"""The tab that is open at first."""


class View:
    """Builds the widgets and binds them.

    Parameters
    ----------
    state : PanelState
        What it shows.
    """

    def __init__(self, state: PanelState) -> None:
        self.state, region = state, PanelRegion(self._tell_again)
        self._bar, self._working, self._failure = html(), html(), html()
        self._notice, self._refusal, self._cards = html(), html(), html()
        self._missing, self._notices = html(), html()
        self._rescan = button("Rescan", "List the stores and read the references again")
        self._cancel = button("Cancel", "Stop at the next page")
        self._heal = button("Bring back", "Return what rows refer to again")
        self._recover = button("Recover", "Finish or undo the interrupted sweep")
        self._stores, self._ages = chart(), chart()
        self.treemap = Treemap(state.orphans)
        self.orphans = Grid(
            state.orphans,
            GridTexts(
                "Orphans",
                "orphan",
                "There are no orphans.",
                "filter path, table, why …",
            ),
            tickable=True,
            explain=state.explain_orphan,
            export=lambda *how: state.export("orphans", state.orphans, *how),
        )
        self.missing = Grid(
            state.missing,
            GridTexts("Missing", "row", "No row misses its object.", "filter rows …"),
            tickable=False,
            explain=state.explain_missing,
            export=lambda *how: state.export("missing", state.missing, *how),
        )
        self.usage = Grid(
            state.usage,
            GridTexts("References", "column", "No column refers.", "filter columns …"),
            tickable=False,
            explain=usage_facts,
            export=lambda *how: state.export("references", state.usage, *how),
        )
        self.opinions = Grid(
            state.opinions,
            GridTexts(
                "Second opinion",
                "object",
                "It would delete nothing, and there are no orphans.",
                "filter path, verdict …",
            ),
            tickable=False,
            explain=state.explain_opinion,
            export=lambda *how: state.export("opinion", state.opinions, *how),
        )
        self._opinion = html()
        self._ask = button(
            "Ask DataJoint's own collector", "What would dj.gc delete? It runs dry"
        )
        self.trash, self.sweeping = TrashTab(state, region), Sweeping(state, region)
        self.tabs = widgets.Tab(
            [
                box("djgc-tab", self._stores, html_title("Age"), self._ages),
                box("djgc-tab", self.treemap, self.orphans),
                box("djgc-tab", self._missing, self.missing),
                box("djgc-tab", self.usage),
                self.trash.root,
                box("djgc-tab", self._notices),
                box(
                    "djgc-tab",
                    row("djgc-actions", self._ask),
                    self._opinion,
                    self.opinions,
                ),
            ],
            selected_index=_ORPHANS,
        )
        self._results = widgets.VBox([self._cards, self.tabs, self.sweeping.basket])
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
            self.sweeping.root,
        )
        self._bind()
        self._draw_scan()
        self._draw_opinion()
        self._draw_activity()

    def close(self) -> None:
        """Take the widgets away, in the page and in the kernel."""
        for widget in self._widgets():
            widget.close()

    def _tell_again(self) -> None:
        for widget in self._widgets():
            widget.send_state()
            if hasattr(widget, "layout"):
                widget.layout.send_state()

    def _widgets(self) -> list[widgets.Widget]:
        found, waiting = [], [self.root]
        while waiting:
            widget = waiting.pop()
            found.append(widget)
            waiting.extend(getattr(widget, "children", ()))
        return found

    def _bind(self) -> None:
        state = self.state
        self._rescan.on_click(lambda _: state.start_scan())
        self._cancel.on_click(lambda _: state.cancel())
        self._heal.on_click(lambda _: state.heal())
        self._recover.on_click(lambda _: state.recover())
        self._ask.on_click(lambda _: state.ask())
        state.observe(lambda _: self._draw_opinion(), "opinion")
        state.observe(lambda _: self._draw_scan(), ["scan", "stale"])
        state.observe(
            lambda _: self._draw_activity(),
            ["activity", "progress", "message", "notice", "plan"],
        )

    def _draw_scan(self) -> None:
        scan, stale = self.state.scan, self.state.stale
        self._bar.value = fragments.bar(scan, stale=stale)
        show(self._results, scan)
        show(self._heal, scan is not None and scan.trash["returnable"].any())
        show(self._recover, scan is not None and scan.interrupted)
        if scan is None:
            return
        self._cards.value = fragments.cards(scan)
        self._refusal.value = fragments.refusal(scan.problems)
        warnings = (*scan.unseen, *scan.warnings, *self.state.unread)
        self._notices.value = fragments.notices(scan.problems, warnings)
        self._missing.value = fragments.missing_total(scan)
        for grid in (self.orphans, self.missing, self.usage, self.trash.grid):
            grid.trust(complete=scan.complete)
        draw(self._stores, bytes_by_status(scan.summary()))
        draw(self._ages, age_histogram(scan.objects, scan.started_at))
        self.treemap.draw(self.state.places)
        counts = {
            "Overview": None,
            "Orphans": len(scan.orphans),
            "Missing": len(scan.missing),
            "References": None,
            "Trash": int(self.state.sweeps.frame["left_objects"].gt(0).sum()),
            "Problems": len(scan.problems),
            "Second opinion": None,
        }
        self.tabs.titles = [
            name if count is None else f"{name} {count:,}"
            for name, count in counts.items()
        ]

    def _draw_opinion(self) -> None:
        opinion = self.state.opinion
        self._opinion.value = fragments.opinion(opinion)
        show(self.opinions, opinion is not None)

    def _draw_activity(self) -> None:
        state = self.state
        busy = state.activity != IDLE
        self._working.value = fragments.working(
            state.activity, state.progress, state.listed, state.elapsed_seconds
        )
        self._failure.value = fragments.failure(state.message)
        self._notice.value = fragments.notice(state.notice)
        self._rescan.disabled = busy
        self._cancel.disabled = not busy or state.activity in UNSTOPPABLE
        for each in (self._heal, self._recover, self._ask):
            each.disabled = busy
        # while a plan is open, what is ticked is what will go
        self.orphans.locked = not state.ready or state.plan is not None


def html_title(text: str) -> widgets.HTML:
    """Return a heading."""
    return widgets.HTML(f"<h4>{text}</h4>")
