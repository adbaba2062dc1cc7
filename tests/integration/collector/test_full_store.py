"""Full stores, and stores on more than one device: freed, or refused in words."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from laboratory import HASH, Laboratory, complete, orphaned, outcomes, planned

from djgc_widgets import SweepRefusedError, Trash
from djgc_widgets.model import Detail, StoreInfo
from djgc_widgets.stores import PinnedObject
from djgc_widgets.stores.file.folder import StoreFolder
from djgc_widgets.stores.file.store import FileStore

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
NEVER = timedelta(0)
SWEEP = "20260101T000000Z-00000000"


@contextmanager
def mounted(folder: Path) -> Iterator[None]:
    """Mount a file system of 4 MiB at a folder."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder]
    subprocess.run(mount, check=True)  # noqa: S603
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)  # noqa: S603, S607


@pytest.fixture
def small(lab: Laboratory) -> Iterator[Laboratory]:
    """A laboratory with three orphans in a store of 4 MiB."""
    with mounted(lab.store("raw")):
        orphaned(lab)
        yield lab


def fill(folder: Path) -> None:
    """Write until not one byte is left."""
    free = os.statvfs(folder)
    with (folder / "filler").open("ab") as file:
        file.write(bytes(free.f_bavail * free.f_frsize))
    os.utime(folder / "filler", (10**9, 10**9))
    assert os.statvfs(folder).f_bavail == 0


def test_a_full_store_can_be_swept_and_purged(small: Laboratory) -> None:
    raw = small.store("raw")
    result = complete(small)
    first, *rest = result.orphans["path"]
    planned(result, [first]).sweep()
    fill(raw)

    result = complete(small)
    swept = planned(result, rest).sweep()
    fill(raw)
    purged = Trash(small.schema, "raw").purge(
        NEVER, {"short-retention", "oldest-backup"}
    )

    assert outcomes(swept) == {"moved": 2}
    assert outcomes(purged) == {"purged": 3}
    assert not swept.problems
    assert not purged.problems
    assert not any("/objects/" in path for path in small.contents())
    assert (raw / "_trash/reserve").stat().st_size > 0


def test_what_is_on_another_device_than_the_trash_is_refused_before_a_sweep(
    lab: Laboratory,
) -> None:
    orphaned(lab)
    inside = lab.store("raw") / "_hash"
    inside.mkdir()
    with mounted(inside):
        hashed = lab.declare(HASH, "Hashed")
        hashed.insert({"id": key, "data": bytes([key])} for key in range(3))
        (hashed & "id > 0").delete()
        lab.age()
        result = complete(lab)

        plan = planned(result)
        here = result.orphans.query("section == 'schema'")
        receipt = planned(result, here).sweep()

    assert [doubt.name for doubt in plan.refusals] == ["other-device"]
    assert "_hash" in str(plan.refusals[0])
    assert outcomes(receipt) == {"moved": 3}


def test_what_is_on_another_device_stays_and_says_so(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    with mounted(inside):
        (inside / "object").write_text("x")
        store = FileStore(StoreInfo("raw", ("raw",), str(tmp_path)))
        files = StoreFolder(str(tmp_path)).identities("inside/object")
        pinned = PinnedObject("inside/object", files, SWEEP, "lab")

        (((_, result),),) = store.to_trash([pinned])

        assert result.detail is Detail.OTHER_DEVICE
        assert not result.in_doubt
        assert (inside / "object").read_text() == "x"


def test_a_full_store_without_a_trash_is_refused_and_says_that_it_is_full(
    small: Laboratory,
) -> None:
    plan = planned(complete(small))
    fill(small.store("raw"))
    before = small.contents()

    with pytest.raises(SweepRefusedError, match="The store is full") as refused:
        plan.sweep()

    assert "writable" not in str(refused.value)
    assert small.contents() == before
