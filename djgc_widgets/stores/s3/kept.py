"""What the API tells of an object besides its bytes, and what a copy has to keep."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from djgc_widgets.stores.api_listing import modified_ns
from djgc_widgets.stores.pinned_objects import FileIdentity
from djgc_widgets.stores.s3.answers import standard_as_none

_ATTRIBUTES = (
    *("Metadata", "ContentType", "CacheControl", "ContentDisposition"),
    *("ContentEncoding", "ContentLanguage", "WebsiteRedirectLocation"),
    *("ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled"),
)


def identity_of(head: Mapping[str, Any]) -> FileIdentity:
    """Return the identity of an object that was looked at."""
    modified = modified_ns(head["LastModified"])
    return FileIdentity(int(head["ContentLength"]), modified, 0, str(head["ETag"]))


def storage_class_of(described: Mapping[str, Any]) -> str:
    """Return the storage class of an object; empty for the standard class."""
    return standard_as_none(str(described.get("StorageClass") or ""))


def storage_options(storage_class: str) -> dict[str, str]:
    """Return the option that writes to a storage class."""
    return {"StorageClass": storage_class} if storage_class else {}


def attributes_of(head: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes with which an object has to be written again."""
    kept = {name: head[name] for name in _ATTRIBUTES if head.get(name)}
    if head.get("ExpiresString"):
        kept["Expires"] = head["ExpiresString"]
    return kept


def lock_of(head: Mapping[str, Any]) -> str:
    """Say what locks an object, by the server's clock; empty if nothing does."""
    if head.get("ObjectLockLegalHoldStatus") == "ON":
        return "a legal hold"
    until = head.get("ObjectLockRetainUntilDate")
    date = head["ResponseMetadata"].get("HTTPHeaders", {}).get("date")
    now = parsedate_to_datetime(date) if date else datetime.now(UTC)
    if until is None or until <= now:
        return ""
    return f"its retention until {until.astimezone(UTC):%Y-%m-%d}"
