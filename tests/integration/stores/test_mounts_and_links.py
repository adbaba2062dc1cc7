"""A store or folder to which several paths lead is listed once."""

import os
from pathlib import Path, PurePath

import pytest
from laboratory import NOW, NPY, Laboratory, complete, outcomes, planned
from mounts import bound, needs_root
from unprivileged import let_in, ordinary_account


@pytest.fixture
def lab(postgresql_laboratory: Laboratory) -> Laboratory:
    postgresql_laboratory.declare(NPY)
    return postgresql_laboratory


def add_store(lab: Laboratory, name: str, location: Path, **spec: str) -> None:
    location.mkdir(parents=True, exist_ok=True)
    lab.config.stores[name] = {"protocol": "file", "location": str(location), **spec}


def named(lab: Laboratory, number: int = 1) -> str:
    return f"_schema/{lab.name}/recording/id={number}/data_AbCd123{number}.npy"


def put(lab: Laboratory, *numbers: int) -> None:
    for number in numbers:
        lab.put(named(lab, number))


def refer(lab: Laboratory, path: str, store: str = "raw", key: int = 1) -> None:
    lab.write_row("recording", key, {"path": path, "store": store})


def statuses(lab: Laboratory, **options: object) -> dict[tuple[str, str], str]:
    lab.age()
    objects = complete(lab, **options).objects
    keys = zip(objects["store"], objects["path"], strict=True)
    return dict(zip(keys, objects["status"], strict=True))


def first_is_live(lab: Laboratory, store: str = "raw") -> dict[tuple[str, str], str]:
    """Of two objects, the first is referenced."""
    return {(store, named(lab, 1)): "live", (store, named(lab, 2)): "orphan"}


@pytest.mark.parametrize("location", ["inner", "_schema/inner", "_hash/a/b"])
def test_a_store_inside_another_is_listed_once(lab: Laboratory, location: str) -> None:
    add_store(lab, "inner", lab.store("raw") / location)
    for number in (1, 2, 3):
        lab.put(f"{location}/{named(lab, number)}")
    put(lab, 4)
    refer(lab, named(lab, 1), "inner")
    refer(lab, f"{location}/{named(lab, 2)}", key=2)

    assert statuses(lab) == {
        ("inner", named(lab, 1)): "live",
        ("inner", named(lab, 2)): "live",
        ("inner", named(lab, 3)): "orphan",
        ("raw", named(lab, 4)): "orphan",
    }


def test_an_inner_store_is_safe_when_it_is_scanned_alone(lab: Laboratory) -> None:
    add_store(lab, "inner", lab.store("raw") / "inner")
    lab.put(f"inner/{named(lab)}")
    refer(lab, f"inner/{named(lab)}")

    assert statuses(lab, stores=["inner"]) == {("inner", named(lab)): "live"}
    assert statuses(lab, stores=["raw"]) == {}


def test_rows_of_an_inner_store_lack_nothing_while_it_is_left_out(
    lab: Laboratory,
) -> None:
    add_store(lab, "inner", lab.store("raw") / "inner")
    lab.put(f"inner/{named(lab, 1)}")
    put(lab, 4)
    refer(lab, named(lab, 1), "inner")
    refer(lab, f"inner/{named(lab, 2)}", key=2)
    refer(lab, named(lab, 3), key=3)
    lab.age()

    missing = complete(lab, stores=["raw"]).missing
    assert list(missing["path"]) == [named(lab, 3)]
    missing = complete(lab).missing
    keys = set(zip(missing["store"], missing["path"], strict=True))
    assert keys == {("raw", f"inner/{named(lab, 2)}"), ("raw", named(lab, 3))}


@needs_root
def test_a_folder_mounted_inside_its_own_store_is_listed_once(lab: Laboratory) -> None:
    put(lab, 1, 2)
    refer(lab, named(lab, 1).replace("_schema", "again"))

    with bound(lab.store("raw") / "_schema", lab.store("raw") / "again"):
        assert statuses(lab) == first_is_live(lab)


@needs_root
def test_a_part_of_one_store_mounted_in_another_is_listed_once(lab: Laboratory) -> None:
    put(lab, 1, 2)
    refer(lab, named(lab, 1).replace("_schema", "m"), "derived")

    with bound(lab.store("raw") / "_schema", lab.store("derived") / "m"):
        assert statuses(lab) == first_is_live(lab)
        assert statuses(lab, stores=["raw"]) == first_is_live(lab)


@pytest.mark.parametrize("relative", [True, False])
def test_a_row_may_refer_through_a_linked_folder(
    lab: Laboratory, *, relative: bool
) -> None:
    target = lab.put(named(lab, 1)).parents[2]
    put(lab, 2)
    link = lab.store("raw") / "link"
    link.symlink_to(os.path.relpath(target, link.parent) if relative else target)
    refer(lab, "/".join(["link", *named(lab, 1).split("/")[2:]]))

    assert statuses(lab) == {("raw", "link"): "unknown", **first_is_live(lab)}


def test_a_row_may_refer_to_a_linked_file(lab: Laboratory) -> None:
    target = lab.put(named(lab, 1))
    (lab.store("derived") / "x.npy").symlink_to(target)
    refer(lab, "x.npy", "derived")

    assert statuses(lab) == {("raw", named(lab)): "live", ("derived", "x.npy"): "live"}


def test_a_link_above_a_store_leads_into_it(lab: Laboratory) -> None:
    put(lab, 1)
    (lab.store("derived") / "up").symlink_to(lab.folder)
    refer(lab, f"up/raw/{named(lab, 1)}", "derived")

    assert statuses(lab)["raw", named(lab, 1)] == "live"


def test_names_of_one_location_may_differ_in_their_sections(lab: Laboratory) -> None:
    add_store(lab, "old", lab.store("raw"), schema_prefix="objects")
    other = named(lab, 2).replace("_schema", "objects")
    put(lab, 1)
    lab.put(other)
    refer(lab, named(lab, 1), "old")

    assert statuses(lab) == {("raw", named(lab, 1)): "live", ("raw", other): "orphan"}


@pytest.mark.parametrize(
    "name", ["we ird", "with'quote", "per%cent", "back\\slash", "ü"]
)
def test_a_location_may_have_odd_characters(lab: Laboratory, name: str) -> None:
    add_store(lab, "odd", lab.folder / name / "x")
    lab.put(named(lab, 1), f"{name}/x")
    lab.put(named(lab, 2), f"{name}/x")
    refer(lab, f"file://{lab.folder}/{name}/x/{named(lab, 1)}", "odd")

    assert statuses(lab, minimum_age=NOW) == first_is_live(lab, "odd")


def test_a_renamed_store_protects_everywhere_and_says_so(anywhere: Laboratory) -> None:
    lab = anywhere
    lab.declare(NPY)
    for store in ("raw", "derived"):
        lab.put(named(lab, 1), store)
        lab.put(named(lab, 2), store)
    refer(lab, named(lab, 1), "before")
    lab.age()

    result = complete(lab)

    assert list(result.orphans["path"]) == [named(lab, 2)] * 2
    assert result.warnings[0].code == "store-unknown"
    assert "before" in result.warnings[0].message
    assert '{"id": 1}' in result.warnings[0].message


@pytest.mark.parametrize("store", [{"store": ""}, {"store": None}, {}])
def test_without_a_store_the_default_one_is_meant_too(
    anywhere: Laboratory, store: dict[str, str | None]
) -> None:
    lab = anywhere
    lab.declare(NPY)
    lab.config.stores["default"] = "derived"
    for name in ("raw", "derived"):
        lab.put(named(lab, 1), name)
    lab.write_row("recording", 1, {"path": named(lab, 1), **store})

    assert set(statuses(lab).values()) == {"live"}


def test_an_object_with_two_paths_is_swept_once(lab: Laboratory) -> None:
    add_store(lab, "inner", lab.store("raw") / "inner")
    lab.put(f"inner/{named(lab, 1)}")
    lab.put(f"inner/{named(lab, 2)}")
    refer(lab, f"inner/{named(lab, 1)}")
    lab.age()
    plan = planned(complete(lab))
    refer(lab, f"inner/{named(lab, 2)}", key=2)

    assert outcomes(plan.sweep()) == {"skipped: live-again": 1}


def test_a_path_may_leave_the_stores_and_come_back(lab: Laboratory) -> None:
    put(lab, 1, 2)
    outside = lab.folder / "outside"
    outside.mkdir()
    (outside / "inner").symlink_to(lab.store("raw"))
    (lab.store("derived") / "link").symlink_to(outside)
    refer(lab, f"link/inner/{named(lab, 1)}", "derived")

    assert statuses(lab).items() >= first_is_live(lab).items()
    assert statuses(lab, stores=["raw"]) == first_is_live(lab)


@pytest.mark.parametrize("scheme", ["", "file://", "file://localhost"])
@pytest.mark.parametrize("link", ["old", "old/../old", "deep/raw"])
def test_an_absolute_path_may_lead_through_any_link(
    lab: Laboratory, scheme: str, link: str
) -> None:
    put(lab, 1)
    (lab.folder / "old").symlink_to("raw")
    (lab.folder / "deep").symlink_to(".")
    refer(lab, f"{scheme}{lab.folder}/{link}/{named(lab, 1)}")

    assert statuses(lab)["raw", named(lab, 1)] == "live"


@pytest.mark.parametrize(
    "text",
    ["link/{}/recording/{}", "../raw/_schema/{}/recording/{}", "{folder}/up/{}/{}"],
)
def test_any_text_of_a_row_may_lead_through_a_link(lab: Laboratory, text: str) -> None:
    put(lab, 1, 2)
    (lab.store("raw") / "link").symlink_to("_schema")
    (lab.folder / "up").symlink_to(lab.store("raw") / "_schema")
    below = "/".join(named(lab, 1).split("/")[-2:])
    below = f"recording/{below}" if "folder" in text else below
    further = text.format(lab.name, below, folder=lab.folder)
    metadata = {"path": named(lab, 2), "store": "raw", "files": [further]}
    lab.write_row("recording", 1, metadata)

    assert statuses(lab)["raw", named(lab, 1)] == "live"


def test_the_root_of_a_store_as_a_path_covers_all_of_it(lab: Laboratory) -> None:
    put(lab, 1)
    refer(lab, str(lab.store("raw")))

    assert statuses(lab) == {("raw", ""): "live"}


def test_links_that_lead_in_circles_lead_nowhere(lab: Laboratory) -> None:
    put(lab, 1)
    (lab.store("raw") / "a").symlink_to("b/x")
    (lab.store("raw") / "b").symlink_to("a/y")
    refer(lab, "a/foo")
    lab.age()

    result = complete(lab)

    assert list(result.missing["path"]) == ["a/foo"]
    assert list(result.orphans["path"]) == [named(lab, 1)]


@pytest.mark.parametrize("path", ["new", "new/{0.name}", "root/{0}", "../raw/{0}"])
def test_a_new_rows_path_is_followed_before_a_sweep(lab: Laboratory, path: str) -> None:
    put(lab, 1, 2)
    lab.age()
    plan = planned(complete(lab))
    needed, derived = PurePath(named(lab, 1)), lab.store("derived")
    (derived / "root").symlink_to(lab.store("raw"))
    target = needed if path == "new" else needed.parent
    (derived / "new").symlink_to(lab.store("raw") / target)
    refer(lab, path.format(needed), "derived")

    assert outcomes(plan.sweep()) == {"moved": 1, "skipped: live-again": 1}
    assert named(lab, 1) in lab.contents()


@needs_root
def test_a_file_mounted_inside_a_store_is_one_file(lab: Laboratory) -> None:
    first = lab.put(named(lab, 1))
    second = lab.put(named(lab, 2))
    refer(lab, named(lab, 2), key=2)
    lab.age()

    with bound(first, second):
        assert statuses(lab) == {("raw", named(lab, 1)): "live"}


@pytest.mark.parametrize("declared", [True, False])
def test_an_unreadable_path_is_a_notice(lab: Laboratory, *, declared: bool) -> None:
    put(lab, 1, 2)
    closed = lab.folder / "closed"
    (closed / "inner").mkdir(parents=True)
    let_in(lab.folder)
    closed.chmod(0)
    text = f"{closed}/inner/{named(lab, 2)}"
    value = {"path": text} if declared else {"path": named(lab, 1), "note": text}
    lab.write_row("recording", 1, {**value, "store": "raw"})
    lab.age()

    with ordinary_account():
        result = lab.scan()

    closed.chmod(0o755)
    assert result.complete != declared
    notices = result.problems if declared else result.warnings
    assert notices[0].code == "link-unreadable"


def test_a_link_inside_a_folder_of_a_new_row_is_followed_before_a_sweep(
    lab: Laboratory,
) -> None:
    target = lab.put(named(lab, 1))
    lab.put("folder/file", "derived")
    (lab.store("derived") / "folder" / "link").symlink_to(target)
    lab.age()
    plan = planned(complete(lab))
    refer(lab, "folder", "derived")

    assert outcomes(plan.sweep()) == {"skipped: live-again": 1}
