"""What is read as columns is what the reader of single values finds."""

import json
import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from djgc_widgets.references.known_paths import KnownPaths, Listed
from djgc_widgets.references.plain_values import plain_shape, read_plain
from djgc_widgets.references.recorded_paths import RecordedPath, recorded_paths

N_VALUES = int(os.environ.get("DJGC_VALUES", "5000"))
"""How many values are tried; a night tries 100,000."""
_BATCH = 50

PATH = "_schema/lab/rec/id=1/x_AbCd1234.npy"
LISTED = Listed([PATH, "mine/a", "_hash/lab/abc"], ["_schema/lab/link"])
WORLDS = [
    KnownPaths(("/data/raw",), ("_hash", "_schema")),
    KnownPaths(("/data/raw", "data"), ("h-1", "s.2/in", ""), LISTED),
    KnownPaths((), ("_hash", "_schema", "a b", "%", ".."), LISTED),
]

ODD = list(
    '"\\/?#%:.,{}[] \t\n\x00\x1f\x7f\u0085\u00a0\u2028\u3000\ufeff\U0010ff80é😀0-'
)
SEGMENTS = st.one_of(
    st.sampled_from([".", "..", "...", ".a", "..a", "a.", "", "id=1", "x_AbCd.npy"]),
    st.text(st.one_of(st.sampled_from("ab=_-."), st.sampled_from(ODD)), max_size=4),
)
SECTIONS = [
    "_hash",
    "_schema",
    "h-1",
    "s.2/in",
    "a b",
    "%",
    "..",
    "other",
    "",
    "/data/raw",
]
PATHS = st.builds(
    lambda section, segments: "/".join([section, *segments]),
    st.sampled_from(SECTIONS),
    st.lists(SEGMENTS, min_size=1, max_size=4),
)
TEXTS = st.one_of(
    PATHS,
    st.sampled_from(
        ["", "raw", PATH, "[", "{", " x", "\ufeff", "base64:type15:X2hhc2gvYQ==", "a:b"]
    ),
    st.text(st.sampled_from(ODD), max_size=3),
)
NUMBERS = st.one_of(
    st.integers(-3, 10**20), st.sampled_from([1.5, -0.25, 1e300, 2**63 - 1, 2**63])
)
VALUES = st.one_of(
    TEXTS, NUMBERS, st.booleans(), st.none(), st.lists(NUMBERS, max_size=3),
    st.lists(TEXTS, max_size=2),
)  # fmt: skip
PLAIN = st.fixed_dictionaries(
    {"path": st.one_of(st.just(PATH), PATHS)},
    optional={
        "store": st.sampled_from(["raw", "", None]),
        "size": st.one_of(st.integers(0, 10**19), st.none()),
        "is_dir": st.booleans(),
        "item_count": st.one_of(st.integers(0, 10**19), st.none()),
        "shape": st.lists(st.integers(0, 99), max_size=3),
        "dtype": st.just("float64"),
    },
)
KEYS = st.one_of(
    st.sampled_from(["path", "store", "size", "is_dir", "item_count", "url"]), TEXTS
)
METADATA = st.one_of(PLAIN, st.dictionaries(KEYS, VALUES, max_size=5))
WRITERS: list[Callable[[object], str]] = [
    json.dumps,
    lambda value: json.dumps(value, ensure_ascii=False),
    lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False),
]


@st.composite
def raw_values(draw: st.DrawFn) -> str:
    """Metadata as text, often with a character more, less, or another one."""
    text = draw(st.sampled_from(WRITERS))(draw(METADATA))
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        at = draw(st.integers(0, len(text)))
        cut = draw(st.integers(0, 1))
        text = text[:at] + draw(st.sampled_from(["", *ODD])) + text[at + cut :]
    if draw(st.integers(0, 9)) == 0:  # a key that comes twice
        text = text[:-1] + ", " + draw(st.sampled_from(WRITERS))(draw(PLAIN))[1:]
    return text


def as_columns(values: list[str], known: KnownPaths) -> dict[int, list[RecordedPath]]:
    plain = read_plain(values, plain_shape(known))
    recorded = (
        plain.paths,
        plain.stores,
        plain.sizes,
        plain.are_folders,
        plain.n_files,
    )
    rows = zip(*(column.to_pylist() for column in recorded), strict=True)
    paths = [RecordedPath((path,), *others) for path, *others in rows]
    return {
        at: [path] for at, path in zip(plain.positions.tolist(), paths, strict=True)
    }


@settings(
    max_examples=N_VALUES // _BATCH // len(WORLDS),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(raw_values(), min_size=_BATCH, max_size=_BATCH))
@pytest.mark.parametrize("known", WORLDS)
def test_a_plain_value_records_what_the_general_reader_finds(
    known: KnownPaths, values: list[str]
) -> None:
    for at, paths in as_columns(values, known).items():
        assert recorded_paths(values[at], known) == paths, values[at]


def test_what_datajoint_writes_is_plain() -> None:
    values = [
        {"path": PATH, "store": "raw", "dtype": "float64", "shape": [4, 8]},
        {"path": "_hash/lab/abc", "hash": "abc", "schema": "lab", "size": 12},
        {"path": "_schema/lab/rec/id=é/x_AbCd1234", "store": None, "size": None},
        {"path": PATH, "is_dir": True, "timestamp": "2026-01-01T10:00:00+00:00"},
        {"ext": ".npy", "path": PATH, "size": 1, "is_dir": False, "empty": ""},
    ]
    for write in WRITERS[1:]:
        texts = [write(value) for value in values]

        found = as_columns(texts, WORLDS[0])

        assert sorted(found) == list(range(len(values)))


HARD = [
    '{"path": "_hash/a", "note": "[\\"_hash/b\\"]"}',
    '{"path": "_hash/a", "note": "[5]"}',
    '{"path": "_hash/a", "path": "_hash/b"}',
    '{"path": "_hash/a", "store": "x", "store": "y"}',
    '{"path": "_hash/a", "size": 1.0}',
    '{"path": "_hash/a", "size": true}',
    '{"path": "_hash/a", "store": 5}',
    '{"path": "_hash/a", "is_dir": 1}',
    '{"path": "_hash/a", "is_dir": true, "item_count": 2.0}',
    '{"path": "_hash/a", "is_dir": true, "item_count": true}',
    '{"path": "_hash/a", "is_dir": true, "item_count": 2, "item_count": 3}',
    '{"path": "_hash/a b"}',
    '{"path": "_hash/../a"}',
    '{"path": "_hash//a"}',
    '{"path": "_hash/a", "in": {"path": "_hash/b"}}',
    '{"path": "_hash/a", "note": "base64:type15:X2hhc2hfYg=="}',
    '{"path": "_hash/a\U0010ffff"}',
    '{"path": "elsewhere/a"}',
    '{"url": "_hash/a"}',
    '"_hash/a"',
    '["_hash/a"]',
    '{"path": "_hash/a"} ',
    '{"path": "_hash/a",}',
    '{"path": "_hash/a", "n": 01}',
    '{"path": "_hash/a", "n": 1e5}',
    '{"path": "_hash/\udcff"}',
]


@pytest.mark.parametrize("value", HARD)
def test_what_is_not_plain_is_left_to_the_general_reader(value: str) -> None:
    assert as_columns([value], WORLDS[0]) == {}
