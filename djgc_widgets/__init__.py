"""See what DataJoint object stores hold, what the rows still need, and what may go."""

from djgc_widgets.analysis import charts
from djgc_widgets.analysis.dj_gc import SecondOpinion, second_opinion
from djgc_widgets.analysis.growth import Forecast, growth_by_week
from djgc_widgets.analysis.history import History
from djgc_widgets.analysis.html_report import report_html
from djgc_widgets.collector.scan_result import CompleteScan, IncompleteScan
from djgc_widgets.collector.scanner import scan
from djgc_widgets.collector.trash import Trash
from djgc_widgets.lab.demo_lab import DemoLab, open_lab
from djgc_widgets.model.errors import Cancelled, InputError, SweepRefusedError
from djgc_widgets.model.notices import Notice, Progress
from djgc_widgets.model.receipt import Receipt
from djgc_widgets.panel.gc_panel import GCPanel
from djgc_widgets.verdict.plan import SweepPlan

__all__ = [
    "Cancelled",
    "CompleteScan",
    "DemoLab",
    "Forecast",
    "GCPanel",
    "History",
    "IncompleteScan",
    "InputError",
    "Notice",
    "Progress",
    "Receipt",
    "SecondOpinion",
    "SweepPlan",
    "SweepRefusedError",
    "Trash",
    "charts",
    "growth_by_week",
    "open_lab",
    "report_html",
    "scan",
    "second_opinion",
]
