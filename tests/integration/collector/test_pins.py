"""What somebody keeps stays: through scans, sweeps and purges, in whatever store."""

from datetime import timedelta

import pytest
from laboratory import (
    AT_ONCE,
    HASH,
    NOW,
    NPY,
    Laboratory,
    complete,
    orphaned,
    outcomes,
    planned,
)

from djgc_widgets import (
    IncompleteScan,
    InputError,
    Pin,
    Pins,
    SweepRefusedError,
    Trash,
)


def test_what_is_pinned_is_never_an_orphan(anywhere: Laboratory) -> None:
    orphaned(anywhere)
    pins = Pins(anywhere.schema, "raw")
    first, second, third = sorted(complete(anywhere).orphans["path"])

    pins.add(Pin(path=first, why="for the paper"))
    pins.add(Pin(table=f"{anywhere.name}.recording", key={"id": 2}))
    result = complete(anywhere)

    pinned = result.objects[result.objects["reason_code"].eq("pinned")]
    assert sorted(pinned["path"]) == [first, second]
    assert list(result.orphans["path"]) == [third]
    with pytest.raises(InputError, match="orphans only"):
        planned(result, [first])
    assert outcomes(planned(result).sweep()) == {"moved": 1}
    assert {first, second} <= set(anywhere.contents())
    frame = pins.frame
    assert list(frame["path"]) == [first, ""]
    assert list(frame["key"]) == ["", "id=2"]
    assert list(frame["why"]) == ["for the paper", ""]

    pins.remove(0)
    assert list(complete(anywhere).orphans["path"]) == [first]


def test_a_pin_that_keeps_nothing_may_be_misspelled(lab: Laboratory) -> None:
    orphaned(lab)
    pins, plan = Pins(lab.schema, "raw"), planned(complete(lab))
    swept, kept, _ = sorted(plan.objects["path"])
    planned(complete(lab), [swept]).sweep()
    for pin in (
        Pin(path=swept),
        Pin(path=kept),
        Pin(table=f"{lab.name}.recording", key={"id": 2}),
        Pin(table=f"{lab.name}.recordings"),
        Pin(table=f"{lab.name}.recording", key={"idd": 2}),
        Pin(path=kept.replace("recording", "recordng"), why="for the paper"),
    ):
        pins.add(pin)

    warned = complete(lab).warnings.with_code("pin-idle")

    assert [str(each.values["pin"]) for each in warned] == [
        f"{lab.name}.recordings",
        f"{lab.name}.recording, idd=2",
        f"{kept.replace('recording', 'recordng')} (for the paper)",
    ]


def test_a_pin_that_comes_after_the_scan_holds_at_the_sweep(
    anywhere: Laboratory,
) -> None:
    orphaned(anywhere)
    plan = planned(complete(anywhere))
    first, *_ = sorted(plan.objects["path"])
    Pins(anywhere.schema, "raw").add(Pin(path=first))

    assert outcomes(plan.sweep()) == {"moved": 2, "skipped: pinned": 1}
    assert first in anywhere.contents()


def test_what_is_pinned_stays_in_the_trash(anywhere: Laboratory) -> None:
    orphaned(anywhere, HASH)
    swept = planned(complete(anywhere)).sweep()
    first, *_ = sorted(swept.rows["path"])
    Pins(anywhere.schema, "raw").add(Pin(path=first))

    purged = Trash(anywhere.schema, "raw").purge(NOW, AT_ONCE)

    assert outcomes(purged) == {"purged": 2}
    assert f"_trash/{swept.sweep_id}/objects/{first}" in anywhere.contents()


@pytest.mark.parametrize(
    ("definition", "prefix"), [(NPY, "schema_prefix"), (HASH, "hash_prefix")]
)
def test_a_pin_keeps_what_was_swept_below_a_former_prefix(
    lab: Laboratory, definition: str, prefix: str
) -> None:
    lab.config.stores["raw"][prefix] = "old/arrays"
    orphaned(lab, definition)
    lab.config.stores["raw"][prefix] = "new"
    lab.put(f"{lab.name}.sql")
    swept = planned(complete(lab)).sweep()
    assert outcomes(swept) == {"moved": 3}
    pins = Pins(lab.schema, "raw")
    of_table = "" if definition == HASH else ".recording"
    pins.add(Pin(table=f"{lab.name}{of_table}"))

    assert not complete(lab).warnings.with_code("pin-idle")
    assert Trash(lab.schema, "raw").purge(NOW, AT_ONCE).rows.empty
    other = Pin(table=f"{lab.name}.others")
    pins.remove(0)
    pins.add(other)
    assert complete(lab).warnings.with_code("pin-idle")
    assert outcomes(Trash(lab.schema, "raw").purge(NOW, AT_ONCE)) == {"purged": 3}


def test_pins_that_cannot_be_read_make_a_scan_incomplete(
    postgresql_laboratory: Laboratory,
) -> None:
    lab = postgresql_laboratory
    orphaned(lab)
    plan = planned(complete(lab))
    Pins(lab.schema, "raw").add(Pin(path="a"))
    record = lab.store("raw") / "_trash/pins.json"
    altered = record.read_bytes().replace(b'"path":"a"', b'"path":"b"')
    record.write_bytes(altered)

    result = lab.scan()
    assert isinstance(result, IncompleteScan)
    assert [problem.code for problem in result.problems] == ["pins-unread"]
    assert result.orphans.empty
    with pytest.raises(SweepRefusedError, match=r"pins\.json"):
        plan.sweep()
    with pytest.raises(SweepRefusedError, match=r"pins\.json"):
        Pins(lab.schema, "raw").add(Pin(path="c"))
    assert record.read_bytes() == altered
    assert len([p for p in lab.contents() if "/objects/" in p]) == 0


def test_a_pin_is_written_only_into_a_store_that_nobody_else_changes(
    postgresql_laboratory: Laboratory,
) -> None:
    lab = postgresql_laboratory
    orphaned(lab)
    lab.put("_trash/lock.json", data=b"{}")

    with pytest.raises(SweepRefusedError, match="locked"):
        Pins(lab.schema, "raw").add(Pin(path="a"))
    with pytest.raises(SweepRefusedError, match="locked"):
        Pins(lab.schema, "raw").remove(0)


def test_wrong_pins_are_named(postgresql_laboratory: Laboratory) -> None:
    pins = Pins(postgresql_laboratory.schema, "raw")

    with pytest.raises(InputError, match="Expected a Pin; got 'a/b'"):
        pins.add("a/b")  # type: ignore[arg-type]
    for number in (0, -1, True, "0"):
        with pytest.raises(InputError, match="number of a pin of store raw"):
            pins.remove(number)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="names of configured stores"):
        Pins(postgresql_laboratory.schema, "elsewhere")
    assert pins.frame.empty


def test_a_purge_keeps_what_the_oldest_backup_may_need(anywhere: Laboratory) -> None:
    orphaned(anywhere, HASH)
    planned(complete(anywhere)).sweep()
    trash = Trash(anywhere.schema, "raw")

    with pytest.raises(SweepRefusedError, match="oldest backup"):
        trash.purge(NOW, {"short-retention"})
    assert trash.oldest_backup is None
    fortnight = timedelta(days=14)
    kept = trash.purge(NOW, {"short-retention"}, oldest_backup=fortnight)
    assert kept.rows.empty
    assert trash.oldest_backup == fortnight
    assert trash.purge(NOW, AT_ONCE).rows.empty  # it is still remembered
    anywhere.put(f"_hash/{anywhere.name}/{'a' * 26}")
    assert planned(complete(anywhere, minimum_age=NOW)).sweep().count("moved") == 1
    assert trash.oldest_backup == fortnight  # a sweep does not forget it

    gone = trash.purge(NOW, {"short-retention"}, oldest_backup=NOW)
    assert outcomes(gone) == {"purged": 4}


def test_a_purge_asks_about_backups_once(anywhere: Laboratory) -> None:
    orphaned(anywhere, HASH)
    planned(complete(anywhere)).sweep()
    trash = Trash(anywhere.schema, "raw")

    assert trash.purge(NOW, AT_ONCE).count("purged") == 3
    assert trash.oldest_backup == NOW
    with pytest.raises(InputError, match="Expected an age from 0"):
        trash.purge(NOW, oldest_backup=-timedelta(days=1))
