"""What moves between a store and its trash: objects, each with its pinned files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from djgc_widgets.model import MANIFEST_SUFFIX, trash_of


class FileIdentity(NamedTuple):
    """What shows that a file is still the one that was judged."""

    size_bytes: int
    modified_ns: int
    """Last modification, ns since 1970, by the store's clock."""
    inode: int
    """On a file system; 0 elsewhere."""
    etag: str = ""
    """In an object store; empty on a file system."""

    def is_content_of(self, other: "FileIdentity") -> bool:
        """Return whether this is the same content.

        A copy in a bucket has another date, a file of a copied disk another inode.
        """
        if self.etag:
            return (self.size_bytes, self.etag) == (other.size_bytes, other.etag)
        return self[:2] == other[:2]


class FolderRights(NamedTuple):
    """Who may enter and change a folder, which has to come back with that."""

    mode: int
    """Permission bits, with set-group-ID and sticky bit."""
    uid: int
    """Number of the account that owns it."""
    gid: int
    """Number of its group."""


@dataclass(frozen=True, slots=True)
class PinnedObject:
    """One object that is to be moved to the trash, back, or deleted there."""

    path: str
    """Of the object, relative to the store."""
    files: Mapping[str, FileIdentity]
    """Its pinned files, by path relative to the store."""
    sweep_id: str
    """Sweep in whose trash it is or will be."""
    schema: str
    """Schema that its path names."""
    folders: Mapping[str, FolderRights] = field(default_factory=dict, compare=False)
    """Rights of folders above it that differ from those of the folder they are in."""

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
        """What has to be moved: the file or folder, and its sidecar if it has one."""
        described = [self.sidecar] if self.sidecar in self.files else []
        alone = self.files.keys() == {self.sidecar}
        return described if alone else [self.path, *described]

    def trashed(self, path: str) -> str:
        """Return the path in the trash of what is at a path of the store."""
        return f"{trash_of(self.sweep_id)}/objects/{path}"


PathOf = Callable[[str], str]
"""From a path in the store to that path, or to the one that it has in the trash."""


def same_path(path: str) -> str:
    """Return a path as it is."""
    return path


def changed_files(
    pinned: Mapping[str, FileIdentity], present: Mapping[str, FileIdentity]
) -> list[str]:
    """Return the paths whose identity differs, was added or is gone; sorted."""
    return sorted(
        path
        for path in pinned.keys() | present.keys()
        if pinned.get(path) != present.get(path)
    )
