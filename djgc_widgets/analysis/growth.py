"""Objects -> growth, from their dates. Pure."""

import pandas as pd

from djgc_widgets.model import OBJECTS
from djgc_widgets.verdict import added_by_week, growth_of


def growth_by_week(objects: pd.DataFrame) -> pd.DataFrame:
    """Reconstruct how the stores grew, from the dates of what they hold today.

    The result, a frame of the growth schema, has a row per week from the first to the
    last object. Deleted objects left no date, so the stores held more than it shows; a
    date is that of the latest change.

    Parameters
    ----------
    objects : DataFrame
        A frame of the objects schema.

    Examples
    --------
    >>> from djgc_widgets import growth_by_week, open_lab, scan
    >>> with open_lab() as lab:
    ...     s = scan(lab.schema)
    >>> weeks = growth_by_week(s.objects)
    >>> int(weeks["physical_bytes"].iloc[-1]) == int(s.objects["size_bytes"].sum())
    True
    """
    OBJECTS.expect(objects, "modified_at", "size_bytes", "n_references")
    return growth_of([added_by_week(objects)])
