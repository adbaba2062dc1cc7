"""The one widget of a panel: a state of the kernel, and pages that show it."""

import threading
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from djgc_widgets.panel.parts import Parts
from djgc_widgets.panel.shown import Json
from djgc_widgets.panel.state import PanelState
from djgc_widgets.panel.verbs import Verbs
from djgc_widgets.panel.wire import Wire

_STATIC = Path(__file__).parents[1] / "static"
_WHEN_ALONE = (
    "To see the panel of djgc-widgets here, this page needs the extension anywidget: "
    "install djgc-widgets where its Jupyter server runs, restart that server, and "
    "reload the page. scan(schema) and the command djgc scan work without it."
)
_PARTS = {
    "scan": ("scan", "stale", "unread"),
    "work": ("activity", "progress", "listed", "elapsed_seconds", "handler_error"),
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
_GRIDS = {
    "objects": ("objects", "marks", "basket"),
    "missing": ("missing",),
    "usage": ("usage",),
    "sweeps": ("sweeps", "purge"),
    "opinions": ("opinions",),
}
"""Which parts depend on which grid."""


class Drawn(dict[str, Any]):
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
    marks = _part()
    objects = _part()
    missing = _part()
    usage = _part()
    sweeps = _part()
    opinions = _part()

    def __init__(self, state: PanelState) -> None:
        self.draws = Parts(state).table()
        self._changed, self._trouble = 0, dict[str, str]()
        self._stale = set[str]()
        self._marking, self._publishing = threading.Lock(), threading.Lock()
        super().__init__(**{name: Drawn(d(), 0) for name, d in self.draws.items()})
        self.wire = Wire(Verbs(state), lambda: self._changed)
        for part, traits in _PARTS.items():
            state.observe(lambda _, part=part: self._mark(part), list(traits))
        for name, parts in _GRIDS.items():
            getattr(state, name).observe(
                lambda _, all_=parts: self._mark(*all_), ["revision", "opened"]
            )
        state.treemap.observe(lambda _: self._mark("treemap", "marks"), "revision")
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
            version, stale = self._changed, set(self._stale)
            self._stale.clear()
        drawn = dict[str, Json]()
        for part in (*(stale - {"said"}), "said"):  # it tells of errors
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
                setattr(self, part, Drawn(drawn[part], version))
            self.v = version

    def __repr__(self) -> str:  # the text beside the view, where that cannot be shown
        return _WHEN_ALONE
