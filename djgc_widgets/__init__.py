"""See what DataJoint object stores hold, what the rows still need, and what may go."""

from djgc_widgets import charts
from djgc_widgets.demo import DemoLab, open_lab
from djgc_widgets.growth import Forecast, growth_by_week
from djgc_widgets.history import History
from djgc_widgets.model import (
    Cancelled,
    InputError,
    Notice,
    Progress,
    SweepRefusedError,
)
from djgc_widgets.opinion import SecondOpinion, second_opinion
from djgc_widgets.panel import GCPanel
from djgc_widgets.plan import SweepPlan
from djgc_widgets.receipt import Receipt
from djgc_widgets.report import report_html
from djgc_widgets.scanner import scan
from djgc_widgets.scans import CompleteScan, IncompleteScan
from djgc_widgets.trash import Trash

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
