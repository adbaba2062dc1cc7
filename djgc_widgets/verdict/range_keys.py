"""Ranges of keys that can be judged one by one, as if there were nothing else.

Files and references are ordered by their path alone, as `fold_paths` writes it: so what
has the same path in several stores, in a trash or in another spelling is together. What
lies at, above or below a path, or goes on after its name, begins with it. So a range
must not begin within what begins with the path of a reference or of an object, nor with
a folder of objects, whose names tell of each other.
"""

from collections.abc import Iterable, Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import (
    MANIFEST_SUFFIX,
    TEXT,
    Section,
    StoreInfo,
    arrow_text,
    as_strings,
    folders_and_names,
    parse_paths,
    parse_trash,
    re2_literal,
)
from djgc_widgets.verdict.similar_paths import fold_paths, fold_rooted

_SIDECAR = f"{re2_literal(MANIFEST_SUFFIX)}$"
_SLASH, _NOTHING = pa.scalar("/", TEXT), pa.scalar("", TEXT)


def range_keys(paths: pd.Series) -> pa.Array:
    """Return the key of each path; that of what was swept is the one it had.

    A sidecar has the key of the object that it describes.
    """
    return fold_rooted(_described_paths(paths))


def beginnings(paths: pd.Series, stores: Sequence[StoreInfo]) -> pa.Array:
    """Return for each path with what all keys begin that matter to its object.

    That is its own key; if it names an object of the schema section, by the prefixes of
    any of the stores, the folder in which the object is.
    """
    described = _described_paths(paths)
    shortest = fold_rooted(described)
    grammars = {(s.hash_prefixes, s.schema_prefixes): s for s in stores}
    for store in grammars.values():
        parsed = parse_paths(pd.Series(as_strings(described)), store)
        shaped = parsed["section"].eq(Section.SCHEMA.value).to_numpy(dtype=bool)
        folder, _ = folders_and_names(arrow_text(parsed["object_path"][shaped]))
        folder = pc.binary_join_element_wise(fold_paths(folder), _SLASH, _NOTHING)
        own = shortest.filter(pa.array(shaped))
        shorter = pc.less(pc.binary_length(folder), pc.binary_length(own))
        nearer = pc.if_else(shorter, folder, own)
        shortest = pc.replace_with_mask(shortest, pa.array(shaped), nearer)
    return shortest


def lead_to_beginnings(files: pd.DataFrame, begun: pa.Array) -> pa.Array:
    """Return the beginnings of files that other keys may go on after.

    They are those of objects and of what was swept; a file of a user's own is no more
    than itself.
    """
    keys = range_keys(files["path"])
    swept = parse_trash(files["path"])["path"].notna().to_numpy()
    hashed = pc.match_substring_regex(keys, "/[a-z2-7]{26}$")
    counts = pc.or_(pc.not_equal(keys, begun), pc.or_(hashed, pa.array(swept)))
    return begun.filter(counts)


def all_beginnings(keys: Iterable[str]) -> set[str]:
    """Return every text that one of these keys begins with."""
    return {key[:length] for key in keys for length in range(len(key) + 1)}


def lower_bounds(keys: Iterable[str], begun: Iterable[str]) -> list[str]:
    """Return where ranges may begin: at or before each key, and within nothing."""
    known = set(begun)
    bounds = {
        next((key[:n] for n in range(len(key)) if key[:n] in known), key)
        for key in keys
    }
    return sorted(bounds - {""})


def _described_paths(paths: pd.Series) -> pa.Array:
    former = arrow_text(parse_trash(paths)["path"])
    own = pc.coalesce(former, arrow_text(paths))
    return pc.replace_substring_regex(own, _SIDECAR, "")
