"""What a trash says of itself, to programs and to whoever finds it in ten years."""

from importlib.metadata import version
from typing import Annotated

from pydantic import Field

from djgc_widgets.collector.records import Record, read_record, seal
from djgc_widgets.model import TRASH_FOLDER, SweepRefusedError
from djgc_widgets.stores import Store

LAYOUT = 1
"""Of the trash, journals and lock: docs/pages/explanation/trash.md specifies it."""

MARKER_PATH = f"{TRASH_FOLDER}/marker.json"
README_PATH = f"{TRASH_FOLDER}/README.md"
_README = """\
# What this folder is

Objects that no row of a DataJoint pipeline referred to any more were moved here by
djgc-widgets (https://github.com/djgc-widgets/djgc-widgets). All of them can be brought
back.

- `{sweep}/objects/{path}` is what was stored at `{path}` of this store. A sweep is
  named after the time (UTC) at which it began, such as `20260101T030000Z-0a1b2c3d`.
- `{sweep}/plan.json` says who moved what, when, and for which database servers; it was
  written before anything moved. `result.json` says what became of each object.
- `owner.json`: servers for which this store was swept. `pins.json`: what somebody
  keeps. `seen-orphans`: what scans called an orphan, and since when. `lock.json`: there
  while something is being moved. `marker.json`: the layout, for programs.

To bring an object back: `djgc restore SWEEP --confirm STORE`. Without that program,
move `{sweep}/objects/{path}` to `{path}`, if nothing is there.

To free the space: `djgc purge --confirm STORE`. It looks once more whether a row refers
to anything here. Deleting this folder by hand asks nobody.

The layout is specified in the documentation of djgc-widgets, under *The trash*.
"""


class _Marker(Record):
    layout: Annotated[int, Field(ge=1)]
    version: str


def expect_known_layout(store: Store) -> None:
    """Raise `SweepRefusedError` if a later version laid the trash out another way."""
    try:
        marker = read_record(store, MARKER_PATH, _Marker)
    except FileNotFoundError:  # no trash yet, or one of version 0.1
        return
    if marker.layout > LAYOUT:
        raise SweepRefusedError(
            f"Expected a trash of layout {LAYOUT} in store {store.info.name}; got "
            f"layout {marker.layout}, which djgc-widgets {marker.version} made. "
            "Install that version or a later one."
        )


def write_marker(store: Store) -> None:
    """Say what the trash is, if nothing does yet."""
    try:
        store.read(MARKER_PATH)
    except FileNotFoundError:
        store.write(README_PATH, _README.encode())
        own = {"layout": LAYOUT, "version": version("djgc-widgets")}
        store.write(MARKER_PATH, seal(own))
