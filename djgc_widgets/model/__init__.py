"""Words, frames and codes that all rooms share; imports nothing else of this package.

A **frame** is a pandas frame with a schema: each column, its dtype, unit and meaning is
written once, in `frames`. An object has a **status**, a reference a **state**. A
**notice** is a problem (it makes a scan incomplete) or a warning (it does not). What
only one room needs lives in that room.
"""

from djgc_widgets.model.arrow import TEXT, absent, arrow_text
from djgc_widgets.model.errors import (
    Cancelled,
    InputError,
    ServerError,
    SweepRefusedError,
)
from djgc_widgets.model.export import csv_text, encoded, json_rows, write_new
from djgc_widgets.model.frames import (
    FILES,
    FOLDERS,
    GROWTH,
    HISTORY,
    OBJECTS,
    OPINIONS,
    PLACES,
    PLANNED,
    RECEIPT,
    RECORDED,
    REFERENCES,
    SUMMARY,
    SWEEPS,
    TRASH,
    USAGE,
)
from djgc_widgets.model.notices import Notice, Progress, ProgressCallback, no_progress
from djgc_widgets.model.object_paths import (
    MANIFEST_SUFFIX,
    candidate_prefixes,
    former_prefixes,
    parse_paths,
    section_of,
)
from djgc_widgets.model.receipt import Receipt
from djgc_widgets.model.store_names import Naming, SamePlace, StoreInfo, StoreNames
from djgc_widgets.model.text import (
    KIBI,
    escaped,
    plural,
    readable_age,
    readable_bytes,
    visible,
)
from djgc_widgets.model.trash_paths import (
    RECORD_ENDS,
    SWEEP_ID,
    TRASH_FOLDER,
    former_places,
    interrupted_sweeps,
    is_plain_path,
    parent_of,
    parse_trash,
    trash_of,
)
from djgc_widgets.model.vocabulary import (
    FileKind,
    Section,
    Sight,
    State,
    Status,
    TableInfo,
)

__all__ = [
    "FILES",
    "FOLDERS",
    "GROWTH",
    "HISTORY",
    "KIBI",
    "MANIFEST_SUFFIX",
    "OBJECTS",
    "OPINIONS",
    "PLACES",
    "PLANNED",
    "RECEIPT",
    "RECORDED",
    "RECORD_ENDS",
    "REFERENCES",
    "SUMMARY",
    "SWEEPS",
    "SWEEP_ID",
    "TEXT",
    "TRASH",
    "TRASH_FOLDER",
    "USAGE",
    "Cancelled",
    "FileKind",
    "InputError",
    "Naming",
    "Notice",
    "Progress",
    "ProgressCallback",
    "Receipt",
    "SamePlace",
    "Section",
    "ServerError",
    "Sight",
    "State",
    "Status",
    "StoreInfo",
    "StoreNames",
    "SweepRefusedError",
    "TableInfo",
    "absent",
    "arrow_text",
    "candidate_prefixes",
    "csv_text",
    "encoded",
    "escaped",
    "former_places",
    "former_prefixes",
    "interrupted_sweeps",
    "is_plain_path",
    "json_rows",
    "no_progress",
    "parent_of",
    "parse_paths",
    "parse_trash",
    "plural",
    "readable_age",
    "readable_bytes",
    "section_of",
    "trash_of",
    "visible",
    "write_new",
]
