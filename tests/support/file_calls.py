"""Scan while one call after the other to the file system fails; run with the shim."""

import ctypes
import errno
import sys
from itertools import count

import datajoint as dj

from djgc_widgets import CompleteScan, scan

host, port, user, password, name, *folders = sys.argv[1:]
lab = dj.Instance(
    host, user, password, port=int(port), use_tls=False, backend="postgresql"
)
lab.config.stores = {
    store: {"protocol": "file", "location": folder}
    for store, folder in zip(("raw", "derived"), folders, strict=True)
}
schema = dj.Schema(name, connection=lab.connection, create_schema=False)
libc = ctypes.CDLL(None)
complete = scan(schema)
assert isinstance(complete, CompleteScan), complete.problems
for error in (errno.EIO, errno.EACCES, errno.ESTALE):
    for number in count(1):
        libc.fail_at(folders[0].encode(), number, error)
        result = scan(schema)
        if libc.calls() < number:
            break
        print(errno.errorcode[error], number, type(result).__name__)  # noqa: T201 - the answer
