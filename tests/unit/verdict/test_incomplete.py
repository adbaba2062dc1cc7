"""What an incomplete scan says of what it saw."""

from datetime import timedelta

import pandas as pd
from builders import NOW, files, hash_path, judge, object_path, reasons, recorded

from djgc_widgets.model.codes import Reason
from djgc_widgets.verdict.incomplete import withhold_orphans


def test_nothing_is_an_orphan_or_young_if_not_everything_was_read() -> None:
    live, old = (object_path(f"voltage_{n}23456.npy") for n in "ab")
    young = files(hash_path(), at=NOW - timedelta(days=1))
    stored = pd.concat([files(live, old, "README.txt", size=7), young])
    verdict = judge(stored.reset_index(drop=True), recorded(live))

    withheld = withhold_orphans(verdict)

    assert reasons(withheld) == {
        live: None,
        old: Reason.SCAN_INCOMPLETE,
        "README.txt": Reason.NOT_DATAJOINT,
        hash_path(): Reason.SCAN_INCOMPLETE,
    }
    assert withheld.objects["sibling"].isna().all()
    sums = withheld.summary.set_index("status")
    assert sums["n_objects"].to_dict() == {"live": 1, "unknown": 3}
    assert sums["size_bytes"].to_dict() == {"live": 7, "unknown": 24}
    assert verdict.summary["size_bytes"].sum() == 31
