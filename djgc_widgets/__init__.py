"""See what DataJoint object stores hold, what rows need, and what can be swept.

The house has eight rooms and two doors; imports point down only::

    cli                                   parses the command line
    commands   panel                      what they do; the panel in a notebook
    analysis                              figures, history, report, second opinion
    collector                             scan, sweep, restore, purge: the use cases
    references  stores  verdict  lab      rows to paths; list and move; decide; the demo
    model                                 words, frames and codes that all share

A scan goes ``collector -> stores, references -> verdict``; a sweep goes ``plan ->
collector -> references again -> stores``. Each room says in its ``__init__`` what it
is, what its words mean, and what it offers.
"""

from djgc_widgets.analysis import (
    Forecast,
    History,
    SecondOpinion,
    charts,
    growth_by_week,
    report_html,
    second_opinion,
)
from djgc_widgets.collector import CompleteScan, IncompleteScan, Trash, scan
from djgc_widgets.lab import DemoLab, open_lab
from djgc_widgets.model import (
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
from djgc_widgets.panel import GCPanel
from djgc_widgets.verdict import SweepPlan

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
