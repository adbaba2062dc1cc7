"""From frames to figures, growth, history, a report, and a second opinion.

A **chart** is a pure function from a frame to a Plotly figure. **Growth** is
reconstructed from the dates of what is stored, or measured by a **history** of scans.
The **second opinion** compares what DataJoint's own collector would delete with ours.
A **command report** is what the command line says of a scan, and its exit code.
"""

from djgc_widgets.analysis import charts
from djgc_widgets.analysis.charts import (
    AGE_BINS,
    age_histogram,
    bytes_by_age,
    bytes_by_status,
)
from djgc_widgets.analysis.command_report import (
    finding_lines,
    findings,
    first_code,
    listed,
    receipt_answer,
    state_code,
    states,
    summary_data,
    summary_lines,
)
from djgc_widgets.analysis.dj_gc import SecondOpinion, second_opinion
from djgc_widgets.analysis.figure_style import STATUS_COLORS
from djgc_widgets.analysis.forecast import Forecast
from djgc_widgets.analysis.growth import growth_by_week
from djgc_widgets.analysis.growth_chart import growth as growth_figure
from djgc_widgets.analysis.history import History
from djgc_widgets.analysis.html_report import report_html

__all__ = [
    "AGE_BINS", "STATUS_COLORS", "Forecast", "History",
    "SecondOpinion", "age_histogram", "bytes_by_age", "bytes_by_status", "charts",
    "finding_lines", "findings", "first_code", "growth_by_week", "growth_figure",
    "listed",
    "receipt_answer", "report_html", "second_opinion", "state_code", "states",
    "summary_data", "summary_lines",
]  # fmt: skip
