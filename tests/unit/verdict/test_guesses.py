import pandas as pd
import pytest
from builders import (
    files,
    folders,
    hash_path,
    judge,
    names,
    object_path,
    recorded,
    statuses,
    world,
)

from djgc_widgets.model.store_names import StoreInfo
from djgc_widgets.verdict.locate import locate
from djgc_widgets.verdict.reconcile import reconcile

ARRAY = object_path("voltage_AbCd1234.zarr")
STORED = [f"{ARRAY}/0", object_path(key="id=2"), hash_path(), "_schema/lab/notes.txt"]


def judged_with_guess(guess: str, *literals: str) -> dict[str, str]:
    rows = recorded(*literals, guess, guessed=[False] * len(literals) + [True])
    return statuses(judge(files(*STORED), rows))


@pytest.mark.parametrize(
    "guess",
    [
        *("_schema", "_schema/lab", "_schema/lab/rec", "_schema/lab/rec/id=1", "_hash"),
        *("_hash/lab", "_schema/lab/rec/id=3", "_trash", "_SCHEMA/Lab", "_hash/lab/ab"),
    ],
)
def test_a_guess_never_protects_a_folder_of_objects(guess: str) -> None:
    expected = judged_with_guess(object_path(key="id=9"))

    assert judged_with_guess(guess) == expected
    assert list(expected.values()).count("orphan") == 3


@pytest.mark.parametrize("guess", [ARRAY, f"{ARRAY}/0", *STORED[1:]])
def test_a_guess_protects_the_object_that_it_names(guess: str) -> None:
    assert judged_with_guess(guess)[guess] == "live"


def test_a_guess_is_no_object_of_the_folder_that_it_names() -> None:
    verdict = judge(
        files("user/x.zarr/0", "user/x.zarr/1"), recorded("user/x.zarr", guessed=True)
    )

    assert statuses(verdict) == {"user/x.zarr": "live"}


def test_a_former_prefix_limits_guesses_as_the_present_one_does() -> None:
    live, garbage = (f"old/lab/rec/id={n}/voltage_AbCd1234.npy" for n in (1, 2))
    rows = recorded(live, "old/lab", "old", guessed=[False, True, True])

    verdict = judge(files(live, garbage), rows)

    assert statuses(verdict) == {live: "live", garbage: "orphan"}


def located(rows: pd.DataFrame, listed: pd.DataFrame) -> dict[str, str]:
    cold = StoreInfo("cold", ("cold",), "/data/cold")
    both = names(*names().stores, cold)
    targets = locate(listed, rows, both, lambda _: []).targets
    verdict = reconcile(listed, folders(), rows, targets, world(both))
    return {
        f"{store}:{path}": status
        for store, path, status in zip(
            *(verdict.objects[c] for c in ("store", "path", "status")), strict=True
        )
    }


def test_a_text_that_names_an_object_as_it_stands_ends_the_guessing() -> None:
    literal, guess = (object_path(key=f"name={name}") for name in ("a%20b", "a b"))
    rows = recorded(literal, guess, reference=0, guessed=[False, True])
    listed = pd.concat([files(literal, guess), files(guess, store="cold")])

    alone = located(rows, files(guess))
    both = located(rows, listed.reset_index(drop=True))

    assert alone == {f"raw:{guess}": "live"}
    assert both == {
        f"raw:{literal}": "live",
        f"raw:{guess}": "orphan",
        f"cold:{guess}": "orphan",
    }


def test_a_guess_that_meets_an_object_leaves_its_text_protected_elsewhere() -> None:
    literal, guess = (object_path(key=f"name={name}") for name in ("a%20b", "a b"))
    rows = recorded(literal, guess, reference=0, guessed=[False, True])
    listed = pd.concat([files(guess), files(literal, store="cold")])

    statuses = located(rows, listed.reset_index(drop=True))

    assert statuses == {f"raw:{guess}": "live", f"cold:{literal}": "live"}


def test_an_object_in_one_store_does_not_end_the_guessing_in_another() -> None:
    literal, guess = (object_path(key=f"name={name}") for name in ("a%20b", "a b"))
    rows = recorded(
        literal, guess, store="lost", reference=0, guessed=[False, True], codec="own"
    )
    listed = pd.concat([files(literal), files(guess, store="cold")])

    statuses = located(rows, listed.reset_index(drop=True))

    assert set(statuses.values()) == {"live"}


def test_a_link_behind_a_guess_is_followed_for_the_row_that_names_it() -> None:
    link = f"{ARRAY}/0"
    listed = pd.concat(
        [files(link, kind="symlink"), files(object_path(key="id=2"), hash_path())],
        ignore_index=True,
    )
    rows = recorded(link, ARRAY, guessed=[False, True])
    end = [("raw", "_schema/lab/rec/id=2")]

    targets = locate(listed, rows, names(), lambda _: end).targets

    followed = targets[targets["path"].eq(end[0][1])]
    assert sorted(followed["guessed"]) == [False, True]
