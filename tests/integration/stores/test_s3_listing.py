"""What is peculiar to stores on S3; the rest of the suite runs there, too."""

from collections.abc import Iterator
from typing import Any

import pytest
from laboratory import (
    HASH,
    Laboratory,
    complete,
    filled,
)
from proxy import Relay, relay
from services import contents_of

from djgc_widgets import IncompleteScan
from djgc_widgets.lab.s3_server import S3Server


@pytest.fixture
def lab(s3_laboratory: Laboratory) -> Laboratory:
    return s3_laboratory


@pytest.fixture
def server(lab: Laboratory) -> S3Server:
    assert lab.s3 is not None
    return lab.s3


@pytest.fixture
def wire(server: S3Server) -> Iterator[Relay]:
    with relay(server.server.host, server.server.port) as found:
        yield found


@pytest.fixture
def bucket(lab: Laboratory, server: S3Server) -> Iterator[str]:
    name = lab.name.replace("_", "-")
    client = server.client()
    client.create_bucket(Bucket=name)
    yield name
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=name):
        for entry in page.get("Contents", ()):
            client.delete_object(Bucket=name, Key=entry["Key"])
    client.delete_bucket(Bucket=name)


def statuses(lab: Laboratory) -> list[str]:
    lab.age()
    return sorted(complete(lab).objects["status"])


def test_a_scan_makes_one_request_per_thousand_objects(
    lab: Laboratory, wire: Relay
) -> None:
    filled(lab, range(1, 4))
    for number in range(1_500):
        lab.put(f"_hash/{lab.name}/{number:04}", data=b"x")
    lab.age()
    stores = lab.config.stores
    for store in stores:
        stores[store] = {**stores[store], "endpoint": f"127.0.0.1:{wire.port}"}

    found = complete(lab)

    assert len(found.objects) == 1_503
    assert set(found.objects["status"]) == {"live", "unknown"}
    assert len(wire.requests) == 3  # two pages of one store, one of the other
    assert all("list-type=2" in request for request in wire.requests)


@pytest.mark.parametrize(
    "place",
    [
        {"endpoint": "{}", "secure": False},
        {"endpoint": "http://{}"},
        {"endpoint": "http://{}", "secure": True},
        {"endpoint": "http://{}/", "secure": False},
    ],
)
@pytest.mark.parametrize("location", ["", "a/b", "a b/ü"])
def test_a_store_is_where_datajoint_says(
    lab: Laboratory, bucket: str, location: str, place: dict[str, Any]
) -> None:
    assert lab.s3 is not None
    spec = lab.s3.spec(bucket, location)
    del spec["secure"]
    endpoint = place["endpoint"].format(lab.s3.endpoint)
    lab.config.stores = {"raw": {**spec, **place, "endpoint": endpoint}}
    table = filled(lab)

    (table & "id = 1").delete()

    assert statuses(lab) == ["live", "live", "orphan"]
    assert len(contents_of(lab.s3, bucket, location)) == 3


def test_ambient_credentials_serve_as_well(
    lab: Laboratory, server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.server.user)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.server.password)
    for name, spec in lab.config.stores.items():
        ambient = {
            k: v for k, v in spec.items() if k not in {"access_key", "secret_key"}
        }
        lab.config.stores[name] = ambient

    filled(lab)

    assert statuses(lab) == ["live"] * 3


def test_a_scan_needs_no_more_than_to_list(lab: Laboratory, server: S3Server) -> None:
    filled(lab)
    account = {"access_key": server.reader, "secret_key": server.reader_secret}
    for name, spec in lab.config.stores.items():
        lab.config.stores[name] = {**spec, **account}

    assert statuses(lab) == ["live"] * 3


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"bucket": "no-such-bucket"}, "bucket does not exist"),
        ({"secret_key": "wrong-secret"}, "signature"),
        ({"access_key": "nobody"}, "access key"),
        ({"endpoint": "127.0.0.1:1"}, "connect"),
    ],
)
def test_a_store_that_does_not_answer_is_a_problem(
    lab: Laboratory, change: dict[str, str], told: str
) -> None:
    filled(lab)
    lab.age()
    lab.config.stores["raw"] = {**lab.config.stores["raw"], **change}

    found = lab.scan()

    assert isinstance(found, IncompleteScan)
    assert told in found.problems[0].message.lower()
    assert "wrong-secret" not in str(found.problems)


def test_two_names_of_one_bucket_are_one_store(
    lab: Laboratory, server: S3Server
) -> None:
    filled(lab)
    same = lab.config.stores["raw"]
    endpoint = f"http://localhost:{server.server.port}/"
    location = f"/{same['location']}//".replace("//", "/")
    lab.config.stores["again"] = {**same, "endpoint": endpoint, "location": location}

    lab.age()
    found = complete(lab)

    assert [store.aliases for store in found.stores] == [("raw", "again"), ("derived",)]
    assert list(found.objects["status"]) == ["live"] * 3


@pytest.mark.parametrize("location", ["{}", "{}/_hash"])
def test_one_server_under_two_host_names_is_a_problem(
    lab: Laboratory, server: S3Server, location: str
) -> None:
    filled(lab)
    lab.age()
    same = lab.config.stores["raw"]
    lab.config.stores["again"] = {
        **same,
        "endpoint": f"0.0.0.0:{server.server.port}",
        "location": location.format(same["location"]),
    }

    found = lab.scan()

    assert isinstance(found, IncompleteScan)
    assert "one place under two host names" in found.problems[0].message


def test_a_store_inside_another_is_listed_once(lab: Laboratory) -> None:
    raw = lab.config.stores["raw"]
    lab.config.stores["inner"] = {**raw, "location": f"{raw['location']}/in"}
    table = lab.declare(HASH)
    live, lost = (f"_hash/{lab.name}/{digit * 26}" for digit in "ab")
    for path in (live, lost):
        lab.put(f"in/{path}")
    lab.write_row(table.table_name, 1, {"path": f"in/{live}", "store": "raw"})
    lab.age()

    found = complete(lab).objects.set_index("path")

    assert set(found["store"]) == {"inner"}
    assert found["status"].to_dict() == {live: "live", lost: "orphan"}


def test_keys_that_no_path_spells_are_never_candidates(lab: Laboratory) -> None:
    filled(lab, range(1, 2))
    folder = f"_schema/{lab.name}/recording/id=1/data_AbCd1234.zarr"
    lab.put(f"{folder}/", data=b"")  # what other tools leave for a folder
    lab.put(f"{folder}/0")
    lab.put("plain/", data=b"")

    assert statuses(lab) == ["live", "unknown", "unknown"]


def test_urls_of_an_object_lead_to_it(lab: Laboratory, server: S3Server) -> None:
    table = lab.declare(HASH)
    spec = lab.config.stores["raw"]
    paths = [f"_hash/{lab.name}/{digit * 26}" for digit in "abcd"]
    for path in paths:
        lab.put(path)
    place = f"{spec['bucket']}/{spec['location']}"
    urls = [
        f"s3://{place}/{paths[0]}",
        f"http://{server.endpoint}/{place}//{paths[1]}",
        f"/{paths[2]}/",
    ]
    for key, url in enumerate(urls):
        lab.write_row(table.table_name, key, {"url": url, "store": "raw"})
    lab.age()

    found = complete(lab).objects.set_index("path")["status"]

    assert found.to_dict() == {**dict.fromkeys(paths[:3], "live"), paths[3]: "orphan"}


def test_every_request_may_be_the_last(
    lab: Laboratory, wire: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")  # a failure is a failure
    filled(lab, range(1, 3))
    lab.age()
    stores = lab.config.stores
    for store in stores:
        stores[store] = {**stores[store], "endpoint": f"127.0.0.1:{wire.port}"}
    wire.arm()
    complete(lab)
    pieces = wire.pieces

    for number in range(1, pieces + 1):
        wire.arm(number)
        wire.close()

        found = lab.scan()

        assert wire.was_cut
        assert isinstance(found, IncompleteScan), number
        assert "could not be listed" in str(found.problems[0])
    wire.arm()
    assert complete(lab).orphans.empty
