"""What is Linux alone is taken away, as on macOS: all still works, or is refused."""

from pathlib import Path

import pytest
from laboratory import (
    AT_ONCE,
    NOW,
    Laboratory,
    complete,
    every_kind_orphaned,
    outcomes,
    planned,
)

from djgc_widgets import SweepRefusedError, Trash
from djgc_widgets.collector import lock, processes
from djgc_widgets.stores import mounts_and_links
from djgc_widgets.stores.file import renames


@pytest.fixture
def elsewhere(
    postgresql_laboratory: Laboratory,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Laboratory:
    """A laboratory without ``renameat2``, ``/proc`` and a clock since boot."""
    monkeypatch.setattr(renames, "_renameat2", lambda: None)
    monkeypatch.setattr(processes, "_PROC", tmp_path / "no-proc")
    monkeypatch.setattr(mounts_and_links, "_MOUNTS", tmp_path / "no-mounts")
    monkeypatch.setattr(lock, "_BOOT_CLOCK", lock.time.CLOCK_MONOTONIC)
    every_kind_orphaned(postgresql_laboratory)
    return postgresql_laboratory


def own(laboratory: Laboratory) -> dict[str, bytes]:
    now = laboratory.contents().items()
    return {path: data for path, data in now if not path.startswith("_trash/")}


def test_objects_are_swept_restored_and_purged(elsewhere: Laboratory) -> None:
    before = own(elsewhere)
    swept = planned(complete(elsewhere)).sweep()
    assert outcomes(swept) == {"moved": 3}
    trash = Trash(elsewhere.schema, "raw")

    assert trash.restore(swept.sweep_id).count("restored") == 3
    assert own(elsewhere) == before
    elsewhere.age()
    assert outcomes(planned(complete(elsewhere)).sweep()) == {"moved": 3}
    assert outcomes(trash.purge(NOW, AT_ONCE)) == {"purged": 3}
    assert not [p for p in elsewhere.contents() if "/objects/" in p]


def test_a_restore_overwrites_nothing(elsewhere: Laboratory) -> None:
    swept = planned(complete(elsewhere)).sweep()
    taken = swept.rows["path"].iloc[0]
    elsewhere.put(f"{taken}/file" if "Folder" in taken else taken, data=b"new")

    back = Trash(elsewhere.schema, "raw").restore(swept.sweep_id)

    assert outcomes(back)["failed: path-taken"] == 1
    assert b"new" in own(elsewhere).values()


def test_nobody_knows_whether_another_process_has_ended(elsewhere: Laboratory) -> None:
    elsewhere.put("_trash/lock.json", data=b"{}")

    with pytest.raises(SweepRefusedError, match="locked"):
        planned(complete(elsewhere)).sweep()
    with pytest.raises(SweepRefusedError, match="locked"):
        Trash(elsewhere.schema, "raw").recover()
    Trash(elsewhere.schema, "raw").recover(break_lock=True)

    assert outcomes(planned(complete(elsewhere)).sweep()) == {"moved": 3}
