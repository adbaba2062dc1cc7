"""How database servers looked, as records in a store's trash."""

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field

from djgc_widgets.collector.records import Record
from djgc_widgets.model import Position, Sighting


class PositionRecord(Record):
    """How far the log of a server had been written."""

    timeline: Annotated[int, Field(ge=0)]
    log: Annotated[int, Field(ge=0)]

    def value(self) -> Position:
        """Return what was recorded."""
        return Position(self.timeline, self.log)


class SightingRecord(Record):
    """How a server looked when it was read."""

    identifier: str
    address: str
    traits: dict[str, str]
    position: PositionRecord | None

    def value(self) -> Sighting:
        """Return what was recorded."""
        position = None if self.position is None else self.position.value()
        return Sighting(self.identifier, self.address, self.traits, position)


def sighting_record(sighting: Sighting) -> dict[str, object]:
    """Return what a record says of how a server looked."""
    return {
        "identifier": sighting.identifier,
        "address": sighting.address,
        "traits": dict(sighting.traits),
        "position": position_record(sighting.position),
    }


def position_record(position: Position | None) -> dict[str, int] | None:
    """Return what a record says of how far a log was written."""
    if position is None:
        return None
    return {"timeline": position.timeline, "log": position.log}


def addresses_of(sightings: Iterable[Sighting]) -> dict[str, str]:
    """Return identifiers and addresses, all that records of version 0.1 have."""
    return {each.identifier: each.address for each in sightings}


def sightings_of(addresses: Mapping[str, str]) -> list[Sighting]:
    """Return what records of version 0.1 say."""
    return [Sighting(*pair) for pair in addresses.items()]
