"""Stores of protocols that a plugin brings."""

from djgc_widgets.stores.bucket.store import BucketStore
from djgc_widgets.stores.plugin.bucket import PluginBucket
from djgc_widgets.stores.remote import base_path


class PluginStore(BucketStore):
    """A store of a protocol that a plugin brings."""

    def _connect(self) -> PluginBucket:
        return PluginBucket(self._backend.fs, base_path(self._backend), self.text_of)

    def _holds(self, path: str) -> bool:
        """Return whether something is stored at or below a path."""
        return any(not self._is_inside(each) for each in self._bucket.stored(path))
