"""Be an ordinary account for a while, since root may read everything."""

import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def ordinary_account() -> Iterator[None]:
    """Run a block as ``nobody`` where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    account = pwd.getpwnam("nobody")
    os.setegid(account.pw_gid)
    os.seteuid(account.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def let_in(folder: Path) -> None:
    """Let every account enter and read a temporary folder, whatever it lies in."""
    outermost = Path(tempfile.gettempdir())
    for place in (folder, *folder.parents):
        if place == outermost:
            break
        place.chmod(place.stat().st_mode | 0o055)


@contextmanager
def open_folder() -> Iterator[Path]:
    """Make a folder that the ordinary account owns and can reach."""
    folder = Path(tempfile.mkdtemp(prefix="djgc-test-"))
    if os.geteuid() == 0:
        account = pwd.getpwnam("nobody")
        os.chown(folder, account.pw_uid, account.pw_gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
