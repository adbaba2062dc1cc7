"""Are these the servers for which a store was swept, in a state that follows? Pure.

Whoever forgets a server, or takes a copy of it for the server itself, loses what the
rows that were not read refer to.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from djgc_widgets.model import DoubtCode, Notice, Position, Sighting
from djgc_widgets.verdict.doubt import Doubt


@dataclass(frozen=True, slots=True)
class KnownServer:
    """A database server for which a store was swept."""

    identifier: str
    sightings: tuple[Sighting, ...]
    """The ways in which it was seen."""
    position: Position | None = None
    """How far its log was written when the store was last swept or purged."""

    def looks_like(self, sighting: Sighting) -> bool:
        """Return whether it was seen so before."""
        return any(each.looks_like(sighting) for each in self.sightings)


@dataclass(frozen=True, slots=True)
class Ownership:
    """Which database servers have swept a store."""

    store: str
    known: tuple[KnownServer, ...] = ()
    """Empty before the first sweep."""
    gone: frozenset[str] = frozenset()
    """Identifiers of servers that were acknowledged to be gone for good."""
    oldest_backup: timedelta | None = None
    """Age of the oldest backup of a database that may be restored; None before a purge
    asked."""
    written_at: datetime | None = None
    """When this was recorded."""


def server_doubts(
    owner: Ownership, read: Sequence[Sighting], read_at: datetime | None = None
) -> Iterator[Doubt]:
    """Yield why the servers whose rows were read may not sweep a store, if so.

    A scan that is older than the last sweep tells nothing of how far a server is: it is
    asked again when a plan is carried out.
    """
    is_older = bool(read_at and owner.written_at and read_at < owner.written_at)
    pairs = list(_pairs(owner.known, read))
    for server, sighting in pairs:
        if server is None or sighting is None:
            continue
        identifier = server.identifier
        if not server.looks_like(sighting):
            changed = {
                "store": owner.store,
                "server": identifier,
                "now": sighting.address,
                "changes": _changes(server, sighting),
            }
            yield Doubt(DoubtCode.SERVER_CHANGED, changed, identifier)
        is_behind = sighting.position and not sighting.position.follows(server.position)
        if is_behind and not is_older:
            behind = {"store": owner.store, "server": identifier}
            yield Doubt(DoubtCode.SERVER_BEHIND, behind, identifier)
    for server, sighting in pairs:
        if server is not None and sighting is None:
            label = _label(server.sightings[-1])
            unread = {"store": owner.store, "server": label}
            yield Doubt(DoubtCode.OTHER_OWNER, unread, server.identifier)
    if new := [sighting for server, sighting in pairs if server is None and sighting]:
        names = ", ".join(sorted(map(_label, new)))
        yield Doubt(DoubtCode.SOLE_OWNER, {"store": owner.store, "servers": names})


def after_acknowledgment(
    owner: Ownership, read: Sequence[Sighting], acknowledged: Collection[str]
) -> Ownership:
    """Return which servers own a store once their doubts were acknowledged."""
    known, gone = [], set(owner.gone)
    for server, sighting in _pairs(owner.known, read):
        if sighting is None and server is not None:
            if f"{DoubtCode.OTHER_OWNER.value}:{server.identifier}" in acknowledged:
                gone.add(server.identifier)
            else:
                known.append(server)
        elif sighting is not None:
            before = server or KnownServer(sighting.identifier, ())
            seen = () if before.looks_like(sighting) else (sighting,)
            known.append(
                replace(
                    before,
                    sightings=before.sightings + seen,
                    position=sighting.position or before.position,
                )
            )
    back = {sighting.identifier for sighting in read}
    return replace(owner, known=tuple(known), gone=frozenset(gone - back))


def same_servers(before: Sequence[Sighting], now: Sequence[Sighting]) -> bool:
    """Return whether the same servers were read, in states that follow."""
    known = [KnownServer(each.identifier, (each,), each.position) for each in before]
    return all(
        server is not None
        and sighting is not None
        and server.looks_like(sighting)
        and (sighting.position is None or sighting.position.follows(server.position))
        for server, sighting in _pairs(known, now)
    )


def prepared_doubt(prepared: Sequence[Notice]) -> Doubt | None:
    """Return the doubt about transactions that are prepared, if there are any."""
    if not prepared:
        return None
    each = (f"{one.values['transaction']!r} on {one.where}" for one in prepared)
    names = ", ".join(each)
    return Doubt(DoubtCode.PREPARED_TRANSACTIONS, {"transactions": names})


def _pairs(
    known: Sequence[KnownServer], read: Sequence[Sighting]
) -> Iterator[tuple[KnownServer | None, Sighting | None]]:
    """Pair each known server with how it was read now; what is left has no partner.

    Two servers may have one identifier, so none is the partner of two.
    """
    unread, changed = list(known), []
    for sighting in read:
        same = next((each for each in unread if each.looks_like(sighting)), None)
        if same is None:
            changed.append(sighting)
        else:
            unread.remove(same)
            yield same, sighting
    for sighting in changed:
        identifier = sighting.identifier
        former = next((each for each in unread if each.identifier == identifier), None)
        if former is not None:
            unread.remove(former)
        yield former, sighting
    yield from ((server, None) for server in unread)


def _changes(server: KnownServer, now: Sighting) -> str:
    """Say how a server differs from how it was seen last."""
    last = server.sightings[-1]
    facts = {"address": (last.address, now.address)} | {
        name: (last.traits[name], now.traits[name])
        for name in sorted(last.traits.keys() & now.traits.keys())
    }
    return ", ".join(
        f"{name} {before!r}, now {after!r}"
        for name, (before, after) in facts.items()
        if before != after
    )


def _label(sighting: Sighting) -> str:
    return f"{sighting.identifier} at {sighting.address}"
