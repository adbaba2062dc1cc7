"""What is left of a verdict if not everything could be read."""

from dataclasses import replace

import pandas as pd

from djgc_widgets.model import OBJECTS, REASONS, SUMMARY, Reason, Status
from djgc_widgets.verdict.reconcile import Reconciled

_WITHHELD = (Status.ORPHAN.value, Status.YOUNG.value)


def withhold_orphans(reconciled: Reconciled) -> Reconciled:
    """Call nothing an orphan, nor young: a row that was not read may refer to it.

    What is live stays live, and what is unknown for another reason keeps it.
    """
    objects = reconciled.objects.copy()
    withheld = objects["status"].isin(_WITHHELD)
    reason = Reason.SCAN_INCOMPLETE
    columns = ["status", "reason_code", "reason"]
    objects.loc[withheld, columns] = [
        Status.UNKNOWN.value,
        reason.value,
        REASONS[reason],
    ]
    objects.loc[withheld, "sibling"] = pd.NA
    return replace(
        reconciled,
        objects=OBJECTS.conform(objects),
        summary=_without_orphans(reconciled.summary),
        abandoned=pd.Series(data=False, index=reconciled.abandoned.index),
    )


def _without_orphans(summary: pd.DataFrame) -> pd.DataFrame:
    status = summary["status"].mask(
        summary["status"].isin(_WITHHELD), Status.UNKNOWN.value
    )
    sums = summary.assign(status=status).groupby(["store", "status"]).sum()
    return SUMMARY.conform(sums.reset_index())
