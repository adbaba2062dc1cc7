"""A plan -> the objects that it pins, by store."""

from djgc_widgets.stores import FileIdentity, PinnedObject
from djgc_widgets.verdict import SweepPlan

PinnedByStore = dict[str, list[PinnedObject]]


def pinned_objects_of_plan(plan: SweepPlan, sweep_id: str) -> PinnedByStore:
    """Return the objects of a plan with the identity of each of their files."""
    pins: dict[tuple[str, str], dict[str, FileIdentity]] = {}
    columns = ["store", "object", "path", "size_bytes", "modified_ns", "inode", "etag"]
    pinned_files = plan.files[columns].itertuples(index=False)
    for store, owner, path, size, modified, inode, etag in pinned_files:
        pin = FileIdentity(int(size), int(modified), int(inode), str(etag))
        pins.setdefault((store, owner), {})[path] = pin
    pinned: PinnedByStore = {}
    objects = plan.objects[["store", "path", "schema"]].itertuples(index=False)
    for store, path, schema in objects:
        each = PinnedObject(path, pins[store, path], sweep_id, schema)
        pinned.setdefault(store, []).append(each)
    return pinned
