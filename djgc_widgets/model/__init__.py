"""Words, frames and codes that all rooms share; imports nothing else of this package.

A **frame** is a pandas frame with a schema: each column, its dtype, unit and meaning is
written once, in `frames`. An object has a **status**, a reference a **state**. A
**notice** is a problem (it makes a scan incomplete) or a warning (it does not). Code
that only one room needs stays in that room.
"""

from djgc_widgets.model.arguments import names_among, names_of, shown
from djgc_widgets.model.arrow import (
    STR,
    TEXT,
    absent,
    arrow_text,
    as_strings,
    extract_groups,
    is_among,
)
from djgc_widgets.model.codes import (
    MINIMUM_AGE,
    RETENTION,
    Detail,
    DoubtCode,
    NoticeCode,
    OpinionCode,
    Outcome,
    Reason,
    Status,
    Step,
    SweepState,
)
from djgc_widgets.model.errors import (
    Cancelled,
    InputError,
    ServerError,
    SweepRefusedError,
)
from djgc_widgets.model.export import csv_text, encode_frame, json_rows, write_new_file
from djgc_widgets.model.file_names import file_path, path_text
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
from djgc_widgets.model.html import Heading, html_list, html_table, safe
from djgc_widgets.model.messages import (
    DOUBTS,
    EXPLANATIONS,
    OPINION_LABELS,
    OUTCOME_LABELS,
    REASON_KINDS,
    REASONS,
    STATUS_LABELS,
    detail_text,
    readable_minimum_age,
    remedy_for,
    trash_records_text,
)
from djgc_widgets.model.notices import Notice, Notices, in_store
from djgc_widgets.model.object_paths import (
    MANIFEST_SUFFIX,
    TOKEN,
    candidate_prefixes,
    former_prefixes,
    is_plain_path,
    key_in_path,
    parent_of,
    parse_paths,
    re2_literal,
    section_of,
)
from djgc_widgets.model.progress import Progress, ProgressCallback, no_progress
from djgc_widgets.model.receipt import Receipt, SweepReceipt
from djgc_widgets.model.servers import Position, Sighting
from djgc_widgets.model.store_names import Naming, SameFolder, StoreInfo, StoreNames
from djgc_widgets.model.text import (
    KIBI,
    and_more,
    as_text,
    error_text,
    plural,
    readable_age,
    readable_bytes,
    table_label,
    visible,
)
from djgc_widgets.model.trash_paths import (
    RECORD_ENDS,
    TRASH_FOLDER,
    are_records,
    former_paths,
    interrupted_sweeps,
    parse_trash,
    trash_of,
)
from djgc_widgets.model.vocabulary import (
    FileKind,
    SchemaNames,
    Section,
    Sight,
    State,
    TableInfo,
)

__all__ = [
    "DOUBTS", "EXPLANATIONS", "FILES", "FOLDERS", "GROWTH", "HISTORY", "KIBI",
    "MANIFEST_SUFFIX", "MINIMUM_AGE", "OBJECTS", "OPINIONS", "OPINION_LABELS",
    "OUTCOME_LABELS", "PLACES", "PLANNED", "REASONS", "REASON_KINDS", "RECEIPT",
    "RECORDED", "RECORD_ENDS", "REFERENCES", "RETENTION", "STATUS_LABELS", "STR",
    "SUMMARY", "SWEEPS", "TEXT", "TOKEN", "TRASH", "TRASH_FOLDER", "USAGE", "Cancelled",
    "Detail", "DoubtCode", "FileKind", "Heading", "InputError", "Naming", "Notice",
    "NoticeCode", "Notices", "OpinionCode", "Outcome", "Position", "Progress",
    "ProgressCallback", "Reason", "Receipt", "SameFolder", "SchemaNames", "Section",
    "ServerError", "Sight", "Sighting", "State", "Status", "Step", "StoreInfo",
    "StoreNames", "SweepReceipt", "SweepRefusedError", "SweepState", "TableInfo",
    "absent", "and_more", "are_records", "arrow_text", "as_strings", "as_text",
    "candidate_prefixes", "csv_text", "detail_text", "encode_frame", "error_text",
    "extract_groups", "file_path", "former_paths", "former_prefixes", "html_list",
    "html_table", "in_store", "interrupted_sweeps", "is_among", "is_plain_path",
    "json_rows", "key_in_path", "names_among", "names_of", "no_progress", "parent_of",
    "parse_paths", "parse_trash", "path_text", "plural", "re2_literal", "readable_age",
    "readable_bytes", "readable_minimum_age", "remedy_for", "safe", "section_of",
    "shown", "table_label", "trash_of", "trash_records_text", "visible",
    "write_new_file",
]  # fmt: skip
