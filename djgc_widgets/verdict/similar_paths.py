"""Stored paths that a reference may mean although it is spelled differently."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import TEXT, arrow_text
from djgc_widgets.verdict.coverage import cover

_SLASH, _NOTHING = pa.scalar("/", TEXT), pa.scalar("", TEXT)


def similar_paths(stored: pa.Array, missing: pa.Array) -> list[tuple[str, str]]:
    """Pair missing references with the stored paths that they may mean.

    File systems may compose accents differently or ignore case, and object stores may
    keep doubled slashes. `stored` are keys that no reference covers.
    """
    folded = fold_paths(missing)
    distinct = pc.unique(folded)
    coverage = cover(fold_paths(stored), distinct)
    covered = np.flatnonzero((coverage.reference >= 0) & ~coverage.sidecar)
    similar: dict[str, set[str]] = {}
    for position in covered:
        reference = distinct[int(coverage.reference[position])].as_py()
        key = stored[int(position)].as_py()
        depth = reference.count("/") + 1
        similar.setdefault(reference, set()).add(_first_segments(key, depth))
    found = pc.is_in(folded, value_set=arrow_text(list(similar)))
    pairs = zip(
        missing.filter(found).to_pylist(), folded.filter(found).to_pylist(), strict=True
    )
    return [
        (reference, key) for reference, text in pairs for key in sorted(similar[text])
    ]


def fold_paths(keys: pa.Array) -> pa.Array:
    """Return keys in the form in which their similar spellings are equal."""
    if pc.any(pc.match_substring_regex(keys, "//")).as_py():
        keys = pc.replace_substring_regex(keys, "/+", "/")
    if pc.all(pc.string_is_ascii(keys)).as_py():
        return pc.ascii_lower(keys)
    return pc.utf8_normalize(pc.utf8_lower(pc.utf8_normalize(keys, "NFC")), "NFC")


def fold_rooted(paths: pa.Array) -> pa.Array:
    """Return paths, in whatever store, as their similar spellings are written."""
    rooted = pc.binary_join_element_wise(_SLASH, paths, _NOTHING)
    return pc.utf8_rtrim(fold_paths(rooted), "/")


def _first_segments(key: str, depth: int) -> str:
    """Return the first segments of a key, doubled slashes not counted."""
    end = 0
    for _ in range(depth):
        while key[end : end + 1] == "/":
            end += 1
        following = key.find("/", end)
        end = len(key) if following < 0 else following
    return key[:end]
