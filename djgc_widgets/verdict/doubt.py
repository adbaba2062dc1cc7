"""A doubt: why something may not be done, and whether a person may lift it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from djgc_widgets.model import DOUBTS, DoubtCode

LIFTABLE = frozenset(
    {
        DoubtCode.UNSEEN_SCHEMAS,
        DoubtCode.MINIMUM_AGE,
        DoubtCode.LARGE_SWEEP,
        DoubtCode.MISSING_OBJECTS,
        DoubtCode.SOLE_OWNER,
        DoubtCode.PREPARED_TRANSACTIONS,
        DoubtCode.OTHER_OWNER,
        DoubtCode.SERVER_CHANGED,
        DoubtCode.SERVER_BEHIND,
    }
)
"""Doubts that an acknowledgment lifts, besides those about abandoned schemas."""

LIFTABLE_IN_PURGE = frozenset(
    {
        DoubtCode.UNSEEN_SCHEMAS,
        DoubtCode.MISSING_OBJECTS,
        DoubtCode.SHORT_RETENTION,
        DoubtCode.SOLE_OWNER,
        DoubtCode.PREPARED_TRANSACTIONS,
        DoubtCode.OTHER_OWNER,
        DoubtCode.SERVER_CHANGED,
        DoubtCode.SERVER_BEHIND,
    }
)
"""Doubts about a purge that an acknowledgment lifts."""

OF_SERVERS = frozenset(
    {DoubtCode.OTHER_OWNER, DoubtCode.SERVER_CHANGED, DoubtCode.SERVER_BEHIND}
)
"""Those whose name has a server's identifier after a colon."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a plan may not be carried out."""

    code: DoubtCode
    """What is in doubt."""
    values: Mapping[str, object] = field(default_factory=dict, hash=False)
    """What the message names."""
    about: str = ""
    """Which of several it is about."""

    @property
    def name(self) -> str:
        """What an acknowledgment has to name."""
        return f"{self.code.value}:{self.about}" if self.about else self.code.value

    @property
    def liftable(self) -> bool:
        """Whether an acknowledgment lifts it."""
        return self.code in LIFTABLE | LIFTABLE_IN_PURGE

    @property
    def message(self) -> str:
        """What is in doubt, with figures."""
        return DOUBTS[self.code][0].format(**self.values)

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return DOUBTS[self.code][1].format(**self.values)

    def __str__(self) -> str:
        return f"{self.name}: {self.message}. {self.remedy}."


def standing_doubts(
    doubts: Iterable[Doubt], acknowledged: Collection[str]
) -> tuple[Doubt, ...]:
    """Return what still refuses a plan once some doubts are acknowledged by name."""
    return tuple(
        doubt
        for doubt in doubts
        if not doubt.liftable or doubt.name not in acknowledged
    )


def is_server_doubt(name: str) -> bool:
    """Return whether a name is that of a doubt about some server."""
    code, colon, identifier = name.partition(":")
    return bool(colon and identifier) and code in OF_SERVERS
