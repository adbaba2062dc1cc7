"""What a command answers."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any


class ExitCode(IntEnum):
    """How a command ended; ``--help`` prints these names."""

    DONE = 0
    ERROR = 1
    USAGE_ERROR = 2
    ORPHANS_FOUND = 3
    SCAN_INCOMPLETE = 4
    REFUSED = 5
    DONE_IN_PART = 6
    """The receipt says what was skipped or failed."""
    OBJECTS_MISSING = 7
    """Rows refer to objects that are neither in a store nor in its trash."""
    REPAIR_NEEDED = 8
    """A row needs an object that is in the trash, or a sweep was interrupted."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command reports."""

    code: int
    lines: list[str] = field(default_factory=list)
    """For people."""
    data: dict[str, Any] = field(default_factory=dict)
    """For programs, as JSON."""
    frame: Any = None
    """For spreadsheets, as CSV: a frame, or None."""
    changed: bool = False
    """Whether any object was moved, restored or deleted, or a pin was changed."""
    troubles: dict[str, str] = field(default_factory=dict)
    """What a person has to look at: a sentence for each, by a name that stays the same
    from run to run."""
    scan: Any = None
    """The last scan that the command made, or None."""
