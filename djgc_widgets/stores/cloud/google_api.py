"""The JSON API of Google Cloud: one request, its status, and what it means.

Sessions and credentials are those of the file system object that DataJoint writes with.
Its own calls do not tell statuses apart: some answers without success count as one.
"""

import errno
import json
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

from fsspec.asyn import sync

from djgc_widgets.stores.bucket.protocol import ChangedError, RefusedError
from djgc_widgets.stores.cloud.repeated import (
    BUSY,
    BusyError,
    repeat_nothing,
    until_answered,
)

_DONE = {HTTPStatus.OK, HTTPStatus.NO_CONTENT}
_NOTHING = {b"", b"null"}
Item = dict[str, Any]
Body = bytes | Item | None


class GoogleApi:
    """Asks, with the session of a file system object.

    `text_of` returns the text of an error without the store's keys.
    """

    def __init__(
        self,
        fs: Any,  # noqa: ANN401 - gcsfs has no types
        text_of: Callable[[Exception], str],
    ) -> None:
        self._fs, self._text_of = fs, text_of
        self.uploads = f"{fs.base.removesuffix('storage/v1/')}upload/storage/v1/"

    def ask(
        self, method: str, path: str, *names: str, body: Body = None, **options: str
    ) -> bytes:
        """Return what the API answers at a path, which names are put into.

        A `body` is bytes, or an object as JSON. Every error is an `OSError`.
        """
        asked = partial(self._ask, method, path, names, body, options)
        return until_answered(asked)

    def item(
        self, method: str, path: str, *names: str, body: Body = None, **options: str
    ) -> Item:
        """Return an answer that is a JSON object."""
        data = self.ask(method, path, *names, body=body, **options)
        try:
            told = json.loads(data)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise OSError(f"expected a JSON object of {path}, got {data[:100]!r}")
        return told

    def _ask(
        self, method: str, path: str, names: tuple[str, ...], body: Body, options: Item
    ) -> bytes:
        fs = self._fs
        try:
            status, data = sync(
                fs.loop, self._request, method, path, names, body, options
            )
        except Exception as error:  # noqa: BLE001 - each library below has its own errors; all are raised on
            kind = BusyError if _is_of_the_network(error) else OSError
            raise kind(errno.EIO, self._text_of(error)) from None
        # a deletion is answered by nothing, whatever a proxy says
        told = method != "DELETE" or data.strip() in _NOTHING
        if status in _DONE and told:
            return bytes(data)
        text = self._text_of(OSError(f"{status} of {path}: {_message_of(data)}"))
        if status == HTTPStatus.NOT_FOUND:
            raise FileNotFoundError(errno.ENOENT, text)
        if status == HTTPStatus.PRECONDITION_FAILED:
            raise ChangedError(text)
        if status in BUSY:
            raise BusyError(errno.EIO, text)
        if 400 <= status < 499:  # noqa: PLR2004 - a fault of the request; 499 is of a proxy
            raise RefusedError(errno.EACCES, text)
        raise OSError(errno.EIO, text)

    async def _request(
        self, method: str, path: str, names: tuple[str, ...], body: Body, options: Item
    ) -> tuple[int, bytes]:
        fs = self._fs
        await fs._set_session()  # noqa: SLF001 - what gcsfs has for its own calls
        repeat_nothing(fs.session)
        sent = {"data": body} if isinstance(body, bytes) else {"json": body}
        kind = (
            "application/octet-stream"
            if isinstance(body, bytes)
            else "application/json"
        )
        async with fs.session.request(
            method=method,
            url=fs._format_path(path, names),  # noqa: SLF001 - as above
            params=fs._get_params(options),  # noqa: SLF001 - as above
            headers=fs._get_headers({"Content-Type": kind}),  # noqa: SLF001 - as above
            timeout=fs.requests_timeout,
            allow_redirects=False,
            **sent,
        ) as answer:
            return answer.status, await answer.read()


def _is_of_the_network(error: Exception) -> bool:
    from aiohttp import ClientError  # noqa: PLC0415 - gcsfs brings it

    return isinstance(error, ClientError | OSError)  # a timeout is one


def _message_of(data: bytes) -> str:
    try:
        return str(json.loads(data)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return data[:200].decode(errors="replace")
