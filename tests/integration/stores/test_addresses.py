"""Stores and folders that are reached in more than one way are one place each."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from laboratory import (
    NOW,
    NPY,
    Laboratory,
    complete,
    details,
    planned,
)
from unprivileged import let_in, ordinary_account


@pytest.fixture
def lab(postgresql_laboratory: Laboratory) -> Laboratory:
    postgresql_laboratory.declare(NPY)
    return postgresql_laboratory


def add_store(lab: Laboratory, name: str, location: Path, **spec: str) -> None:
    location.mkdir(parents=True, exist_ok=True)
    place = {"protocol": "file", "location": str(location)}
    lab.config.stores[name] = {**place, **spec}


def named(lab: Laboratory, number: int = 1) -> str:
    return f"_schema/{lab.name}/recording/id={number}/data_AbCd123{number}.npy"


def statuses(lab: Laboratory, **options: object) -> dict[tuple[str, str], str]:
    lab.age()
    objects = complete(lab, **options).objects
    keys = zip(objects["store"], objects["path"], strict=True)
    return dict(zip(keys, objects["status"], strict=True))


@contextmanager
def bound(source: Path, target: Path) -> Iterator[None]:
    target.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "--bind", source, target], check=True)  # noqa: S603, S607
    try:
        yield
    finally:
        subprocess.run(["umount", target], check=True)  # noqa: S603, S607


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")


@pytest.mark.parametrize("place", ["inner", "_schema/inner", "_hash/a/b"])
def test_a_store_inside_another_is_listed_once(lab: Laboratory, place: str) -> None:
    add_store(lab, "inner", lab.store("raw") / place)
    for number in (1, 2, 3):
        lab.put(f"{place}/{named(lab, number)}")
    lab.put(named(lab, 4))
    lab.write_row("recording", 1, {"path": named(lab, 1), "store": "inner"})
    lab.write_row("recording", 2, {"path": f"{place}/{named(lab, 2)}", "store": "raw"})

    assert statuses(lab) == {
        ("inner", named(lab, 1)): "live",
        ("inner", named(lab, 2)): "live",
        ("inner", named(lab, 3)): "orphan",
        ("raw", named(lab, 4)): "orphan",
    }


def test_an_inner_store_is_safe_when_it_is_scanned_alone(lab: Laboratory) -> None:
    add_store(lab, "inner", lab.store("raw") / "inner")
    lab.put(f"inner/{named(lab)}")
    lab.write_row("recording", 1, {"path": f"inner/{named(lab)}", "store": "raw"})

    assert statuses(lab, stores=["inner"]) == {("inner", named(lab)): "live"}
    assert statuses(lab, stores=["raw"]) == {}


@needs_root
def test_a_folder_mounted_inside_its_own_store_is_listed_once(lab: Laboratory) -> None:
    section, again = lab.store("raw") / "_schema", lab.store("raw") / "again"
    lab.put(named(lab, 1))
    lab.put(named(lab, 2))
    through = named(lab, 1).replace("_schema", "again")
    lab.write_row("recording", 1, {"path": through, "store": "raw"})

    with bound(section, again):
        found = statuses(lab)

    assert found == {
        ("raw", named(lab, 1)): "live",
        ("raw", named(lab, 2)): "orphan",
    }


@needs_root
def test_a_part_of_one_store_mounted_in_another_is_listed_once(lab: Laboratory) -> None:
    lab.put(named(lab, 1))
    lab.put(named(lab, 2))
    within = named(lab, 1).removeprefix("_schema/")
    lab.write_row("recording", 1, {"path": f"m/{within}", "store": "derived"})

    with bound(lab.store("raw") / "_schema", lab.store("derived") / "m"):
        found = statuses(lab)
        alone = statuses(lab, stores=["raw"])

    assert (
        found
        == alone
        == {
            ("raw", named(lab, 1)): "live",
            ("raw", named(lab, 2)): "orphan",
        }
    )


@pytest.mark.parametrize("relative", [True, False])
def test_a_row_may_refer_through_a_linked_folder(
    lab: Laboratory, *, relative: bool
) -> None:
    target = lab.put(named(lab, 1)).parents[2]
    lab.put(named(lab, 2))
    link = lab.store("raw") / "link"
    link.symlink_to(os.path.relpath(target, link.parent) if relative else target)
    path = "/".join(["link", *named(lab, 1).split("/")[2:]])
    lab.write_row("recording", 1, {"path": path, "store": "raw"})

    assert statuses(lab) == {
        ("raw", "link"): "unknown",
        ("raw", named(lab, 1)): "live",
        ("raw", named(lab, 2)): "orphan",
    }


def test_a_row_may_refer_to_a_linked_file(lab: Laboratory) -> None:
    target = lab.put(named(lab, 1))
    (lab.store("derived") / "x.npy").symlink_to(target)
    lab.write_row("recording", 1, {"path": "x.npy", "store": "derived"})

    assert statuses(lab) == {
        ("raw", named(lab, 1)): "live",
        ("derived", "x.npy"): "live",
    }


def test_a_link_above_a_store_leads_into_it(lab: Laboratory) -> None:
    lab.put(named(lab, 1))
    (lab.store("derived") / "up").symlink_to(lab.folder)
    path = f"up/raw/{named(lab, 1)}"
    lab.write_row("recording", 1, {"path": path, "store": "derived"})

    assert statuses(lab)["raw", named(lab, 1)] == "live"


def test_names_of_one_place_may_differ_in_their_sections(lab: Laboratory) -> None:
    add_store(lab, "old", lab.store("raw"), schema_prefix="objects")
    other = named(lab, 2).replace("_schema", "objects")
    lab.put(named(lab, 1))
    lab.put(other)
    lab.write_row("recording", 1, {"path": named(lab, 1), "store": "old"})

    assert statuses(lab) == {
        ("raw", named(lab, 1)): "live",
        ("raw", other): "orphan",
    }


@pytest.mark.parametrize(
    "name", ["we ird", "with'quote", "per%cent", "back\\slash", "ü"]
)
def test_odd_characters_in_a_location_are_no_matter(lab: Laboratory, name: str) -> None:
    add_store(lab, "odd", lab.folder / name / "x")
    lab.put(named(lab, 1), f"{name}/x")
    lab.put(named(lab, 2), f"{name}/x")
    absolute = f"file://{lab.folder}/{name}/x/{named(lab, 1)}"
    lab.write_row("recording", 1, {"path": absolute, "store": "odd"})

    found = statuses(lab, minimum_age=NOW)

    assert found == {("odd", named(lab, 1)): "live", ("odd", named(lab, 2)): "orphan"}


def test_a_renamed_store_protects_everywhere_and_says_so(anywhere: Laboratory) -> None:
    lab = anywhere
    lab.declare(NPY)
    for store in ("raw", "derived"):
        lab.put(named(lab, 1), store)
        lab.put(named(lab, 2), store)
    lab.write_row("recording", 1, {"path": named(lab, 1), "store": "before"})
    lab.age()

    found = complete(lab)

    assert set(found.orphans["path"]) == {named(lab, 2)}
    assert len(found.orphans) == 2
    assert "'before'" in found.warnings[0].message or "before" in str(found.warnings[0])
    assert '{"id": 1}' in str(found.warnings[0])


@pytest.mark.parametrize("store", ["", None, "absent"])
def test_without_a_store_the_default_one_is_meant_too(
    anywhere: Laboratory, store: str | None
) -> None:
    lab = anywhere
    lab.declare(NPY)
    lab.config.stores["default"] = "derived"
    for name in ("raw", "derived"):
        lab.put(named(lab, 1), name)
    metadata = {"path": named(lab, 1), "store": store}
    if store == "absent":
        del metadata["store"]
    lab.write_row("recording", 1, metadata)

    assert set(statuses(lab).values()) == {"live"}


def test_what_is_reached_in_two_ways_is_swept_once(lab: Laboratory) -> None:
    add_store(lab, "inner", lab.store("raw") / "inner")
    lab.put(f"inner/{named(lab, 1)}")
    lab.put(f"inner/{named(lab, 2)}")
    lab.write_row("recording", 1, {"path": f"inner/{named(lab, 1)}", "store": "raw"})
    lab.age()
    plan = planned(complete(lab))
    lab.write_row("recording", 2, {"path": f"inner/{named(lab, 2)}", "store": "raw"})

    receipt = plan.sweep()

    assert details(receipt) == {"skipped: live again: a row refers to it": 1}


def test_a_way_may_leave_the_stores_and_come_back(lab: Laboratory) -> None:
    lab.put(named(lab, 1))
    lab.put(named(lab, 2))
    outside = lab.folder / "outside"
    outside.mkdir()
    (outside / "inner").symlink_to(lab.store("raw"))
    (lab.store("derived") / "link").symlink_to(outside)
    path = f"link/inner/{named(lab, 1)}"
    lab.write_row("recording", 1, {"path": path, "store": "derived"})

    found = statuses(lab)
    alone = statuses(lab, stores=["raw"])

    assert found["raw", named(lab, 1)] == alone["raw", named(lab, 1)] == "live"
    assert found["raw", named(lab, 2)] == alone["raw", named(lab, 2)] == "orphan"


@pytest.mark.parametrize("scheme", ["", "file://", "file://localhost"])
@pytest.mark.parametrize("way", ["old", "old/../old", "deep/raw"])
def test_an_absolute_path_may_lead_through_any_link(
    lab: Laboratory, scheme: str, way: str
) -> None:
    lab.put(named(lab, 1))
    (lab.folder / "old").symlink_to("raw")
    (lab.folder / "deep").symlink_to(".")
    path = f"{scheme}{lab.folder}/{way}/{named(lab, 1)}"
    lab.write_row("recording", 1, {"path": path, "store": "raw"})

    assert statuses(lab)["raw", named(lab, 1)] == "live"


@pytest.mark.parametrize(
    "text",
    ["link/{}/recording/{}", "../raw/_schema/{}/recording/{}", "{folder}/up/{}/{}"],
)
def test_a_further_text_of_a_value_may_lead_through_a_link(
    lab: Laboratory, text: str
) -> None:
    lab.put(named(lab, 1))
    lab.put(named(lab, 2))
    (lab.store("raw") / "link").symlink_to("_schema")
    (lab.folder / "up").symlink_to(lab.store("raw") / "_schema")
    below = "/".join(named(lab, 1).split("/")[-2:])
    below = f"recording/{below}" if "folder" in text else below
    spelt = text.format(lab.name, below, folder=lab.folder)
    lab.write_row(
        "recording", 1, {"path": named(lab, 2), "store": "raw", "files": [spelt]}
    )

    assert statuses(lab)["raw", named(lab, 1)] == "live"


def test_the_root_of_a_store_as_a_path_covers_all_of_it(lab: Laboratory) -> None:
    lab.put(named(lab, 1))
    path = {"path": str(lab.store("raw")), "store": "raw"}
    lab.write_row("recording", 1, path)

    assert statuses(lab) == {("raw", ""): "live"}


def test_links_that_lead_in_circles_lead_nowhere(lab: Laboratory) -> None:
    lab.put(named(lab, 1))
    (lab.store("raw") / "a").symlink_to("b/x")
    (lab.store("raw") / "b").symlink_to("a/y")
    lab.write_row("recording", 1, {"path": "a/foo", "store": "raw"})
    lab.age()

    found = complete(lab)

    assert list(found.missing["path"]) == ["a/foo"]
    assert list(found.orphans["path"]) == [named(lab, 1)]


@pytest.mark.parametrize("path", ["../raw/{}", "new/{}"])
def test_the_way_of_a_new_row_is_followed_before_a_sweep(
    lab: Laboratory, path: str
) -> None:
    lab.put(named(lab, 1))
    lab.put(named(lab, 2))
    lab.age()
    plan = planned(complete(lab))
    (lab.store("derived") / "new").symlink_to(lab.store("raw"))
    metadata = {"path": path.format(named(lab, 1)), "store": "derived"}
    lab.write_row("recording", 1, metadata)

    receipt = plan.sweep()

    assert details(receipt) == {
        "moved": 1,
        "skipped: live again: a row refers to it": 1,
    }
    assert named(lab, 1) in lab.held()


@needs_root
def test_a_file_mounted_inside_a_store_is_one_file(lab: Laboratory) -> None:
    first = lab.put(named(lab, 1))
    second = lab.put(named(lab, 2))
    lab.write_row("recording", 2, {"path": named(lab, 2), "store": "raw"})
    lab.age()
    subprocess.run(["mount", "--bind", first, second], check=True)  # noqa: S603, S607
    try:
        found = statuses(lab)
    finally:
        subprocess.run(["umount", second], check=True)  # noqa: S603, S607

    assert found == {("raw", named(lab, 1)): "live"}


@pytest.mark.parametrize("declared", [True, False])
def test_a_way_that_may_not_be_looked_at_is_told(
    lab: Laboratory, *, declared: bool
) -> None:
    lab.put(named(lab, 1))
    lab.put(named(lab, 2))
    closed = lab.folder / "closed"
    (closed / "inner").mkdir(parents=True)
    let_in(lab.folder)
    closed.chmod(0)
    text = f"{closed}/inner/{named(lab, 2)}"
    value = {"path": text} if declared else {"path": named(lab, 1), "note": text}
    lab.write_row("recording", 1, {**value, "store": "raw"})
    lab.age()

    with ordinary_account():
        found = lab.scan()

    closed.chmod(0o755)
    assert found.complete != declared
    notices = found.problems if declared else found.warnings
    assert "where that leads could not be found out" in str(notices[0])


def test_a_link_inside_a_folder_of_a_new_row_is_followed_before_a_sweep(
    lab: Laboratory,
) -> None:
    target = lab.put(named(lab, 1))
    lab.put("folder/file", "derived")
    (lab.store("derived") / "folder" / "link").symlink_to(target)
    lab.age()
    plan = planned(complete(lab))
    lab.write_row("recording", 1, {"path": "folder", "store": "derived"})

    receipt = plan.sweep()

    assert details(receipt) == {"skipped: live again: a row refers to it": 1}
