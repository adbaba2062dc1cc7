"""Stores on S3."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from datajoint.storage import StorageBackend

from djgc_widgets.model import StoreInfo, error_text
from djgc_widgets.stores.bucket.batches import WORKERS
from djgc_widgets.stores.bucket.seeking import SeekingStore
from djgc_widgets.stores.remote import base_path
from djgc_widgets.stores.results import Result
from djgc_widgets.stores.s3.api import Api
from djgc_widgets.stores.s3.hidden import abort
from djgc_widgets.stores.s3.requests import S3Bucket


class S3Store(SeekingStore):
    """A store on S3.

    `conditional` says whether the server honors conditions when it deletes; by default
    that is tried.
    """

    def __init__(
        self,
        info: StoreInfo,
        backend: StorageBackend,
        inside: Mapping[str, str],
        bucket: S3Bucket | None = None,
        *,
        conditional: bool | None = None,
    ) -> None:
        super().__init__(info, backend, inside, bucket)
        self._conditional = conditional

    def _connect(self) -> S3Bucket:
        backend = self._backend
        fs = _with_connections(backend.fs)
        return S3Bucket(fs, base_path(backend), self.text_of)

    def abort_upload(self, path: str, upload_id: str, before: datetime) -> Result:
        """Abort an upload of which no part is younger; its parts are deleted for good.

        Raises `OSError` if the server does not say that it was done.
        """
        return abort(self._api, path, upload_id, before)

    @cached_property
    def _api(self) -> Api:
        return Api(self._backend.fs, base_path(self._backend), self.text_of)

    def _deletes_on_conditions(self) -> bool:
        given = self._conditional
        return super()._deletes_on_conditions() if given is None else given


def _with_connections(fs: Any) -> Any:  # noqa: ANN401 - s3fs has no types
    """Return the same file system with a connection for each thread that moves."""
    config = {"max_pool_connections": WORKERS, **fs.config_kwargs}
    options = {**fs.storage_options, "config_kwargs": config}
    return type(fs)(*fs.storage_args, **options)


def lists_alike(*backends: StorageBackend) -> bool:
    """Return whether a server takes differently spelled prefixes for one.

    If both are empty, nothing can be mistaken; if it does not answer, it is not known.
    """
    apis = [Api(backend.fs, base_path(backend), error_text) for backend in backends]
    try:
        one = len({api.prefix for api in apis}) == 1
        return one or not any(api.holds_objects() for api in apis)
    except OSError:
        return False
