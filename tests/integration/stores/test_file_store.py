"""Real files: what a listing sees, and what the verbs do and refuse."""

import errno
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from unprivileged import open_folder, ordinary_account

from djgc_widgets.model import (
    Cancelled,
    Detail,
    Outcome,
    Progress,
    StoreInfo,
    no_progress,
)
from djgc_widgets.stores.file.folder import StoreFolder
from djgc_widgets.stores.file.open_path import OpenPath
from djgc_widgets.stores.file.store import FileStore
from djgc_widgets.stores.listing import Listing
from djgc_widgets.stores.pinned_objects import (
    FileIdentity,
    PinnedObject,
    changed_files,
)
from djgc_widgets.stores.protocol import Results
from djgc_widgets.stores.results import Result


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


def listed(folder: Path, report: Callable[[Progress], None] = no_progress) -> Listing:
    return FileStore(StoreInfo("raw", ("raw",), str(folder))).list_files(report)


def identities(folder: Path, path: str) -> dict[str, FileIdentity]:
    return StoreFolder(str(folder)).identities(path)


def move(folder: Path, source: str, target: str) -> None:
    store = StoreFolder(str(folder))
    with store.open() as source_start, store.open() as target_start:
        store.move(source, target, source_start, target_start)


def write(folder: Path, path: str, text: str = "x") -> Path:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    return target


def test_a_listing_has_size_date_and_inode_of_every_file(folder: Path) -> None:
    for path, text in (("a/b/c", "12345"), ("a/d", ""), ("e", "1")):
        write(folder, path, text)

    listing = listed(folder)

    files = listing.files.set_index("path").sort_index()
    assert list(files.index) == ["a/b/c", "a/d", "e"]
    assert list(files["size_bytes"]) == [5, 0, 1]
    for path, row in files.iterrows():
        status = (folder / str(path)).stat()
        assert (row["modified_ns"], row["inode"]) == (status.st_mtime_ns, status.st_ino)
        assert row["changed_ns"] == max(status.st_mtime_ns, status.st_ctime_ns)
        assert row["device"] == status.st_dev
    assert sorted(listing.folders["path"]) == ["a", "a/b"]
    assert listing.problems == listing.warnings == ()


def test_links_and_sockets_are_listed_not_followed(folder: Path) -> None:
    write(folder, "data/x")
    (folder / "link").symlink_to(folder / "data")
    (folder / "loop").symlink_to(folder)
    (folder / "nowhere").symlink_to("gone")
    with socket.socket(socket.AF_UNIX) as special:
        special.bind(str(folder / "socket"))

        kinds = listed(folder).files.set_index("path")["kind"].to_dict()

    links = dict.fromkeys(("link", "loop", "nowhere"), "symlink")
    assert kinds == {"data/x": "file", "socket": "special", **links}


def test_an_unreadable_folder_is_a_problem(folder: Path) -> None:
    write(folder, "open/x")
    closed = write(folder, "closed/y").parent
    closed.chmod(0)

    with ordinary_account():
        listing = listed(folder)

    closed.chmod(0o755)
    assert list(listing.files["path"]) == ["open/x"]
    assert [problem.where for problem in listing.problems] == ["store raw: closed"]
    assert listing.problems[0].values == {"error": "Permission denied"}


def test_a_store_that_is_gone_is_a_problem_not_an_empty_store(tmp_path: Path) -> None:
    (problem,) = listed(tmp_path / "gone").problems

    assert str(tmp_path / "gone") in problem.where


def test_a_folder_that_vanishes_while_it_is_listed_is_a_warning(folder: Path) -> None:
    for number in range(10_000):
        (folder / f"{number:05d}").touch()
    inner = write(folder, "folder/x")

    def remove(_: Progress) -> None:
        if inner.exists():
            inner.unlink()
            inner.parent.rmdir()

    listing = listed(folder, remove)

    assert listing.problems == ()
    assert len(listing.files) >= 10_000
    assert len(listing.warnings) <= 1
    assert not listing.files["path"].eq("folder/x").any() or not listing.warnings


def test_a_listing_can_be_canceled_within_a_page(folder: Path) -> None:
    for number in range(10_050):
        (folder / f"{number:05d}").touch()
    seen: list[int] = []

    def cancel(progress: Progress) -> None:
        seen.append(progress.done)
        raise Cancelled

    with pytest.raises(Cancelled):
        listed(folder, cancel)

    assert seen == [10_000]  # the others are not added yet


@pytest.mark.parametrize("part", ["", "/part"], ids=["file", "folder"])
def test_a_move_keeps_content_date_and_inode(folder: Path, part: str) -> None:
    source = write(folder, f"a/object{part}", "content")
    before = identities(folder, "a/object")

    move(folder, "a/object", "_trash/x/a/object")

    assert (folder / f"_trash/x/a/object{part}").read_text() == "content"
    assert not source.exists()
    after = identities(folder, "_trash/x/a/object")
    assert list(after.values()) == list(before.values())


@pytest.mark.parametrize(("source", "target"), [("a", "b"), ("a/x", "b/y")])
def test_a_move_never_overwrites(folder: Path, source: str, target: str) -> None:
    new, old = write(folder, source, "new"), write(folder, target, "old")

    with pytest.raises(FileExistsError):
        move(folder, "a", "b")

    assert (new.read_text(), old.read_text()) == ("new", "old")


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("../outside", "inside"),
        ("inside", "../outside"),
        ("inside", "/tmp/outside"),  # noqa: S108 - must be refused
        ("inside", "a/../../outside"),
        ("inside", ""),
        ("..", "b"),
    ],
)
def test_a_move_never_leaves_the_store(folder: Path, source: str, target: str) -> None:
    write(folder, "inside")

    with pytest.raises(PermissionError):
        move(folder, source, target)

    assert (folder / "inside").exists()
    assert not (folder.parent / "outside").exists()


def test_a_move_does_not_follow_a_linked_folder(folder: Path, tmp_path: Path) -> None:
    write(tmp_path, "precious/x")
    (folder / "link").symlink_to(tmp_path / "precious")
    write(folder, "mine")

    for source, target in (("link/x", "_trash/x"), ("mine", "link/mine")):
        with pytest.raises(OSError, match=r"Not a directory|symbolic links"):
            move(folder, source, target)

    assert (tmp_path / "precious/x").exists()
    assert not (tmp_path / "precious/mine").exists()
    assert (folder / "mine").exists()


def test_a_linked_file_is_moved_as_a_link(folder: Path, tmp_path: Path) -> None:
    precious = write(tmp_path, "precious")
    (folder / "link").symlink_to(precious)

    move(folder, "link", "moved")

    assert (folder / "moved").is_symlink()
    assert precious.exists()


def test_written_records_are_complete_and_replaceable(folder: Path) -> None:
    for data in (b"one", b"two"):
        StoreFolder(str(folder)).write("_trash/x/plan.json", data)

    assert [p.name for p in (folder / "_trash/x").iterdir()] == ["plan.json"]
    assert (folder / "_trash/x/plan.json").read_bytes() == b"two"


def pinned_at(folder: Path, path: str) -> PinnedObject:
    files = identities(folder, path) | identities(folder, f"{path}.manifest.json")
    return PinnedObject(path, files, "20260101T000000Z-00000000", "lab")


def store_in(folder: Path, kind: type[StoreFolder] = StoreFolder) -> FileStore:
    return FileStore(StoreInfo("raw", ("raw",), str(folder)), folder=kind(str(folder)))


def only_result(results: Iterator[Results]) -> Result:
    (((_, result),),) = results
    return result


def test_a_purge_deletes_only_a_file_of_the_size_and_date_that_was_swept(
    folder: Path,
) -> None:
    write(folder, "object", "swept")
    store, pinned = store_in(folder), pinned_at(folder, "object")
    assert only_result(store.to_trash([pinned])).outcome is Outcome.MOVED
    replaced = folder / pinned.trashed("object")
    replaced.write_text("other")
    os.utime(replaced, ns=(0, 0))

    purged = only_result(store.purge([pinned]))

    assert purged.detail is Detail.CHANGED
    assert replaced.read_text() == "other"


def renumbered(pinned: PinnedObject) -> PinnedObject:
    """Return the object as a scan saw it before its files got other numbers."""
    files = {p: f._replace(inode=f.inode + 1) for p, f in pinned.files.items()}
    return replace(pinned, files=files)


def test_a_file_of_the_same_size_and_date_is_another_file_on_a_local_disk(
    folder: Path,
) -> None:
    write(folder, "object", "judged")
    pinned = pinned_at(folder, "object")
    other = write(folder, "other", "others")
    os.utime(other, ns=(0, pinned.files["object"].modified_ns))
    other.rename(folder / "object")

    stays = only_result(store_in(folder).to_trash([pinned]))

    assert (stays.outcome, stays.detail) == (Outcome.SKIPPED, Detail.RENUMBERED)
    assert "scan again" in stays.text
    assert (folder / "object").read_text() == "others"


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("fuse.sshfs", Outcome.MOVED),
        ("cifs", Outcome.MOVED),
        ("ext4", Outcome.SKIPPED),
        ("nfs4", Outcome.SKIPPED),
        ("", Outcome.SKIPPED),
    ],
)
def test_where_files_are_numbered_anew_size_and_date_identify_them(
    folder: Path, kind: str, outcome: Outcome
) -> None:
    write(folder, "object")
    store_folder = StoreFolder(str(folder))
    store_folder.kind = kind
    store = FileStore(StoreInfo("raw", ("raw",), str(folder)), folder=store_folder)
    pinned = pinned_at(folder, "object")

    assert only_result(store.to_trash([renumbered(pinned)])).outcome is outcome
    changed = write(folder, "object", "changed")
    os.utime(changed, ns=(0, 0))
    stays = only_result(store.to_trash([renumbered(pinned)]))
    assert stays.detail is Detail.CHANGED


class Failing(StoreFolder):
    """Moves a folder, fails at its manifest, and fails to move the folder back."""

    def move(self, source: str, target: str, *starts: OpenPath) -> None:
        if source.startswith("_trash/") or source.endswith(".manifest.json"):
            raise OSError(errno.EIO, "no answer")
        super().move(source, target, *starts)


def test_a_move_that_could_not_be_undone_is_in_doubt(folder: Path) -> None:
    write(folder, "object/chunk")
    write(folder, "object.manifest.json")
    pinned = pinned_at(folder, "object")

    moved = only_result(store_in(folder, Failing).to_trash([pinned]))

    assert (moved.outcome, moved.in_doubt) == (Outcome.FAILED, True)
    assert (folder / pinned.trashed("object/chunk")).exists()
    back = only_result(store_in(folder).from_trash([pinned]))
    assert back.outcome is Outcome.RESTORED
    assert (folder / "object/chunk").exists()


def test_changed_files_of_an_object_are_listed(folder: Path) -> None:
    write(folder, "o/a")
    write(folder, "o/b")
    before = identities(folder, "o")
    assert sorted(before) == ["o/a", "o/b"]

    write(folder, "o/a", "longer")
    write(folder, "o/c")
    (folder / "o/b").unlink()

    assert changed_files(before, identities(folder, "o")) == ["o/a", "o/b", "o/c"]
    assert changed_files(before, before) == []
    assert identities(folder, "no/such") == {}


def test_a_path_that_leaves_the_store_holds_nothing_in_it(folder: Path) -> None:
    write(folder, "a/x")

    found = store_in(folder).look_up(["a/x", "b/../a/x", "../outside"])

    assert found.stored == {"a/x"}
    assert found.problems == []
    assert [notice.where.rpartition(" ")[2] for notice in found.warnings] == [
        "b/../a/x",
        "../outside",
    ]
