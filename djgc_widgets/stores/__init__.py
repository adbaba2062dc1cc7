"""List, move and delete objects; the only user of fsspec and botocore.

A **store** is a configured location: a folder, a bucket, or what an adapter reaches. A
**listing** is everything that it holds, in columns. A **pinned object** carries the
identity of each of its files, so that only what was judged moves; an **outcome** says
what became of it. An **address** tells whether two names lead to the same location.

::

    configuration -> file/  s3/  remote -> protocol -> listing, pinned, outcomes
"""

from djgc_widgets.stores.addresses import Follower
from djgc_widgets.stores.configuration import open_stores, stores_of
from djgc_widgets.stores.listing import SecondLook
from djgc_widgets.stores.outcomes import (
    FAILED,
    GONE,
    IN_DOUBT,
    MOVED,
    NOT_IN_TRASH,
    PURGED,
    RESTORED,
    SKIPPED,
    Outcome,
    reason_of,
)
from djgc_widgets.stores.pinned import Identity, Parcel
from djgc_widgets.stores.protocol import (
    Outcomes,
    Store,
    SweepableStore,
    Where,
    list_trash,
    sweepable,
)

__all__ = [
    "FAILED",
    "GONE",
    "IN_DOUBT",
    "MOVED",
    "NOT_IN_TRASH",
    "PURGED",
    "RESTORED",
    "SKIPPED",
    "Follower",
    "Identity",
    "Outcome",
    "Outcomes",
    "Parcel",
    "SecondLook",
    "Store",
    "SweepableStore",
    "Where",
    "list_trash",
    "open_stores",
    "reason_of",
    "stores_of",
    "sweepable",
]
