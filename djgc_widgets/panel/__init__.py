"""The panel in a notebook: a state that does the work, widgets that draw it.

The **state** holds what is shown and runs the commands; it touches no widget. The
**grid** shows rows that stay in the kernel, the **treemap** shows what uses the space,
the **basket** adds up what is ticked. The **worker** runs one task at a time.

::

    gc_panel -> view -> sweep box, trash tab -> state -> collector, analysis
                        grid, treemap, tables
"""

from djgc_widgets.panel.gc_panel import GCPanel

__all__ = [
    "GCPanel",
]  # fmt: skip
