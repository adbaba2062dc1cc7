"""What the client of Azure tells of a blob, and conditions on it."""

from datetime import UTC, datetime
from typing import Any


def if_match(etag: str) -> dict[str, Any]:
    """Return the options that ask for something only if it has an ETag, if given."""
    if not etag:
        return {}
    from azure.core import MatchConditions  # noqa: PLC0415 - adlfs brings it

    return {"etag": etag, "match_condition": MatchConditions.IfNotModified}


def etag_of(blob: Any) -> str:  # noqa: ANN401 - adlfs has no types
    """Return an ETag as it is asked for: a listing tells it without quotes."""
    bare = str(blob.etag or "").strip('"')
    return f'"{bare}"' if bare else ""


def lock_of(blob: Any) -> str:  # noqa: ANN401 - as above
    """Say what locks a blob; empty if nothing does."""
    if blob.has_legal_hold:
        return "a legal hold"
    until = blob.immutability_policy and blob.immutability_policy.expiry_time
    if until and until > datetime.now(UTC):
        return f"its retention until {until.astimezone(UTC):%Y-%m-%d}"
    return "a lease" if blob.lease and blob.lease.status == "locked" else ""
