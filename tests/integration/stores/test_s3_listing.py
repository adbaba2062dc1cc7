"""What is peculiar to listings of S3; the rest of the suite runs there as well."""

from collections.abc import Iterator
from typing import Any

import pytest
from laboratory import HASH, Laboratory, complete, filled, outcomes, planned
from proxy import Relay, relay
from services import contents_of

from djgc_widgets import IncompleteScan
from djgc_widgets.lab import S3Server
from djgc_widgets.model import Notices, no_progress
from djgc_widgets.stores import open_stores
from djgc_widgets.stores.s3.store import S3Store


@pytest.fixture
def lab(s3_laboratory: Laboratory) -> Laboratory:
    return s3_laboratory


@pytest.fixture
def server(lab: Laboratory) -> S3Server:
    assert lab.s3 is not None
    return lab.s3


@pytest.fixture
def wire(server: S3Server) -> Iterator[Relay]:
    with relay(server.server.host, server.server.port) as relayed:
        yield relayed


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


def configure(lab: Laboratory, **changes: object) -> None:
    """Change the settings of every store."""
    for name, spec in lab.config.stores.items():
        lab.config.stores[name] = {**spec, **changes}


def problems_of(lab: Laboratory) -> Notices:
    """Return the problems of a scan, which is incomplete."""
    result = lab.scan()
    assert isinstance(result, IncompleteScan)
    return result.problems


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
    configure(lab, endpoint=f"127.0.0.1:{wire.port}")

    objects = complete(lab).objects

    assert len(objects) == 1_503
    assert set(objects["status"]) == {"live", "unknown"}
    pages = [request for request in wire.requests if "list-type=2" in request]
    assert len(pages) == 3  # two pages of one store, one of the other
    # what else its bucket keeps takes two requests of each
    rest = [request for request in wire.requests if request not in pages]
    assert len(rest) == sum("?uploads" in request for request in rest) * 2 == 4


@pytest.mark.parametrize(
    "address",
    [
        {"endpoint": "{}", "secure": False},
        {"endpoint": "http://{}"},
        {"endpoint": "http://{}", "secure": True},
        {"endpoint": "http://{}/", "secure": False},
    ],
)
@pytest.mark.parametrize("location", ["", "a/b", "a b/ü"])
def test_a_store_is_where_datajoint_says(
    lab: Laboratory, bucket: str, location: str, address: dict[str, Any]
) -> None:
    assert lab.s3 is not None
    spec = lab.s3.spec(bucket, location)
    del spec["secure"]
    endpoint = address["endpoint"].format(lab.s3.endpoint)
    lab.config.stores = {"raw": {**spec, **address, "endpoint": endpoint}}
    table = filled(lab)

    (table & "id = 1").delete()

    assert statuses(lab) == ["live", "live", "orphan"]
    assert len(contents_of(lab.s3, bucket, location)) == 3


@pytest.mark.parametrize(
    "location", ["{}/b/", "/{}/c", "{}//d", "//{}//", " {} ", "{}/50%25 ü", "{}/_hash"]
)
def test_what_datajoint_writes_is_listed_wherever_a_store_is(
    lab: Laboratory, location: str
) -> None:
    for spec in lab.config.stores.values():
        del spec["location"]
    lab.config.stores = {
        "raw": {**lab.config.stores["raw"], "location": location.format(lab.name)}
    }
    table = filled(lab, range(1, 9))
    assert len(table.to_arrays("data")) == 8

    (table & "id < 4").delete()

    assert statuses(lab) == ["live"] * 5 + ["orphan"] * 3
    receipt = planned(complete(lab)).sweep()
    assert outcomes(receipt) == {"moved": 3}
    assert outcomes(receipt.restore()) == {"restored": 3}
    assert statuses(lab).count("orphan") == 3


def test_ambient_credentials_serve_as_well(
    lab: Laboratory, server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.server.user)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.server.password)
    for spec in lab.config.stores.values():
        del spec["access_key"], spec["secret_key"]

    filled(lab)

    assert statuses(lab) == ["live"] * 3


def test_a_scan_needs_no_more_than_to_list(lab: Laboratory, server: S3Server) -> None:
    filled(lab)
    configure(lab, access_key=server.reader, secret_key=server.reader_secret)

    assert statuses(lab) == ["live"] * 3


def test_a_few_missing_references_cost_a_few_requests(
    lab: Laboratory, wire: Relay
) -> None:
    table = filled(lab, range(1, 7))
    gone = sorted(complete(lab).references["path"])[:2]
    for path in gone:
        lab.remove(path)
    for number in range(1_500):
        lab.put(f"_hash/{lab.name}/{number:04}", data=b"x")
    lab.age()
    lab.put(f"{gone[0]}.manifest.json")  # alone it is not what a row refers to
    configure(lab, endpoint=f"127.0.0.1:{wire.port}")

    result = complete(lab)

    assert sorted(result.missing["path"]) == gone
    assert len(table) == 6
    pages = [request for request in wire.requests if "list-type=2" in request]
    assert len(pages) == 5  # three pages, and each of the two
    assert sum("max-keys=1000" in request for request in pages) == 5


def test_many_missing_references_are_asked_for_if_a_listing_takes_longer(
    lab: Laboratory, wire: Relay
) -> None:
    filled(lab, range(3))
    configure(lab, endpoint=f"127.0.0.1:{wire.port}")
    store = open_stores([lab.connection], ["raw"]).stores[0]
    files = store.list_files(no_progress).files
    assert isinstance(store, S3Store)
    paths = [*files["path"], *(f"{files['path'].iloc[0]}{n}" for n in range(150))]

    taken = []
    for n_listed in (len(files), 200_000):  # of so many a listing has 200 pages
        store._n_listed = n_listed  # noqa: SLF001 - to store them takes minutes
        wire.requests.clear()
        assert store.look_up(paths).stored == set(files["path"])
        taken.append(len(wire.requests))

    assert taken == [1, len(paths)]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"bucket": "no-such-bucket"}, "bucket does not exist"),
        ({"secret_key": "wrong-secret"}, "signature"),
        ({"access_key": "nobody"}, "access key"),
        ({"endpoint": "127.0.0.1:1"}, "connect"),
    ],
)
def test_a_store_that_does_not_answer_is_a_problem(
    lab: Laboratory, change: dict[str, str], error: str
) -> None:
    filled(lab)
    lab.age()
    lab.config.stores["raw"] = {**lab.config.stores["raw"], **change}

    problems = problems_of(lab)

    assert [problem.code for problem in problems] == ["store-unread"]
    assert error in str(problems[0].values["error"]).lower()
    assert "wrong-secret" not in str(problems)


def test_a_store_that_does_not_answer_is_a_problem_if_no_row_needs_it(
    lab: Laboratory,
) -> None:
    filled(lab, range(0))
    lab.config.stores["raw"]["bucket"] = "no-such-bucket"

    assert [problem.code for problem in problems_of(lab)] == ["store-unread"]


def test_two_names_of_a_bucket_are_one_store(lab: Laboratory, server: S3Server) -> None:
    filled(lab)
    same = lab.config.stores["raw"]
    endpoint = f"http://localhost:{server.server.port}/"
    location = f"/{same['location']}//".replace("//", "/")
    lab.config.stores["again"] = {**same, "endpoint": endpoint, "location": location}

    assert statuses(lab) == ["live"] * 3
    stores = complete(lab).stores
    assert [store.aliases for store in stores] == [("raw", "again"), ("derived",)]


@pytest.mark.parametrize("location", ["{}", "{}/_hash"])
def test_one_server_under_two_host_names_is_a_problem(
    lab: Laboratory, server: S3Server, location: str
) -> None:
    filled(lab)
    lab.age()
    same = lab.config.stores["raw"]
    endpoint = f"0.0.0.0:{server.server.port}"
    location = location.format(same["location"])
    lab.config.stores["again"] = {**same, "endpoint": endpoint, "location": location}

    assert problems_of(lab)[0].code == "store-twice"


def test_a_store_inside_another_is_listed_once(lab: Laboratory) -> None:
    raw = lab.config.stores["raw"]
    lab.config.stores["inner"] = {**raw, "location": f"{raw['location']}/in"}
    table = lab.declare(HASH)
    live, orphan = (f"_hash/{lab.name}/{digit * 26}" for digit in "ab")
    for path in (live, orphan):
        lab.put(f"in/{path}")
    lab.write_row(table.table_name, 1, {"path": f"in/{live}", "store": "raw"})
    lab.age()

    objects = complete(lab).objects.set_index("path")

    assert set(objects["store"]) == {"inner"}
    assert objects["status"].to_dict() == {live: "live", orphan: "orphan"}


def test_keys_that_no_file_can_have_are_never_candidates(lab: Laboratory) -> None:
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
    prefix = f"{spec['bucket']}/{spec['location']}"
    urls = [
        f"s3://{prefix}/{paths[0]}",
        f"http://{server.endpoint}/{prefix}//{paths[1]}",
        f"/{paths[2]}/",
    ]
    for key, url in enumerate(urls):
        lab.write_row(table.table_name, key, {"url": url, "store": "raw"})
    lab.age()

    status = complete(lab).objects.set_index("path")["status"]

    assert status.to_dict() == {**dict.fromkeys(paths[:3], "live"), paths[3]: "orphan"}


def test_every_request_may_be_the_last(
    lab: Laboratory, wire: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")  # a failure is a failure
    filled(lab, range(1, 3))
    lab.age()
    configure(lab, endpoint=f"127.0.0.1:{wire.port}")
    wire.arm()
    complete(lab)
    pieces = wire.pieces

    for number in range(1, pieces + 1):
        wire.arm(number)
        wire.close()

        result = lab.scan()

        assert wire.was_cut, number
        first = [*result.problems, *result.warnings][0].code
        assert first == ("store-unread" if result.problems else "hidden-unread"), number
        assert result.complete is (first == "hidden-unread")
    wire.arm()
    assert complete(lab).orphans.empty
