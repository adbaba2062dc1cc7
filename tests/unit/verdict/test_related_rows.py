"""Of the rows that are read again, those that are left out change nothing."""

import pandas as pd
import pytest
from builders import RAW, files, names, recorded
from hypothesis import given, settings
from hypothesis import strategies as st

from djgc_widgets.collector.recheck import live_objects
from djgc_widgets.model.arrow import STR
from djgc_widgets.model.frames import FILES
from djgc_widgets.model.store_names import SameFolder, StoreInfo, StoreNames
from djgc_widgets.verdict import locate, related_rows
from djgc_widgets.verdict.related_rows import RelatedRows

COLD = StoreInfo("cold", ("cold",), "/data/cold")
FAR = StoreInfo("far", ("far",), "/data/far")
NAMES = names(RAW, COLD, elsewhere=(FAR,))
NESTED = names(RAW, COLD, elsewhere=(FAR,), same=(SameFolder("raw", "in", "cold", ""),))

PATHS = st.builds(
    lambda place, leaf: f"{place}{leaf}",
    st.sampled_from(["_schema/lab/rec", "_schema/lab/rec", "link", "in", "in/link"]),
    st.sampled_from(
        [
            *("/v_abcd", "/v_abcd", "/v_abcd.manifest.json", "/v_abcd/0", ""),
            *("/V_abcd", "//v_abcd", "/v_é", "/v_e\u0301"),
        ]
    ),
)
STORES = st.sampled_from(["raw", "cold"])
ROWS = st.tuples(
    st.sampled_from(["raw", "cold", "far", "lost", None]),
    PATHS,
    st.integers(0, 20),
    st.sampled_from([True, True, True, False]),
    st.sampled_from([False, False, False, True]),
)


def follow(absolute: str) -> list[tuple[str, str]]:
    """Follow a link of the store, which leads to a folder of the other one."""
    for store in ("raw", "cold", "far"):
        lead = f"/data/{store}/link"
        if absolute == lead or absolute.startswith(f"{lead}/"):
            rest = absolute[len(lead) :].strip("/")
            path = "_schema/lab/rec" + (rest and f"/{rest}")
            return [("cold" if store == "raw" else "raw", path)]
    return []


@settings(max_examples=100, deadline=None)
@given(
    pins=st.lists(st.tuples(STORES, PATHS), min_size=1, max_size=4, unique=True),
    rows=st.lists(ROWS, max_size=8),
    unsettled=st.sets(st.tuples(STORES, PATHS), max_size=4),
    links=st.lists(st.sampled_from(["link", "in/link"]), max_size=1),
    known=st.sampled_from([NAMES, NESTED]),
)
def test_what_is_live_does_not_depend_on_rows_that_are_left_out(
    pins: list[tuple[str, str]],
    rows: list[tuple[str | None, str, int, bool, bool]],
    unsettled: set[tuple[str, str]],
    links: list[str],
    known: StoreNames,
) -> None:
    pinned = pd.concat([files(path, store=store) for store, path in pins])
    pinned = pinned.assign(object=pinned["path"].str.removesuffix(".manifest.json"))
    listed = pd.concat([pinned, files(*links, kind="symlink")], ignore_index=True)
    every = recorded(*(path for _, path, *_ in rows))
    every = every.assign(
        named_store=pd.array([store for store, *_ in rows], dtype=STR),
        reference=[number for _, _, number, *_ in rows],
        declared=[declared for *_, declared, _ in rows],
        guessed=[guessed for *_, guessed in rows],
    ).sort_values("reference", ignore_index=True)
    settled = {(store, path) for store in ("raw", "cold") for _, path, *_ in rows}
    met = pd.DataFrame(
        sorted(settled - unsettled), columns=["store", "path"], dtype=STR
    )
    paths = pd.concat([listed["path"], pinned["object"]])

    related = RelatedRows(paths, met, known)
    related.add(every)
    kept = pd.concat([every.iloc[:0], *related.all()], ignore_index=True)

    live = [
        live_objects(
            pinned.reset_index(drop=True),
            locate(listed[FILES.column_names], some, known, follow, met).targets,
            known,
            met,
        )
        for some in (kept, every)
    ]
    assert live[0] == live[1]


def test_rows_that_lie_elsewhere_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(related_rows, "_LEAST_BATCH", 5)
    paths = [f"_schema/lab/rec/id={number}/v_abcd" for number in range(20)]
    settled = pd.DataFrame({"store": "raw", "path": paths[:18]}).astype(STR)
    related = RelatedRows(pd.Series(paths[:1], dtype=STR), settled, NAMES)
    every = recorded(*paths)

    for page in range(0, 20, 2):
        related.add(every.iloc[page : page + 2])

    kept = pd.concat(related.all())
    assert list(kept["path"]) == [paths[0], *paths[18:]]


PINNED = "_schema/lab/rec/v_é.manifest.json"


@pytest.mark.parametrize(
    ("path", "changed"),
    [
        (PINNED, {}),
        ("_schema/lab/rec/v_é", {}),  # the sidecar describes it
        (f"{PINNED}/0", {}),
        ("_schema/lab/rec", {}),
        ("_schema/", {}),
        ("_schema/LAB//rec/v_e\u0301", {}),
        (PINNED, {"named_store": "cold"}),
        (PINNED, {"named_store": "lost"}),
        ("elsewhere/x", {"named_store": "far"}),  # no object was met there
        ("elsewhere/y", {}),
        ("elsewhere/x", {"guessed": True}),
        ("elsewhere/x", {"declared": False}),
    ],
    ids=[
        *("exact", "described", "inside", "folder", "section", "spelled"),
        *("other-store", "unknown-store", "unmet-store", "unmet", "guess", "note"),
    ],
)
def test_a_row_that_may_matter_is_kept(path: str, changed: dict[str, object]) -> None:
    stores = ("raw", "cold")
    met = [(store, place) for store in stores for place in (path, "elsewhere/x")]
    settled = pd.DataFrame(
        [each for each in met if each[1] != "elsewhere/y"], columns=["store", "path"]
    ).drop_duplicates()
    related = RelatedRows(pd.Series([PINNED], dtype=STR), settled.astype(STR), NAMES)

    related.add(recorded(path).assign(**changed).astype({"named_store": STR}))

    assert sum(map(len, related.all())) == 1


def test_every_row_is_kept_where_folders_have_two_paths() -> None:
    met = {"store": ["raw", "cold"], "path": ["in/x", "x"]}
    settled = pd.DataFrame(met, dtype=STR)
    related = RelatedRows(pd.Series(["x"], dtype=STR), settled, NESTED)

    related.add(recorded("in/x"))

    assert sum(map(len, related.all())) == 1
