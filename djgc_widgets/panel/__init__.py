"""The panel in a notebook: a state that does the work, and one widget that shows it.

The **state** holds what is shown and runs the commands; it touches no widget. Each
**grid** is a list of rows that stay in the kernel. The **worker** runs one task at a
time. The **widget** draws each part of the state for its pages, and the **wire**
carries out, once, which of the **verbs** they ask. Their script is in ``frontend``.

::

    gc_panel -> widget -> wire -> verbs -> state -> collector, analysis
                shown, questions, progress, overview, details
"""

from djgc_widgets.panel.gc_panel import GCPanel

__all__ = [
    "GCPanel",
]  # fmt: skip
