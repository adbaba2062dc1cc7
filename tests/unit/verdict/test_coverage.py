"""The depth-cut matching against a plain implementation of the same rule."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from djgc_widgets.model.arrow import arrow_text
from djgc_widgets.verdict.coverage import cover, path_keys

segment = st.sampled_from(["a", "b", "ab", "a.manifest.json", "_hash", "ü", "x y"])
mixed = st.lists(segment, min_size=1, max_size=4).map("/".join)
nested = st.integers(1, 4).map(lambda depth: "/".join("a" * depth))
path = mixed | nested  # so that references are often below each other
stored_path = path | path | path.map("{}.manifest.json".format)


def covers(reference: str, stored: str) -> bool:
    return stored == reference or stored.startswith(f"{reference}/")


@given(st.lists(stored_path, unique=True), st.lists(path, unique=True))
def test_coverage_is_that_of_the_plain_rule(
    stored: list[str], references: list[str]
) -> None:
    coverage = cover(arrow_text(stored), arrow_text(references))

    for position, name in enumerate(stored):
        above = [r for r in references if covers(r, name)]
        owner = name.removesuffix(".manifest.json")
        beside = [owner] if owner != name and owner in references else []
        expected = min(above, key=len) if above else (beside or [None])[0]
        index = coverage.reference[position]
        assert (references[index] if index >= 0 else None) == expected
        assert coverage.sidecar[position] == (not above and bool(beside))
    for position, reference in enumerate(references):
        there = any(covers(reference, name) for name in stored)
        assert coverage.stored[position] == there


def test_a_reference_covers_complete_segments_only() -> None:
    coverage = cover(arrow_text(["a/b", "a/bc", "a/b/c", "a"]), arrow_text(["a/b"]))

    assert list(coverage.reference) == [0, -1, 0, -1]


def test_no_references_and_no_files_are_no_error() -> None:
    nothing = arrow_text([])

    assert len(cover(nothing, nothing).reference) == 0
    assert list(cover(arrow_text(["a"]), nothing).reference) == [-1]
    assert list(cover(nothing, arrow_text(["a"])).stored) == [False]


def test_the_same_path_in_two_stores_is_two_paths() -> None:
    stores = pd.Series(["raw", "derived"], dtype="str")
    paths = pd.Series(["a", "a"], dtype="str")

    keys = path_keys(stores, paths, ["raw", "derived"])

    assert keys.to_pylist() == ["0/a", "1/a"]
    assert list(cover(keys, arrow_text(["1"])).reference) == [-1, 0]
    assert np.array_equal(cover(keys, keys).reference, [0, 1])
