"""What there is to say about one row of a grid. Pure."""

import json

import pandas as pd

from djgc_widgets.model import (
    EXPLANATIONS,
    RETENTION,
    Reason,
    Status,
    absent,
    and_more,
    key_in_path,
    plural,
    readable_bytes,
    table_label,
)
from djgc_widgets.panel.grid.columns import Fact, Record

_LISTED = 12
_ROWS = 200
_UNSURE = (
    "The scan is incomplete, so the object may be stored where it could not be listed: "
    "do not delete rows because of this. Fix what Problems names, then scan again."
)


def object_details(
    row: Record, files: pd.DataFrame, references: pd.DataFrame
) -> list[Fact]:
    """Say of a row of the objects frame why it has its status and what it consists of.

    It may also be in the trash. `files` is a frame of the files schema with its files,
    `references` one of the references schema.
    """
    status, path = Status(row["status"]), str(row["path"])
    facts = []
    if not absent(row["reason"]):
        code = row["reason_code"]
        explanation = "" if absent(code) else EXPLANATIONS.get(Reason(code), "")
        facts.append(Fact("Why", f"{row['reason']}. {explanation}".strip()))
    if not absent(row["schema"]):
        facts.append(Fact("Table", table_label(row["schema"], row["table"])))
    if not absent(row["table"]) and (key := key_in_path(path)):
        facts.append(Fact("Row key", json.dumps(key), copyable=True))
    if status is Status.LIVE:
        facts += _referring_rows(row, references)
    if not absent(row["sibling"]):
        facts.append(Fact("The row refers to", str(row["sibling"]), copyable=True))
    size = int(row["size_bytes"])
    facts += [
        Fact("Path", path, copyable=True),
        Fact("Store", str(row["store"])),
        Fact("Size", f"{size:,} bytes in {plural(int(row['n_files']), 'file')}"),
    ]
    if status is Status.TRASH:
        return facts
    for label, column in (
        ("Last changed", "modified_at"),
        ("Here since", "changed_at"),
    ):
        facts.append(Fact(label, row[column].isoformat(timespec="seconds"), time=True))
    if len(files) > 1:
        sizes = map(readable_bytes, files["size_bytes"])
        listed = [
            f"{path}, {size}" for path, size in zip(files["path"], sizes, strict=True)
        ]
        facts += _details_of_first("File", listed)
    return facts


def _referring_rows(row: Record, references: pd.DataFrame) -> list[Fact]:
    """Name the rows that record the path of an object, or one inside of it."""
    own = references["store"].eq(row["store"])
    own &= references["path"].eq(row["path"]) | references["path"].str.startswith(
        f"{row['path']}/"
    )
    rows = references[own].head(_LISTED)
    named = [
        f"{table_label(each['schema'], each['table'])}.{each['attribute']}: "
        f"{each['row_key']}"
        for each in rows.to_dict("records")
    ]
    count = Fact("Rows that refer", f"{int(row['n_references']):,}")
    return [count, *(Fact("Row", text, copyable=True) for text in named)]


def _details_of_first(
    label: str, texts: list[str], *, copyable: bool = False
) -> list[Fact]:
    """Return a fact for each of the first texts, and how many more there are."""
    facts = [Fact(label, text, copyable=copyable) for text in texts[:_LISTED]]
    more = and_more(len(texts) - _LISTED)
    return [*facts, Fact(label, more)] if more else facts


def missing_details(
    row: Record, missing: pd.DataFrame, *, complete: bool
) -> list[Fact]:
    """Name the row, and every row of its table whose object is missing.

    `row` is one of `missing`, a frame of the references schema. After an incomplete
    scan nothing is offered that could delete rows.
    """
    table = table_label(row["schema"], row["table"])
    column = Fact("Column", f"{table}.{row['attribute']}, <{row['codec']}>")
    if not complete:
        return [
            column,
            Fact("Row", str(row["row_key"])),
            Fact("Expected object", str(row["path"]), copyable=True),
            Fact("What to do", _UNSURE),
        ]
    same = missing["schema"].eq(row["schema"]) & missing["table"].eq(row["table"])
    keys = missing.loc[same, "row_key"].drop_duplicates()
    every = ", ".join(_restriction_in_python(key) for key in keys.head(_ROWS))
    shown = f" (the first {_ROWS} of {len(keys):,})" if len(keys) > _ROWS else ""
    return [
        column,
        Fact(
            "Restriction for this row",
            _restriction_in_python(str(row["row_key"])),
            copyable=True,
        ),
        Fact(f"For every such row of {table}{shown}", f"[{every}]", copyable=True),
        Fact("Expected object", str(row["path"]), copyable=True),
        Fact("Store", str(row["store"])),
        Fact(
            "What to do",
            "Restore the object from the trash or a backup to this path. If it is lost "
            "for good, delete or recompute these rows: Table & restriction.",
        ),
    ]


def _restriction_in_python(row_key: str) -> str:
    """Return a key as Python writes it, to restrict a table by."""
    try:
        return repr(json.loads(row_key))
    except ValueError:
        return row_key  # a key with raw bytes in it


def usage_details(row: Record) -> list[Fact]:
    """Say exactly what a store column takes."""
    ratio = row["dedup_ratio"]
    return [
        Fact(
            "Column", f"{table_label(row['schema'], row['table'])}.{row['attribute']}"
        ),
        Fact("Logical", f"{row['logical_bytes']:,} bytes, once per reference"),
        Fact("Physical", f"{row['physical_bytes']:,} bytes, once per stored object"),
        Fact("Deduplicated", "no bytes" if absent(ratio) else f"{ratio:.2f} : 1"),
    ]


def opinion_details(row: Record, collector: str) -> list[Fact]:
    """Say of a row of the opinions frame what the collector and this scan say of it."""
    files, size = int(row["n_deleted_files"]), int(row["deleted_bytes"])
    deletes = f"would delete {plural(files, 'file')}, {size:,} bytes, of it"
    status = "it was not listed" if absent(row["status"]) else str(row["status"])
    return [
        Fact(collector, deletes if files else "would not delete it"),
        Fact("This scan", f"{status}: {row['reason']}"),
        Fact("Path", str(row["path"]), copyable=True),
        Fact("Store", str(row["store"])),
    ]


def sweep_details(row: Record, trash: pd.DataFrame) -> list[Fact]:
    """Say of a row of the sweeps frame who swept, and what is left in the trash."""
    own = trash[trash["sweep_id"].eq(row["sweep_id"]) & trash["store"].eq(row["store"])]
    needed = int(own["returnable"].sum())
    facts = {
        "Sweep": row["sweep_id"],
        "By": f"{row['swept_by']} on {row['swept_from']}",
        "Database servers": row["servers"],
        "Planned": f"{plural(row['n_objects'], 'object')}, {row['size_bytes']:,} bytes",
        "Still here": f"{plural(row['n_left'], 'object')}, {row['left_bytes']:,} bytes",
        "Needed again": plural(needed, "object") if needed else "none",
    }
    purgeable = row["purgeable_at"].isoformat(timespec="seconds")
    return [
        *(Fact(label, str(text)) for label, text in facts.items()),
        Fact(f"Purgeable, after {RETENTION.days} days", purgeable, time=True),
        *_details_of_first("Object", own["path"].tolist(), copyable=True),
    ]
