"""Why an object is an orphan, from the present state of the database."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import (
    REASONS,
    STR,
    TOKEN,
    FileKind,
    Reason,
    Section,
    State,
    Status,
    TableInfo,
    arrow_text,
    is_among,
    key_in_path,
    readable_minimum_age,
    texts,
)

_VALUE = r': (?:"[^"\\]*"|-?[0-9]+)'
_PLAIN_KEY = rf'^\{{"[^"\\]*"{_VALUE}(?:, "[^"\\]*"{_VALUE})*\}}$'
"""A key as JSON without escapes, whose values are texts and whole numbers."""
_NAME = re.compile('"([^"]*)"')
_TOKEN_AND_SUFFIX = rf"_{TOKEN}(?:\.[^/]*)?\Z"
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
        attribute = _attributes_of_orphans(
            orphans["path"].str.rpartition("/")[2], table
        )
        reason[orphans.index] = Reason.ROW_DELETED.value
        reason[attribute.index[attribute.isna()]] = Reason.COLUMN_DROPPED.value
        same = references["schema"].eq(table.schema)
        same &= references["table"].eq(table.name)
        updated = _sibling_reasons(orphans, attribute, references[same], live).dropna()
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
    pairs = zip(texts(text[named.index]), texts(named), strict=True)
    filled = [words.format(sibling=path.rpartition("/")[2]) for words, path in pairs]
    text[named.index] = pd.array(filled, dtype=STR)
    return text


def comparable_table_name(table: str) -> str:
    """Return what the name of a table and of its class have in common.

    Paths name a table as the database does, those of staged inserts by its class.
    """
    return re.sub(r"[^a-z0-9]", "", table.lower())


def _attributes_of_orphans(names: pd.Series, table: TableInfo) -> pd.Series:
    attributes = pd.Series(pd.NA, index=names.index, dtype=STR)
    for attribute in sorted(table.attributes, key=len):  # the longest that fits wins
        fits = names.str.match(re.escape(attribute) + _TOKEN_AND_SUFFIX, na=False)
        attributes[fits] = attribute
    return attributes


def _sibling_reasons(
    orphans: pd.DataFrame,
    attribute: pd.Series,
    references: pd.DataFrame,
    live: pd.DataFrame,
) -> pd.DataFrame:
    """Explain orphans whose row refers to another object; NA for others.

    An updated value may be in another folder, so rows are matched by their key. If the
    orphan is newer than the object that the row still refers to, the update was never
    committed.
    """
    wanted = [_comparable_pairs(key_in_path(path)) for path in texts(orphans["path"])]
    now = references[references["attribute"].isin(attribute.unique())]
    now = now[_may_be_among(now["row_key"], wanted)]
    keys = map(_pairs_in_row_key, texts(now["row_key"]))
    paths = zip(texts(now["store"]), texts(now["path"]), strict=True)
    named = zip(texts(now["attribute"]), keys, strict=True)
    current = dict(zip(named, paths, strict=True))
    live = live[is_among(live["path"], now["path"])]
    live_paths = zip(texts(live["store"]), texts(live["path"]), strict=True)
    written = dict(zip(live_paths, _microseconds(live), strict=True))
    rows: list[tuple[str | None, str | None]] = []
    for name, key, modified_at in zip(
        texts(attribute), wanted, _microseconds(orphans), strict=True
    ):
        sibling = current.get((name, key))
        if sibling is None:
            rows.append((None, None))
        else:
            newer = sibling in written and modified_at > written[sibling]
            code = Reason.NEVER_COMMITTED if newer else Reason.SUPERSEDED
            rows.append((code.value, sibling[1]))
    names = ["reason_code", "sibling"]
    return pd.DataFrame(rows, columns=names, index=orphans.index, dtype=STR)


def _microseconds(objects: pd.DataFrame) -> list[int]:
    dates: list[int] = objects["modified_at"].astype("int64").tolist()
    return dates


def _may_be_among(
    row_keys: pd.Series, wanted: Iterable[frozenset[tuple[str, str]]]
) -> npt.NDArray[np.bool_]:
    """Return which keys have to be parsed: most texts show that it is another one."""
    keys = arrow_text(row_keys)
    plain = pc.match_substring_regex(keys, _PLAIN_KEY)
    names = pc.unique(pc.replace_substring_regex(keys.filter(plain), _VALUE, ""))
    orders = [_NAME.findall(each) for each in names.to_pylist()]
    candidates = {
        ", ".join(f"{name}: {pairs[name]}" for name in order)
        for pairs in map(dict, wanted)
        for order in orders
        if pairs.keys() == set(order)
    }
    same = pc.is_in(_unmarked(keys), value_set=_unmarked(arrow_text([*candidates])))
    return np.asarray(pc.or_(same, pc.invert(plain)), dtype=bool)


def _unmarked(texts: pa.Array) -> pa.Array:
    """Return keys without what JSON and paths write differently."""
    return pc.replace_substring_regex(texts, '["{}:-]', "")


def _pairs_in_row_key(row_key: str) -> frozenset[tuple[str, str]]:
    try:
        pairs: Mapping[str, object] = json.loads(row_key)
    except ValueError:
        return frozenset()  # a key with raw bytes in it has no successor to name
    return _comparable_pairs(pairs)


def _comparable_pairs(pairs: Mapping[str, object]) -> frozenset[tuple[str, str]]:
    # paths write the times of a key with hyphens, JSON with colons
    return frozenset((k, str(v).replace(":", "-")) for k, v in pairs.items())
