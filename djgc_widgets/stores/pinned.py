"""What moves between a store and its trash: objects, each with its pinned files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from djgc_widgets.model.object_paths import MANIFEST_SUFFIX
from djgc_widgets.model.vocabulary import TRASH_FOLDER

MOVED, SKIPPED, RESTORED = "moved", "skipped", "restored"
PURGED, FAILED = "purged", "failed"
GONE = "gone: it is no longer in the store"
NOT_IN_TRASH = "gone: it is no longer in the trash"
IN_DOUBT = "some of it may be in the trash: restore the sweep"
TAKEN = "something is at its place already; it stays in the trash"


class Identity(NamedTuple):
    """What tells that a file is still the one that was judged.

    Parameters
    ----------
    size_bytes : int
        Size.
    modified_ns : int
        Last modification, ns since 1970, by the store's clock.
    inode : int
        On a file system; 0 elsewhere.
    etag : str
        In an object store; empty on a file system.
    """

    size_bytes: int
    modified_ns: int
    inode: int
    etag: str = ""

    def is_content_of(self, other: "Identity") -> bool:
        """Tell whether this is the same content; a copy on S3 has another date."""
        if self.etag:
            return (self.size_bytes, self.etag) == (other.size_bytes, other.etag)
        return self == other


class Outcome(NamedTuple):
    """What became of an object, and why."""

    outcome: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One object on its way to the trash or back.

    Parameters
    ----------
    path : str
        Of the object, relative to the store.
    files : mapping of str to Identity
        Its pinned files, by path relative to the store.
    sweep_id : str
        Sweep in whose trash it is or will be.
    schema : str
        Schema that its path names.
    """

    path: str
    files: Mapping[str, Identity]
    sweep_id: str
    schema: str

    @property
    def size_bytes(self) -> int:
        """Bytes of all files."""
        return sum(pin.size_bytes for pin in self.files.values())

    @property
    def sidecar(self) -> str:
        """Path of the manifest that describes the object, if there is one."""
        return f"{self.path}{MANIFEST_SUFFIX}"

    @property
    def parts(self) -> list[str]:
        """What has to be moved: the file or folder, and its sidecar."""
        described = [self.sidecar] if self.sidecar in self.files else []
        alone = self.files.keys() == {self.sidecar}
        return described if alone else [self.path, *described]

    def trashed(self, path: str) -> str:
        """Return where the trash holds what is at a path."""
        return f"{trash_of(self.sweep_id)}/objects/{path}"

    def below(self) -> str:
        """Return the folder below which every folder over the object is DataJoint's.

        That is the folder of its schema, which stays when it is empty.
        """
        head, found, _ = f"/{self.path}".partition(f"/{self.schema}/")
        return f"{head}/{self.schema}"[1:] if found else self.path.rpartition("/")[0]


Place = Callable[[str], str]
"""Says where something is whose path in the store is given: there, or in the trash."""


def in_place(path: str) -> str:
    """Return a path as it is."""
    return path


def trash_of(sweep_id: str) -> str:
    """Return the folder of a sweep."""
    return f"{TRASH_FOLDER}/{sweep_id}"


def changed_files(
    pinned: Mapping[str, Identity], present: Mapping[str, Identity]
) -> list[str]:
    """Return the paths whose identity differs, was added or is gone; sorted."""
    return sorted(
        path
        for path in pinned.keys() | present.keys()
        if pinned.get(path) != present.get(path)
    )


def changed(paths: list[str]) -> Outcome:
    """Say that an object is no longer what was judged."""
    return Outcome(SKIPPED, f"changed since it was scanned: {as_text(paths[0])}")


def reason_of(error: Exception) -> str:
    """Return what the operating system or an API says of an error, on one line."""
    told = getattr(error, "strerror", None) or " ".join(str(error).split())
    return as_text(str(told)) or type(error).__name__


def as_text(name: str) -> str:
    """Return a name of the file system as text that can be written anywhere."""
    return name.encode("utf-8", "backslashreplace").decode()
