"""The state of a panel -> each part of what its pages show, as JSON."""

from collections.abc import Callable
from typing import Any

from djgc_widgets.collector import Scan
from djgc_widgets.model import FILES, Status, plural, readable_bytes, visible
from djgc_widgets.panel.basket import Basket
from djgc_widgets.panel.details import (
    missing_details,
    object_details,
    opinion_details,
    sweep_details,
    usage_details,
)
from djgc_widgets.panel.grid.columns import Fact, Record
from djgc_widgets.panel.grid.state import GridState
from djgc_widgets.panel.progress import work_shown
from djgc_widgets.panel.questions import (
    plan_lines,
    plan_shown,
    purge_shown,
    questions,
)
from djgc_widgets.panel.shown import (
    Json,
    notices_shown,
    opinion_shown,
    receipt_shown,
    scan_shown,
)
from djgc_widgets.panel.state import PanelState
from djgc_widgets.verdict import standing_doubts

PAGE_ROWS = 12
_TABLES = 3


class Parts:
    """Draws each part of what a page shows from the state."""

    def __init__(self, state: PanelState) -> None:
        self._state = state
        self._planned: tuple[object, list[Json]] = None, []

    def table(self) -> dict[str, Callable[[], Json]]:
        """Return what draws each part, by its name."""
        state = self._state
        return {
            "scan": self._scan,
            "work": lambda: work_shown(state),
            "said": self._said,
            "plan": self._plan,
            "purge": self._purge,
            "basket": self._basket,
            "opinion": lambda: opinion_shown(state.opinion) or {},
            "treemap": lambda: state.treemap.shown() if state.scan else {},
            "marks": state.treemap.marks,
            "objects": lambda: self._grid(state.objects, _object_facts),
            "missing": lambda: self._grid(
                state.missing,
                lambda row, scan: missing_details(
                    row, scan.missing, complete=scan.complete
                ),
            ),
            "usage": lambda: self._grid(state.usage, lambda row, _: usage_details(row)),
            "sweeps": lambda: self._grid(
                state.sweeps, lambda row, scan: sweep_details(row, scan.trash)
            ),
            "opinions": lambda: self._grid(
                state.opinions,
                lambda row, opinion: opinion_details(row, opinion.collector),
            ),
        }

    def _scan(self) -> Json:
        state = self._state
        if state.scan is None:
            return {}
        return {
            **scan_shown(state.scan),
            "stale": state.stale,
            "unread": notices_shown(state.unread),
        }

    def _said(self) -> Json:
        state = self._state
        return {
            "at": state.said_at,
            "error": visible(state.message),
            "note": visible(state.notice),
            "receipt": receipt_shown(state.receipt),
        }

    def _plan(self) -> Json:
        state, plan = self._state, self._state.plan
        if plan is None or state.scan is None:
            return {}
        if self._planned[0] is not plan.objects:  # which every answer leaves as it is
            self._planned = plan.objects, plan_lines(plan, state.scan.table_totals())
        return {
            **plan_shown(plan, self._planned[1], state.confirmation()),
            "number": state.plan_number,
        }

    def _purge(self) -> Json:
        state = self._state
        if not state.purge_wanted:
            return {}
        doubts = state.purge_doubts()
        asked = questions(doubts, standing_doubts(doubts, state.purge_acknowledged))
        ticked, old = len(state.sweeps.selected), state.purgeable
        return {
            **purge_shown(ticked, old, asked, state.purge_confirmation()),
            "days": state.purge_older_than.days,
            "number": state.purge_number,
            "asked": state.purge_asked,
        }

    def _basket(self) -> Json:
        state, ticked = self._state, self._state.basket()
        biggest = ", ".join(
            f"{name} {count:,}" for name, count in ticked.tables[:_TABLES]
        )
        return {
            "n_objects": ticked.n_objects,
            "text": _basket_text(ticked),
            "tables": visible(biggest),
            "more": max(len(ticked.tables) - _TABLES, 0),
            "can_sweep": state.can_sweep,
        }

    def _grid(
        self, grid: GridState, explain: Callable[[Record, Any], list[Fact]]
    ) -> Json:
        with grid.held():
            opened = grid.opened
            facts = explain(grid.record(opened), grid.source) if opened >= 0 else []
            return {
                "columns": [
                    {"title": c.title, "source": c.source, "kind": c.kind}
                    for c in grid.columns
                ],
                "facets": [{"title": f.title, "unit": f.unit} for f in grid.facets],
                **grid.page(PAGE_ROWS),
                "facts": [
                    {
                        "label": fact.label,
                        "text": visible(fact.text),
                        "copyable": fact.copyable,
                        "time": fact.time,
                    }
                    for fact in facts
                ],
            }


def _object_facts(row: Record, scan: Scan) -> list[Fact]:
    files = FILES.empty()
    if row["status"] != Status.TRASH.value:
        files = scan.files_of(row["store"], row["path"])
    return object_details(row, files, scan.in_memory()[1])


def _basket_text(ticked: Basket) -> str:
    if not ticked.n_objects:
        return ""
    objects, files = plural(ticked.n_objects, "object"), plural(ticked.n_files, "file")
    return f"{objects} · {readable_bytes(ticked.size_bytes)} · {files}"
