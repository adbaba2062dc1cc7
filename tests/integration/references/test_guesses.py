"""A text that only looks like a URL, a folder or an end of a path protects little."""

import datajoint as dj
import pytest
from laboratory import Laboratory, array, complete, outcomes, planned


@pytest.fixture
def lab(anywhere: Laboratory) -> Laboratory:
    return anywhere


def statuses(lab: Laboratory) -> dict[str, str]:
    objects = complete(lab).objects
    return dict(zip(objects["path"], objects["status"], strict=True))


def test_a_row_of_a_lookup_table_never_protects_its_schema(lab: Laboratory) -> None:
    definition = "id : int32\n---\nx : <npy@raw>\n"
    lookup = type("Kernel", (dj.Lookup,), {"definition": definition})
    kernel = lab.schema(lookup, context={})()
    recording = lab.declare(definition)
    for table in (kernel, recording):
        table.insert({"id": key, "x": array(key)} for key in (1, 2, 3))
    paths = lab.raw("#kernel", "x")
    lab.remove(paths[3]["path"])  # a missing object is where guessing would go on
    (kernel & "id = 1").delete()
    recording.delete()
    lab.age()

    result = complete(lab)
    receipt = planned(result, acknowledge={"missing-objects"}).sweep()

    live = result.objects.query("status == 'live'")
    assert list(live["path"]) == [paths[2]["path"]]
    assert list(result.missing["path"]) == [paths[3]["path"]]
    assert outcomes(receipt) == {"moved": 4}


ODD = ["a#b", "a?b", "a%20b", "a::b", "a b ", "a\\b", "#", "50%", "?", "::x"]


@pytest.mark.parametrize("value", ODD)
def test_a_key_that_looks_like_part_of_a_url_never_protects_more_than_its_object(
    lab: Laboratory, value: str
) -> None:
    if lab.s3 is not None and "\\" in value:
        pytest.skip("the S3 server of the tests makes slashes of backslashes")
    table = lab.declare("id : int32\n---\ndata : <npy@raw>\n")
    live, garbage, similar = (
        f"_schema/{lab.name}/recording/name={name}/data_AbCd123{number}.npy"
        for number, name in enumerate((value, value, "a"))
    )
    for path in (live, garbage, similar):
        lab.put(path)
    lab.write_row("recording", 1, {"path": live, "store": "raw"})
    lab.age()

    found = statuses(lab)

    assert len(table) == 1
    assert found[live] == "live"
    assert found[garbage] != "live"
    assert found[similar] == "orphan"


@pytest.mark.parametrize("text", ["{}/recording", "backup/_schema/{}/recording", "{}/"])
def test_a_text_of_other_metadata_never_protects_a_table(
    lab: Laboratory, text: str
) -> None:
    table = lab.declare("id : int32\n---\ndata : <npy@raw>\nnote : json\n")
    table.insert({"id": n, "data": array(n), "note": "{}"} for n in (1, 2))
    (table & "id = 1").delete()
    note = text.format(lab.name)
    lab.connection.query(
        f'UPDATE {lab.quote(lab.name, "recording")} SET note = \'{{"from": "{note}"}}\''
    )
    lab.age()

    assert sorted(statuses(lab).values()) == ["live", "orphan"]
