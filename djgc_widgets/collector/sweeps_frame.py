"""A journal and what is left in the trash -> a row of the sweeps schema. Pure."""

from typing import Any

import pandas as pd

from djgc_widgets.collector.journal import Planned
from djgc_widgets.model import RETENTION, SweepState


def sweep_row(planned: Planned, left: pd.DataFrame, state: SweepState) -> list[Any]:
    """Return a row of the sweeps schema without its store.

    `left` has what is left of the sweep in the trash: ``former`` and ``size_bytes``.
    """
    files = [path for pinned in planned.objects for path in pinned.files]
    own = left[left["former"].isin(files)]
    former = set(own["former"])
    return [
        planned.sweep_id,
        planned.created_at,
        planned.account,
        planned.host,
        ", ".join(sorted(planned.servers.values())),
        len(planned.objects),
        sum(pinned.size_bytes for pinned in planned.objects),
        sum(not former.isdisjoint(pinned.files) for pinned in planned.objects),
        int(own["size_bytes"].sum()),
        planned.created_at + RETENTION,
        state.value,
    ]


def planned_sweep_ids(listed: pd.DataFrame) -> set[str]:
    """Return the sweeps whose plan is among the listed files of a trash."""
    return set(listed.loc[listed["record"].eq("plan"), "sweep_id"])
