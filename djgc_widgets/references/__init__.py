"""From rows to recorded paths; the only room that speaks SQL.

A **store column** is a column whose comment names a codec, or any JSON column. Its
**raw value** is the text that the database holds, never a decoded object. A **recorded
path** is what that text says about where an object lies; the **snapshot** is the
read-only transaction in which everything is read; what the account cannot see is
**unseen**.

::

    server -> catalog -> store columns -> raw values -> recorded paths
              grants     (snapshot)       codecs        path spellings
"""

from djgc_widgets.references.path_spellings import Listed, Places
from djgc_widgets.references.reader import read_references
from djgc_widgets.references.result import ColumnCount, ReferenceReading
from djgc_widgets.references.snapshot import (
    backend_of,
    describe_error,
    driver_errors,
    server_name,
)

__all__ = [
    "ColumnCount",
    "Listed",
    "Places",
    "ReferenceReading",
    "backend_of",
    "describe_error",
    "driver_errors",
    "read_references",
    "server_name",
]
