"""What the errors of the client of Azure mean."""

import errno
from collections.abc import Callable
from http import HTTPStatus

from djgc_widgets.stores.bucket.protocol import (
    ArchivedError,
    ChangedError,
    RefusedError,
)
from djgc_widgets.stores.cloud.repeated import BUSY, BusyError

_CHANGED = {
    *("BlobAlreadyExists", "ConditionNotMet", "SourceConditionNotMet"),
    "TargetConditionNotMet",
}
_ARCHIVED = {"BlobArchived", "BlobBeingRehydrated"}
_ABSENT = {"BlobNotFound", "CannotVerifyCopySource"}


def os_error_of(error: Exception, text_of: Callable[[Exception], str]) -> OSError:
    """Return an `OSError` for whatever the client may raise.

    `text_of` returns the text of an error without the store's keys.
    """
    # the other lines number the request, so no two texts would be equal
    first = str(getattr(error, "message", None) or error).partition("\n")[0]
    text = text_of(OSError(first))
    status = getattr(error, "status_code", None) or 0
    code = getattr(error, "error_code", None)
    if status == HTTPStatus.NOT_FOUND and code in _ABSENT:
        return FileNotFoundError(errno.ENOENT, text)
    if code in _CHANGED:
        return ChangedError(text)
    if code in _ARCHIVED:
        return ArchivedError(errno.EACCES, text)
    from azure.core.exceptions import AzureError  # noqa: PLC0415 - adlfs brings it

    of_the_network = isinstance(error, AzureError) and not status
    if of_the_network or status in BUSY:
        return BusyError(errno.EIO, text)
    if 400 <= status < 500 and status != HTTPStatus.NOT_FOUND:  # noqa: PLR2004 - a fault of the request
        return RefusedError(errno.EACCES, text)
    return OSError(errno.EIO, text)
