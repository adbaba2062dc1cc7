"""What rows record for one store may be in another one: it is kept there."""

from datetime import timedelta

import pytest
from laboratory import (
    ACKNOWLEDGED,
    AT_ONCE,
    HASH,
    NPY,
    Laboratory,
    array,
    complete,
    filled,
    outcomes,
    planned,
)

from djgc_widgets import SweepRefusedError, Trash

FOLDER = "id : int32\n---\ndata : <object@raw>\n"


def moved_disk(laboratory: Laboratory, definition: str = NPY) -> list[str]:
    """Insert six rows and copy their objects, as to the store of an old disk."""
    table = laboratory.declare(definition)
    hashed = "hash" in definition
    table.insert(
        {"id": key, "data": array(key).tobytes() if hashed else array(key)}
        for key in range(6)
    )
    for path, content in laboratory.contents().items():
        laboratory.put(path, "derived", content)
    laboratory.age()
    return sorted(laboratory.contents())


@pytest.mark.parametrize("definition", [HASH, NPY])
def test_what_is_missing_in_its_store_is_never_an_orphan_of_another_one(
    anywhere: Laboratory, definition: str
) -> None:
    lost = moved_disk(anywhere, definition)[:3]
    for path in lost:
        anywhere.remove(path)

    result = complete(anywhere)

    there = result.objects[result.objects["store"].eq("derived")].set_index("path")
    assert there["status"].eq("live").equals(there.index.to_series().isin(lost))
    assert set(there["reason_code"].dropna()) == {"copy"}
    assert set(result.missing["store"]) == {"raw"}
    (warning,) = result.warnings.with_code("stored-elsewhere")
    assert (warning.where, warning.values["other"]) == ("store raw", "derived")
    with pytest.raises(SweepRefusedError, match="missing"):
        result.plan(acknowledge=ACKNOWLEDGED).sweep()


def test_a_copy_that_was_broken_off_in_a_folder_object_leaves_the_other_one_live(
    anywhere: Laboratory,
) -> None:
    anywhere.declare(FOLDER)
    own = f"_schema/{anywhere.name}/recording/id=1/data_zarr01.zarr"
    for store in ("raw", "derived"):
        for chunk in ("c0", "c1"):
            anywhere.put(f"{own}/{chunk}", store)
    anywhere.write_row("recording", 1, {"path": own, "store": "raw", "is_dir": True})
    anywhere.remove(f"{own}/c1")
    anywhere.age()

    result = complete(anywhere)

    assert list(result.objects["status"]) == ["live", "live"]


def test_a_path_that_a_row_records_for_a_store_that_is_not_scanned_is_kept(
    anywhere: Laboratory,
) -> None:
    moved_disk(anywhere)

    part, whole = complete(anywhere, stores=["derived"]), complete(anywhere)

    assert part.orphans.empty
    assert [notice.code for notice in part.warnings] == ["kept-for-store"]
    assert len(whole.orphans) == 6


def test_a_row_of_another_store_that_is_new_since_the_scan_stops_the_move(
    anywhere: Laboratory,
) -> None:
    filled(anywhere)
    orphan = f"_hash/{anywhere.name}/{'a' * 26}"
    anywhere.put(orphan, "derived")
    anywhere.age()
    plan = planned(complete(anywhere))
    anywhere.write_row("recording", 9, {"path": orphan, "store": "raw"})

    receipt = plan.sweep()

    assert outcomes(receipt) == {"skipped: live-again": 1}


def test_a_purge_looks_at_what_is_missing_in_every_store(
    anywhere: Laboratory,
) -> None:
    lost, *_ = moved_disk(anywhere)
    planned(complete(anywhere)).sweep()
    content = anywhere.contents()[lost]
    anywhere.remove(lost)

    first = Trash(anywhere.schema, "derived").purge(timedelta(0), AT_ONCE)
    anywhere.put(lost, data=content)
    second = Trash(anywhere.schema, "derived").purge(timedelta(0), AT_ONCE)

    assert outcomes(first) == {"restored: live-again": 1, "skipped: objects-missing": 5}
    assert lost in anywhere.contents("derived")
    assert outcomes(second) == {"purged": 5}
