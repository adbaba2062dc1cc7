"""Names that are not UTF-8 are names like any other: judged, swept, restored."""

import os

import pytest
from laboratory import AT_ONCE, NOW, NPY, Laboratory, complete, planned
from mounts import bound, needs_root

from djgc_widgets import Trash
from djgc_widgets.model import path_text, visible

FOLDER = "id : int32\n---\ndata : <object@raw>\n"
ENDS = [
    os.fsdecode(name)
    for name in (
        b"b\xffd",
        b"\xc3",
        b"se\xf1al.npy",
        b"\xed\xa0\x80",
        b"\xf4\x8f\xbf\xbf",
    )
]
"""Names of files; the bytes of the last are a character that nobody has assigned."""


@pytest.fixture
def lab(laboratory: Laboratory) -> Laboratory:
    laboratory.declare(NPY)
    return laboratory


def dead_paths(lab: Laboratory) -> list[str]:
    top, token = f"_schema/{lab.name}/recording/id=", "data_AbCd1234"
    return [
        f"{top}0/{token}.{ENDS[0]}",
        f"{top}1/{token}/0.0/{ENDS[1]}",
        f"{top}{ENDS[2]}/{token}.npy",
        f"{top}3/{token}/{ENDS[3]}/x",
        f"{top}4/{token}.{ENDS[4]}",
    ]


def stored(lab: Laboratory) -> set[str]:
    return {path for path in lab.contents() if not path.startswith("_trash/")}


def test_dead_files_with_names_that_are_no_text_come_and_go(lab: Laboratory) -> None:
    dead = dead_paths(lab)
    for path in dead:
        lab.put(path)
    lab.age()

    receipt = planned(complete(lab)).sweep()
    after_sweep = stored(lab)
    receipt.restore()
    after_restore = stored(lab)
    lab.age()
    planned(complete(lab)).sweep()
    Trash(lab.schema, "raw").purge(NOW, AT_ONCE)

    assert len(receipt.rows) == len(dead)
    assert after_sweep == set()
    assert after_restore == set(dead)
    assert not [path for path in lab.contents() if any(end in path for end in ENDS)]


def test_whatever_is_in_a_live_folder_is_live(lab: Laboratory) -> None:
    source = lab.folder / "source"
    source.mkdir()
    for name in ENDS:
        (source / name).touch()
    lab.declare(FOLDER, "Folder").insert1({"id": 1, "data": source})
    lab.age()

    objects = complete(lab).objects

    assert objects["status"].tolist() == ["live"]
    assert objects["n_files"].tolist() == [len(ENDS) + 1]  # and its manifest


def test_a_recorded_path_with_unassigned_characters_is_found(lab: Laboratory) -> None:
    path = f"_schema/{lab.name}/recording/id=1/data_AbCd123\U0010ffff.npy"
    lab.put(path)
    lab.write_row("recording", 1, {"path": path, "store": "raw"})
    lab.age()

    result = complete(lab)

    assert result.objects["status"].tolist() == ["live"]
    assert result.missing.empty


def test_a_link_is_followed_through_names_that_are_no_text(lab: Laboratory) -> None:
    top = f"_schema/{lab.name}/recording"
    kept, link = os.fsdecode(b"id=1/k\xffpt"), "id=2/data_AbCd1232"
    lab.put(f"{top}/{kept}/x")
    target = lab.store("raw") / top / link
    target.parent.mkdir()
    target.symlink_to(lab.store("raw") / top / kept)
    lab.write_row("recording", 1, {"path": f"{top}/{link}/x", "store": "raw"})
    lab.age()

    objects = complete(lab).objects.set_index("path")["status"]

    assert objects[path_text(f"{top}/{kept}/x")] == "live"


@needs_root
def test_a_mount_at_a_name_that_is_no_text_is_seen(lab: Laboratory) -> None:
    path = f"_schema/{lab.name}/recording/id=1/data_AbCd1231.npy"
    lab.put(path, "derived")
    lab.age()

    with bound(lab.store("derived"), lab.store("raw") / os.fsdecode(b"_schema/m\xfft")):
        objects = complete(lab).objects

    assert list(zip(objects["store"], objects["path"], strict=True)) == [
        ("derived", path)
    ]


def test_a_plan_shows_the_bytes_of_a_name(lab: Laboratory) -> None:
    lab.put(dead_paths(lab)[0])
    lab.age()

    plan = planned(complete(lab))

    assert visible(plan.objects["path"].iloc[0]).endswith("data_AbCd1234.b\\xffd")
