"""A doubt: why something may not be done, and whether a person may lift it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from djgc_widgets.model import DOUBTS, DoubtCode, Notices

UNATTENDED = frozenset({DoubtCode.FIRST_ORPHANS, DoubtCode.MORE_ORPHANS})
"""Doubts of a sweep that nobody looks at."""

LIFTABLE = UNATTENDED | frozenset(
    {
        DoubtCode.UNSEEN_SCHEMAS,
        DoubtCode.MINIMUM_AGE,
        DoubtCode.LARGE_SWEEP,
        DoubtCode.MISSING_OBJECTS,
        DoubtCode.SOLE_OWNER,
        DoubtCode.INVENTORY,
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
        DoubtCode.OLDEST_BACKUP,
        DoubtCode.SOLE_OWNER,
        DoubtCode.PREPARED_TRANSACTIONS,
        DoubtCode.OTHER_OWNER,
        DoubtCode.SERVER_CHANGED,
        DoubtCode.SERVER_BEHIND,
    }
)
"""Doubts about a purge that an acknowledgment lifts."""

OF_ONE = {
    DoubtCode.UNSEEN_SCHEMAS: "WHERE",
    DoubtCode.OTHER_OWNER: "SERVER",
    DoubtCode.SERVER_CHANGED: "SERVER",
    DoubtCode.SERVER_BEHIND: "SERVER",
    DoubtCode.FIRST_ORPHANS: "STORE/TABLE",
    DoubtCode.MORE_ORPHANS: "STORE/TABLE",
}
"""Those whose name tells, after a colon, which one it is about, and of which kind."""


@dataclass(frozen=True, slots=True)
class Brakes:
    """How many orphans are usual; more of them are in doubt."""

    large_sweep: float = 0.25
    """Greatest share of a table or store, in objects or bytes, that may be swept."""
    more_orphans: float = 2.0
    """Greatest number of new orphans of a table in a day, relative to the greatest on
    any day before; asked if unattended."""


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


def unseen_doubts(unseen: Notices) -> Iterator[Doubt]:
    """Return a doubt about each part of the servers that the account cannot see."""
    for where in dict.fromkeys(notice.where for notice in unseen):
        yield Doubt(DoubtCode.UNSEEN_SCHEMAS, {"where": where}, where)


def names_one(name: str) -> bool:
    """Return whether a name is that of a doubt about one server, or a part of it."""
    code, colon, about = name.partition(":")
    return bool(colon and about) and code in OF_ONE
