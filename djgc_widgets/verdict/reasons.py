"""Why an object is an orphan, from the present state of the database."""

import re
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import numpy.typing as npt
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
_NUMBERS = {reason: number for number, reason in enumerate(Reason)}
KIND_REASONS = {
    FileKind.SYMLINK.value: Reason.SYMLINK.value,
    FileKind.SPECIAL.value: Reason.SPECIAL_FILE.value,
    FileKind.UNUSUAL_KEY.value: Reason.UNUSUAL_KEY.value,
    FileKind.UNLISTED.value: Reason.SCAN_INCOMPLETE.value,
}


def explain_orphans(
    objects: pd.DataFrame, references: pd.DataFrame, tables: Sequence[TableInfo]
) -> pd.DataFrame:
    """Return ``reason_code`` and ``sibling`` per object; NA for all but orphans.

    The sibling is the path that the row of a superseded object refers to instead.
    """
    number = np.full(len(objects), -1)
    sibling = np.full(len(objects), -1)
    orphan = objects["status"].eq(Status.ORPHAN.value).to_numpy()
    copied = orphan & _are_referred_to_elsewhere(objects, references)
    number[copied] = _NUMBERS[Reason.COPY]
    orphan = orphan & ~copied
    hashed = objects["section"].eq(Section.HASH.value).to_numpy()
    number[orphan & hashed] = _NUMBERS[Reason.NO_ROW_HOLDS_HASH]
    is_shaped = objects["section"].eq(Section.SCHEMA.value).to_numpy()
    shaped = np.flatnonzero(orphan & is_shaped)
    known = {(t.schema, comparable_table_name(t.name)): t for t in reversed(tables)}
    live = objects[objects["status"].eq(Status.LIVE.value)]
    numbered = objects.iloc[shaped].set_axis(shaped)
    for (schema, name), orphans in numbered.groupby(["schema", "table"], sort=False):
        at = orphans.index.to_numpy()
        table = known.get((str(schema), comparable_table_name(str(name))))
        if table is None:
            number[at] = _NUMBERS[Reason.TABLE_DROPPED]
            continue
        attribute = _attributes_of_orphans(orphans["path"], table)
        gone, left = _NUMBERS[Reason.COLUMN_DROPPED], _NUMBERS[Reason.ROW_DELETED]
        number[at] = np.where(attribute.isna(), gone, left)
        rows = _rows_of_columns(references, table, attribute)
        row = rows_of_same_key(orphans["path"], attribute, references.iloc[rows])
        superseded = row >= 0
        at, row = at[superseded], rows[row[superseded]]
        number[at] = _sibling_reasons(objects.iloc[at], references.iloc[row], live)
        sibling[at] = row
    return pd.DataFrame(
        {
            "reason_code": _taken([each.value for each in _NUMBERS], number),
            "sibling": _taken(references["path"], sibling),
        },
        index=objects.index,
    )


def _taken(
    texts: object, positions: npt.NDArray[np.int64]
) -> pd.api.extensions.ExtensionArray:
    """Return the texts at some positions; NA where there is none."""
    return as_strings(arrow_text(texts).take(pa.array(positions, mask=positions < 0)))


def _are_referred_to_elsewhere(
    objects: pd.DataFrame, references: pd.DataFrame
) -> npt.NDArray[np.bool_]:
    """Return which objects have the path of one that is present in another store."""
    stores = (arrow_text(each["store"]) for each in (objects, references))
    if len(pc.unique(pa.concat_arrays([*stores]))) <= 1:
        return np.zeros(len(objects), dtype=np.bool_)
    present = references["state"].eq(State.PRESENT.value)
    return is_among(objects["path"], references.loc[present, "path"]).to_numpy()


def _rows_of_columns(
    references: pd.DataFrame, table: TableInfo, attributes: pd.Series
) -> npt.NDArray[np.int64]:
    """Return the positions of the references of some columns of a table."""
    same = references["schema"].eq(table.schema) & references["table"].eq(table.name)
    same &= references["attribute"].isin(attributes.unique())
    return np.flatnonzero(same)


def reasons_in_words(
    reason_code: pd.Series, sibling: pd.Series, minimum_age: timedelta
) -> pd.Series:
    """Return reasons as text; NA for live objects."""
    age = readable_minimum_age(minimum_age)
    templates = {
        code.value: text.format(minimum_age=age, sibling="{sibling}")
        for code, text in REASONS.items()
    }
    number = pc.index_in(arrow_text(reason_code), value_set=arrow_text([*templates]))
    text = arrow_text([*templates.values()]).take(number)
    named = sibling.notna().to_numpy()
    parts = [words.partition("{sibling}") for words in templates.values()]
    before, after = (
        arrow_text([part[at] for part in parts]).take(number.filter(pa.array(named)))
        for at in (0, 2)
    )
    _, name = folders_and_names(arrow_text(sibling[named]))
    filled = pc.binary_join_element_wise(before, name, after, _NOTHING)
    text = pc.replace_with_mask(text, pa.array(named), filled)
    return pd.Series(as_strings(text), index=reason_code.index)


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
    orphans: pd.DataFrame, current: pd.DataFrame, live: pd.DataFrame
) -> npt.NDArray[np.int64]:
    """Return the numbers of the reasons of orphans whose rows refer to other objects.

    An updated value may be in another folder, so rows are matched by their key. If the
    orphan is newer than the object that the row still refers to, the update was never
    committed.
    """
    names = pd.unique(pd.concat([current["store"], live["store"]])).tolist()
    written = positions(
        path_keys(current["store"], current["path"], names),
        path_keys(live["store"], live["path"], names),
    )
    dates = live["modified_at"].reset_index(drop=True).reindex(written).array
    newer = np.asarray(orphans["modified_at"].array > dates)
    numbers = _NUMBERS[Reason.NEVER_COMMITTED], _NUMBERS[Reason.SUPERSEDED]
    return np.where(newer, *numbers)
