"""What a look at a server showed."""

from collections.abc import Sequence
from dataclasses import dataclass

from djgc_widgets.model import Notice, Sighting


@dataclass(frozen=True, slots=True)
class ServerLook:
    """Which server answers, and what speaks against reading it."""

    sighting: Sighting
    problems: Sequence[Notice]
    """It is a replica, or may be one."""
    warnings: Sequence[Notice]
    """What the account may not ask."""
