"""DataJoint's own collector beside ours: what it would lose is shown first."""

import logging
import uuid
from contextlib import suppress

import datajoint as dj
import pytest
from laboratory import (
    NPY,
    Laboratory,
    array,
    complete,
    filled,
    look_only,
    orphaned,
    reader,
    schema_of,
)

from djgc_widgets import InputError, scan, second_opinion
from djgc_widgets.analysis.comparison import Doomed, Verdict, compare
from djgc_widgets.analysis.dj_gc import _heard, _own_connection


def verdicts(frame: object) -> dict[str, int]:
    return frame["verdict"].value_counts().to_dict()


def test_both_agree_on_plain_garbage(anywhere: Laboratory) -> None:
    orphaned(anywhere, "id : int32\n---\ndata : <npy@raw>\n")
    found, before = complete(anywhere), anywhere.held()

    opinion = second_opinion(found)

    assert verdicts(opinion.objects) == {Verdict.AGREES: 3}
    assert set(opinion.objects["path"]) == set(found.orphans["path"])
    assert opinion.objects["deleted_bytes"].eq(opinion.objects["size_bytes"]).all()
    assert opinion.losses.empty
    assert opinion.problems == opinion.warnings == ()
    assert opinion.collector == f"DataJoint {dj.__version__}"
    assert anywhere.held() == before  # it ran dry


def test_a_copied_row_is_a_loss_that_the_collector_does_not_see(
    laboratory: Laboratory,
) -> None:
    orphaned(laboratory)
    name = f"lab_{uuid.uuid4().hex[:8]}"
    other = dj.Schema(name, connection=laboratory.connection)
    laboratory.declare(NPY, "Kept", other)
    source = laboratory.quote(laboratory.name, "recording")
    laboratory.connection.query(
        f"INSERT INTO {laboratory.quote(name, 'kept')} (id, data) "
        f"SELECT id, data FROM {source} WHERE id = 4"
    )
    (laboratory.schema.get_table("recording") & "id = 4").delete()
    try:
        opinion = second_opinion(complete(laboratory))
    finally:
        other.drop(prompt=False)

    assert verdicts(opinion.objects) == {Verdict.LOSES: 1, Verdict.AGREES: 3}
    first = opinion.objects.iloc[0]
    assert first["verdict"] == Verdict.LOSES
    assert first["reason"] == f'{name}.kept.data {{"id": 4}} refers to it'
    assert opinion.summary()["verdict"].tolist() == [Verdict.LOSES, Verdict.AGREES]


def test_a_second_name_of_a_store_would_lose_all_of_it(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    filled(laboratory, range(1, 6))
    stores = laboratory.config.stores
    laboratory.config.stores = {**stores, "again": dict(stores["raw"])}
    laboratory.age()

    opinion = second_opinion(complete(laboratory))

    assert verdicts(opinion.objects) == {Verdict.LOSES: 5}
    assert set(opinion.losses["store"]) == {"raw"}
    assert opinion.losses["reason"].str.contains("recording.data").all()


def test_a_codec_that_is_not_registered_here_is_a_loss(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory)
    table = laboratory.quote(laboratory.name, "recording")
    laboratory.query(f"COMMENT ON COLUMN {table}.data IS ':<notours@raw>:'; SELECT 1")

    opinion = second_opinion(complete(laboratory))

    assert verdicts(opinion.objects) == {Verdict.LOSES: 2, Verdict.AGREES: 3}
    assert opinion.warnings == ()  # it does not even know


def test_what_the_collector_stumbled_over_and_went_on_after_is_told(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    table = laboratory.declare(NPY)
    several = [
        f"_schema/{laboratory.name}/recording/id=1/data_AbCd123{n}.npy" for n in "45"
    ]
    laboratory.write_row("recording", 1, {"path": several, "store": "raw"})
    for path in several:
        laboratory.put(path)
    table.insert({"id": key, "data": array(key)} for key in (2, 3))
    laboratory.age()

    opinion = second_opinion(complete(laboratory))

    assert verdicts(opinion.objects) == {Verdict.LOSES: 4}
    (warning,) = opinion.warnings
    assert "recording.data" in warning


def test_an_incomplete_scan_has_no_opinion_to_compare_with(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory)
    laboratory.write_row("recording", 9, {"where": "nobody knows"})
    found = laboratory.scan()
    assert not found.complete

    with pytest.raises(InputError, match="Expected a complete scan"):
        second_opinion(found)


def test_an_account_that_may_only_look_shows_the_collector_nothing(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory)
    with reader(laboratory, *look_only(laboratory)) as connection:
        found = scan(schema_of(connection, laboratory.name))
        opinion = second_opinion(found)

    assert verdicts(opinion.objects) == {Verdict.LOSES: 2, Verdict.AGREES: 3}


def test_young_objects_are_the_collectors_prey(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory)
    laboratory.age(days=0)  # as if uploaded just now, and not yet committed

    opinion = second_opinion(complete(laboratory))

    assert verdicts(opinion.objects) == {Verdict.YOUNG: 3}
    assert opinion.objects["reason"].str.startswith("younger").all()


def test_a_folder_that_is_deleted_takes_all_that_is_in_it(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory)
    found = complete(laboratory)
    found.plan([found.orphans["path"].iloc[0]], {"sole-owner", "large-sweep"}).sweep()
    laboratory.put("notes.txt")
    laboratory.age()
    found = complete(laboratory)
    section = f"_schema/{laboratory.name}"
    names = found.reader.names

    # up to 2.3.0 the collector deletes folders, whatever is in them
    frames = (found.objects, found.references, found.files, names)
    folders = Doomed([("raw", section), ("raw", "_trash")], folders=True)
    told = compare(folders, *frames)
    files = [("raw", "notes.txt"), ("raw", f"{section}/new_x"), ("raw", f"{section}/")]
    gone = compare(Doomed(files), *frames)

    assert verdicts(told)[Verdict.LOSES] == 2
    assert verdicts(told)[Verdict.AGREES] == 2
    trash = told[told["verdict"].eq(Verdict.TRASH)]
    assert set(trash["status"]) == {"trash"}
    assert len(trash[trash["path"].str.endswith(".npy")]) == 1
    assert verdicts(gone) == {Verdict.UNKNOWN: 1, Verdict.UNSEEN: 1, Verdict.LEAVES: 2}
    assert gone.loc[gone["verdict"].eq(Verdict.UNSEEN), "status"].isna().all()


def test_a_store_that_the_collector_gives_up_on_is_a_problem(
    postgresql_laboratory: Laboratory,
) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory)
    found = complete(laboratory)
    laboratory.config.stores = {"raw": laboratory.config.stores["raw"]}

    opinion = second_opinion(found)

    (problem,) = opinion.problems
    assert problem.place == "store derived"
    assert "gave up" in problem.message
    assert verdicts(opinion.objects) == {Verdict.AGREES: 3}


def test_the_collector_runs_over_a_connection_that_cannot_write(
    laboratory: Laboratory,
) -> None:
    laboratory.declare(NPY)
    own = _own_connection(laboratory.connection)

    place = laboratory.quote(laboratory.name, "recording")
    with pytest.raises(Exception, match=r"(?i)read.only"):
        own.query(f"DELETE FROM {place}")
    assert own.schemas == {}
    own.close()

    assert laboratory.connection.is_connected
    assert schema_of(laboratory.connection, laboratory.name).exists


def test_a_collector_that_could_not_look_has_no_opinion(
    s3_laboratory: Laboratory,
) -> None:
    orphaned(s3_laboratory)
    found = complete(s3_laboratory)
    stores = s3_laboratory.config.stores
    wrong = {**stores["raw"], "secret_key": "wrong"}
    s3_laboratory.config.stores = {**stores, "raw": wrong}

    opinion = second_opinion(found)

    assert [problem.place for problem in opinion.problems] == ["store raw"]
    assert opinion.objects.empty  # least of all that it leaves garbage
    assert "wrong" not in str(opinion.problems)


def test_what_others_wrote_meanwhile_is_listed_anew(
    s3_laboratory: Laboratory,
) -> None:
    laboratory = s3_laboratory
    orphaned(laboratory)
    second_opinion(complete(laboratory))
    folder = f"_schema/{laboratory.name}/recording/id=1"
    laboratory.put(f"{folder}/data_AbCd1234.npy")
    laboratory.put(f"{folder}/")  # a marker, as consoles of object stores make them

    opinion = second_opinion(complete(laboratory))

    assert f"{folder}/data_AbCd1234.npy" in set(opinion.objects["path"])
    assert opinion.losses.empty
    assert Verdict.UNSEEN not in verdicts(opinion.objects)


def test_a_lost_connection_is_not_replaced_by_one_that_can_write(
    laboratory: Laboratory,
) -> None:
    laboratory.declare(NPY)
    own = _own_connection(laboratory.connection)
    place = laboratory.quote(laboratory.name, "made")
    own_id, end = {
        "mysql": ("SELECT connection_id()", "KILL {}"),
        "postgresql": ("SELECT pg_backend_pid()", "SELECT pg_terminate_backend({})"),
    }[laboratory.backend]
    laboratory.connection.query(end.format(own.query(own_id).fetchone()[0]))

    with pytest.raises(Exception, match=r"(?i)lost|closed|terminat|gone"):
        own.query(f"CREATE TABLE {place} (id int)")
    with suppress(Exception):
        own.close()

    assert "made" not in laboratory.schema.list_tables()


def test_a_lock_is_not_waited_for_for_ever(
    laboratory: Laboratory,
) -> None:
    own = _own_connection(laboratory.connection)
    asked = (
        "SHOW lock_timeout"
        if laboratory.backend == "postgresql"
        else "SELECT @@lock_wait_timeout"
    )

    (limit,) = own.query(asked).fetchone()
    own.close()

    assert limit in {"1min", 60}


def test_a_quiet_logger_still_tells_and_is_as_it_was(
    postgresql_laboratory: Laboratory,
) -> None:
    orphaned(postgresql_laboratory)
    logger = logging.getLogger("datajoint")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with _heard() as warnings:
            logger.warning("heard")
        assert logger.level == logging.CRITICAL
    finally:
        logger.setLevel(before)

    assert warnings == ["heard"]
    with _heard() as warnings:
        pass
    assert warnings == []
