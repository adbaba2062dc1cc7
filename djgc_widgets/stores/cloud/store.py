"""Stores on Google Cloud and Azure."""

from djgc_widgets.stores.bucket.seeking import SeekingStore
from djgc_widgets.stores.bucket.store import BucketStore
from djgc_widgets.stores.cloud.azure import AzureBucket
from djgc_widgets.stores.cloud.google import GoogleBucket
from djgc_widgets.stores.remote import base_path


class GoogleStore(SeekingStore):
    """A store on Google Cloud."""

    def _connect(self) -> GoogleBucket:
        return GoogleBucket(self._backend.fs, base_path(self._backend), self.text_of)


class AzureStore(BucketStore):
    """A store on Azure."""

    def _connect(self) -> AzureBucket:
        return AzureBucket(self._backend.fs, base_path(self._backend), self.text_of)
