"""What became of an object that was to be moved."""

from typing import NamedTuple

MOVED, SKIPPED, RESTORED = "moved", "skipped", "restored"


PURGED, FAILED = "purged", "failed"


GONE = "gone: it is no longer in the store"


NOT_IN_TRASH = "gone: it is no longer in the trash"


IN_DOUBT = "some of it may be in the trash: restore the sweep"


TAKEN = "something is at its place already; it stays in the trash"


class Outcome(NamedTuple):
    """What became of an object, and why."""

    outcome: str
    detail: str = ""


def changed(paths: list[str]) -> Outcome:
    """Say that an object is no longer what was judged."""
    return Outcome(SKIPPED, f"changed since it was scanned: {as_text(paths[0])}")


def reason_of(error: Exception) -> str:
    """Return what the operating system or an API says of an error, on one line."""
    told = getattr(error, "strerror", None) or " ".join(str(error).split())
    return as_text(str(told)) or type(error).__name__


def as_text(name: str) -> str:
    """Return a name of the file system as text that can be written anywhere."""
    return name.encode("utf-8", "backslashreplace").decode()
