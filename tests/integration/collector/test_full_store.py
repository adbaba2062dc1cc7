"""A store without a free byte can still be freed, or says that it is full."""

import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from laboratory import Laboratory, complete, orphaned, outcomes, planned

from djgc_widgets import SweepRefusedError, Trash

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
NEVER = timedelta(0)


@pytest.fixture
def small(lab: Laboratory) -> Iterator[Laboratory]:
    """A laboratory with three orphans in a store of 4 MiB."""
    raw = lab.store("raw")
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", raw]
    subprocess.run(mount, check=True)  # noqa: S603
    try:
        orphaned(lab)
        yield lab
    finally:
        subprocess.run(["umount", raw], check=True)  # noqa: S603, S607


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
    purged = Trash(small.schema, "raw").purge(NEVER, {"short-retention"})

    assert outcomes(swept) == {"moved": 2}
    assert outcomes(purged) == {"purged": 3}
    assert not swept.problems
    assert not purged.problems
    assert not any("/objects/" in path for path in small.contents())
    assert (raw / "_trash/reserve").stat().st_size > 0


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
