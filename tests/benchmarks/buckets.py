"""What a bucket costs whose server answers 20 ms late, as those of clouds do."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import datajoint as dj
import obstore
import pandas as pd
import s3fs  # noqa: F401 - so that no line has what importing it takes
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from laboratory import NPY, Laboratory, planned
from obstore.store import S3Store
from proxy import Relay, relay

from djgc_widgets import CompleteScan, scan
from djgc_widgets.lab import start_s3
from djgc_widgets.model import no_progress
from djgc_widgets.stores import open_stores
from djgc_widgets.stores.bucket.batches import WORKERS
from tests.benchmarks.laboratories import apart, insert, laboratory
from tests.benchmarks.measuring import QUICK, Cost, cost, measured, report

MANY = 10_000 if QUICK else 100_000
CHUNKS = 5_000 if QUICK else 50_000
SWEPT = 200 if QUICK else 1_000
_LATE_SECONDS = 0.02
_THREADS = 16
_PAGE = 1_000
_CONTENT = b"x" * 100
_TOKEN = "{*}NextContinuationToken"  # noqa: S105 - names a part of an answer


@contextmanager
def bucket(n_live: int, n_orphans: int) -> Iterator[tuple[Laboratory, Relay]]:
    """Fill a bucket with arrays, the live ones among the orphans."""
    every = (n_live + n_orphans) // max(n_live, 1)
    names = [
        f"recording/id={key}/data_AbCd{key % 10_000:04}.npy"
        for key in range(n_live + n_orphans)
    ]
    with _bucket_of(names) as (lab, late, paths):
        lab.declare(NPY)
        rows = ({"path": p, "store": "raw", "shape": [4, 8]} for p in paths)
        live = (pair for pair in enumerate(rows) if n_live and pair[0] % every == 0)
        insert(lab, live)
        yield lab, late


@contextmanager
def live_folder(n_files: int) -> Iterator[tuple[Laboratory, Relay]]:
    """Fill a bucket with the files of one folder, which a row refers to."""
    folder = "recording/id=1/data_AbCd1234"
    names = [f"{folder}/{number:06}" for number in range(n_files)]
    with _bucket_of(names) as (lab, late, paths):
        lab.declare("id : int32\n---\ndata : <object@raw>\n")
        size = {"size": n_files * len(_CONTENT), "item_count": n_files}
        path = paths[0].rpartition("/")[0]
        insert(lab, [(1, {"path": path, "store": "raw", "is_dir": True, **size})])
        yield lab, late


@contextmanager
def _bucket_of(names: list[str]) -> Iterator[tuple[Laboratory, Relay, list[str]]]:
    """Start a server and a laboratory, whose store has files of these names."""
    s3 = start_s3()
    with laboratory() as lab, s3.server:
        spec = s3.spec(s3.bucket, lab.name)
        paths = [f"_schema/{lab.name}/{name}" for name in names]
        client = s3.client()

        def put(path: str) -> None:
            where = {"Bucket": s3.bucket, "Key": f"{lab.name}/{path}"}
            client.put_object(**where, Body=_CONTENT)

        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(put, paths))
        with relay(s3.server.host, s3.server.port) as late:
            late.delay_seconds = _LATE_SECONDS
            spec["endpoint"] = f"127.0.0.1:{late.port}"
            lab.config.stores = {"raw": spec}
            yield lab, late, paths


def there(lab: Laboratory) -> Any:
    """Return the schema for a process of its own, with the same store."""
    schema = apart(lab)
    schema.connection._config.stores = lab.config.stores  # noqa: SLF001 - DataJoint has no public name
    return schema


def listed(lab: Laboratory) -> int:
    (store,) = open_stores([there(lab).connection], ["raw"]).stores
    return len(store.list_files(no_progress).files)


def by_obstore(lab: Laboratory) -> S3Store:
    """Return a store of the quickest client there is, which loses some keys."""
    spec = lab.config.stores["raw"]
    return S3Store(
        spec["bucket"],
        prefix=f"{spec['location']}/",
        endpoint=f"http://{spec['endpoint']}",
        access_key_id=spec["access_key"],
        secret_access_key=spec["secret_key"],
        region="us-east-1",
        client_options={"allow_http": True},
    )


def listed_by_obstore(lab: Laboratory) -> int:
    pages = obstore.list(by_obstore(lab), chunk_size=_PAGE, return_arrow=True)
    return sum(page.num_rows for page in pages)


def moved_by_obstore(lab: Laboratory) -> int:
    """Copy everything, as many at once as a sweep does, and delete it page by page.

    It lists, and then checks, keeps and notes nothing.
    """
    store = by_obstore(lab)

    async def copy(path: str, free: asyncio.Semaphore) -> None:
        async with free:
            await obstore.copy_async(store, path, f"_moved/{path}")

    async def move() -> int:
        pages = obstore.list(store, chunk_size=_PAGE)
        paths = [entry["path"] for page in pages for entry in page]
        free = asyncio.Semaphore(WORKERS)
        await asyncio.gather(*(copy(path, free) for path in paths))
        for start in range(0, len(paths), _PAGE):
            await obstore.delete_async(store, paths[start : start + _PAGE])
        return len(paths)

    return asyncio.run(move())


def paged(lab: Laboratory) -> int:
    """Ask for page after page, and read nothing of them but the way to the next."""
    spec = lab.config.stores["raw"]
    keys = Credentials(spec["access_key"], spec["secret_key"])
    connection, n_pages, token = HTTPConnection(spec["endpoint"]), 0, ""
    while True:
        query = {"list-type": "2", "prefix": f"{spec['location']}/"}
        query |= {"continuation-token": token} if token else {}
        asked = "&".join(f"{k}={quote(v, safe='')}" for k, v in sorted(query.items()))
        path = f"/{spec['bucket']}?{asked}"
        request = AWSRequest("GET", f"http://{spec['endpoint']}{path}")
        S3SigV4Auth(keys, "s3", "us-east-1").add_auth(request)
        connection.request("GET", path, headers=dict(request.headers.items()))
        body = connection.getresponse().read()
        n_pages += 1
        tail = (
            body[: body.find(b"<Contents>")] + body[body.rfind(b"</Contents>") + 11 :]
        )
        found = ET.fromstring(tail).find(_TOKEN)  # noqa: S314 - of our own server
        if found is None or not found.text:
            return n_pages
        token = found.text


def scanned(
    lab: Laboratory, inventory: Path | None = None, *, exact: bool = True
) -> int:
    listing = None if inventory is None else {"raw": inventory}
    return len(scan(there(lab), listing=listing, exact=exact).objects)


def write_inventory(lab: Laboratory, path: Path) -> None:
    """Write a table of everything in the bucket of a laboratory."""
    (store,) = open_stores([lab.connection], ["raw"]).stores
    files = store.list_files(no_progress).files
    start = f"{lab.config.stores['raw']['location']}/"
    dates = pd.to_datetime(files["modified_ns"], utc=True)
    table = {
        "key": start + files["path"],
        "size": files["size_bytes"],
        "last-modified": dates.dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    pd.DataFrame(table).to_csv(path, index=False)


def collected(lab: Laboratory, *, dry_run: bool = True) -> int:
    collector = dj.gc.GarbageCollector(there(lab), store="raw")
    return int(collector.collect(dry_run=dry_run)["schema_paths_orphaned"])


def swept(lab: Laboratory) -> tuple[float, float, float, int]:
    """Scan and plan, then return what the sweep alone costs."""
    result = scan(there(lab), minimum_age=timedelta(0))
    assert isinstance(result, CompleteScan)
    plan = planned(result)
    return measured(lambda: plan.sweep().count("moved"))


def main() -> None:
    """Print listing and scan of a bucket, and sweeps of its orphans."""
    with bucket(MANY * 4 // 5, MANY - MANY * 4 // 5) as (lab, _):
        ours = cost(partial(listed, lab))
        fastest = cost(partial(listed_by_obstore, lab))
        limit = cost(partial(paged, lab))
        report(f"list {MANY:,} objects of a bucket", ours, None, limit)
        ratio = ours.cpu_seconds / fastest.cpu_seconds
        print(f"    {ratio:.1f} times the CPU of obstore, {fastest.cpu_seconds:.2f} s")
        whole = cost(partial(scanned, lab))
        report(f"scan {MANY:,} objects of a bucket", whole, None, limit)
        with TemporaryDirectory() as folder:
            table = Path(folder) / "inventory.csv.gz"
            write_inventory(lab, table)
            told = cost(partial(scanned, lab, table))
        assert told.answer == whole.answer
        report(f"scan {MANY:,} objects by an inventory", told, None, None)
        print(f"    {whole.seconds / told.seconds:.1f} times as fast as by a listing")
    with live_folder(CHUNKS) as (lab, late):
        exact = cost(partial(scanned, lab))
        late.requests.clear()
        jumped = cost(partial(scanned, lab, exact=False), repeats=1)
        pages = sum("list-type=2" in request for request in late.requests)
        assert exact.answer == jumped.answer == 1
        report(f"scan a live folder of {CHUNKS:,} files", exact)
        report("the same, by the size that its row records", jumped)
        ratio = exact.seconds / jumped.seconds
        print(f"    {pages} pages of its listing, {ratio:.1f} times as fast")
    each = _theirs()
    for count in (SWEPT, 10 * SWEPT):
        with bucket(0, count) as (lab, late):
            late.requests.clear()
            *taken, n_swept = cost(partial(swept, lab), repeats=1).answer
            requests = len(late.requests)
        with bucket(0, count) as (lab, _):
            least = cost(partial(moved_by_obstore, lab), repeats=1)
        assert n_swept == least.answer == count
        work, theirs = f"sweep {count:,} objects of a bucket", each * count
        report(work, Cost(*taken, n_swept), Cost(theirs, 0, 0, None), least)
        print(f"    {requests / count:.2f} requests an object, scan and plan included")


def _theirs() -> float:
    """Return the seconds that the collector takes to delete an object of a bucket."""
    with bucket(0, SWEPT) as (lab, _):
        ours = cost(partial(scanned, lab))
        dry = cost(partial(collected, lab), repeats=1)
        report(f"scan {SWEPT:,} objects of a bucket", ours, dry)
        full = cost(partial(collected, lab, dry_run=False), repeats=1)
    return (full.seconds - dry.seconds) / SWEPT
