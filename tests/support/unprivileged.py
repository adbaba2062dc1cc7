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
    nobody = pwd.getpwnam("nobody")
    with account(nobody.pw_uid, nobody.pw_gid):
        yield


@contextmanager
def account(uid: int, gid: int) -> Iterator[None]:
    """Run a block as an account with one group, if the tests run as root."""
    groups = os.getgroups()
    os.setgroups([gid])
    os.setegid(gid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


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
