"""The one widget of a panel: a state of the kernel, and pages that show it."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

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
from djgc_widgets.panel.questions import plan_shown, purge_shown, questions
from djgc_widgets.panel.shown import (
    Json,
    notices_shown,
    opinion_shown,
    receipt_shown,
    scan_shown,
)
from djgc_widgets.panel.state import PanelState
from djgc_widgets.panel.verbs import Verbs
from djgc_widgets.panel.wire import Wire
from djgc_widgets.verdict import standing_doubts

_STATIC = Path(__file__).parents[1] / "static"
_WHEN_ALONE = (
    "To see the panel of djgc-widgets here, this page needs the extension anywidget: "
    "install djgc-widgets where its Jupyter server runs, restart that server, and "
    "reload the page. scan(schema) and the command djgc scan work without it."
)
PAGE_ROWS = 12
_TABLES = 3
_PARTS = {
    "scan": ("scan", "stale", "unread"),
    "work": ("activity", "progress", "listed", "elapsed_seconds"),
    "said": ("message", "notice", "said_at", "receipt"),
    "plan": ("plan", "activity"),
    "purge": (
        *("purge_wanted", "purge_number", "purge_acknowledged", "purge_asked"),
        *("activity", "scan"),
    ),
    "basket": ("scan", "activity", "plan"),
    "opinion": ("opinion",),
    "treemap": ("scan",),
}
"""Which parts of what a page shows depend on which traits of the state."""
_GRIDS = ("objects", "missing", "usage", "sweeps", "opinions")


class _Drawn(dict[str, Any]):
    """A part as it is shown, and its version: whoever sends it sends both."""

    def __init__(self, shown: Json, v: int) -> None:
        super().__init__(shown)
        self.v = v


def _part() -> Any:  # noqa: ANN401 - traitlets has no types
    """Return the trait of a part, which is sent with its version."""
    return traitlets.Any().tag(
        sync=True, to_json=lambda drawn, _: {"v": drawn.v, "is": dict(drawn)}
    )


class PanelWidget(anywidget.AnyWidget):
    """Shows a `PanelState` on every page that is open.

    Each part of what is shown is a trait of its own, so that little is sent when little
    changes. A page gets it with its version, and with each update the versions that all
    parts have by now: so it knows what it missed. ``v`` is the latest of them.
    """

    _esm = _STATIC / "panel.js"
    _css = _STATIC / "panel.css"
    v = traitlets.Int(0).tag(sync=True)
    versions = traitlets.Dict().tag(sync=True)
    scan = _part()
    work = _part()
    said = _part()
    plan = _part()
    purge = _part()
    basket = _part()
    opinion = _part()
    treemap = _part()
    objects = _part()
    missing = _part()
    usage = _part()
    sweeps = _part()
    opinions = _part()

    def __init__(self, state: PanelState) -> None:
        self.draws = _Parts(state).table()
        self._changed, self._trouble = 0, dict[str, str]()
        self._stale = set[str]()
        self._marking, self._publishing = threading.Lock(), threading.Lock()
        super().__init__(**{name: _Drawn(d(), 0) for name, d in self.draws.items()})
        self.wire = Wire(Verbs(state), lambda: self._changed)
        for part, traits in _PARTS.items():
            state.observe(lambda _, part=part: self._mark(part), list(traits))
        for name in _GRIDS:
            grid: GridState = getattr(state, name)
            grid.observe(lambda _, name=name: self._mark(name), ["revision", "opened"])
        state.objects.observe(
            lambda _: self._mark("treemap", "basket"), ["revision", "opened"]
        )
        state.treemap.observe(lambda _: self._mark("treemap"), "revision")
        state.sweeps.observe(lambda _: self._mark("purge"), "revision")
        state.observe(lambda _: self._mark(*_GRIDS), "scan")
        self.on_msg(lambda _, content, __: self._receive(content))

    def _receive(self, content: object) -> None:
        answer = self.wire.receive(content)
        if answer is None:
            return
        if isinstance(content, dict) and content.get("do") == "hello":
            state = self.get_state(["v", "versions", *self.draws])
            answer = {**answer, "state": state}
        self.send(answer)

    def _mark(self, *parts: str) -> None:
        """Publish parts that changed, unless another thread is at it, which will then.

        A change may be told while a grid is locked, so nobody may wait here for what
        another thread draws. What cannot be drawn is told, and stops nobody's work.
        """
        with self._marking:
            self._stale.update(parts)
            self._changed += 1
        while self._stale and self._publishing.acquire(blocking=False):
            try:
                self._publish()
            finally:
                self._publishing.release()

    def _publish(self) -> None:
        with self._marking:
            version, stale = self._changed, {*self._stale, "said"}
            self._stale.clear()
        drawn = dict[str, Json]()
        for part in sorted(
            stale, key=lambda part: part == "said"
        ):  # it tells of errors
            try:
                drawn[part] = self.draws[part]()
                self._trouble.pop(part, None)
            except Exception as error:  # noqa: BLE001 - told on the page
                text = f"Unexpected {type(error).__name__}: {error}. Please report it."
                self._trouble[part] = text
            if part == "said" and self._trouble:
                said = drawn.get(part, self.said)
                errors = [said["error"], *dict.fromkeys(self._trouble.values())]
                at = said["at"] if said["error"] else "header"
                text = " ".join(filter(None, errors))
                drawn[part] = {**said, "at": at, "error": text}
        changed = {p for p, now in drawn.items() if now != getattr(self, p)}
        with self.hold_sync():
            self.versions = self.versions | dict.fromkeys(changed, version)
            for part in changed:
                setattr(self, part, _Drawn(drawn[part], version))
            self.v = version

    def __repr__(self) -> str:  # the text beside the view, where that cannot be shown
        return _WHEN_ALONE


class _Parts:
    """Draws each part of what a page shows from the state."""

    def __init__(self, state: PanelState) -> None:
        self._state = state

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
        return {
            **plan_shown(plan, state.scan.objects, state.confirmation()),
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
    return object_details(row, files, scan.references)


def _basket_text(ticked: Basket) -> str:
    if not ticked.n_objects:
        return ""
    objects, files = plural(ticked.n_objects, "object"), plural(ticked.n_files, "file")
    return f"{objects} · {readable_bytes(ticked.size_bytes)} · {files}"
