"""The path grammar of DataJoint's stores: what a path names.

The rules are those of ``datajoint.storage.build_object_path`` and
``datajoint.hash_registry.build_hash_path`` (DataJoint 2.0 to 2.3):

- hash section: ``{hash_prefix}/{schema}[/{fold}...]/{26 characters a-z2-7}``, where the
  folds spell the beginning of the hash;
- schema section:
  ``{schema_prefix}/[attr=value/...]{schema}/{table}/[attr=value/...]{field}_{token}[.ext]``,
  anything below that path belonging to the same object.
"""

import re
from collections.abc import Iterable
from urllib.parse import unquote

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model.arrow import (
    TEXT,
    arrow_text,
    as_strings,
    extract_groups,
    keep_where,
)
from djgc_widgets.model.store_names import StoreInfo
from djgc_widgets.model.trash_paths import TRASH_FOLDER
from djgc_widgets.model.vocabulary import Section

MANIFEST_SUFFIX = ".manifest.json"
"""Suffix of the sidecar that DataJoint writes beside a folder object."""

TOKEN = "[A-Za-z0-9_-]{4,16}"  # noqa: S105 - a pattern, not a secret
"""Pattern of the token at the end of an object's name."""

_HASH = r"(?P<schema>[^/]+)/(?P<folds>(?:[a-z2-7]+/)*)(?P<hash>[a-z2-7]{26}))$"
_LEADS_AWAY = frozenset({"", ".", ".."})
_PAIR = r"[A-Za-z_][A-Za-z0-9_]*=[^/]*/"
_KEY_PAIR = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_FIELD = rf"[A-Za-z_][A-Za-z0-9_]*_{TOKEN}(?:\.[^/]*)?"
_SCHEMA = (
    rf"(?:{_PAIR})*(?P<schema>[^/=]+)/(?P<table>[^/=]+)/(?:{_PAIR})*"
    rf"(?P<name>{_FIELD}))(?:/.*)?$"
)
_MOST = rf"[^/=]+/[^/=]+/(?:{_PAIR})*{_FIELD})$"
"""Most paths: no key before the schema, nothing below the object."""


def key_in_path(path: str) -> dict[str, str]:
    """Return the primary key in a path: attribute and value, as text.

    Examples
    --------
    >>> key_in_path("_schema/lab/rec/id=1/day=2026-01-02/x_AbCd1234.npy")
    {'id': '1', 'day': '2026-01-02'}
    """
    pairs = map(_KEY_PAIR.fullmatch, path.split("/")[:-1])
    return {pair[1]: unquote(pair[2]) for pair in pairs if pair}


def parse_paths(paths: pd.Series, store: StoreInfo) -> pd.DataFrame:
    """Return for each stored path, relative to its store, the object it belongs to.

    Returns
    -------
    DataFrame
        Same index, with ``section``, ``schema`` and ``table`` (NA where the path names
        none), ``object_path`` (the path itself where the grammar does not match) and
        ``prefix`` (of the section; NA where there is none). The root is tried last,
        since DataJoint up to 2.3.0 had no schema prefix.
    """
    path = arrow_text(paths)
    nothing = pa.nulls(len(path), TEXT)
    section, schema, table, prefix, object_path = (*[nothing] * 4, path)
    for at in _longest_first(store.hash_prefixes):
        rest = _left(path, section, at)
        if rest.null_count == len(rest):
            continue
        groups = extract_groups(rest, _anchored_pattern(at, _HASH))
        fits = _begins_with_folds(groups["hash"], groups["folds"])
        new = pc.and_(fits, pc.is_null(section))
        section = pc.if_else(new, Section.HASH.value, section)
        schema = pc.if_else(new, groups["schema"], schema)
        prefix = pc.if_else(new, at, prefix)
    for at in _longest_first((*store.schema_prefixes, "")):
        rest = _left(path, section, at)
        most = pc.match_substring_regex(rest, _anchored_pattern(at, _MOST))
        most = pc.fill_null(most, fill_value=False)
        depth = at.count("/") + 1 if at else 0
        names = pc.split_pattern(keep_where(most, rest), "/", max_splits=depth + 2)
        section = pc.if_else(most, Section.SCHEMA.value, section)
        prefix = pc.if_else(most, at, prefix)
        schema = pc.coalesce(schema, pc.list_element(names, depth))
        table = pc.coalesce(table, pc.list_element(names, depth + 1))
        rest = keep_where(pc.invert(most), rest)
        if rest.null_count == len(rest):
            continue
        groups = extract_groups(rest, _anchored_pattern(at, _SCHEMA))
        new = pc.is_valid(groups["name"])
        section = pc.if_else(new, Section.SCHEMA.value, section)
        prefix = pc.if_else(new, at, prefix)
        schema = pc.coalesce(schema, groups["schema"])
        table = pc.coalesce(table, groups["table"])
        object_path = pc.if_else(new, groups["object"], object_path)
    columns = {
        "section": section,
        "schema": schema,
        "table": table,
        "object_path": object_path,
        "prefix": prefix,
    }
    strings = {name: as_strings(values) for name, values in columns.items()}
    return pd.DataFrame(strings, index=paths.index)


def _left(path: pa.Array, section: pa.Array, prefix: str) -> pa.Array:
    """Return the paths below a prefix that have no section yet; null elsewhere."""
    below = pc.starts_with(path, f"{prefix}/" if prefix else "")
    return keep_where(pc.and_(below, pc.is_null(section)), path)


def section_of(paths: pd.Series, store: StoreInfo) -> pd.Series:
    """Return the section that each path lies below; NA outside both."""
    path = arrow_text(paths)
    section = pa.nulls(len(path), TEXT)
    for prefixes, name in (
        (store.schema_prefixes, Section.SCHEMA),
        (store.hash_prefixes, Section.HASH),
    ):
        for prefix in filter(None, prefixes):
            below = pc.starts_with(path, f"{prefix}/")
            section = pc.if_else(below, name.value, section)
    return pd.Series(as_strings(section), index=paths.index)


def candidate_prefixes(stores: Iterable[StoreInfo]) -> tuple[str, ...]:
    """Return the prefixes of all sections of these stores."""
    return tuple(
        dict.fromkeys(
            prefix
            for store in stores
            for prefix in (*store.hash_prefixes, *store.schema_prefixes)
        )
    )


def former_prefixes(
    paths: pd.Series, schema: str, table: str, attribute: str
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the hash and the schema prefixes below which a column's values lie.

    The recorded paths are those of one column; a path that does not name this column
    has no prefix.
    """
    path = arrow_text(paths)
    schema, table, attribute = map(re2_literal, (schema, table, attribute))
    schema = f"(?i:{schema})"  # some servers fold it, paths keep it
    own = f"{schema}/{table}/(?:{_PAIR})*{attribute}"
    lead = rf"(?s)^(?:(?P<prefix>.*?)/)??(?P<own>(?:{_PAIR})*"
    shaped = extract_groups(path, rf"{lead}{own}_{TOKEN}(?:\.[^/]*)?)$")
    digest = rf"{schema}/(?:[a-z2-7]+/)*[a-z2-7]{{26}}"
    hashed = extract_groups(path, rf"(?s)^(?:(?P<prefix>.*?)/)??(?P<own>{digest})$")
    return _matching_prefixes(hashed), _matching_prefixes(shaped)


def _matching_prefixes(groups: dict[str, pa.Array]) -> frozenset[str]:
    """Return the distinct prefixes of paths that match, except those in a trash."""
    matching = pc.filter(groups["prefix"], pc.is_valid(groups["own"]))
    return frozenset(
        prefix
        for prefix in pc.unique(matching).to_pylist()
        if f"{prefix}/".partition("/")[0] != TRASH_FOLDER
    )


def _longest_first(prefixes: Iterable[str]) -> list[str]:
    return sorted(dict.fromkeys(prefixes), key=len, reverse=True)


def re2_literal(text: str) -> str:
    """Return the pattern of a text, which RE2 lets no backslash escape everywhere."""
    return re.sub(r"([^\w])", lambda m: rf"\x{{{ord(m[1]):x}}}", text)


def _anchored_pattern(prefix: str, pattern: str) -> str:
    lead = f"{re2_literal(prefix)}/" if prefix else ""
    return f"(?s)^(?P<object>{lead}{pattern}"


def _begins_with_folds(digest: pa.Array, folds: pa.Array) -> pa.Array:
    """Return which hashes begin with what the folders above them spell; few lengths."""
    beginning = pc.fill_null(pc.replace_substring(folds, "/", ""), "")
    length = pc.utf8_length(beginning)
    fits = pc.and_(pc.is_valid(digest), pc.equal(length, 0))
    for each in filter(None, pc.unique(length).to_pylist()):
        same = pc.equal(pc.utf8_slice_codeunits(digest, 0, each), beginning)
        same = pc.fill_null(same, fill_value=False)
        fits = pc.or_(fits, pc.and_(same, pc.equal(length, each)))
    return fits


def is_plain_path(path: str) -> bool:
    """Tell whether a path stays below the folder it is relative to.

    True for a non-empty relative POSIX path without empty, ``.`` or ``..`` segments.
    """
    return "\0" not in path and _LEADS_AWAY.isdisjoint(path.split("/"))


def parent_of(path: str) -> str:
    """Return the folder of a relative path; the empty string at the root."""
    return path.rpartition("/")[0]
