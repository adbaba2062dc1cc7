r"""From files and references to objects, their status, and plans; pure.

**Coverage** says which stored paths a reference covers. An **object** is a file, or a
folder that one row refers to; its **status** is live, orphan, young or unknown, and a
**reason** says why. A **plan** is a selection of orphans with the identity of each
file; a **refusal** is a doubt about it that a person may or may not lift.

::

    references -> resolve -> locate \
                                      coverage -> objects -> status -> reconcile -> plan
    files ---------------------------/
"""

from djgc_widgets.verdict.coverage import cover, place_keys
from djgc_widgets.verdict.locate import locate, met_in_place, twin_stores
from djgc_widgets.verdict.objects import entered_objects, mark
from djgc_widgets.verdict.plan import SweepPlan, plan_sweep
from djgc_widgets.verdict.reasons import younger_than
from djgc_widgets.verdict.reconcile import Reconciled, notices_of_trash, reconcile
from djgc_widgets.verdict.refusals import (
    EXPIRED,
    FOREIGN,
    INTERRUPTED,
    LOCKED,
    MISSING,
    SOLE_OWNER,
    UNSEEN,
    Circumstances,
    Ownership,
    Refusal,
    ownership_refusal,
)
from djgc_widgets.verdict.resolve import in_scanned, reached
from djgc_widgets.verdict.selection import INDEX, Selection
from djgc_widgets.verdict.status import World
from djgc_widgets.verdict.usage import attributes_of, bytes_by_place, usage_by_attribute

__all__ = [
    "EXPIRED",
    "FOREIGN",
    "INDEX",
    "INTERRUPTED",
    "LOCKED",
    "MISSING",
    "SOLE_OWNER",
    "UNSEEN",
    "Circumstances",
    "Ownership",
    "Reconciled",
    "Refusal",
    "Selection",
    "SweepPlan",
    "World",
    "attributes_of",
    "bytes_by_place",
    "cover",
    "entered_objects",
    "in_scanned",
    "locate",
    "mark",
    "met_in_place",
    "notices_of_trash",
    "ownership_refusal",
    "place_keys",
    "plan_sweep",
    "reached",
    "reconcile",
    "twin_stores",
    "usage_by_attribute",
    "younger_than",
]
