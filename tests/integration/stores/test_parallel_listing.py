"""Large stores are listed by several processes, and they tell what one would tell."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from unprivileged import open_folder, ordinary_account
from waiting import wait_for

from djgc_widgets.model import Cancelled, Progress, StoreInfo, no_progress
from djgc_widgets.stores.file import helpers, walk
from djgc_widgets.stores.file.folder_pages import _Found, folder_pages
from djgc_widgets.stores.file.store import FileStore
from djgc_widgets.stores.listing import Listing

N_FOLDERS = 40


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as folder:
        for number in range(N_FOLDERS):
            for name in (f"{number}/a", f"{number}/inner/b", f"{number}/inner/é/c"):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text("x" * number)
        (folder / "1" / os.fsdecode(b"odd\xff")).mkdir()
        (folder / "1" / os.fsdecode(b"odd\xff") / os.fsdecode(b"\xfe")).touch()
        (folder / "2" / "link").symlink_to("a")
        os.utime(folder / "3" / "a", ns=(0, 2**62))
        yield folder


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small stores be listed like large ones."""
    monkeypatch.setattr(walk, "_FEW", 0)
    monkeypatch.setattr(walk, "n_helpers", lambda: 2)
    monkeypatch.setattr(helpers, "_MOST_FOLDERS", 3)


def listed(folder: Path, report: Callable[[Progress], None] = no_progress) -> Listing:
    return FileStore(StoreInfo("raw", ("raw",), str(folder))).list_files(report)


def alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Listing:
    with monkeypatch.context() as context:
        context.setattr(walk, "n_helpers", lambda: 0)
        return listed(folder)


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values("path", ignore_index=True)


def children() -> set[int]:
    """Return the processes that this one has started and that have not ended."""
    tasks = Path("/proc/self/task").glob("*/children")
    return {int(each) for task in tasks for each in task.read_text().split()}


def test_several_processes_list_what_one_lists(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, seen = children(), set[int]()

    found = listed(folder, lambda _: seen.update(children() - before))
    expected = alone(folder, monkeypatch)

    assert len(seen) == 2
    assert len(found.files) == 3 * N_FOLDERS + 2
    for name in ("files", "folders"):
        pd.testing.assert_frame_equal(
            in_order(getattr(found, name)), in_order(getattr(expected, name))
        )
    assert found.problems == found.warnings == ()
    assert children() == before


def test_what_another_process_cannot_list_is_a_problem(folder: Path) -> None:
    closed = folder / "5" / "inner"
    closed.chmod(0)

    with ordinary_account():
        found = listed(folder)

    closed.chmod(0o755)
    (problem,) = found.problems
    assert problem.where == "store raw: 5/inner"
    assert problem.values == {"error": "Permission denied"}  # noqa: PD011 - of a notice
    assert len(found.files) == 3 * N_FOLDERS


def test_what_a_process_was_to_list_is_listed_although_it_ended(folder: Path) -> None:
    before = children()

    def end(_: Progress) -> None:
        for process in children() - before:
            os.kill(process, signal.SIGKILL)

    found = listed(folder, end)

    assert len(found.files) == 3 * N_FOLDERS + 2
    assert found.problems == ()
    assert found.files["path"].is_unique
    assert children() == before


def test_a_process_that_ends_halfway_is_a_problem(folder: Path) -> None:
    for number in range(25_000):
        (folder / "1" / f"{number:040d}").touch()
    before = children()

    def end(progress: Progress) -> None:
        if progress.done >= 10_000:  # the next page does not fit into a pipe
            for process in children() - before:
                os.kill(process, signal.SIGKILL)

    found = listed(folder, end)

    (problem,) = found.problems
    assert "ended with code -9" in problem.values["error"]  # noqa: PD011 - of a notice
    assert found.files["path"].is_unique
    assert children() == before


def test_without_other_processes_everything_is_listed_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(folder / "nothing"))

    found = listed(folder)

    assert len(found.files) == 3 * N_FOLDERS + 2
    assert found.problems == ()


def test_a_canceled_listing_leaves_no_process(folder: Path) -> None:
    before = children()

    def cancel(_: Progress) -> None:
        if children() - before:
            raise Cancelled

    with pytest.raises(Cancelled):
        listed(folder, cancel)

    assert children() == before


def test_processes_end_with_the_one_that_asks_them(folder: Path) -> None:
    reading, writing = os.pipe()
    asking = os.fork()
    if asking == 0:  # a process that ends without a word
        helper = helpers._Helper()  # noqa: SLF001 - one of them is enough
        helper.ask(os.fsencode(folder), [b"1"])
        os.write(writing, str(helper._process.pid).encode())  # noqa: SLF001 - as above
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as line:
        status = Path(f"/proc/{int(line.read())}/stat")
    os.waitpid(asking, 0)

    def has_ended() -> bool:
        try:
            return " Z " in status.read_text()  # nobody has asked how it ended yet
        except (FileNotFoundError, ProcessLookupError):
            return True

    wait_for(has_ended)


def test_a_folder_that_became_a_link_is_listed_not_followed(folder: Path) -> None:
    (folder / "now").symlink_to("1")

    (page,) = folder_pages(os.fsencode(folder), [b"now"])

    paths, _, folders, errors = page
    assert (paths, folders, errors) == ([b"now"], [], [])


def test_a_file_that_became_a_folder_is_listed_as_one(folder: Path) -> None:
    found = _Found()
    entries = [*os.scandir(os.fsencode(folder / "1"))]
    (folder / "1" / "a").unlink()
    (folder / "1" / "a").mkdir()

    found.look_at(entries, b"1/")

    assert b"1/a" in found.folders
    assert not found.paths


def test_a_python_that_prints_when_it_starts_lists_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    noisy = tmp_path / "python-with-greeting"
    noisy.write_text(f'#!/bin/sh\necho Hello\nexec {sys.executable} "$@"\n')
    noisy.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(noisy))
    before, seen = children(), set[int]()

    found = listed(folder, lambda _: seen.update(children() - before))

    assert len(seen) == 2
    assert len(found.files) == 3 * N_FOLDERS + 2
    assert found.problems == found.warnings == ()
