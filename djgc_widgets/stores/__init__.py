"""List, move and delete objects; the only user of fsspec and its S3 client.

A **store** is a configured location: a folder, a bucket, or a location that a DataJoint
plugin provides. A **listing** is everything that it holds, in columns. A **pinned
object** carries the identity of each of its files, so that only files unchanged since
the scan move; an **outcome** says what became of it. An **address** shows whether two
names lead to one location.

::

    configuration -> file/  s3/  remote -> protocol -> listing, pinned, outcomes
"""

from djgc_widgets.stores.configuration import open_stores, stores_of
from djgc_widgets.stores.listing import Listing, LookUp
from djgc_widgets.stores.mounts_and_links import Follower
from djgc_widgets.stores.outcomes import GONE, MOVED, Result, failed, kept_in_trash
from djgc_widgets.stores.pinned import Identity, PinnedObject
from djgc_widgets.stores.protocol import (
    Results,
    Store,
    SweepableStore,
    Whereabouts,
    list_trash,
    sweepable,
)

__all__ = [
    "GONE", "MOVED", "Follower", "Identity", "Listing", "LookUp", "PinnedObject",
    "Result", "Results", "Store", "SweepableStore", "Whereabouts", "failed",
    "kept_in_trash", "list_trash", "open_stores", "stores_of", "sweepable",
]  # fmt: skip
