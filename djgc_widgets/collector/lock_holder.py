"""Who has a lock: the record in the store."""

import json
from typing import Annotated

from pydantic import Field

from djgc_widgets.collector.processes import has_ended
from djgc_widgets.collector.records import Record


class LockHolder(Record):
    """Who has a lock, and what tells whether that process has ended."""

    token: Annotated[str, Field(pattern="^[0-9A-Za-z]+$")]
    """Names this one lock."""
    account: str
    host: str
    pid: Annotated[int, Field(gt=0, lt=2**31)]
    process: str
    """Identifies the process beyond its number: boot, namespaces and start."""
    purpose: str
    since: str
    """Time in ISO format, by the holder's clock."""
    heartbeat: str
    """The same, of its latest sign of life."""

    def dump(self) -> bytes:
        """Return the record."""
        return self.model_dump_json().encode()

    @property
    def ended(self) -> bool:
        """Whether the process has certainly ended: it ran here, the kernel says so."""
        return has_ended(self.pid, self.process)

    def __str__(self) -> str:
        return (
            f"{self.account} on {self.host} (process {self.pid}, {self.purpose}) since "
            f"{self.since} by its clock"
        )


def read_holder(data: bytes) -> LockHolder | None:
    """Return who has a lock; None if the record cannot be understood."""
    try:
        return LockHolder.of(json.loads(data))
    except (RecursionError, ValueError):
        return None
