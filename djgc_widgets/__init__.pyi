from .analysis import (
    Forecast,
    History,
    SecondOpinion,
    charts,
    growth_by_week,
    report_html,
    second_opinion,
)
from .collector import CompleteScan, IncompleteScan, Trash, scan
from .lab import DemoLab, open_lab
from .model import (
    Cancelled,
    InputError,
    Notice,
    Notices,
    Progress,
    Receipt,
    ServerError,
    SweepReceipt,
    SweepRefusedError,
)
from .panel import GCPanel
from .verdict import SweepPlan

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
    "Notices",
    "Progress",
    "Receipt",
    "SecondOpinion",
    "ServerError",
    "SweepPlan",
    "SweepReceipt",
    "SweepRefusedError",
    "Trash",
    "charts",
    "growth_by_week",
    "open_lab",
    "report_html",
    "scan",
    "second_opinion",
]
