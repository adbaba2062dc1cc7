"""Copies that the server makes, with all that belongs to an object.

Nothing is ever overwritten: where the server does not copy on that condition, the copy
is put together from parts, or written, on the condition.
"""

import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from djgc_widgets.stores.pinned_objects import FileIdentity
from djgc_widgets.stores.s3.api import Api
from djgc_widgets.stores.s3.conditions import Conditions, CopyWay
from djgc_widgets.stores.s3.kept import attributes_of

LARGEST_COPY = 5 * 2**30
"""Most bytes that S3 copies, or takes, in one request."""

_CONDITIONS = {"IfNoneMatch"}


class Copier:
    """Copies objects within a bucket; more than `largest_copy` bytes in parts."""

    def __init__(self, api: Api, conditions: Conditions, largest_copy: int) -> None:
        self._api, self._conditions = api, conditions
        self._largest_copy = largest_copy
        self._in_memory = threading.Lock()  # one object at a time

    def copy(
        self, source: str, target: str, pin: FileIdentity, options: Mapping[str, str]
    ) -> None:
        """Copy an object if it still has the pinned etag."""
        key = self._api.key(source)
        origin = {
            "CopySource": {"Bucket": self._api.bucket, "Key": key},
            "CopySourceIfMatch": pin.etag,
        }
        condition = {k: v for k, v in options.items() if k in _CONDITIONS}
        kept = {k: v for k, v in options.items() if k not in _CONDITIONS}
        way = self._conditions.copies if condition else CopyWay.COPY
        if pin.size_bytes > self._largest_copy and way is CopyWay.COPY:
            way = CopyWay.PARTS
        if way is CopyWay.COPY:
            target_key = self._api.key(target)
            self._api.call("copy_object", Key=target_key, **origin, **options)
            return
        kept = {**self._attributes(key), **kept}
        if way is CopyWay.PARTS and pin.size_bytes:
            parts = [{**origin, **part} for part in self._ranges(pin.size_bytes)]
            self._api.copy_in_parts(self._api.key(target), kept, parts, condition)
        else:
            self._write(key, target, pin, {**kept, **condition})

    def _ranges(self, size_bytes: int) -> list[dict[str, str]]:
        return [
            {
                "CopySourceRange": f"bytes={start}-"
                f"{min(start + self._largest_copy, size_bytes) - 1}"
            }
            for start in range(0, size_bytes, self._largest_copy)
        ]

    def _write(
        self, key: str, target: str, pin: FileIdentity, options: Mapping[str, Any]
    ) -> None:
        if pin.size_bytes > self._largest_copy:
            raise OSError(
                f"expected a server that copies {pin.size_bytes:,} bytes only if "
                "nothing is overwritten; this one ignores If-None-Match. Copy the "
                "object with the store's own tools"
            )
        with self._in_memory:
            data = self._api.content(key, IfMatch=pin.etag)
            self._api.call(
                "put_object", Key=self._api.key(target), Body=data, **options
            )

    def _attributes(self, key: str) -> dict[str, Any]:
        """Return what parts do not take along, such as metadata and tags."""
        head = self._api.call("head_object", Key=key)
        kept = attributes_of(head)
        if head.get("TagCount"):
            tags = self._api.call("get_object_tagging", Key=key)["TagSet"]
            kept["Tagging"] = urlencode([(tag["Key"], tag["Value"]) for tag in tags])
        return kept
