"""From rows to recorded paths; the only room that runs SQL.

A **store column** is a column whose comment names a codec, or any JSON column. Its
**raw value** is the text that the database holds, never a decoded object. A **recorded
path** is what that text says about the path of an object; the **snapshot** is the
read-only transaction in which everything is read; a **dialect** is all that differs
between kinds of servers; what the account cannot see is listed as **unseen**.

::

    server -> catalog -> store columns -> raw values -> recorded paths
    dialect              (snapshot)       codecs        path spellings
"""

from djgc_widgets.references.dialect import dialect_of, errors_of_dialects
from djgc_widgets.references.known_paths import KnownPaths, Listed
from djgc_widgets.references.reference_reader import read_references
from djgc_widgets.references.reference_reading import ColumnCount, ReferenceReading
from djgc_widgets.references.silence import PATIENCE, Patience
from djgc_widgets.references.snapshot import describe_error, server_name

__all__ = [
    "PATIENCE", "ColumnCount", "KnownPaths", "Listed", "Patience", "ReferenceReading",
    "describe_error", "dialect_of", "errors_of_dialects", "read_references",
    "server_name",
]  # fmt: skip
