"""Where a recorded store and path may be: names, nested folders, spellings."""

import pandas as pd
import pytest
from builders import (
    RAW,
    files,
    hash_path,
    judge,
    names,
    object_path,
    recorded,
    statuses,
    world,
)

from djgc_widgets.model.store_names import Naming, SameFolder, StoreInfo, StoreNames
from djgc_widgets.verdict.resolve import resolve_stores, targets_in_scanned_stores

INNER = StoreInfo("inner", ("inner",), "/data/raw/in")
COLD = StoreInfo("cold", ("cold",), "/cold")
NESTED = SameFolder("raw", "in", "inner", "")


def targets(known: StoreNames, *paths: str, **row: object) -> set[tuple[str, str]]:
    resolved, _ = resolve_stores(recorded(*paths, **row), known)
    inside = targets_in_scanned_stores(resolved, known)
    return set(zip(inside["store"], inside["path"], strict=True))


def test_a_name_is_looked_up_in_the_configuration_of_its_own_server() -> None:
    main = Naming({"raw": "raw", "cold": "cold"}, default="raw")
    other = Naming({"raw": "cold"})
    known = StoreNames((RAW, COLD), (main, other))

    assert targets(known, "a/b") == {("raw", "a/b")}
    assert targets(known, "a/b", server=1) == {("cold", "a/b")}
    assert targets(known, "a/b", server=1, store="cold") == {("cold", "a/b")}


def test_a_default_that_a_server_does_not_have_is_that_of_the_first() -> None:
    main = Naming({"raw": "raw", "cold": "cold"}, default="cold")
    known = StoreNames((RAW, COLD), (main, Naming({})))

    row = {"server": 1, "store": None, "column_store": ""}
    assert targets(known, "a/b", **row) == {("cold", "a/b")}


def test_a_path_in_a_store_that_is_not_scanned_is_no_target() -> None:
    known = names(RAW, elsewhere=(COLD,))

    assert targets(known, "a/b", store="cold") == set()


def test_a_path_into_a_nested_store_is_a_path_of_that_store() -> None:
    known = names(RAW, INNER, same=(NESTED,))

    assert ("inner", "x/y") in targets(known, "in/x/y")
    assert targets(known, "inside/x") == {("raw", "inside/x")}


@pytest.mark.parametrize(
    ("known", "path"),
    [
        # a folder around the nested store
        (names(RAW, INNER, same=(SameFolder("raw", "a/in", "inner", ""),)), "a"),
        # a path through a store that is not scanned
        (names(INNER, elsewhere=(RAW,), same=(NESTED,)), f"in/{hash_path()}"),
    ],
)
def test_a_path_of_another_store_protects_the_nested_store(
    known: StoreNames, path: str
) -> None:
    verdict = judge(files(hash_path(), store="inner"), recorded(path), world(known))

    assert list(verdict.objects["status"]) == ["live"]
    assert list(verdict.references["state"]) == ["present"]


def test_a_folder_with_several_paths_may_be_inside_another() -> None:
    same = (
        SameFolder("raw", "link", "raw", "mount"),
        SameFolder("raw", "mount", "cold", "deep"),
        SameFolder("raw", "mount/loop", "raw", "mount"),
    )
    known = names(RAW, COLD, same=same)

    reached = targets(known, "link/loop/x")
    assert reached >= {("cold", "deep/x"), ("cold", "deep/loop/x")}


ACCENT = "na\u00efve", "nai\u0308ve"


@pytest.mark.parametrize(
    ("stored", "row"),
    [
        (object_path(key=f"name={ACCENT[0]}"), object_path(key=f"name={ACCENT[1]}")),
        (object_path(key=f"name={ACCENT[1]}"), object_path(key=f"name={ACCENT[0]}")),
        (object_path(table="rec"), object_path(table="Rec")),
        (object_path(key="id=1"), object_path(key="ID=1")),
        (f"{object_path()}/0/0", object_path().upper()),
    ],
)
def test_another_spelling_of_a_path_protects_it(stored: str, row: str) -> None:
    verdict = judge(files(stored), recorded(row))

    assert set(statuses(verdict).values()) == {"live"}
    assert list(verdict.references["state"]) == ["missing"]  # until it is looked at


def test_an_exact_reference_leaves_other_spellings_alone() -> None:
    exact, other = object_path(key="id=a"), object_path(key="id=A")

    verdict = judge(files(exact, other), recorded(exact))

    assert statuses(verdict) == {exact: "live", other: "orphan"}


def test_a_key_with_empty_segments_is_live_or_unknown() -> None:
    key = object_path().replace("/rec/", "//rec/")
    kinds = pd.array(["unusual key"], dtype="str")

    for rows, status in ((recorded(object_path()), "live"), (recorded(), "unknown")):
        assert list(judge(files(key, kind=kinds), rows).objects["status"]) == [status]
