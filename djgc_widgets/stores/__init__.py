"""List, move and delete objects; the only user of fsspec and its S3 client.

A **store** is a configured location: a folder, a bucket, or a location that a DataJoint
plugin provides. A **listing** is everything that it holds, in columns. A **pinned
object** carries the identity of each of its files, so that only files unchanged since
the scan move; an **outcome** says what became of it. An **address** shows whether two
names lead to one location.

::

    configuration -> file/  s3/  remote -> protocol -> listing, pinned objects, results
"""

from djgc_widgets.stores.configuration import OpenStores, open_stores, stores_of
from djgc_widgets.stores.hidden import Hidden, HiddenListing, list_hidden
from djgc_widgets.stores.listing import PART, FolderSize, Listing, LookUp
from djgc_widgets.stores.mounts_and_links import LinkFollower, mounts_in
from djgc_widgets.stores.pinned_objects import FileIdentity, FolderRights, PinnedObject
from djgc_widgets.stores.protocol import (
    JumpingStore,
    Keeps,
    ListsInParts,
    LookedAtStore,
    NotExclusiveError,
    ReadsInventories,
    Results,
    Stopped,
    Store,
    UploadStore,
    Versioning,
    Whereabouts,
    list_trash,
)
from djgc_widgets.stores.results import (
    GONE,
    MOVED,
    Result,
    failed_result,
    kept_in_trash_result,
)

__all__ = [
    "GONE", "MOVED", "PART", "FileIdentity", "FolderRights", "FolderSize", "Hidden",
    "HiddenListing", "JumpingStore", "Keeps", "LinkFollower", "Listing",
    "ListsInParts", "LookUp", "LookedAtStore", "NotExclusiveError", "OpenStores",
    "PinnedObject", "ReadsInventories", "Result", "Results", "Stopped", "Store",
    "UploadStore", "Versioning", "Whereabouts", "failed_result",
    "kept_in_trash_result", "list_hidden", "list_trash", "mounts_in", "open_stores",
    "stores_of",
]  # fmt: skip
