"""What one account swept, another one of its group can look at and bring back."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from laboratory import Laboratory, complete, orphaned, outcomes, planned
from unprivileged import account, let_in, open_folder

from djgc_widgets import Trash
from djgc_widgets.lab.server import EmbeddedServer
from djgc_widgets.model import NoticeCode

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has many accounts")
OWNER, COLLEAGUE, GROUP = 12_001, 12_002, 12_000


@pytest.fixture
def shared(postgresql: EmbeddedServer) -> Iterator[Laboratory]:
    """A laboratory with three orphans, whose store belongs to a group; umask 077."""
    former = os.umask(0o077)
    try:
        with (
            open_folder() as folder,
            Laboratory.on(postgresql, "postgresql", folder) as lab,
        ):
            orphaned(lab)
            let_in(folder)
            for path in (lab.store("derived"), *everything_in(lab.store("raw"))):
                os.chown(path, OWNER, GROUP)
                path.chmod(0o2775 if path.is_dir() else 0o664)
            yield lab
    finally:
        os.umask(former)


def everything_in(folder: Path) -> list[Path]:
    return [folder, *folder.rglob("*")]


def rights(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_mode & 0o7777, status.st_uid, status.st_gid


def test_what_root_swept_a_colleague_can_scan_restore_and_recover(
    shared: Laboratory,
) -> None:
    receipt = planned(complete(shared)).sweep()
    records = shared.store("raw") / "_trash" / receipt.sweep_id

    with account(COLLEAGUE, GROUP):
        scanned = complete(shared)
        (records / "result.json").unlink()
        Trash(shared.schema, "raw").recover()
        restored = Trash(shared.schema, "raw").restore(receipt.sweep_id)

    assert len(scanned.trash) == 3
    assert outcomes(restored) == {"restored": 3}
    assert rights(records)[0] == 0o2775
    assert rights(records / "plan.json") == (0o664, OWNER, GROUP)


@pytest.mark.parametrize("colleague", [False, True], ids=["root", "colleague"])
def test_a_folder_comes_back_with_the_rights_that_it_had(
    shared: Laboratory, *, colleague: bool
) -> None:
    receipt = planned(complete(shared)).sweep()
    receipt.restore()
    raw = shared.store("raw")
    folder = (raw / receipt.rows["path"].iloc[0]).parent
    folder.chmod(0o2770)
    receipt = planned(complete(shared)).sweep()
    folder.rmdir()  # as another collector does
    trash = Trash(shared.schema, "raw")

    if colleague:
        with account(COLLEAGUE, GROUP):
            restored = trash.restore(receipt.sweep_id)
    else:
        restored = trash.restore(receipt.sweep_id)

    assert outcomes(restored) == {"restored": 3}
    who = COLLEAGUE if colleague else OWNER
    assert rights(folder) == (0o2770, who, GROUP)
    codes = [problem.code for problem in restored.problems]
    assert codes == [NoticeCode.FOLDER_RIGHTS] * colleague


def test_a_folder_of_which_no_rights_are_known_is_like_the_one_that_it_is_in(
    shared: Laboratory,
) -> None:
    receipt = planned(complete(shared)).sweep()
    folder = (shared.store("raw") / receipt.rows["path"].iloc[0]).parent
    folder.rmdir()

    receipt.restore()

    assert rights(folder) == (0o2775, OWNER, GROUP)
