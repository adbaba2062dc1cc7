"""A range of keys is judged as it is within the whole."""

import pandas as pd
from builders import files, folders, judge, recorded, world
from hypothesis import given, settings
from hypothesis import strategies as st

from djgc_widgets.verdict.match import mark
from djgc_widgets.verdict.reconcile import JudgedRange, judge_range
from djgc_widgets.verdict.resolve import resolve_stores

NAMES = [
    "voltage_AbCd1234.npy",
    "voltage_AbCd1234.npy/inside",
    "voltage_AbCd1234.npy.md5",
    "voltage_EfGh5678.npy",
    "voltage_EfGh5678.npy.manifest.json",
    "notes.txt",
]
PATHS = [
    *(f"_schema/lab/rec/id={key}/{name}" for key in range(4) for name in NAMES),
    *(f"_hash/lab/{digit * 26}{end}" for digit in "ab" for end in ("", ".bak")),
    *("elsewhere/a", "elsewhere/a/b", "_trash/20260101T000000Z-0123abcd/objects/c"),
]
REFERENCES = [*PATHS, *(f"_schema/lab/rec/id={key}" for key in range(4))]
OF_OBJECT = ["path", "status", "schema", "table", "is_dir", "n_files", "n_references"]
OF_REFERENCE = ["path", "state", "section", "row_key"]


def range_of(path: str) -> str:
    """Return the folder that a range has whole."""
    depth = 4 if path.startswith("_schema") else 1
    return "/".join(path.split("/")[:depth])


def judged_alone(stored: pd.DataFrame, referred: pd.DataFrame) -> JudgedRange:
    around = world()
    targets, _ = resolve_stores(referred, around.names)
    matched = mark(stored, targets, around.names)
    return judge_range(matched, folders(), referred, around)


@settings(max_examples=60, deadline=None)
@given(
    st.sets(st.sampled_from(PATHS)),
    st.lists(st.sampled_from(REFERENCES), max_size=12),
    st.sets(st.sampled_from(sorted({range_of(path) for path in REFERENCES}))),
)
def test_ranges_are_judged_as_the_whole_is(
    stored: set[str], referred: list[str], first: set[str]
) -> None:
    listed, rows = files(*sorted(stored)), recorded(*referred)
    whole = judge(listed, rows)
    in_first = [
        frame["path"].map(range_of).isin(list(first)).to_numpy(dtype=bool)
        for frame in (listed, rows)
    ]
    parts = [
        judged_alone(
            listed[in_first[0] == side].reset_index(drop=True),
            rows[in_first[1] == side].reset_index(drop=True),
        )
        for side in (True, False)
    ]

    for name, columns in (("objects", OF_OBJECT), ("references", OF_REFERENCE)):
        expected = getattr(whole, name)[columns]
        found = pd.concat([getattr(part, name)[columns] for part in parts])
        pd.testing.assert_frame_equal(
            found.sort_values(columns, ignore_index=True),
            expected.sort_values(columns, ignore_index=True),
        )
    reasons = pd.concat([part.objects for part in parts]).set_index("path")
    known = reasons["reason_code"].dropna()
    of_whole = whole.objects.set_index("path")["reason_code"]
    assert known.to_dict() == of_whole[known.index].to_dict()
