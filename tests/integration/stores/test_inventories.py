"""An inventory tells what a bucket holds; a plan looks at each object first."""

import csv
import gzip
import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pyarrow as pa
import pytest
from clouds import Azure, new_bucket
from command_line import CommandLine
from dialect import Dialect, lists, refusal
from http_relay import Asked, Said
from laboratory import (
    HASH,
    NOW,
    Laboratory,
    complete,
    every_kind_orphaned,
    filled,
    orphaned,
    outcomes,
    planned,
)
from pyarrow import parquet

from djgc_widgets import (
    CompleteScan,
    GCPanel,
    IncompleteScan,
    InputError,
    SweepPlan,
    SweepRefusedError,
    scan,
)

SOON = timedelta(hours=1)
SIGNED = "http://me:secret@127.0.0.1:9/b.csv?sig=secret"
PLAIN = "key", "size", "last-modified"
COLUMNS = ["Bucket", "Key", "Size", "LastModifiedDate", "ETag", "StorageClass"]


@dataclass
class Inventory:
    """What S3 would write of the bucket of a laboratory: seen without our code."""

    lab: Laboratory
    folder: Path
    columns: Sequence[str] = field(default_factory=lambda: [*COLUMNS])
    bucket: str = ""
    made_at: datetime = field(default_factory=lambda: datetime.now(UTC) + SOON)
    more: list[dict[str, str]] = field(default_factory=list)

    def rows(self) -> list[dict[str, str]]:
        assert self.lab.s3 is not None
        client, bucket = self.lab.s3.client(), self.lab.config.stores["raw"]["bucket"]
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [
            {
                "Bucket": self.bucket or bucket,
                "Key": entry["Key"],
                "Size": str(entry["Size"]),
                "LastModifiedDate": f"{entry['LastModified']:%Y-%m-%dT%H:%M:%S.000Z}",
                "ETag": entry["ETag"].strip('"'),
                "StorageClass": "STANDARD",
            }
            for page in pages
            for entry in page.get("Contents", ())
        ] + self.more

    def manifest(self, kind: str, files: dict[str, bytes]) -> Path:
        """Write it as S3 does: data files beside a folder for each date."""
        root = self.folder / "destination"
        for key, data in files.items():
            path = root / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        told = {
            "sourceBucket": self.bucket or self.lab.config.stores["raw"]["bucket"],
            "destinationBucket": "arn:aws:s3:::inventories",
            "version": "2016-11-30",
            "creationTimestamp": str(int(self.made_at.timestamp() * 1_000)),
            "fileFormat": kind,
            "fileSchema": ", ".join(self.columns),
            "files": [{"key": k, "size": len(d)} for k, d in files.items()],
        }
        path = root / "labs/all/2026-11-28T00-00Z/manifest.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(told))
        return path

    def csv(self) -> Path:
        """Write CSV: without a header, packed, its keys spelled as in URLs."""
        files = {}
        rows = self.rows()
        for number, part in enumerate((rows[::2], rows[1::2])):
            text = StringIO()
            writer = csv.writer(text, quoting=csv.QUOTE_ALL)
            for row in part:
                spelled = {**row, "Key": quote_plus(row["Key"], safe="/")}
                writer.writerow([spelled[name] for name in self.columns])
            data = gzip.compress(text.getvalue().encode())
            files[f"labs/all/data/{number}.csv.gz"] = data
        return self.manifest("CSV", files)

    def parquet(self) -> Path:
        rows = self.rows()
        names = {"LastModifiedDate": "last_modified_date", "ETag": "e_tag"}
        table = {
            names.get(name, name.lower()): [row[name] for row in rows]
            for name in self.columns
        }
        table["size"] = pa.array(map(int, table["size"]), pa.int64())
        dates = [
            datetime.fromisoformat(each).replace(tzinfo=None)
            for each in table["last_modified_date"]
        ]
        table["last_modified_date"] = pa.array(dates, pa.timestamp("ms"))
        sink = pa.BufferOutputStream()
        parquet.write_table(pa.table(table), sink)
        return self.manifest(
            "Parquet", {"labs/all/data/0.parquet": bytes(sink.getvalue())}
        )

    def table(self, name: str, header: Sequence[str] = PLAIN) -> Path:
        """Write CSV of any other origin, with a header."""
        path = self.folder / name
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            for row in self.rows():
                writer.writerow([row["Key"], row["Size"], row["LastModifiedDate"]])
        os.utime(path, (self.made_at.timestamp(),) * 2)
        return path


def plan_of(scanned: CompleteScan) -> SweepPlan:
    """Plan as `planned` does, and say that the store is in good order."""
    plan = planned(scanned)
    (doubt,) = plan.refusals
    assert doubt.name == "inventory"
    return plan.acknowledging({*plan.acknowledged, "inventory"})


@pytest.fixture
def lab(s3_laboratory: Laboratory) -> Laboratory:
    s3_laboratory.minimum_age = NOW
    return s3_laboratory


@pytest.fixture
def inventory(lab: Laboratory, tmp_path: Path) -> Inventory:
    folder = tmp_path / "inventories"
    folder.mkdir()
    return Inventory(lab, folder)


def told(lab: Laboratory, where: Path | str, **options: Any) -> CompleteScan:
    options = {"minimum_age": NOW, **options}
    result = scan(lab.schema, listing={"raw": where}, **options)
    assert isinstance(result, CompleteScan), list(result.problems)
    return result


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_an_inventory_of_s3_tells_what_a_listing_tells(
    lab: Laboratory, inventory: Inventory, kind: str
) -> None:
    every_kind_orphaned(lab)
    lab.put("a b/ü+%25&.bin")
    lab.put('"quoted",\nin two lines')
    listed = complete(lab)

    scanned = told(lab, getattr(inventory, kind)())

    columns = ["store", "path", "n_files", "size_bytes", "status", "reason_code"]
    objects, known = (s.objects[columns].sort_values("path") for s in (scanned, listed))
    assert objects.to_dict("list") == known.to_dict("list")
    assert scanned.summary().equals(listed.summary())
    files, known = (s.files.set_index("path").sort_index() for s in (scanned, listed))
    assert files["etag"].to_dict() == known["etag"].to_dict()
    seconds = [each["modified_ns"].floordiv(10**9).tolist() for each in (files, known)]
    assert seconds[0] == seconds[1]
    assert len(scanned.warnings.with_code("inventory")) == 1
    assert scanned.hidden.empty


def test_any_table_with_key_size_and_date_will_do(
    lab: Laboratory, inventory: Inventory
) -> None:
    every_kind_orphaned(lab)
    listed = complete(lab)

    for header in (PLAIN, ("Path", "size_bytes", "LastModified")):
        scanned = told(lab, inventory.table("any.csv", header))
        assert scanned.objects["status"].equals(listed.objects["status"])
        assert scanned.listed_bytes == listed.listed_bytes
    path = inventory.folder / "any.parquet"
    rows = inventory.rows()
    parquet.write_table(
        pa.table(
            {
                "key": [row["Key"] for row in rows],
                "size": [int(row["Size"]) for row in rows],
                "last_modified": [row["LastModifiedDate"].rstrip("Z") for row in rows],
            }
        ),
        path,
    )
    os.utime(path, (inventory.made_at.timestamp(),) * 2)
    (inventory.folder / "any.csv").unlink()
    scanned = told(lab, inventory.folder)
    assert scanned.objects["status"].equals(listed.objects["status"])


@pytest.mark.parametrize("kind", ["csv", "table"])
def test_a_plan_of_an_inventory_sweeps_what_is_still_there(
    lab: Laboratory, inventory: Inventory, kind: str
) -> None:
    """Even if the inventory knows no ETags."""
    every_kind_orphaned(lab)
    before = lab.contents()
    where = inventory.csv() if kind == "csv" else inventory.table("any.csv")

    receipt = plan_of(told(lab, where)).sweep()

    assert outcomes(receipt) == {"moved": 3}
    assert outcomes(receipt.restore()) == {"restored": 3}
    after = lab.contents()
    assert {p: c for p, c in after.items() if not p.startswith("_trash/")} == before


def test_panel_and_commands_read_one_as_well(
    lab: Laboratory, inventory: Inventory, tmp_path: Path
) -> None:
    filled(lab, range(2))
    where = inventory.csv()
    panel = GCPanel(lab.schema, listing={"raw": where}, minimum_age=NOW)
    djgc = CommandLine.of(lab, tmp_path / "here")

    panel.refresh()
    panel.wait()
    typed = djgc("scan", "--listing", f"raw={where}", "--json")
    (djgc.folder / "djgc.toml").write_text(f'listing = ["raw={where}"]\n')
    configured = djgc("scan", "--json")

    assert panel.scan.warnings.with_code("inventory")
    panel.close()
    for code, said in (typed, configured):
        assert code == 0
        assert [each["code"] for each in said["warnings"]] == ["inventory"]
    for wrong, said in (
        (["raw"], "Expected STORE=WHERE in --listing; got raw."),
        (["raw="], "Expected STORE=WHERE"),
        ([f"raw={where}", "raw=x"], "got several of a store"),
        ([f"other={where}"], "other"),
    ):
        given = [text for each in wrong for text in ("--listing", each)]
        code, output = djgc("scan", *given)
        assert code == 2
        assert said in output


def written_at(lab: Laboratory, path: str) -> int:
    """Return when an object was written, in seconds."""
    files = complete(lab).files.set_index("path")
    return int(files["modified_ns"][path]) // 10**9


@pytest.mark.parametrize("kind", ["csv", "table"])
@pytest.mark.parametrize("other", [b"x" * 256, b"of another size"])
def test_what_changed_since_the_inventory_stays(
    lab: Laboratory, inventory: Inventory, kind: str, other: bytes
) -> None:
    orphaned(lab, HASH)
    where = inventory.csv() if kind == "csv" else inventory.table("any.csv")
    orphans = [str(path) for path in complete(lab).orphans["path"]]
    scanned = told(lab, where)
    before = written_at(lab, orphans[0])
    while written_at(lab, orphans[0]) == before:  # an inventory has full seconds
        lab.put(orphans[0], data=other)
    lab.remove(orphans[1])

    receipt = plan_of(scanned).sweep()

    assert outcomes(receipt) == {"moved": 1, "skipped: changed": 1, "skipped: gone": 1}
    assert lab.contents()[orphans[0]] == other


def test_a_row_that_came_since_the_inventory_keeps_its_object(
    lab: Laboratory, inventory: Inventory
) -> None:
    orphaned(lab, HASH)
    where = inventory.csv()
    path = str(complete(lab).orphans["path"].iloc[0])
    scanned = told(lab, where)
    digest = path.rpartition("/")[2]
    metadata = {"hash": digest, "path": path, "store": "raw", "size": 256}
    lab.write_row("recording", 9, metadata)

    assert outcomes(plan_of(scanned).sweep()) == {"moved": 2, "skipped: live-again": 1}
    assert len(told(lab, where).orphans) == 2


def test_what_was_stored_since_is_looked_for_before_it_is_missing(
    lab: Laboratory, inventory: Inventory
) -> None:
    filled(lab, range(2))
    where = inventory.csv()
    filled(lab, range(2, 4))

    scanned = told(lab, where)

    assert scanned.missing.empty
    assert len(scanned.objects) == 2


def test_the_trash_is_seen_as_it_is_now(lab: Laboratory, inventory: Inventory) -> None:
    """What an inventory has of it, or has not, decides nothing."""
    orphaned(lab, HASH)
    where = inventory.csv()
    planned(complete(lab)).sweep()
    later = Inventory(lab, inventory.folder / "later").csv()
    assert len(told(lab, where).trash) == 3
    planned_again = told(lab, where).plan()
    assert len(planned_again.objects) == 3  # the inventory knows no better
    lab.remove(next(p for p in lab.contents() if "/objects/" in p))

    assert len(told(lab, later).trash) == 2


def test_old_versions_and_markers_are_no_objects(
    lab: Laboratory, inventory: Inventory
) -> None:
    filled(lab, range(2))
    inventory.columns = [*COLUMNS, "IsLatest", "IsDeleteMarker"]
    rows = inventory.rows()
    current = [{**row, "IsLatest": "true", "IsDeleteMarker": "false"} for row in rows]
    old = [{**row, "IsLatest": "false", "IsDeleteMarker": "false"} for row in rows]
    gone = {"Size": "", "IsLatest": "true", "IsDeleteMarker": "true"}
    marked = [{**row, **gone, "Key": f"{row['Key']}x"} for row in rows]
    inventory.rows = lambda: [*current, *old, *marked]  # type: ignore[method-assign] - what S3 would list

    assert len(told(lab, inventory.csv()).objects) == 2


def test_only_what_is_below_the_prefix_is_of_the_store(
    lab: Laboratory, inventory: Inventory
) -> None:
    filled(lab, range(2))
    assert any(not row["Key"].startswith(lab.name) for row in inventory.rows())

    scanned = told(lab, inventory.csv())

    assert len(scanned.objects) == 2
    assert scanned.adds_up()


def test_no_request_lists_the_store(
    lab: Laboratory, inventory: Inventory, other: Dialect
) -> None:
    filled(lab, range(2))
    where = inventory.csv()
    other.requests.clear()

    told(lab, where, stores=["raw"])

    prefixes = [a.query["prefix"][0] for a in other.requests if lists(a)]
    assert len(prefixes) == 1
    assert prefixes[0].endswith("/_trash/")


def test_two_names_of_one_bucket_are_seen_whatever_an_inventory_tells(
    lab: Laboratory, inventory: Inventory
) -> None:
    filled(lab, range(2))
    where = inventory.table("any.csv")
    raw = lab.config.stores["raw"]
    beside = raw["endpoint"].replace("127.0.0.1", "0.0.0.0")  # noqa: S104 - another name of this machine
    lab.config.stores = {"raw": raw, "twin": {**raw, "endpoint": beside}}

    for listing in ({"raw": where}, {"raw": where, "twin": where}):
        result = scan(lab.schema, listing=listing, minimum_age=NOW)
        assert [p.code for p in result.problems] == ["store-twice"]


def test_a_folder_that_has_more_or_less_than_the_inventory_stays(
    lab: Laboratory, inventory: Inventory
) -> None:
    table = lab.declare("id : int32\n---\ndata : <object@raw>\n", "Folder")
    for number in (1, 2, 3):
        source = lab.folder / f"source{number}"
        source.mkdir()
        for chunk in ("a", "b"):
            (source / chunk).write_text(chunk)
        table.insert1({"id": number, "data": source})
    table.delete()
    filled(lab, range(1))
    where = inventory.table("any.csv")
    scanned = told(lab, where)
    first, second, third = sorted(str(path) for path in scanned.orphans["path"])
    lab.put(f"{first}/c")
    lab.remove(f"{second}/a")

    receipt = plan_of(scanned).sweep()

    rows = receipt.rows.set_index("path")["outcome"].to_dict()
    assert rows == {first: "skipped", second: "skipped", third: "moved"}


def test_dates_in_seconds_are_enough_where_the_store_tells_more(
    lab: Laboratory, inventory: Inventory, other: Dialect
) -> None:
    """As on most servers: the one of the tests tells full seconds."""
    orphaned(lab, HASH)

    def exact(asked: Asked, said: Said) -> Said:
        if not lists(asked):
            return said
        end = b"Z</LastModified>"
        body = re.sub(rb"(?:[.]000)?" + end, b".123" + end, said.body)
        return Said(said.status, body, said.headers)

    other.changed = exact
    scanned = told(lab, inventory.csv(), stores=["raw"])

    plan = plan_of(scanned)

    assert (plan.files["modified_ns"] % 10**9).eq(123_000_000).all()
    assert outcomes(plan.sweep()) == {"moved": 3}


ODD = [
    "key,size,last-modified\n{key},5,2026-01-01T00:00:00Z\n",
    "\ufeffKey,Size,Last Modified\n{key},5,2026-01-01\n",
    "key,size,modified,is_latest\n{key},5,2026-01-01 00:00:00 UTC,1\n{key},6,,0\n",
    "key,size,modified,is_delete_marker\n{key},5,2026-01-01,0\n{key}x,0,,1\n",
    "size,key,modified,etag\n5,{key},2026-01-01T00:00:00+05:00,12\n",
]


@pytest.mark.parametrize("text", ODD)
def test_tables_of_other_programs_are_understood(
    lab: Laboratory, inventory: Inventory, text: str
) -> None:
    filled(lab, range(1))
    key = f"{lab.config.stores['raw']['location']}/001"
    path = inventory.folder / "any.CSV"
    path.write_text(text.format(key=key), encoding="utf-8")
    os.utime(path, (inventory.made_at.timestamp(),) * 2)

    files = told(lab, path, stores=["raw"]).files

    assert files["path"].tolist() == ["001"]
    assert files["size_bytes"].tolist() == [5]
    assert files["changed_ns"].lt(1_767_312_000 * 10**9).all()


def test_rows_that_cannot_be_read_make_a_scan_incomplete(
    lab: Laboratory, inventory: Inventory
) -> None:
    filled(lab, range(1))
    key = f"{lab.config.stores['raw']['location']}/a"
    path = inventory.folder / "any.csv"
    rest = [f"{10**30},2026-01-01", "x,2026-01-01", "3,0001-01-01T00:00:00+05:00"]
    rows = [f"{key}{n},{each}" for n, each in enumerate([*rest, "4,2026-01-01"])]
    path.write_text("\n".join([",".join(PLAIN), *rows]) + "\n")
    os.utime(path, (inventory.made_at.timestamp(),) * 2)

    result = scan(lab.schema, listing={"raw": path}, minimum_age=NOW, stores=["raw"])

    assert [p.code for p in result.problems] == ["size-unknown"] * 2
    assert sorted(result.files["path"]) == ["a2", "a3"]


def without(*columns: str) -> Callable[[Inventory], Path]:
    def write(inventory: Inventory) -> Path:
        inventory.columns = [name for name in COLUMNS if name not in columns]
        return inventory.csv()

    return write


def text(content: str) -> Callable[[Inventory], Path]:
    def write(inventory: Inventory) -> Path:
        path = inventory.folder / "any.csv"
        start = f"{inventory.lab.config.stores['raw']['location']}/"
        path.write_text(content.format(start=start))
        return path

    return write


def of_another_bucket(inventory: Inventory) -> Path:
    inventory.bucket = "somewhere"
    return inventory.csv()


def rows_of_another_bucket(inventory: Inventory) -> Path:
    inventory.bucket = "somewhere"
    where = inventory.csv()
    told = json.loads(where.read_text())
    told["sourceBucket"] = inventory.lab.config.stores["raw"]["bucket"]
    where.write_text(json.dumps(told))
    return where


def too_old(inventory: Inventory) -> Path:
    inventory.made_at = datetime.now(UTC) - timedelta(days=8)
    return inventory.csv()


def cut_short(inventory: Inventory) -> Path:
    where = inventory.csv()
    data = next(inventory.folder.rglob("*.csv.gz"))
    data.write_bytes(data.read_bytes()[:-9])
    return where


def without_data(inventory: Inventory) -> Path:
    where = inventory.csv()
    next(inventory.folder.rglob("*.csv.gz")).unlink()
    return where


def in_orc(inventory: Inventory) -> Path:
    where = inventory.csv()
    told = json.loads(where.read_text())
    where.write_text(json.dumps({**told, "fileFormat": "ORC"}))
    return where


def no_manifest(inventory: Inventory) -> Path:
    where = inventory.csv()
    where.write_text('{"files": []}')
    return where


def each_twice(inventory: Inventory) -> Path:
    inventory.more = inventory.rows()
    return inventory.csv()


@pytest.mark.parametrize(
    ("write", "match"),
    [
        (without("Size"), "without size. Let the inventory have them"),
        (without("LastModifiedDate"), "without last-modified"),
        (of_another_bucket, "inventory of bucket labs; got one of somewhere"),
        (rows_of_another_bucket, "inventory of bucket labs; got one of somewhere"),
        (too_old, "younger than the minimum age of 7 days"),
        (cut_short, "Copy it once more"),
        (without_data, "got nothing there"),
        (in_orc, "Expected an inventory in CSV or Parquet; got ORC"),
        (no_manifest, "Expected the manifest of an inventory"),
        (each_twice, "Expected each key once"),
        (lambda inventory: inventory.folder, "that end with .csv, .* at .*; got none"),
        (lambda inventory: inventory.folder / "none.csv", "got nothing there"),
        (lambda _: "nowhere://a/b.csv", "which could not be opened"),
        (lambda _: SIGNED, "http://127.0.0.1:9/b.csv, which could not be opened"),
        (text("path,key,size,modified\n"), "one column of each kind .* path and key"),
        (text("key,size,modified\n"), "got none. Keys have the prefix of the store"),
        (text("key,size,modified\nother/a,1,2026-01-01\n"), "Keys have the prefix"),
        (text("key,size,modified\n{start}a,1,yesterday\n"), "Expected dates in ISO"),
        (text("\n"), "without key, size, last-modified"),
        (lambda inventory: inventory.table("any.txt"), "Expected files that end with"),
    ],
)  # fmt: skip
def test_what_is_no_inventory_of_the_store_is_named(
    lab: Laboratory,
    inventory: Inventory,
    write: Callable[[Inventory], Path],
    match: str,
) -> None:
    filled(lab, range(2))

    with pytest.raises(InputError, match=match) as caught:
        scan(lab.schema, listing={"raw": write(inventory)})

    assert "secret" not in str(caught.value)


def test_one_store_has_one_inventory(lab: Laboratory, inventory: Inventory) -> None:
    filled(lab, range(1))
    raw = lab.config.stores["raw"]
    lab.config.stores = {"raw": raw, "again": dict(raw)}
    where = inventory.csv()

    assert len(told(lab, where).objects) == 1
    with pytest.raises(InputError, match="names of one store"):
        scan(lab.schema, listing={"raw": where, "again": where})


@pytest.mark.parametrize(
    ("listing", "match"),
    [
        ({"nowhere": "x"}, "names among derived, raw; got nowhere"),
        (["raw"], "Expected paths or URLs of inventories by store"),
        ({"raw": 7}, "Expected paths or URLs of inventories by store"),
    ],
)
def test_what_is_no_mapping_of_stores_is_named(
    lab: Laboratory, listing: Any, match: str
) -> None:
    filled(lab, range(1))

    with pytest.raises(InputError, match=match):
        scan(lab.schema, listing=listing)


def test_a_folder_has_no_inventory(postgresql_laboratory: Laboratory) -> None:
    filled(postgresql_laboratory, range(1))

    with pytest.raises(InputError, match="store in a bucket; got one of store raw"):
        scan(postgresql_laboratory.schema, listing={"raw": "x.csv"})


def test_an_inventory_that_cannot_be_read_to_its_end_is_a_problem(
    lab: Laboratory, inventory: Inventory
) -> None:
    filled(lab, range(2))
    where = inventory.csv()
    data = next(inventory.folder.rglob("*.csv.gz"))
    broken = bytearray(data.read_bytes())
    broken[-12:-4] = b"\0" * 8
    data.write_bytes(broken)

    result = scan(lab.schema, listing={"raw": where}, minimum_age=NOW)

    assert isinstance(result, IncompleteScan)
    assert "store-unread" in [problem.code for problem in result.problems]


def test_without_a_look_at_the_store_there_is_no_plan(
    lab: Laboratory, inventory: Inventory, other: Dialect
) -> None:
    orphaned(lab, HASH)
    scanned = told(lab, inventory.csv())

    def refuse(asked: Asked) -> Said | None:
        return refusal(403, "AccessDenied") if lists(asked) else None

    other.instead = refuse

    with pytest.raises(SweepRefusedError, match="an inventory alone is not enough"):
        scanned.plan()


@pytest.mark.azure
def test_a_container_of_azure_can_be_told_of_as_well(
    postgresql_laboratory: Laboratory, azure: Azure, tmp_path: Path
) -> None:
    lab = postgresql_laboratory
    lab.cloud, lab.minimum_age = azure, NOW
    container = new_bucket(azure, lab.name)
    lab.config.stores = {"raw": azure.spec(container, "q")}
    orphaned(lab, HASH)
    path = tmp_path / "blobs.csv"
    with azure.client() as client, client.get_container_client(container) as blobs:
        rows = [
            f'"{b.name}",{b.size},{b.last_modified.isoformat()}'
            for b in blobs.list_blobs()
        ]
    path.write_text("\n".join(["key,size,last-modified", *rows]) + "\n")
    soon = (datetime.now(UTC) + SOON).timestamp()
    os.utime(path, (soon, soon))

    receipt = plan_of(told(lab, path)).sweep()

    assert outcomes(receipt) == {"moved": 3}


def test_an_inventory_in_the_bucket_is_read_as_the_store_is(
    lab: Laboratory, inventory: Inventory
) -> None:
    filled(lab, range(2))
    where = inventory.csv()
    assert lab.s3 is not None
    root = inventory.folder / "destination"
    for path in root.rglob("*"):
        if path.is_file():
            key = f"{lab.name}-inventories/{path.relative_to(root)}"
            lab.s3.client().put_object(
                Bucket=lab.s3.bucket, Key=key, Body=path.read_bytes()
            )
    key = where.relative_to(root)

    scanned = told(lab, f"s3://{lab.s3.bucket}/{lab.name}-inventories/{key}")

    assert len(scanned.objects) == 2
