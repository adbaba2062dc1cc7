"""What tells database servers apart, and a state of one from an older state of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True, slots=True)
class Position:
    """How far the log of a server had been written."""

    timeline: int
    """Number of its history: another one after a copy was made a server."""
    log: int
    """Bytes that were ever written to its log."""

    def follows(self, earlier: "Position | None") -> bool:
        """Return whether a server that was at `earlier` may be here by now."""
        if earlier is None:
            return True
        return self.timeline == earlier.timeline and self.log >= earlier.log


@dataclass(frozen=True, slots=True)
class Sighting:
    """How a database server looked when it was read."""

    identifier: str
    """What the server calls itself; copies of a server say the same."""
    address: str
    """Where it was read."""
    traits: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Whatever else tells servers apart and the account could see."""
    position: Position | None = field(default=None, compare=False)
    """None if the server has none, or the account could not see it."""

    def looks_like(self, other: Self) -> bool:
        """Return whether nothing that both know tells one from the other."""
        common = self.traits.keys() & other.traits.keys()
        return (
            self.identifier == other.identifier
            and self.address == other.address
            and all(self.traits[name] == other.traits[name] for name in common)
        )
