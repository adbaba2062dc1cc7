"""From frames to figures, growth, history, a report, and a second opinion.

A **chart** is a pure function from a frame to a Plotly figure. **Growth** is
reconstructed from the dates of what is stored, or measured by a **history** of scans.
The **second opinion** compares what DataJoint's own collector would delete with ours.
"""

from djgc_widgets.analysis import charts
from djgc_widgets.analysis.bounds import Bounds
from djgc_widgets.analysis.charts import (
    ages_figure,
    bytes_by_status,
    table_of_ages,
)
from djgc_widgets.analysis.cost import readable_cost
from djgc_widgets.analysis.dj_gc import SecondOpinion, second_opinion
from djgc_widgets.analysis.figure_style import STATUS_COLORS
from djgc_widgets.analysis.forecast import Forecast
from djgc_widgets.analysis.growth import growth_by_week
from djgc_widgets.analysis.growth_chart import growth as growth_figure
from djgc_widgets.analysis.history import History
from djgc_widgets.analysis.html_report import report_html
from djgc_widgets.analysis.object_filter import (
    OBJECT_FACETS,
    OBJECT_TEXTS,
    filter_objects,
    object_rows,
    read_conditions,
    save_filter,
    saved_filters,
)
from djgc_widgets.analysis.row_filter import (
    Choice,
    Chosen,
    Condition,
    Facet,
    RowFilter,
    Wanted,
    condition_of,
    facet_of,
    plain,
    short,
)

__all__ = [
    "OBJECT_FACETS", "OBJECT_TEXTS", "STATUS_COLORS", "Bounds",
    "Choice", "Chosen", "Condition", "Facet", "Forecast", "History", "RowFilter",
    "SecondOpinion", "Wanted", "ages_figure", "bytes_by_status",
    "charts", "condition_of", "facet_of", "filter_objects", "growth_by_week",
    "growth_figure", "object_rows", "plain", "read_conditions", "readable_cost",
    "report_html", "save_filter", "saved_filters", "second_opinion", "short",
    "table_of_ages",
]  # fmt: skip
