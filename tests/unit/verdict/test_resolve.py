"""Where a recorded store and path may lie: names, places, spellings."""

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

from djgc_widgets.model.store_names import Naming, SamePlace, StoreInfo, StoreNames
from djgc_widgets.verdict.resolve import in_scanned, resolve_stores

INNER = StoreInfo("inner", ("inner",), "/data/raw/in")
COLD = StoreInfo("cold", ("cold",), "/cold")
NESTED = SamePlace("raw", "in", "inner", "")


def targets(known: StoreNames, *paths: str, **row: object) -> set[tuple[str, str]]:
    found, _ = resolve_stores(recorded(*paths, **row), known)
    found = in_scanned(found, known)
    return set(found[["store", "path"]].itertuples(index=False, name=None))


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

    found = targets(known, "a/b", server=1, store=None, column_store="")

    assert found == {("cold", "a/b")}


def test_a_store_that_is_left_out_takes_its_rows_along() -> None:
    known = names(RAW, elsewhere=(COLD,))

    assert targets(known, "a/b", store="cold") == set()


def test_a_path_into_a_nested_store_is_a_path_of_that_store() -> None:
    known = names(RAW, INNER, same=(NESTED,))

    assert ("inner", "x/y") in targets(known, "in/x/y")
    assert targets(known, "inside/x") == {("raw", "inside/x")}


def test_a_folder_around_a_nested_store_covers_all_of_it() -> None:
    known = names(RAW, INNER, same=(SamePlace("raw", "a/in", "inner", ""),))

    verdict = judge(
        files(hash_path(), store="inner"),
        recorded("a", store="raw", is_dir=True),
        world(known),
    )

    assert list(verdict.objects["status"]) == ["live"]


def test_a_path_through_a_store_that_is_not_scanned_still_protects() -> None:
    known = names(INNER, elsewhere=(RAW,), same=(NESTED,))

    verdict = judge(
        files(hash_path(), store="inner"),
        recorded(f"in/{hash_path()}", store="raw"),
        world(known),
    )

    assert list(verdict.objects["status"]) == ["live"]
    assert list(verdict.references["state"]) == ["present"]


def test_ways_may_lead_to_ways() -> None:
    same = (
        SamePlace("raw", "link", "raw", "mount"),
        SamePlace("raw", "mount", "cold", "deep"),
        SamePlace("raw", "mount/loop", "raw", "mount"),
    )
    known = names(RAW, COLD, same=same)

    found = targets(known, "link/loop/x")

    assert ("cold", "deep/x") in found
    assert ("cold", "deep/loop/x") in found


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
def test_another_spelling_of_a_place_protects_it(stored: str, row: str) -> None:
    verdict = judge(files(stored), recorded(row))

    assert set(statuses(verdict).values()) == {"live"}
    assert list(verdict.references["state"]) == ["missing"]  # until it is looked at


def test_an_exact_reference_leaves_other_spellings_alone() -> None:
    exact, other = object_path(key="id=a"), object_path(key="id=A")

    verdict = judge(files(exact, other), recorded(exact))

    assert statuses(verdict) == {exact: "live", other: "orphan"}


def test_a_key_with_empty_parts_is_protected_but_never_judged() -> None:
    key = object_path().replace("/rec/", "//rec/")
    kinds = pd.array(["unusual key"], dtype="str")

    live = judge(files(key, kind=kinds), recorded(object_path()))
    alone = judge(files(key, kind=kinds), recorded())

    assert list(live.objects["status"]) == ["live"]
    assert list(alone.objects["status"]) == ["unknown"]
