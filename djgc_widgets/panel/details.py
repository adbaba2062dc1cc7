"""What there is to say about one row of a grid. Pure."""

import json
from urllib.parse import unquote

import pandas as pd

from djgc_widgets.model import absent, plural, readable_bytes
from djgc_widgets.panel.grid.state import Fact, Record
from djgc_widgets.verdict import reasons

_FILES = 12
_ROWS = 200
_WHY = {
    reasons.NO_ROW_HOLDS_HASH: "No row of any schema on the server records this hash. "
    "A hash does not tell whose value it was; only its schema is known.",
    reasons.ROW_DELETED: "The table has no row of this key that refers to it: the row "
    "was deleted, or the insert failed after the upload.",
    reasons.TABLE_DROPPED: "The schema has no table of this name any more.",
    reasons.COLUMN_DROPPED: "The table has no column of this name any more.",
}
_SUPERSEDED = "The row is there and refers to a newer value."
_UNSURE = (
    "The scan is incomplete, so the object may be where it could not be seen: do not "
    "delete rows because of this. Mend what Problems names, then scan again."
)
_NEVER = "The row is there and refers to an older value: the update failed."


def orphan_facts(
    row: Record, files: pd.DataFrame, references: pd.DataFrame
) -> list[Fact]:
    """Say why an object is an orphan, whose it was and what it consists of.

    Parameters
    ----------
    row : mapping
        A row of the objects frame.
    files : DataFrame
        Its files: a frame of the files schema.
    references : DataFrame
        A frame of the references schema.
    """
    reason = str(row["reason"])
    facts = [Fact("Why", f"{reason}. {_explained(reason)}")]
    if not absent(row["table"]):
        facts.append(Fact("Whose", f"{row['schema']}.{row['table']}"))
        keys = keys_of(str(row["path"]))
        if keys:
            facts.append(Fact("Row it was of", json.dumps(keys), copyable=True))
    elif not absent(row["schema"]):
        facts.append(Fact("Whose", f"schema {row['schema']}"))
    facts += _sibling(row, reason, references)
    size = int(row["size_bytes"])
    facts += [
        Fact("Path", str(row["path"]), copyable=True),
        Fact("Store", str(row["store"])),
        Fact("Size", f"{size:,} bytes in {plural(int(row['files']), 'file')}"),
        Fact("Last changed", f"{row['modified_at']:%Y-%m-%d %H:%M:%S} UTC"),
    ]
    return [*facts, *_files(files)] if len(files) > 1 else facts


def keys_of(path: str) -> dict[str, str]:
    """Return the primary key that a path spells: attribute and value, as text."""
    pairs = (part.partition("=") for part in path.split("/")[:-1] if "=" in part)
    return {name: unquote(value) for name, _, value in pairs}


def _explained(reason: str) -> str:
    if reason in _WHY:
        return _WHY[reason]
    return (
        _NEVER
        if reason.startswith(_beginning(reasons.NEVER_COMMITTED))
        else (_SUPERSEDED if reason.startswith(_beginning(reasons.SUPERSEDED)) else "")
    )


def _beginning(pattern: str) -> str:
    return pattern.partition("{")[0]


def kind_of_reason(reason: pd.Series) -> pd.Series:
    """Return reasons without the names of single objects, so that they can be grouped.

    Parameters
    ----------
    reason : Series of str
        Reasons of orphans.
    """
    short = reason.copy()
    for pattern in (reasons.SUPERSEDED, reasons.NEVER_COMMITTED):
        begins = _beginning(pattern)
        kind = begins.partition(":")[0].removesuffix(" by ")
        short = short.mask(short.str.startswith(begins).eq(other=True), kind)
    return short


def _sibling(row: Record, reason: str, references: pd.DataFrame) -> list[Fact]:
    """Find the value that the row refers to now."""
    for pattern in (reasons.SUPERSEDED, reasons.NEVER_COMMITTED):
        begins = _beginning(pattern)
        if not reason.startswith(begins):
            continue
        name = reason.removeprefix(begins)
        own = references[references["store"].eq(row["store"])]
        found = own[own["path"].str.endswith(f"/{name}")]
        return [
            Fact("The row refers to", str(path), copyable=True)
            for path in found["path"].drop_duplicates().head(1)
        ]
    return []


def _files(files: pd.DataFrame) -> list[Fact]:
    shown = [
        Fact("File", f"{path}, {readable_bytes(int(size))}")
        for path, size in files[["path", "size_bytes"]]
        .head(_FILES)
        .itertuples(index=False)
    ]
    left = len(files) - _FILES
    return [*shown, Fact("File", f"and {left:,} more")] if left > 0 else shown


def missing_facts(row: Record, missing: pd.DataFrame, *, complete: bool) -> list[Fact]:
    """Name the row, and every row of its table whose object is gone.

    Parameters
    ----------
    row : mapping
        A row of the references frame.
    missing : DataFrame
        All of them: a frame of the references schema.
    complete : bool
        Everything was read; else nothing is offered that could delete rows.
    """
    table = f"{row['schema']}.{row['table']}"
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
    every = ", ".join(_python(key) for key in keys.head(_ROWS))
    told = f" (the first {_ROWS} of {len(keys):,})" if len(keys) > _ROWS else ""
    return [
        column,
        Fact("Restriction for this row", _python(str(row["row_key"])), copyable=True),
        Fact(f"For every such row of {table}{told}", f"[{every}]", copyable=True),
        Fact("Expected object", str(row["path"]), copyable=True),
        Fact("Store", str(row["store"])),
        Fact(
            "What to do",
            "Bring the object back from the trash or a backup to this path. If it is "
            "lost for good, delete or recompute these rows: Table & restriction.",
        ),
    ]


def _python(row_key: str) -> str:
    """Return a key as Python writes it, to restrict a table by."""
    try:
        return repr(json.loads(row_key))
    except ValueError:
        return row_key  # a key with raw bytes in it


def usage_facts(row: Record) -> list[Fact]:
    """Say exactly what a store column takes."""
    ratio = row["dedup_ratio"]
    return [
        Fact("Column", f"{row['schema']}.{row['table']}.{row['attribute']}"),
        Fact("Logical", f"{row['logical_bytes']:,} bytes, once per reference"),
        Fact("Physical", f"{row['physical_bytes']:,} bytes, once per stored object"),
        Fact("Deduplicated", "no bytes" if absent(ratio) else f"{ratio:.2f} : 1"),
    ]


def opinion_facts(row: Record, collector: str) -> list[Fact]:
    """Say what another collector would do to an object, and what we say.

    Parameters
    ----------
    row : mapping
        A row of the opinions frame.
    collector : str
        Its name.
    """
    files, size = int(row["deleted_files"]), int(row["deleted_bytes"])
    told = f"would delete {plural(files, 'file')}, {size:,} bytes, of it"
    status = "it was not listed" if absent(row["status"]) else str(row["status"])
    return [
        Fact(collector, told if files else "would leave it where it is"),
        Fact("We say", f"{status}: {row['reason']}"),
        Fact("Path", str(row["path"]), copyable=True),
        Fact("Store", str(row["store"])),
    ]


def sweep_facts(row: Record, trash: pd.DataFrame) -> list[Fact]:
    """Say who swept, from where, and what of it is still there.

    Parameters
    ----------
    row : mapping
        A row of the sweeps frame.
    trash : DataFrame
        A frame of the trash schema.
    """
    own = trash[trash["sweep_id"].eq(row["sweep_id"]) & trash["store"].eq(row["store"])]
    needed = int(own["returnable"].sum())
    facts = {
        "Sweep": row["sweep_id"],
        "By": f"{row['swept_by']} on {row['swept_from']}",
        "Database servers": row["servers"],
        "Planned": f"{row['objects']:,} objects, {row['size_bytes']:,} bytes",
        "Still here": f"{row['left_objects']:,} objects, {row['left_bytes']:,} bytes",
        "Needed again": f"{plural(needed, 'object')}" if needed else "none",
        "Purgeable": f"{row['purgeable_at']:%Y-%m-%d %H:%M} UTC, after 30 days",
    }
    paths = own["path"].head(_FILES)
    left = len(own) - len(paths)
    return [
        *(Fact(label, str(text)) for label, text in facts.items()),
        *(Fact("Object", path, copyable=True) for path in paths),
        *([Fact("Object", f"and {left:,} more")] if left > 0 else []),
    ]
