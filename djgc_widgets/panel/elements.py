"""Small widgets that the parts of the panel are made of."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as widgets
import traitlets

_STATIC = Path(__file__).parents[1] / "static"
_PLOTLY = "application/vnd.plotly.v1+json"


class PanelRegion(anywidget.AnyWidget):
    """Makes the box that it lies in a region with a name, whose keys are its own.

    Parameters
    ----------
    welcome : callable
        Called when a page was opened: tells it the state of all widgets once more.
    """

    _esm = _STATIC / "panel_region.js"
    _css = _STATIC / "djgc.css"
    label = traitlets.Unicode("DataJoint object stores").tag(sync=True)
    focus: traitlets.List[Any] = traitlets.List().tag(sync=True)
    greeted = traitlets.Unicode("").tag(sync=True)

    def __init__(self, welcome: Callable[[], None]) -> None:
        super().__init__()
        self._welcome = welcome
        self.on_msg(lambda _, content, __: self.receive(content))

    def receive(self, content: dict[str, Any]) -> None:
        """Tell a page that has just been opened how everything is now."""
        match content:
            case {"do": "greet", "greeting": str(greeting)}:
                self._welcome()
                self.greeted = greeting

    def move_focus(self, selector: str) -> None:
        """Give the keyboard's focus to what a CSS selector finds, once it can take it.

        A person who is elsewhere in the page is left there.
        """
        self.focus = [selector, (self.focus[1:] or [0])[0] + 1]


def button(label: str, hover: str, style: str = "djgc-button") -> widgets.Button:
    """Return a button that says on hover what it does."""
    made = widgets.Button(description=label, tooltip=hover)
    made.add_class(style)
    return made


def box(style: str, *children: widgets.Widget) -> widgets.VBox:
    """Return widgets below each other."""
    made = widgets.VBox(children)
    for each in style.split():
        made.add_class(each)
    return made


def row(style: str, *children: widgets.Widget) -> widgets.HBox:
    """Return widgets beside each other."""
    made = widgets.HBox(children)
    made.add_class(style)
    return made


def html() -> widgets.HTML:
    """Return an empty place for a fragment."""
    return widgets.HTML()


def show(widget: widgets.Widget, wanted: object) -> None:
    """Show or hide a widget."""
    widget.layout.display = "" if wanted else "none"


def chart() -> widgets.Output:
    """Return an empty place for a figure."""
    made = widgets.Output()
    made.add_class("djgc-chart")
    return made


def draw(place: widgets.Output, figure: Any) -> None:  # noqa: ANN401 - plotly has no types
    """Put a static figure into its place: a few KB, and it needs no kernel."""
    content = {
        **figure.to_plotly_json(),
        "config": {"displayModeBar": False, "responsive": True},
    }
    place.layout.height = f"{figure.layout.height}px"
    place.outputs = (
        {"output_type": "display_data", "data": {_PLOTLY: content}, "metadata": {}},
    )
