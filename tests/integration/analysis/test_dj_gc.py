"""DataJoint's own collector compared with ours: losses come first."""

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
from djgc_widgets.analysis.comparison import CollectorDeletions, compare
from djgc_widgets.analysis.dj_gc import _datajoint_warnings, _read_only_connection
from djgc_widgets.model import NoticeCode, OpinionCode


@pytest.fixture
def lab(postgresql_laboratory: Laboratory) -> Laboratory:
    """For tests that do not depend on the backend."""
    return postgresql_laboratory


def opinions(frame: object) -> dict[str, int]:
    return frame["opinion_code"].value_counts().to_dict()


def test_both_agree_on_plain_garbage(anywhere: Laboratory) -> None:
    orphaned(anywhere, "id : int32\n---\ndata : <npy@raw>\n")
    result, before = complete(anywhere), anywhere.contents()

    opinion = second_opinion(result)

    assert opinions(opinion.objects) == {OpinionCode.AGREES: 3}
    assert set(opinion.objects["path"]) == set(result.orphans["path"])
    assert opinion.objects["deleted_bytes"].eq(opinion.objects["size_bytes"]).all()
    assert opinion.losses.empty
    assert opinion.problems == opinion.warnings == ()
    assert opinion.collector == f"DataJoint {dj.__version__}"
    assert anywhere.contents() == before  # it ran dry


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

    assert opinions(opinion.objects) == {OpinionCode.LOSES: 1, OpinionCode.AGREES: 3}
    first = opinion.objects.iloc[0]
    assert first["opinion_code"] == OpinionCode.LOSES
    assert first["reason"] == f'{name}.kept.data {{"id": 4}} refers to it'
    summary = opinion.summary()["opinion_code"]
    assert summary.tolist() == [OpinionCode.LOSES, OpinionCode.AGREES]


def test_a_second_name_of_a_store_would_lose_all_of_it(lab: Laboratory) -> None:
    filled(lab, range(1, 6))
    stores = lab.config.stores
    lab.config.stores = {**stores, "again": dict(stores["raw"])}
    lab.age()

    opinion = second_opinion(complete(lab))

    assert opinions(opinion.objects) == {OpinionCode.LOSES: 5}
    assert set(opinion.losses["store"]) == {"raw"}
    assert opinion.losses["reason"].str.contains("recording.data").all()


def test_a_codec_that_is_not_registered_here_is_a_loss(lab: Laboratory) -> None:
    orphaned(lab)
    table = lab.quote(lab.name, "recording")
    lab.query(f"COMMENT ON COLUMN {table}.data IS ':<notours@raw>:'; SELECT 1")

    opinion = second_opinion(complete(lab))

    assert opinions(opinion.objects) == {OpinionCode.LOSES: 2, OpinionCode.AGREES: 3}
    assert opinion.warnings == ()  # it does not know that it misses references


def test_warnings_that_the_collector_logs_are_reported(lab: Laboratory) -> None:
    table = lab.declare(NPY)
    several = [f"_schema/{lab.name}/recording/id=1/data_AbCd123{n}.npy" for n in "45"]
    lab.write_row("recording", 1, {"path": several, "store": "raw"})
    for path in several:
        lab.put(path)
    table.insert({"id": key, "data": array(key)} for key in (2, 3))
    lab.age()

    opinion = second_opinion(complete(lab))

    assert opinions(opinion.objects) == {OpinionCode.LOSES: 4}
    (warning,) = opinion.warnings
    assert "recording.data" in warning


def test_an_incomplete_scan_has_no_opinion_to_compare_with(lab: Laboratory) -> None:
    orphaned(lab)
    lab.write_row("recording", 9, {"where": "unknown"})
    result = lab.scan()
    assert not result.complete

    with pytest.raises(InputError, match="Expected a complete scan"):
        second_opinion(result)


def test_an_account_that_may_only_look_shows_the_collector_nothing(
    lab: Laboratory,
) -> None:
    orphaned(lab)
    with reader(lab, *look_only(lab)) as connection:
        opinion = second_opinion(scan(schema_of(connection, lab.name)))

    assert opinions(opinion.objects) == {OpinionCode.LOSES: 2, OpinionCode.AGREES: 3}


def test_the_collector_deletes_young_objects(lab: Laboratory) -> None:
    orphaned(lab)
    lab.age(days=0)  # as if uploaded just now, and not yet committed

    opinion = second_opinion(complete(lab))

    assert opinions(opinion.objects) == {OpinionCode.DELETES_YOUNG: 3}
    assert opinion.objects["reason"].str.startswith("younger").all()


def test_a_deleted_folder_includes_all_its_files(lab: Laboratory) -> None:
    orphaned(lab)
    result = complete(lab)
    result.plan([result.orphans["path"].iloc[0]], {"sole-owner", "large-sweep"}).sweep()
    lab.put("notes.txt")
    lab.age()
    result = complete(lab)
    section = f"_schema/{lab.name}"

    # up to 2.3.0 the collector deletes folders, whatever is in them
    ours = (result.objects, result.references, result.files, result.store_names)
    folders = CollectorDeletions([("raw", section), ("raw", "_trash")], folders=True)
    compared = compare(folders, *ours)
    files = [("raw", "notes.txt"), ("raw", f"{section}/new_x"), ("raw", f"{section}/")]
    unknown = compare(CollectorDeletions(files), *ours)

    assert opinions(compared)[OpinionCode.LOSES] == 2
    assert opinions(compared)[OpinionCode.AGREES] == 2
    trash = compared[compared["opinion_code"].eq(OpinionCode.DELETES_TRASH)]
    assert set(trash["status"]) == {"trash"}
    assert len(trash[trash["path"].str.endswith(".npy")]) == 1
    assert opinions(unknown) == {
        OpinionCode.DELETES_UNKNOWN: 1,
        OpinionCode.DELETES_UNSEEN: 1,
        OpinionCode.LEAVES: 2,
    }
    unseen = unknown["opinion_code"].eq(OpinionCode.DELETES_UNSEEN)
    assert unknown.loc[unseen, "status"].isna().all()


def test_a_store_that_the_collector_cannot_finish_is_a_problem(lab: Laboratory) -> None:
    orphaned(lab)
    result = complete(lab)
    lab.config.stores = {"raw": lab.config.stores["raw"]}

    opinion = second_opinion(result)

    (problem,) = opinion.problems
    assert problem.where == "store derived"
    assert problem.code == NoticeCode.COLLECTOR_GAVE_UP
    assert opinions(opinion.objects) == {OpinionCode.AGREES: 3}


def test_the_collector_runs_over_a_connection_that_cannot_write(
    laboratory: Laboratory,
) -> None:
    laboratory.declare(NPY)
    own = _read_only_connection(laboratory.connection)

    table = laboratory.quote(laboratory.name, "recording")
    with pytest.raises(Exception, match=r"(?i)read.only"):
        own.query(f"DELETE FROM {table}")
    assert own.schemas == {}
    own.close()

    assert laboratory.connection.is_connected
    assert schema_of(laboratory.connection, laboratory.name).exists


def test_a_collector_that_could_not_look_has_no_opinion(
    s3_laboratory: Laboratory,
) -> None:
    orphaned(s3_laboratory)
    result, stores = complete(s3_laboratory), s3_laboratory.config.stores
    wrong = {**stores["raw"], "secret_key": "wrong"}
    s3_laboratory.config.stores = {**stores, "raw": wrong}

    opinion = second_opinion(result)

    assert [problem.where for problem in opinion.problems] == ["store raw"]
    assert opinion.objects.empty  # not even that it leaves garbage
    assert "wrong" not in str(opinion.problems)


def test_objects_that_others_wrote_meanwhile_are_listed(
    s3_laboratory: Laboratory,
) -> None:
    orphaned(s3_laboratory)
    second_opinion(complete(s3_laboratory))
    folder = f"_schema/{s3_laboratory.name}/recording/id=1"
    s3_laboratory.put(f"{folder}/data_AbCd1234.npy")
    s3_laboratory.put(f"{folder}/")  # a marker, as consoles of object stores make them

    opinion = second_opinion(complete(s3_laboratory))

    assert f"{folder}/data_AbCd1234.npy" in set(opinion.objects["path"])
    assert opinion.losses.empty
    assert OpinionCode.DELETES_UNSEEN not in opinions(opinion.objects)


def test_a_lost_connection_is_not_replaced_by_one_that_can_write(
    laboratory: Laboratory,
) -> None:
    laboratory.declare(NPY)
    own = _read_only_connection(laboratory.connection)
    table = laboratory.quote(laboratory.name, "made")
    own_id, end = {
        "mysql": ("SELECT connection_id()", "KILL {}"),
        "postgresql": ("SELECT pg_backend_pid()", "SELECT pg_terminate_backend({})"),
    }[laboratory.backend]
    laboratory.connection.query(end.format(own.query(own_id).fetchone()[0]))

    with pytest.raises(Exception, match=r"(?i)lost|closed|terminat|gone"):
        own.query(f"CREATE TABLE {table} (id int)")
    with suppress(Exception):
        own.close()

    assert "made" not in laboratory.schema.list_tables()


def test_waiting_for_a_lock_ends(laboratory: Laboratory) -> None:
    own = _read_only_connection(laboratory.connection)
    queries = {"postgresql": "SHOW lock_timeout", "mysql": "SELECT @@lock_wait_timeout"}

    (limit,) = own.query(queries[laboratory.backend]).fetchone()
    own.close()

    assert limit in {"1min", 60}


def test_a_quiet_logger_is_read_and_its_level_is_restored(lab: Laboratory) -> None:
    orphaned(lab)
    logger = logging.getLogger("datajoint")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with _datajoint_warnings() as warnings:
            logger.warning("logged")
        assert logger.level == logging.CRITICAL
    finally:
        logger.setLevel(before)

    assert warnings == ["logged"]
    with _datajoint_warnings() as warnings:
        pass
    assert warnings == []
