"""Folders mounted a second time, which only root can do."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")


@contextmanager
def bound(source: Path, target: Path) -> Iterator[None]:
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "--bind", source, target], check=True)  # noqa: S603, S607
    try:
        yield
    finally:
        subprocess.run(["umount", target], check=True)  # noqa: S603, S607
