"""Deletions that a server may still carry out when nobody waits for them any more.

Before a sweep asks for deletions it says so in its trash, and takes that back when each
was answered, and asked for once. What it left there tells by its date when the last of
them was asked for. Until they are settled, copies stay in the trash: a file that never
went may still go, and on S3, which knows contents only, also one that came back.
"""

from djgc_widgets.model import trash_of
from djgc_widgets.stores.bucket.protocol import Bucket


def announce(bucket: Bucket, sweep_id: str) -> None:
    """Say that a sweep is about to ask for deletions."""
    bucket.put(_note_of(sweep_id), b"{}")


def take_back(bucket: Bucket, sweep_id: str) -> None:
    """Say that every deletion of a sweep was answered."""
    bucket.remove(_note_of(sweep_id))


def may_be_pending(bucket: Bucket, sweep_id: str, settled_ns: int | None) -> bool:
    """Return whether a deletion may still be carried out.

    What was asked for before `settled_ns`, by default until now, is settled.
    """
    note = bucket.look(_note_of(sweep_id)) if settled_ns is not None else None
    return note is not None and note.identity.modified_ns > (settled_ns or 0)


def _note_of(sweep_id: str) -> str:
    return f"{trash_of(sweep_id)}/deleting.json"
