"""What is stored at many paths is seen in pages, on servers of both orders of keys."""

from itertools import combinations
from xml.sax.saxutils import escape

import pytest
from datajoint.storage import StorageBackend
from dialect import Dialect, copies, lists
from http_relay import Asked, Said
from laboratory import Laboratory, complete, filled, outcomes, planned

from djgc_widgets.model import error_text
from djgc_widgets.stores.bucket import windows
from djgc_widgets.stores.bucket.windows import Window
from djgc_widgets.stores.remote import base_path
from djgc_widgets.stores.s3.requests import S3Bucket

KEYS = [
    *("w/-", "w/0", "w/a!", "w/a-b", "w/a.zarr.bak", "w/a0", "w/a~", "w/aa/~", "w/ä"),
    *(f"w/a.zarr/{n}" for n in range(5)),
    *("w/a/0", "w/a/00", "w/a/1", "w/a/b/c", "w/b", "w/€/𐍈", "x/y/z"),
]
ABSENT = ["w", "w/a.za", "w/a.zarr/2/3", "w/a/", "w/c", "v", "z", "w/a-"]


@pytest.fixture
def lab(s3_laboratory: Laboratory) -> Laboratory:
    return s3_laboratory


class ByName:
    """Lists as Amazon does: every key by its name, whatever its folders are.

    The server of the tests lists folder by folder.
    """

    def __init__(self, lab: Laboratory) -> None:
        assert lab.s3 is not None
        self._client, self._bucket = lab.s3.client(), lab.s3.bucket

    def __call__(self, asked: Asked) -> Said | None:
        if not lists(asked):
            return None
        told = {name: values[0] for name, values in asked.query.items()}
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=told["prefix"]
        )
        entries = [entry for page in pages for entry in page.get("Contents", ())]
        after = told.get("continuation-token") or told.get("start-after", "")
        later = [entry for entry in entries if entry["Key"] > after]
        later.sort(key=lambda entry: str(entry["Key"]))
        page = later[: int(told["max-keys"])]
        more = len(page) < len(later)
        token = page[-1]["Key"] if more else ""
        rows = "".join(
            f"<Contents><Key>{escape(e['Key'])}</Key><Size>{e['Size']}</Size>"
            f"<LastModified>{e['LastModified']:%Y-%m-%dT%H:%M:%SZ}</LastModified>"
            f"<ETag>{escape(e['ETag'])}</ETag></Contents>"
            for e in page
        )
        body = (
            f"<ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>"
            f"<NextContinuationToken>{escape(token)}</NextContinuationToken>{rows}"
            "</ListBucketResult>"
        )
        return Said(200, body.encode(), {"content-type": "application/xml"})


@pytest.fixture(params=["folder by folder", "by name"])
def ordered(request: pytest.FixtureRequest, lab: Laboratory, other: Dialect) -> Dialect:
    if request.param == "by name":
        other.instead = ByName(lab)
    return other


@pytest.mark.parametrize("per_page", [1, 2, 3, 7, 1_000])
def test_a_page_tells_what_a_request_for_each_path_tells(
    lab: Laboratory, ordered: Dialect, per_page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in KEYS:
        lab.put(key, data=key.encode())
    backend = StorageBackend(lab.config.get_store_spec("raw"))
    bucket = S3Bucket(backend.fs, base_path(backend), error_text)
    folders = ["w/a.zarr", "w/a", "w/a/b", "w/aa", "w/€", "x"]
    paths = sorted([*KEYS, *folders, *ABSENT])
    alone = {path: bucket.stored(path) for path in paths}
    assert len(alone["w/a.zarr"]) == 5
    assert [path for path in ABSENT if alone[path]] == ["w"]
    monkeypatch.setattr(windows, "PAGE", per_page)

    window = Window(bucket, 64)
    assert {path: window.stored(path) for path in paths} == alone
    for few in combinations(paths[::6], 2):
        window = Window(bucket, 64)
        assert [window.stored(path) for path in few] == [alone[path] for path in few]
    assert ordered.requests


def test_a_sweep_makes_one_request_for_each_object(
    lab: Laboratory, ordered: Dialect
) -> None:
    n_objects = 300
    table = filled(lab, range(n_objects + 20))
    (table & "id >= 20").delete()
    lab.age()
    plan = planned(complete(lab))
    assert len(plan.objects) == n_objects
    ordered.requests.clear()

    receipt = plan.sweep()

    assert outcomes(receipt) == {"moved": n_objects}
    copied = [asked for asked in ordered.requests if copies(asked)]
    looks = [asked for asked in ordered.requests if asked.method == "HEAD"]
    assert len(copied) <= n_objects + 5  # the rest tries what the server heeds
    assert len(looks) < 20
    assert len(ordered.requests) < n_objects + 100
    ordered.requests.clear()
    assert outcomes(receipt.restore()) == {"restored": n_objects}
    assert len(ordered.requests) < 3 * n_objects + 100
