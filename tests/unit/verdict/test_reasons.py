"""A row is matched with what lay at its key, however a server writes the key."""

import json

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from djgc_widgets.verdict.reasons import (
    _comparable_pairs,
    _may_be_among,
    _pairs_in_row_key,
)

NAMES = st.sampled_from(["id", "day", "session_id", "é"])
VALUES = st.one_of(
    st.integers(-9, 9),
    st.floats(-2, 2),
    st.none(),
    st.text(st.sampled_from('ab:-, "\\{}é\n'), max_size=5),
)
KEYS = st.dictionaries(NAMES, VALUES, max_size=3)
ROW_KEYS = st.builds(
    lambda key, order, plain: json.dumps(
        {name: key[name] for name in sorted(key, key=order)}, ensure_ascii=plain
    ),
    KEYS,
    st.sampled_from([str, len]),
    st.booleans(),
)


@given(st.lists(ROW_KEYS, max_size=8), st.lists(KEYS, max_size=8))
def test_no_key_that_an_orphan_had_is_overlooked(
    row_keys: list[str], orphans: list[dict[str, object]]
) -> None:
    wanted = [_comparable_pairs(key) for key in orphans]
    wanted += [_pairs_in_row_key(key) for key in row_keys[::2]]

    chosen = _may_be_among(pd.Series(row_keys, dtype="str"), wanted)

    for row_key, parsed in zip(row_keys, chosen, strict=True):
        assert parsed or _pairs_in_row_key(row_key) not in wanted


def test_most_keys_are_not_parsed() -> None:
    row_keys = pd.Series(
        [f'{{"id": {n}, "day": "2026-01-02 0{n}:00"}}' for n in range(9)]
    )
    wanted = [_comparable_pairs({"day": "2026-01-02 03-00", "id": "3"})]

    assert _may_be_among(row_keys, wanted).tolist() == [n == 3 for n in range(9)]
