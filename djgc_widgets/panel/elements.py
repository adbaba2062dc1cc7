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
    """Makes the box around it a named region that handles its own keys.

    When a page is opened, `resend` sends it the state of all widgets once more.
    """

    _esm = _STATIC / "panel_region.js"
    _css = _STATIC / "djgc.css"
    label = traitlets.Unicode("DataJoint object stores").tag(sync=True)
    focus: traitlets.List[Any] = traitlets.List().tag(sync=True)
    greeted = traitlets.Unicode("").tag(sync=True)

    def __init__(self, resend: Callable[[], None]) -> None:
        super().__init__()
        self._resend = resend
        self.on_msg(lambda _, content, __: self.receive(content))

    def receive(self, content: dict[str, Any]) -> None:
        """Answer a page that was just opened."""
        match content:
            case {"do": "greet", "greeting": str(greeting)}:
                self._resend()
                self.greeted = greeting

    def move_focus(self, selector: str) -> None:
        """Focus the element of a CSS selector once it can have the focus.

        If another element of the page has the focus, it keeps it.
        """
        self.focus = [selector, (self.focus[1:] or [0])[0] + 1]


class ConfirmBar(anywidget.AnyWidget):
    """A field for a store's name, one for days if wanted, and two buttons.

    A click sends what the fields hold in the same message: a kernel with subshells may
    handle a click before what another widget sent earlier.
    """

    _esm = _STATIC / "confirm_bar.js"
    buttons: traitlets.List[Any] = traitlets.List().tag(sync=True)
    """Label and hover text of the buttons that confirm and decline."""
    days = traitlets.Int(None, allow_none=True).tag(sync=True)
    """What the field for days begins with; None hides it."""
    allowed = traitlets.Bool(default_value=False).tag(sync=True)
    question = traitlets.Int(0).tag(sync=True)
    """Grows with each new question; the fields begin anew then."""

    def __init__(
        self,
        *buttons: tuple[str, str],
        receive: Callable[[dict[str, Any]], None],
        days: int | None = None,
    ) -> None:
        super().__init__(buttons=[list(button) for button in buttons], days=days)
        self.receive = receive
        self.on_msg(lambda _, content, __: self.receive(content))


def button(label: str, hover: str, style: str = "djgc-button") -> widgets.Button:
    """Return a button that says on hover what it does."""
    return widgets.Button(description=label, tooltip=hover).add_class(style)


def box(style: str, *children: widgets.Widget) -> widgets.VBox:
    """Return widgets below each other."""
    return widgets.VBox(children, _dom_classes=style.split())


def row(style: str, *children: widgets.Widget) -> widgets.HBox:
    """Return widgets beside each other."""
    return widgets.HBox(children).add_class(style)


def show(widget: widgets.Widget, wanted: object) -> None:
    """Show or hide a widget."""
    widget.layout.display = "" if wanted else "none"


def chart() -> widgets.Output:
    """Return an empty output for a figure."""
    return widgets.Output().add_class("djgc-chart")


def draw(output: widgets.Output, figure: Any) -> None:  # noqa: ANN401 - plotly has no types
    """Put a static figure into an output: a few KB, and it needs no kernel."""
    content = {
        **figure.to_plotly_json(),
        "config": {"displayModeBar": False, "responsive": True},
    }
    output.layout.height = f"{figure.layout.height}px"
    output.outputs = (
        {"output_type": "display_data", "data": {_PLOTLY: content}, "metadata": {}},
    )
