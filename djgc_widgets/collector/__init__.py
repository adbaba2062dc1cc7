"""Scan, sweep, restore and purge: the only code that changes a store.

A **scan** lists the stores, then reads the references, then decides the status of each
object. A **sweep** moves the objects of a plan to the store's **trash**, a **restore**
brings them back, a **purge** deletes them for good. The **lock** lets one of these run
at a time; the **journal** is written before anything moves, and a **recovery** finishes
or undoes what was interrupted.

::

    scanner -> scan result -> plan -> sweeper -> lock, journal, operation -> store
                                      recheck (references are read again)
"""

from djgc_widgets.collector.arguments import names_of_opened_stores
from djgc_widgets.collector.clock import Clock, utc_now
from djgc_widgets.collector.complete_scan import CompleteScan, IncompleteScan
from djgc_widgets.collector.garbage_collector import GarbageCollector
from djgc_widgets.collector.pins import Pins
from djgc_widgets.collector.purge import expect_liftable, short_retention_doubt
from djgc_widgets.collector.ranges import new_folder
from djgc_widgets.collector.scan_result import Scan
from djgc_widgets.collector.scanner import scan
from djgc_widgets.collector.sweeps_in_trash import (
    carry_out_each,
    purge_sweeps,
    read_sweeps,
    restore_sweeps,
)
from djgc_widgets.collector.trash import Trash
from djgc_widgets.collector.unattended import Unattended, plan_unattended
from djgc_widgets.collector.uploads import UploadPlan

__all__ = [
    "Clock", "CompleteScan", "GarbageCollector", "IncompleteScan", "Pins", "Scan",
    "Trash", "Unattended", "UploadPlan", "carry_out_each", "expect_liftable",
    "names_of_opened_stores", "new_folder", "plan_unattended",
    "purge_sweeps", "read_sweeps", "restore_sweeps", "scan", "short_retention_doubt",
    "utc_now",
]  # fmt: skip
