"""Move files and folders while a change answers an error although it happened.

Run with the shim, in an empty folder: a line of JSON per move says what is where then.
"""

import ctypes
import errno
import json
import os
import sys
from itertools import count, product
from pathlib import Path

from djgc_widgets.stores.file.renames import publish, take

ROOT = Path(sys.argv[1]).resolve()
ERRORS = {
    "interrupted": 0,
    "EIO": errno.EIO,
    "ENOENT": errno.ENOENT,
    "EEXIST": errno.EEXIST,
}
libc = ctypes.CDLL(None)


def content(path: Path) -> str:
    inner = path / "inner" if path.is_dir() else path
    return inner.read_text() if inner.exists() else ""


for move, kind, error in product((take, publish), ("file", "folder"), ERRORS):
    for number in count(1):
        here = ROOT / f"{move.__name__}-{kind}-{error}-{number}"
        source, target = here / "old" / "name", here / "new" / "name"
        for path in (source, target):
            path.parent.mkdir(parents=True)
        if kind == "folder":
            source.mkdir()
        (source / "inner" if kind == "folder" else source).write_text("content")
        folders = [os.open(path.parent, os.O_RDONLY) for path in (source, target)]
        raised = ""
        libc.misreport_change_at(bytes(ROOT), number, ERRORS[error])
        try:
            move(folders[0], "name", folders[1], "name")
        except (OSError, KeyboardInterrupt) as reason:
            raised = type(reason).__name__
        changes = libc.calls()
        libc.fail_at(b"", -1, 0)
        if changes < number:
            break
        found = {"source": content(source), "target": content(target)}
        print(json.dumps({"move": here.name, "raised": raised, **found}))  # noqa: T201 - the answer
