"""What is asked of a bucket in which objects move; each verb is documented here."""

import errno
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

from djgc_widgets.stores.api_listing import Page
from djgc_widgets.stores.hidden import Hidden
from djgc_widgets.stores.pinned_objects import FileIdentity
from djgc_widgets.stores.protocol import Keeps

PAGE = 1_000
"""Most keys of one request."""

_SECOND_NS = 10**9


class RefusedError(OSError):
    """The server turned a request away: nothing was done, and nothing will be."""

    code = ""
    """Why, as the API names it."""


class ChangedError(RefusedError):
    """The condition of a request does not hold: the object is another one by now."""

    def __init__(self, text: str = "it was changed") -> None:
        super().__init__(errno.EEXIST, text)


class ArchivedError(RefusedError):
    """The object has to be brought back from an archive before it can be copied."""


class Stored(NamedTuple):
    """An object as the bucket describes it."""

    identity: FileIdentity
    storage_class: str = ""
    """Empty for the one that a new object has."""
    content: str = ""
    """What only objects of equal content have in common; empty if that is not told."""
    copied_from: str = ""
    """The path that the server copied all of it from; empty if that is not told."""
    lock: str = ""
    """What locks it; empty if nothing does, or a listing does not tell."""
    tags: Mapping[str, str] = {}
    """What a copy does not take along by itself."""

    def is_copy_of(self, copy: "Stored | None", path: str) -> bool:
        """Return whether this has the content of the copy at a path."""
        if copy is None:
            return False
        alike = self.content != "" and self.content == copy.content
        return alike or self.copied_from == path

    def is_still(self, pin: FileIdentity) -> bool:
        """Return whether this was not even overwritten by what it was."""
        now = self.identity
        if now.etag != pin.etag:
            return False
        return now.modified_ns // _SECOND_NS == pin.modified_ns // _SECOND_NS


class Heeded(Protocol):
    """Which conditions a server heeds; each is tried before it is relied on."""

    @property
    def writes(self) -> bool:
        """Whether an object is written only if it is new, or still has an etag."""

    @property
    def deletes(self) -> bool:
        """Whether objects are deleted only if they still have their etags."""

    @property
    def sources(self) -> bool:
        """Whether an object is copied only if it still has an etag."""

    @property
    def copies_once(self) -> bool:
        """Whether one request copies an object so that nothing is overwritten."""


class Bucket(ABC):
    """The part of a bucket that is a store; every verb raises `OSError`."""

    seeks: bool
    """Whether a listing can begin in the middle."""
    why_not_exclusive = (
        "its server ignores the conditions of requests, such as If-None-Match and "
        "If-Match"
    )
    """Why a record cannot be written once, if that is so."""

    @property
    @abstractmethod
    def conditions(self) -> Heeded:
        """Which conditions the server heeds."""

    @property
    def n_unanswered(self) -> int:
        """Requests to delete without a clear answer that may hit what came back.

        There are none where a condition never holds again for what is copied.
        """
        return 0

    @abstractmethod
    def pages(self, below: str = "", after: str = "") -> Iterator[Page]:
        """Yield every object whose path begins like that, 1,000 per request.

        If the bucket seeks, only those that are listed `after` a path.
        """

    @abstractmethod
    def stored(self, path: str) -> dict[str, Stored]:
        """Return each object at or below a path, as listed."""

    @abstractmethod
    def stored_after(
        self, path: str, per_page: int
    ) -> tuple[dict[str, Stored], str | None]:
        """Return so many objects that are listed after a path, and the last of them.

        The path itself need not exist. There is no last one if there are no more.
        """

    @abstractmethod
    def look(self, path: str) -> Stored | None:
        """Look at one object; its date may be in full seconds."""

    @abstractmethod
    def lock_of(self, path: str, stored: Stored) -> str:
        """Say what locks an object; empty if nothing does, or it is gone."""

    def is_copy(self, path: str, stored: Stored, of: str, copy: Stored | None) -> bool:  # noqa: ARG002 - some have to read both
        """Return whether what is stored at a path has the content of a copy."""
        return stored.is_copy_of(copy, of)

    @abstractmethod
    def read(self, path: str) -> bytes:
        """Return the content of an object."""

    @abstractmethod
    def put(self, path: str, data: bytes, *, new: bool = False, etag: str = "") -> None:
        """Write an object, only if it is `new` or still has an etag."""

    @abstractmethod
    def copy(self, source: str, target: str, found: Stored, *, new: bool) -> None:
        """Copy an object if it still is what was found, if the server heeds that.

        A `new` copy never overwrites. Whether it is whole is not looked at.
        """

    @abstractmethod
    def delete(self, etags: Mapping[str, str]) -> dict[str, OSError]:
        """Delete up to 1,000 objects that still have these etags.

        An empty etag is no condition. Return why the others stayed.
        """

    @abstractmethod
    def remove(self, path: str, etag: str = "") -> None:
        """Delete an object, if it still has an etag; by default on no condition."""

    @abstractmethod
    def keeps(self) -> Keeps:
        """Return what the bucket keeps of what is deleted."""

    @abstractmethod
    def hidden(self) -> list[Iterator[list[Hidden]]]:
        """Return listings of what the bucket keeps beside its objects, in pages."""


def at_or_below(stored: Mapping[str, Stored], path: str) -> dict[str, Stored]:
    """Return what is at a path, and below it."""
    below = f"{path}/"
    return {p: s for p, s in stored.items() if p == path or p.startswith(below)}
