"""Objects by the filters of the panel: in code, on the command line, saved by name."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from djgc_widgets.analysis.arguments import expect_scan
from djgc_widgets.analysis.row_filter import (
    Condition,
    Facet,
    RowFilter,
    Wanted,
    condition_of,
    facet_of,
)
from djgc_widgets.collector import Scan
from djgc_widgets.model import (
    LISTED_STATUSES,
    OBJECTS,
    REASON_KINDS,
    STATUS_LABELS,
    STR,
    InputError,
    Status,
    parse_paths,
    stacked,
)
from djgc_widgets.verdict import with_places

FILTER_FILE = "djgc-filters.json"
"""Where filters are saved: beside the notebook, or where the command runs."""
OBJECT_TEXTS = ("path", "schema", "table", "reason", "store")
"""Columns of objects that a text is searched in."""
OBJECT_FACETS = (
    Facet(
        "Status",
        "status",
        labels={status.value: STATUS_LABELS[status] for status in LISTED_STATUSES},
    ),
    Facet("Table", "table"),
    Facet("Why", "why"),
    Facet("Size", "size_bytes", "size"),
    Facet("Age", "age_days", "age"),
    Facet("Store", "store"),
    Facet("Schema", "schema"),
    Facet("Attribute", "attribute"),
)
"""What objects can be filtered by."""
_TEXT = "text"
_DAY = timedelta(days=1)
_KINDS = {code.value: text for code, text in REASON_KINDS.items()}


def filter_objects(
    scan: Scan, conditions: Mapping[str, Wanted] | str, file: str | Path = FILTER_FILE
) -> pd.DataFrame:
    """Return the objects of a scan that fulfill conditions, or a saved filter.

    Parameters
    ----------
    scan : CompleteScan or IncompleteScan
    conditions : mapping or str
        By ``"Status"``, ``"Table"``, ``"Why"``, ``"Store"``, ``"Schema"`` or
        ``"Attribute"`` the values that an object may have; by ``"Size"`` and ``"Age"``
        text such as ``"> 1 GB"`` and ``"> 90 days"``; by ``"text"`` words that all must
        occur. Or the name of a filter that was saved, in the panel or by `save_filter`.
    file : str or Path
        File of the saved filters.

    Returns
    -------
    DataFrame
        Rows of ``scan.objects``, with their index; of a scan in ranges only those
        that are not live.

    Raises
    ------
    InputError
        If a condition cannot be understood, or there is no filter of this name.

    Examples
    --------
    >>> from djgc_widgets import filter_objects, open_lab, scan
    >>> with open_lab() as lab:
    ...     s = scan(lab.schema)
    ...     wanted = filter_objects(s, {"Status": ["orphan"], "Table": ["old_sorting"]})
    >>> len(wanted)
    48
    """
    expect_scan(scan)
    if isinstance(conditions, str):
        conditions = _saved(conditions, file)
    text, by_facet = read_conditions(conditions)
    objects, references = scan.in_memory()
    rows = with_facets(objects.reset_index(drop=True), references, scan)
    found = RowFilter(rows, OBJECT_TEXTS).shown(
        text, by_facet, "size_bytes", descending=True
    )
    return objects.iloc[np.sort(found)]


def read_conditions(
    conditions: Mapping[str, Wanted],
) -> tuple[str, dict[Facet, Condition]]:
    """Return the text and the conditions that plain values stand for."""
    text = conditions.get(_TEXT) or ""
    if not isinstance(text, str):
        raise InputError(f"Expected words to search for; got {text!r}.")
    by_facet = {
        facet: condition_of(facet, wanted)
        for title, wanted in conditions.items()
        if title != _TEXT
        for facet in [facet_of(OBJECT_FACETS, title)]
    }
    return text, {facet: known for facet, known in by_facet.items() if known}


def saved_filters(file: str | Path = FILTER_FILE) -> dict[str, dict[str, Any]]:
    """Return the saved filters by name; none if there is no file.

    Raises `InputError` if the file cannot be read, or is no mapping of mappings.
    """
    path = Path(file)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise InputError(
            f"Expected saved filters in {path}; it cannot be read ({error}). Correct "
            "it, or move it away."
        ) from error
    if not isinstance(content, dict) or not all(
        isinstance(each, dict) for each in content.values()
    ):
        raise InputError(
            f"Expected in {path} a mapping of names to filters. Correct it, or move it "
            "away."
        )
    return content


def save_filter(
    name: str,
    conditions: Mapping[str, Wanted] | None,
    file: str | Path = FILTER_FILE,
) -> None:
    """Save a filter by name, for the panel, for code and for ``djgc sweep``.

    Parameters
    ----------
    name : str
    conditions : mapping or None
        As those of `filter_objects`; None removes the filter.
    file : str or Path

    Raises
    ------
    InputError
        If the name is empty, a condition cannot be understood, or the file cannot be
        written; nothing is changed then.

    Examples
    --------
    >>> import tempfile
    >>> from djgc_widgets import filter_objects, open_lab, save_filter, scan
    >>> with open_lab() as lab, tempfile.TemporaryDirectory() as folder:
    ...     file = f"{folder}/filters.json"
    ...     save_filter("sorting", {"Table": ["old_sorting"], "Age": "> 1 day"}, file)
    ...     len(filter_objects(scan(lab.schema), "sorting", file))
    48
    """
    name = name.strip()
    if not name:
        raise InputError("Expected a name for the filter; got nothing. Type one.")
    filters = saved_filters(file)
    filters.pop(name, None)
    if conditions is not None:
        read_conditions(conditions)
        filters[name] = dict(conditions)
    path = Path(file)
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        text = json.dumps(filters, indent=1)
        unfinished.write_text(f"{text}\n", encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise InputError(
            f"Expected a file that can be written to; {path} cannot "
            f"({error.strerror}). Choose another folder."
        ) from error


def _saved(name: str, file: str | Path) -> dict[str, Any]:
    filters = saved_filters(file)
    if name not in filters:
        raise InputError(
            f"Expected the name of a filter in {file}: "
            f"{', '.join(sorted(filters)) or 'none'}; got {name!r}. Save it in the "
            "panel, or with save_filter."
        )
    return filters[name]


def object_rows(scan: Scan) -> tuple[pd.DataFrame, npt.NDArray[np.bool_]]:
    """Return the objects in memory, then those in the trash; and which are orphans.

    It is a frame of the objects schema, with the columns that only the grid filters by.
    """
    objects, references = scan.in_memory()
    rows, swept = objects.reset_index(drop=True), _swept_rows(scan)
    if len(swept):
        rows = stacked([rows, swept])
    rows = with_facets(rows, references, scan)
    orphaned = rows["status"].eq(Status.ORPHAN.value)
    return rows, orphaned.to_numpy(dtype=bool) & scan.complete


def _swept_rows(scan: Scan) -> pd.DataFrame:
    """Return what is in the trash as rows of the objects schema, with no dates."""
    trash = scan.trash.reset_index(drop=True)
    if trash.empty:
        return OBJECTS.empty()
    parsed = [
        parse_paths(trash["path"][trash["store"].eq(store.name)], store)
        for store in scan.stores
    ]
    names = pd.concat(parsed)[["section", "schema", "table"]]
    known = pd.concat([trash, names], axis=1).assign(
        is_dir=False,
        status=Status.TRASH.value,
        reason="in the trash, by sweep " + trash["sweep_id"],
        n_references=0,
    )
    unknown = OBJECTS.empty().reindex(trash.index)[
        ["modified_at", "changed_at", "reason_code", "sibling"]
    ]
    return OBJECTS.conform(pd.concat([known, unknown], axis=1))


def with_facets(
    rows: pd.DataFrame, references: pd.DataFrame, scan: Scan
) -> pd.DataFrame:
    """Return rows of the objects schema with the columns that only filters use."""
    age = pd.Timestamp(scan.started_at) - rows["modified_at"]
    among = scan.schemas if len(scan.schemas) == 1 else rows["schema"].dropna().unique()
    return with_places(rows, references).assign(
        why=rows["reason_code"].map(_KINDS).astype(STR),
        age_days=age.dt.total_seconds() / _DAY.total_seconds(),
        alone=rows["schema"].isin(list(among)) & (len(among) == 1),
    )
