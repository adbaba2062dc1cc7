"""What somebody keeps beside an object is never taken for garbage of DataJoint."""

import pytest
from builders import files, hash_path, judge, object_path, reasons, recorded, statuses

from djgc_widgets.model.codes import Reason

OBJECT = object_path()
STEM = OBJECT.removesuffix(".npy")
ZARR = object_path("voltage_AbCd1234.zarr")
AMBIGUOUS = [f"{STEM}.json", f"{STEM}.zarr/0"]
NAMES = [
    *(f"{OBJECT}{suffix}" for suffix in (".md5", ".sha256", ".bak", "~", ".json")),
    *AMBIGUOUS,
    f"{STEM}_copy.npy",
    f"{STEM}-1.npy",
    object_path("old_voltage_AbCd1234.npy"),
]


@pytest.mark.parametrize("path", NAMES)
@pytest.mark.parametrize("stored", [[OBJECT], []], ids=["stored", "missing"])
def test_what_has_the_token_of_a_live_object_is_never_an_orphan(
    path: str, stored: list[str]
) -> None:
    verdict = judge(files(*stored, path), recorded(OBJECT))

    (reason,) = filter(None, reasons(verdict).values())
    assert reason is not None
    assert Reason(reason) is Reason.COMPANION
    assert verdict.objects["sibling"].isna().all()


@pytest.mark.parametrize(
    "suffix", [".md5", "~", ".tar", "_backup/0", ".manifest.json~"]
)
@pytest.mark.parametrize("status", ["live", "orphan"])
def test_what_goes_on_after_a_folder_object_is_never_an_orphan(
    suffix: str, status: str
) -> None:
    stored = files(f"{ZARR}/0", f"{ZARR}.manifest.json", f"{ZARR}{suffix}")

    verdict = judge(stored, recorded(*[ZARR] * (status == "live"), is_dir=True))

    other = f"{ZARR}{suffix}".removesuffix("/0")
    assert statuses(verdict) == {ZARR: status, other: "unknown"}


@pytest.mark.parametrize("suffix", [".md5", ".bak", "~", "_old"])
@pytest.mark.parametrize("status", ["live", "orphan"])
def test_what_goes_on_after_a_hash_is_a_companion(suffix: str, status: str) -> None:
    path = f"{hash_path()}{suffix}"

    verdict = judge(
        files(hash_path(), path), recorded(*[hash_path()] * (status == "live"))
    )

    assert statuses(verdict) == {hash_path(): status, path: "unknown"}
    assert reasons(verdict)[path] == Reason.COMPANION


@pytest.mark.parametrize("path", [name for name in NAMES if name not in AMBIGUOUS])
def test_a_companion_of_an_orphan_is_the_users(path: str) -> None:
    verdict = judge(files(OBJECT, path), recorded())

    assert statuses(verdict) == {OBJECT: "orphan", path: "unknown"}


@pytest.mark.parametrize("path", AMBIGUOUS)
def test_of_two_orphans_with_one_token_either_may_be_the_object(path: str) -> None:
    verdict = judge(files(OBJECT, path), recorded())

    assert set(statuses(verdict).values()) == {"unknown"}


def test_a_companion_of_what_was_swept_is_the_users() -> None:
    swept = f"_trash/20260601T120000Z-0123abcd/objects/{OBJECT}"

    verdict = judge(files(swept, f"{OBJECT}.md5"), recorded())

    assert statuses(verdict) == {f"{OBJECT}.md5": "unknown"}


@pytest.mark.parametrize("suffix", [".md5", "~", "_backup/0"])
def test_a_companion_of_a_folder_that_was_swept_is_the_users(suffix: str) -> None:
    swept = f"_trash/20260601T120000Z-0123abcd/objects/{ZARR}/0"

    verdict = judge(files(swept, f"{ZARR}{suffix}"), recorded())

    assert set(statuses(verdict).values()) == {"unknown"}


def test_what_is_stored_where_it_was_swept_is_no_companion_of_itself() -> None:
    folder = object_path("spikes_EfGh5678.zarr")
    stored = [OBJECT, f"{folder}/0", f"{folder}.manifest.json", hash_path()]
    swept = [f"_trash/20260601T120000Z-0123abcd/objects/{path}" for path in stored]

    verdict = judge(files(*stored, *swept), recorded())

    assert statuses(verdict) == dict.fromkeys((OBJECT, folder, hash_path()), "orphan")


def test_what_is_beside_an_object_that_was_swept_and_is_stored_is_the_users() -> None:
    swept = f"_trash/20260601T120000Z-0123abcd/objects/{OBJECT}"

    verdict = judge(files(OBJECT, STEM, swept), recorded())

    assert statuses(verdict) == {OBJECT: "unknown", STEM: "unknown"}


def test_another_token_shows_a_former_value() -> None:
    former = [object_path(f"voltage_{n}bCd1234.npy") for n in "EFGHIJKLMNOPQRSTUVWXYZ"]

    verdict = judge(files(OBJECT, *former), recorded(OBJECT))

    assert set(reasons(verdict).values()) == {None, Reason.SUPERSEDED}
