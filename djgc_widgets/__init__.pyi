from .analysis import (
    Forecast,
    History,
    SecondOpinion,
    charts,
    filter_objects,
    growth_by_week,
    report_html,
    save_filter,
    second_opinion,
)
from .collector import CompleteScan, GarbageCollector, IncompleteScan, Pins, Trash, scan
from .lab import DemoLab, open_lab
from .model import (
    Cancelled,
    InputError,
    Notice,
    Notices,
    Pin,
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
    "GarbageCollector",
    "History",
    "IncompleteScan",
    "InputError",
    "Notice",
    "Notices",
    "Pin",
    "Pins",
    "Progress",
    "Receipt",
    "SecondOpinion",
    "ServerError",
    "SweepPlan",
    "SweepReceipt",
    "SweepRefusedError",
    "Trash",
    "charts",
    "filter_objects",
    "growth_by_week",
    "open_lab",
    "report_html",
    "save_filter",
    "scan",
    "second_opinion",
]
