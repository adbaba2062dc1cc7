"""Sweeps on S3 servers that refuse, ignore or break off what others do."""

import json
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from hashlib import md5
from pathlib import Path

import pytest
from dialect import Dialect, copies, deletes_many, lists, refusal
from http_relay import Asked, Said
from laboratory import (
    HASH,
    Laboratory,
    complete,
    filled,
    orphaned,
    outcomes,
    planned,
)
from s3_contents import (
    describe,
    description_of,
    in_trash,
    modified,
    outside_trash,
)

from djgc_widgets import IncompleteScan, SweepRefusedError, Trash
from djgc_widgets.stores.s3 import requests

MARKER = "_trash/"


@pytest.fixture
def lab(s3_laboratory: Laboratory) -> Laboratory:
    return s3_laboratory


def deletes_originals(asked: Asked) -> bool:
    return any(f"/{MARKER}" not in key for key in deletes_many(asked))


def completes(asked: Asked) -> bool:
    return asked.method == "POST" and "uploadId" in asked.query


@pytest.mark.parametrize("header", ["if-none-match", "if-match"])
def test_a_server_that_ignores_conditions_is_never_swept(
    lab: Laboratory, other: Dialect, header: str
) -> None:
    orphaned(lab, HASH)
    before = lab.contents()
    plan = planned(complete(lab))
    other.ignored = lambda _: {header}

    with pytest.raises(
        SweepRefusedError,
        match="ignores the conditions of requests, such as If-None-Match",
    ):
        plan.sweep()

    assert lab.contents() == before


_LOCKER = """
import json, os, sys, warnings
warnings.simplefilter("ignore")
from datajoint.storage import StorageBackend
from djgc_widgets import SweepRefusedError
from djgc_widgets.collector.lock import StoreLock
from djgc_widgets.model import StoreInfo
from djgc_widgets.stores.s3.store import S3Store
spec, held = json.loads(sys.argv[1]), sys.argv[2]
store = S3Store(StoreInfo("raw", ("raw",), "raw"), StorageBackend(spec), {})
for _ in range(150):
    try:
        with StoreLock(store, "sweep"):
            os.close(os.open(held, os.O_CREAT | os.O_EXCL))
            os.remove(held)
            print("held")
    except SweepRefusedError:
        print("refused")
"""


@pytest.mark.parametrize("ignored", [set(), {"if-none-match"}])
def test_two_processes_never_hold_one_lock(
    lab: Laboratory, other: Dialect, tmp_path: Path, ignored: set[str]
) -> None:
    other.ignored = lambda _: ignored
    spec = json.dumps(lab.config.stores["raw"])
    command = [sys.executable, "-c", _LOCKER, spec, str(tmp_path / "held")]

    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own code
        for _ in range(2)
    ]
    said = [process.communicate()[0].split() for process in processes]

    assert [process.returncode for process in processes] == [0, 0]
    assert [len(rounds) for rounds in said] == [150, 150]
    assert ("held" in said[0] + said[1]) == (not ignored)


WAYS = {
    "copies": lambda _: set(),
    "parts": lambda asked: {"if-none-match"} if copies(asked) else set(),
    "writes": lambda asked: (
        {"if-none-match"} if copies(asked) or completes(asked) else set()
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_restore_never_overwrites_on_any_server(
    lab: Laboratory, other: Dialect, way: str
) -> None:
    orphaned(lab, HASH)
    other.ignored = WAYS[way]
    receipt = planned(complete(lab)).sweep()
    taken = str(receipt.rows["path"].iloc[0])

    def write_first(asked: Asked) -> None:
        restores = asked.key.endswith(taken) and f"/{MARKER}" not in asked.key
        if restores and asked.method in {"POST", "PUT"}:
            lab.put(taken, data=b"somebody else's")

    other.instead = write_first
    restored = receipt.restore()

    assert outcomes(restored) == {"failed: path-taken": 1, "restored": 2}
    assert outside_trash(lab)[taken] == b"somebody else's"
    assert set(in_trash(lab)) == {taken}


@pytest.mark.parametrize("way", WAYS)
def test_copies_keep_what_belongs_to_an_object_on_any_server(
    lab: Laboratory, other: Dialect, way: str
) -> None:
    table = lab.declare(HASH)
    path = lab.insert_by_sql(table.table_name, "data", 1, b"recorded")
    empty = lab.insert_by_sql(table.table_name, "data", 2, b"")
    table.delete()
    described = describe(lab, path)
    lab.age()
    other.ignored = WAYS[way]

    receipt = planned(complete(lab)).sweep()

    assert outcomes(receipt) == {"moved": 2}
    assert description_of(lab, f"_trash/{receipt.sweep_id}/objects/{path}") == described
    # Amazon's copies are of the standard class unless it is named
    named = {
        asked.headers.get("x-amz-storage-class")
        for asked in other.requests
        if copies(asked) and asked.key.endswith(path) and f"/{MARKER}" in asked.key
    }
    assert named == {described["StorageClass"]} == {"STANDARD_IA"}
    assert outcomes(receipt.restore()) == {"restored": 2}
    assert description_of(lab, path) == described
    assert outside_trash(lab) == {path: b"recorded", empty: b""}


@pytest.mark.parametrize("heading", ["x-amz-copy-source-if-match", "if-none-match"])
def test_a_trial_that_fails_stops_a_sweep_before_anything_is_copied(
    lab: Laboratory, other: Dialect, heading: str
) -> None:
    orphaned(lab, HASH)
    before = lab.contents()
    other.instead = lambda asked: (
        refusal(500, "InternalError")
        if copies(asked) and "probe" in asked.key and heading in asked.headers
        else None
    )

    receipt = planned(complete(lab)).sweep()

    assert receipt.count("moved") == 0
    assert outside_trash(lab) == before
    assert in_trash(lab) == {}
    other.instead = lambda _: None
    assert outcomes(planned(complete(lab)).sweep()) == {"moved": 3}


def test_a_deletion_that_may_still_happen_leaves_the_copies(
    lab: Laboratory, other: Dialect
) -> None:
    orphaned(lab, HASH)
    before = outside_trash(lab)

    def answer(asked: Asked) -> Said | None:
        if not deletes_originals(asked):
            return None
        errors = "".join(
            f"<Error><Key>{key}</Key><Code>InternalError</Code></Error>"
            for key in deletes_many(asked)
        )
        return Said(200, f"<DeleteResult>{errors}</DeleteResult>".encode())

    other.instead = answer
    receipt = planned(complete(lab)).sweep()

    assert receipt.count("moved") == 0
    assert receipt.rows["in_doubt"].all()
    assert outside_trash(lab) == before
    assert in_trash(lab) == {path: before[path] for path in receipt.rows["path"]}


@pytest.mark.parametrize("body", [b"<html><p>Sign in</p></html>", b"", b"<Contents/>"])
def test_an_answer_that_is_no_listing_is_a_problem(
    lab: Laboratory, other: Dialect, body: bytes
) -> None:
    orphaned(lab, HASH)
    other.instead = lambda asked: Said(200, body) if lists(asked) else None

    result = lab.scan()

    assert isinstance(result, IncompleteScan)
    assert {problem.code for problem in result.problems} >= {"store-unread"}
    assert "expected a listing" in str(result.problems)


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "MissingContentMD5"), (403, "AccessDenied"), (503, "SlowDown")],
)
def test_a_refused_deletion_is_told_and_leaves_no_copies(
    lab: Laboratory, other: Dialect, status: int, code: str
) -> None:
    orphaned(lab, HASH)
    before = outside_trash(lab)
    other.instead = lambda asked: (
        refusal(status, code) if deletes_originals(asked) else None
    )

    for _ in range(2):
        receipt = planned(complete(lab)).sweep()

        assert outcomes(receipt) == {"failed: error": 3}
        assert all(code in detail for detail in receipt.rows["detail"])
        assert outside_trash(lab) == before
        assert in_trash(lab) == {}
    assert Trash(lab.schema, "raw").recover().rows.empty


def test_a_server_that_deletes_no_several_objects_gets_no_copies(
    lab: Laboratory, other: Dialect
) -> None:
    orphaned(lab, HASH)
    first = planned(complete(lab)).sweep()
    assert outcomes(first.restore()) == {"restored": 3}
    other.instead = lambda asked: (
        refusal(501, "NotImplemented") if deletes_many(asked) else None
    )
    plan = planned(complete(lab))
    other.requests.clear()

    receipt = plan.sweep()

    assert outcomes(receipt) == {"failed: error": 3}
    assert not any(copies(asked) for asked in other.requests)
    assert in_trash(lab) == {}


def test_a_restore_needs_no_deletion_of_several_objects(
    lab: Laboratory, other: Dialect
) -> None:
    orphaned(lab, HASH)
    receipt = planned(complete(lab)).sweep()
    other.instead = lambda asked: (
        refusal(501, "NotImplemented") if deletes_many(asked) else None
    )

    assert outcomes(receipt.restore()) == {"restored": 3}


def test_one_refused_object_does_not_spoil_a_batch(
    lab: Laboratory, other: Dialect
) -> None:
    orphaned(lab, HASH)
    plan = planned(complete(lab))
    kept = str(plan.objects["path"].iloc[1])

    def refuse_one(asked: Asked) -> Said | None:
        held = [key for key in deletes_many(asked) if key.endswith(kept)]
        if not held or f"/{MARKER}" in held[0]:
            return None
        entry = f"<Object><Key>{held[0]}</Key>".encode()
        start = asked.body.index(entry)
        end = asked.body.index(b"</Object>", start) + len(b"</Object>")
        body = asked.body[:start] + asked.body[end:]
        headers = {k: v for k, v in asked.headers.items() if "checksum" not in k}
        headers["content-md5"] = b64encode(md5(body).digest()).decode()  # noqa: S324
        said = other.pass_on(Asked(asked.method, asked.path, headers, body))
        error = f"<Error><Key>{held[0]}</Key><Code>AccessDenied</Code></Error>"
        told = said.body.replace(b"</DeleteResult>", f"{error}</DeleteResult>".encode())
        return Said(said.status, told, said.headers)

    other.instead = refuse_one
    receipt = plan.sweep()

    assert outcomes(receipt) == {"failed: error": 1, "moved": 2}
    assert "AccessDenied" in receipt.unfinished["detail"].iloc[0]
    assert kept in outside_trash(lab)
    assert len(in_trash(lab)) == 2
    assert kept not in in_trash(lab)


def test_a_server_that_wants_checksums_gets_them(
    lab: Laboratory, other: Dialect
) -> None:
    orphaned(lab, HASH)

    def insist(asked: Asked) -> Said | None:
        digest = b64encode(md5(asked.body).digest()).decode()  # noqa: S324
        given = asked.headers.get("content-md5")
        missing = deletes_many(asked) and given != digest
        return refusal(400, "MissingContentMD5") if missing else None

    other.instead = insist

    assert outcomes(planned(complete(lab)).sweep()) == {"moved": 3}


def test_a_deletion_without_an_answer_is_left_to_a_recovery(
    lab: Laboratory, other: Dialect
) -> None:
    orphaned(lab, HASH)
    before = outside_trash(lab)
    plan = planned(complete(lab))
    other.instead = lambda asked: (
        refusal(500, "InternalError") if deletes_originals(asked) else None
    )

    receipt = plan.sweep()

    assert list(receipt.rows["in_doubt"]) == [True] * 3
    assert len(in_trash(lab)) == 3
    assert "recover()" in receipt.rows["detail"].iloc[0]
    other.instead = lambda _: None
    warned = complete(lab).warnings.with_code("sweep-interrupted")
    assert len(warned) == 1
    recovered = Trash(lab.schema, "raw").recover()
    assert outcomes(recovered) == {"restored: interrupted": 3}
    assert outside_trash(lab) == before
    assert len(in_trash(lab)) == 3  # a deletion may still be carried out
    assert outcomes(planned(complete(lab)).sweep()) == {"moved": 3}


def test_each_request_of_a_deletion_may_have_another_end(
    lab: Laboratory, other: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "_DELETED", 1)
    orphaned(lab, HASH)
    before = outside_trash(lab)
    plan = planned(complete(lab))
    refused, unanswered, gone = sorted(plan.objects["path"])

    def answer(asked: Asked) -> Said | None:
        if not deletes_originals(asked):
            return None
        (key,) = deletes_many(asked)
        if key.endswith(refused):
            return refusal(403, "AccessDenied")
        return refusal(500, "InternalError") if key.endswith(unanswered) else None

    other.instead = answer

    rows = plan.sweep().rows.set_index("path")

    assert rows["outcome"].to_dict() == {
        refused: "failed",
        unanswered: "failed",
        gone: "moved",
    }
    assert rows["in_doubt"].to_dict() == {refused: False, unanswered: True, gone: False}
    assert outside_trash(lab).keys() == before.keys() - {gone}
    assert in_trash(lab) == {path: before[path] for path in (unanswered, gone)}


@pytest.mark.parametrize("breaks", [copies, deletes_originals])
def test_a_connection_that_breaks_off_is_an_error_of_its_objects(
    lab: Laboratory, other: Dialect, breaks: Callable[[Asked], object]
) -> None:
    orphaned(lab, HASH)
    before = outside_trash(lab)
    plan = planned(complete(lab))

    def break_off(asked: Asked) -> Said | None:
        if breaks(asked) and not asked.key.rpartition("/")[2].startswith("probe"):
            raise ConnectionAbortedError
        return None

    other.instead = break_off
    receipt = plan.sweep()

    assert set(receipt.rows["outcome"]) == {"failed"}
    assert receipt.rows["detail"].str.contains("Connection was closed").all()
    other.instead = lambda _: None
    Trash(lab.schema, "raw").recover()
    assert outside_trash(lab) == before


def test_an_account_that_may_not_delete_writes_nothing(
    lab: Laboratory, other: Dialect
) -> None:
    orphaned(lab, HASH)
    before = lab.contents()
    plan = planned(complete(lab))
    other.instead = lambda asked: (
        refusal(403, "AccessDenied")
        if deletes_many(asked) or asked.method == "DELETE"
        else None
    )

    with pytest.raises(SweepRefusedError, match="AccessDenied"):
        plan.sweep()

    assert lab.contents() == before


def test_a_copy_that_is_not_whole_is_never_relied_on(
    lab: Laboratory, other: Dialect
) -> None:
    orphaned(lab, HASH)
    before = outside_trash(lab)
    plan = planned(complete(lab))

    def cut(asked: Asked, said: Said) -> Said:
        if copies(asked) and "/objects/" in asked.key:
            location = lab.config.stores["raw"]["location"]
            lab.put(asked.key.partition(f"{location}/")[2], data=b"half")
        return said

    other.changed = cut
    receipt = plan.sweep()

    assert outcomes(receipt) == {"failed: error": 3}
    assert "expected a copy of 256 bytes" in receipt.rows["detail"].iloc[0]
    assert (outside_trash(lab), in_trash(lab)) == (before, {})


def test_a_copy_is_of_what_was_pinned_on_any_server(
    lab: Laboratory, other: Dialect
) -> None:
    orphaned(lab, HASH)
    before = outside_trash(lab)
    plan = planned(complete(lab))
    path = str(plan.objects["path"].iloc[0])
    dated = plan.objects["modified_at"].iloc[0].floor("s")
    other.ignored = lambda _: {"x-amz-copy-source-if-match"}

    def overwrite(asked: Asked) -> Said | None:
        """Somebody overwrites the object while it is copied, and undoes it."""
        if not (copies(asked) and asked.key.endswith(f"/objects/{path}")):
            return None
        lab.put(path, data=before[path][::-1])
        said = other.pass_on(asked)
        lab.put(path, data=before[path])
        while modified(lab, path) <= dated:
            lab.put(path, data=before[path])
        return said

    other.instead = overwrite
    receipt = plan.sweep()

    assert outcomes(receipt) == {"skipped: changed": 1, "moved": 2}
    assert outside_trash(lab)[path] == before[path]
    assert path not in in_trash(lab)


def test_an_object_that_the_server_has_archived_stays(
    lab: Laboratory, other: Dialect
) -> None:
    orphaned(lab, HASH)
    before = outside_trash(lab)
    plan = planned(complete(lab))
    other.instead = lambda asked: (
        refusal(403, "InvalidObjectState")
        if copies(asked) and "/objects/" in asked.key
        else None
    )

    receipt = plan.sweep()

    assert outcomes(receipt) == {"skipped: archived": 3}
    assert (outside_trash(lab), in_trash(lab)) == (before, {})


def again(said: Said, token: str) -> Said:
    """Let a page say that there is another one."""
    body = said.body.replace(b"<IsTruncated>false", b"<IsTruncated>true")
    if token:
        named = f"<NextContinuationToken>{token}</NextContinuationToken>"
        end = b"</ListBucketResult>"
        body = body.replace(end, named.encode() + end)
    return Said(said.status, body, said.headers)


def without_token(asked: Asked) -> Asked:
    path = "&".join(p for p in asked.path.split("&") if "continuation-token=" not in p)
    return Asked(asked.method, path, asked.headers, asked.body)


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        (lambda _: "same", "repeats itself|does not advance"),
        (str, "does not advance: expected a key after"),
        (lambda _: "", "expected a continuation token, got none"),
    ],
)
def test_a_listing_that_leads_nowhere_is_a_problem_and_ends(
    lab: Laboratory, other: Dialect, tokens: object, expected: str
) -> None:
    orphaned(lab, HASH)
    assert callable(tokens)

    def repeat(asked: Asked) -> Said | None:
        if not lists(asked) or len(other.requests) > 50:  # so that this test ends
            return None
        said = other.pass_on(without_token(asked))
        return again(said, tokens(len(other.requests)))

    other.instead = repeat
    other.requests.clear()
    result = lab.scan()

    assert isinstance(result, IncompleteScan)
    problem = result.problems[0]
    assert problem.code == "store-unread"
    assert re.search(expected, problem.message)
    assert len([a for a in other.requests if lists(a) and "%2Fraw" in a.path]) < 4


@pytest.mark.parametrize("then", [200, 403, 409])
def test_copies_stay_while_a_deletion_without_an_answer_may_still_happen(
    lab: Laboratory, other: Dialect, then: int
) -> None:
    """Its first answer is lost, and the second one says nothing about the first."""
    orphaned(lab, HASH)
    before = outside_trash(lab)
    plan = planned(complete(lab))
    late: list[Asked] = []

    def lose(asked: Asked) -> Said | None:
        if not deletes_originals(asked):
            return None
        late.append(asked)
        if len(late) == 1:
            raise ConnectionError  # no answer, and the end of the connection
        return None if then == 200 else refusal(then, "lost")

    other.instead = lose
    receipt = plan.sweep()

    assert len(late) == 2
    other.reset()
    assert receipt.rows["in_doubt"].all() == (then != 200)
    assert outcomes(receipt.restore()) == {"restored": 3}
    assert outside_trash(lab) == before
    other.pass_on(late[0])
    assert in_trash(lab) == {path: before[path] for path in receipt.rows["path"]}
    assert outcomes(receipt.restore()) == {"restored": 3}
    assert outside_trash(lab) == before


def test_a_sweep_that_cannot_say_that_it_deletes_moves_nothing(
    lab: Laboratory, other: Dialect
) -> None:
    orphaned(lab, HASH)
    before = outside_trash(lab)
    plan = planned(complete(lab))
    other.instead = lambda asked: (
        refusal(403, "AccessDenied") if asked.key.endswith("/deleting.json") else None
    )

    receipt = plan.sweep()

    assert outcomes(receipt) == {"failed: error": 3}
    assert (outside_trash(lab), in_trash(lab)) == (before, {})


def test_what_could_not_be_looked_up_is_not_called_missing(
    lab: Laboratory, other: Dialect
) -> None:
    filled(lab)
    lost, *_ = lab.contents()
    lab.remove(lost)
    other.instead = lambda asked: (
        refusal(403, "AccessDenied")
        if lists(asked) and lost in asked.query["prefix"][0]
        else None
    )

    result = lab.scan()

    assert isinstance(result, IncompleteScan)
    assert result.missing.empty
    states = result.references.set_index("path")["state"]
    assert states.pop(lost) == "unknown"
    assert set(states) == {"present"}
