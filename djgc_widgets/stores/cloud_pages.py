"""Listings of Google Cloud and Azure: raw pages below the exact prefix of a store.

The clients are those of the file system objects that DataJoint writes with. Their own
listings merge keys with empty segments, and know folders where there are none.
"""

from collections.abc import Iterator
from typing import Any

from fsspec.asyn import sync

from djgc_widgets.stores.api_listing import Page, PageOrder

_FIELDS = "items(name,size,updated,etag),nextPageToken"


def google_pages(
    fs: Any,  # noqa: ANN401 - gcsfs has no types
    bucket: str,
    root: str,
    below: str,
    *,
    per_page: int = 1_000,
) -> Iterator[Page]:
    """Yield every object whose path below a root begins like that."""
    order, token = PageOrder(), ""
    prefix = f"{root}{below}"
    while True:
        options = {"pageToken": token} if token else {}
        try:
            answer = fs.call(
                *("GET", "b/{}/o", bucket),
                prefix=prefix,
                maxResults=per_page,
                fields=_FIELDS,
                json_out=True,
                **options,
            )
        except FileNotFoundError as error:
            raise OSError(f"the bucket {bucket} does not exist") from error
        items = answer.get("items", ())
        token = str(answer.get("nextPageToken") or "")
        order.check([i["name"] for i in items], prefix, token, more=bool(token))
        yield Page.of(
            (
                i["name"][len(root) :],
                int(i["size"]) if str(i.get("size", "")).isdecimal() else None,
                i.get("updated"),
                str(i.get("etag", "")),
            )
            for i in items
        )
        if not token:
            return


def azure_pages(
    fs: Any,  # noqa: ANN401 - adlfs has no types
    container: str,
    root: str,
    below: str,
    *,
    per_page: int = 1_000,
) -> Iterator[Page]:
    """Yield every object whose path below a root begins like that."""
    from azure.core.exceptions import HttpResponseError  # noqa: PLC0415 - adlfs brings it

    order, token = PageOrder(), ""
    prefix = f"{root}{below}"
    while True:
        asked = container, prefix, token, per_page
        try:
            blobs, token = sync(fs.loop, _azure_page, fs, *asked)
        except HttpResponseError as error:
            # the other lines number the request, so no two texts would be equal
            raise OSError(error.message.partition("\n")[0]) from error
        order.check([b.name for b in blobs], prefix, token, more=bool(token))
        yield Page.of(
            (b.name[len(root) :], b.size, b.last_modified, str(b.etag or ""))
            for b in blobs
            if (b.metadata or {}).get("hdi_isfolder") != "true"
        )
        if not token:
            return


async def _azure_page(
    fs: Any,  # noqa: ANN401 - as above
    container: str,
    prefix: str,
    token: str,
    per_page: int,
) -> tuple[list[Any], str]:
    async with fs.service_client.get_container_client(container) as client:
        listed = client.list_blobs(
            name_starts_with=prefix or None,
            include=["metadata"],
            results_per_page=per_page,
        )
        pages = listed.by_page(token or None)
        try:
            page = await anext(pages)
        except StopAsyncIteration:
            return [], ""
        return [blob async for blob in page], str(pages.continuation_token or "")
