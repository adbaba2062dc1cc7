"""Why an object is an orphan, from the present state of the database."""

import re
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import (
    REASONS,
    STR,
    TEXT,
    TOKEN,
    FileKind,
    Reason,
    Section,
    State,
    Status,
    TableInfo,
    arrow_text,
    as_strings,
    folders_and_names,
    is_among,
    re2_literal,
    readable_minimum_age,
)
from djgc_widgets.verdict.coverage import path_keys, positions
from djgc_widgets.verdict.same_keys import rows_of_same_key

_TOKEN_AND_SUFFIX = rf"_{TOKEN}(?:\.[^/]*)?$"
_NOTHING = pa.scalar("", TEXT)
KIND_REASONS = {
    FileKind.SYMLINK.value: Reason.SYMLINK.value,
    FileKind.SPECIAL.value: Reason.SPECIAL_FILE.value,
    FileKind.UNUSUAL_KEY.value: Reason.UNUSUAL_KEY.value,
}


def explain_orphans(
    objects: pd.DataFrame, references: pd.DataFrame, tables: Sequence[TableInfo]
) -> pd.DataFrame:
    """Return ``reason_code`` and ``sibling`` per object; NA for all but orphans.

    The sibling is the path that the row of a superseded object refers to instead.
    """
    reason = pd.Series(pd.NA, index=objects.index, dtype=STR)
    sibling = reason.copy()
    orphan = objects["status"].eq(Status.ORPHAN.value)
    present = references.loc[references["state"].eq(State.PRESENT.value), "path"]
    copied = orphan & is_among(objects["path"], present)
    reason[copied] = Reason.COPY.value
    orphan &= ~copied
    hashed = orphan & objects["section"].eq(Section.HASH.value)
    reason[hashed] = Reason.NO_ROW_HOLDS_HASH.value
    shaped = objects[orphan & objects["section"].eq(Section.SCHEMA.value)]
    known = {(t.schema, comparable_table_name(t.name)): t for t in reversed(tables)}
    live = objects[objects["status"].eq(Status.LIVE.value)]
    for (schema, name), orphans in shaped.groupby(["schema", "table"], sort=False):
        table = known.get((str(schema), comparable_table_name(str(name))))
        if table is None:
            reason[orphans.index] = Reason.TABLE_DROPPED.value
            continue
        attribute = _attributes_of_orphans(orphans["path"], table)
        reason[orphans.index] = Reason.ROW_DELETED.value
        reason[attribute.index[attribute.isna()]] = Reason.COLUMN_DROPPED.value
        same = references["schema"].eq(table.schema)
        same &= references["table"].eq(table.name)
        updated = _sibling_reasons(orphans, attribute, references[same], live)
        reason[updated.index] = updated["reason_code"]
        sibling[updated.index] = updated["sibling"]
    return pd.DataFrame({"reason_code": reason, "sibling": sibling})


def reasons_in_words(
    reason_code: pd.Series, sibling: pd.Series, minimum_age: timedelta
) -> pd.Series:
    """Return reasons as text; NA for live objects."""
    age = readable_minimum_age(minimum_age)
    templates = {
        code.value: text.format(minimum_age=age, sibling="{sibling}")
        for code, text in REASONS.items()
    }
    text = reason_code.map(templates).astype(STR)
    named = sibling.dropna()
    around = {code: words.partition("{sibling}") for code, words in templates.items()}
    parts = reason_code[named.index].map(around)
    before, after = (arrow_text([part[at] for part in parts]) for at in (0, 2))
    _, name = folders_and_names(arrow_text(named))
    filled = pc.binary_join_element_wise(before, name, after, _NOTHING)
    text[named.index] = as_strings(filled)
    return text


def comparable_table_name(table: str) -> str:
    """Return what the name of a table and of its class have in common.

    Paths name a table as the database does, those of staged inserts by its class.
    """
    return re.sub(r"[^a-z0-9]", "", table.lower())


def _attributes_of_orphans(paths: pd.Series, table: TableInfo) -> pd.Series:
    _, name = folders_and_names(arrow_text(paths))
    attributes = pd.Series(pd.NA, index=paths.index, dtype=STR)
    for attribute in sorted(table.attributes, key=len):  # the longest that fits wins
        shape = f"(?s)^{re2_literal(attribute)}{_TOKEN_AND_SUFFIX}"
        fits = pc.match_substring_regex(name, shape)
        attributes[np.asarray(fits, dtype=bool)] = attribute
    return attributes


def _sibling_reasons(
    orphans: pd.DataFrame,
    attribute: pd.Series,
    references: pd.DataFrame,
    live: pd.DataFrame,
) -> pd.DataFrame:
    """Explain orphans whose row refers to another object.

    An updated value may be in another folder, so rows are matched by their key. If the
    orphan is newer than the object that the row still refers to, the update was never
    committed.
    """
    now = references[references["attribute"].isin(attribute.unique())]
    row = rows_of_same_key(orphans["path"], attribute, now)
    superseded = np.flatnonzero(row >= 0)
    current = now.iloc[row[superseded]]
    names = pd.unique(pd.concat([current["store"], live["store"]])).tolist()
    written = positions(
        path_keys(current["store"], current["path"], names),
        path_keys(live["store"], live["path"], names),
    )
    dates = live["modified_at"].reset_index(drop=True).reindex(written).array
    newer = np.asarray(orphans["modified_at"].iloc[superseded].array > dates)
    codes = np.where(newer, Reason.NEVER_COMMITTED.value, Reason.SUPERSEDED.value)
    return pd.DataFrame(
        {"reason_code": pd.array(codes, dtype=STR), "sibling": current["path"].array},
        index=orphans.index[superseded],
    )
