"""A run seen from outside: files, formats, a log, metrics, and a notification."""

import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from command_line import ALL, CommandLine, Own
from laboratory import HASH, Laboratory, filled, orphaned
from prometheus_client.parser import text_string_to_metric_families

from djgc_widgets.cli.metrics import METRICS
from djgc_widgets.model import ExitCode


@pytest.fixture
def laboratory(postgresql_laboratory: Laboratory) -> Laboratory:
    return postgresql_laboratory


def test_frames_are_printed_as_csv_or_written_to_a_file(
    laboratory: Laboratory, djgc: CommandLine, own: Own
) -> None:
    orphaned(laboratory, HASH)

    code, text = djgc("scan", *own, "--format", "csv")
    assert code == ExitCode.ORPHANS_FOUND
    rows = [*csv.DictReader(io.StringIO(text.partition("[20")[0]))]
    assert {row["status"]: row["n_objects"] for row in rows} == {
        "live": "2",
        "orphan": "3",
    }
    code, text = djgc("report", *own, "--format", "csv", "-o", "orphans.csv")
    written = (djgc.folder / "orphans.csv").read_text()
    assert len([*csv.DictReader(io.StringIO(written))]) == 3
    assert "orphan" not in text
    log = ("--log-file", "log", "-o", "absent/sweep.txt")
    code, text = djgc("sweep", *own, *ALL, "--confirm", "raw", *log)
    assert code == ExitCode.ERROR
    assert "Expected a file in -o that can be written; got absent/sweep.txt" in text
    told = json.loads((djgc.folder / "log").read_text())
    assert (told["code"], told["changed"], len(told["rows"])) == (0, True, 3)
    code, text = djgc("sweep", *own, "--format", "csv")
    assert (code, text.count("Nothing to sweep.")) == (ExitCode.DONE, 1)
    for store in ("raw", "derived"):
        laboratory.store(store).rename(laboratory.folder / f"{store}-away")
    code, text = djgc("report", *own, "--format", "csv")
    assert code == ExitCode.SCAN_INCOMPLETE
    assert "store raw: expected a folder" in text
    assert "missing objects not known" in djgc("scan", *own)[1]
    code, text = djgc("scan", "--schema", "gone", "--format", "json")
    assert code == ExitCode.USAGE_ERROR
    assert json.loads(text.partition("\n")[0])["error"]


def test_sizes_are_printed_as_people_read_them(
    laboratory: Laboratory, djgc: CommandLine, own: Own
) -> None:
    laboratory.put(f"_hash/{laboratory.name}/{'a' * 26}", data=b"x" * 5000)
    filled(laboratory)
    laboratory.age()

    assert "4.88 KiB" in djgc("scan", *own)[1]


def on_a_terminal(djgc: CommandLine, *arguments: str, **changed: str) -> str:
    """Return what a command writes to a terminal that is both of its outputs."""
    own, theirs = pty.openpty()
    termios.tcsetwinsize(own, (24, 80))
    process = djgc.start(
        *arguments,
        stdout=theirs,
        stderr=theirs,
        env={**djgc.environment, "TERM": "xterm", **changed},
    )
    os.close(theirs)
    chunks = []
    try:
        while chunk := os.read(own, 65_536):
            chunks.append(chunk)
    except OSError:  # how a terminal ends
        pass
    process.wait()
    os.close(own)
    return b"".join(chunks).decode()


def test_a_terminal_shows_progress_and_color(
    laboratory: Laboratory, djgc: CommandLine, own: Own
) -> None:
    orphaned(laboratory, HASH)

    sweep = ("sweep", *own, "--confirm", "raw")
    text = on_a_terminal(djgc, *sweep)
    assert "listing store raw" in text
    assert "\x1b[33mrefused: " in text
    assert "\x1b[33m" not in on_a_terminal(djgc, *sweep, NO_COLOR="1")

    _, piped = djgc(*sweep)
    assert "listing" not in piped
    assert "\x1b" not in piped


def test_a_shell_can_complete_words(djgc: CommandLine) -> None:
    for shell in ("bash", "zsh", "tcsh"):
        ran = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "djgc_widgets.cli", "--completion", shell],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "unattended" in ran.stdout
    script = djgc.folder / "djgc.bash"
    script.write_text(djgc("--completion", "bash")[1])
    subprocess.run(["bash", "-n", str(script)], check=True)  # noqa: S603, S607 - bash reads what we wrote


def metrics(path: Path) -> dict[tuple[str, ...], float]:
    labels = "store", "status", "command", "outcome"
    families = text_string_to_metric_families(path.read_text())
    return {
        (sample.name, *(sample.labels[n] for n in labels if n in sample.labels)): (
            sample.value
        )
        for family in families
        for sample in family.samples
    }


def test_metrics_say_what_the_stores_hold_and_how_a_run_ended(
    laboratory: Laboratory, djgc: CommandLine, own: Own
) -> None:
    table = orphaned(laboratory, HASH)
    laboratory.remove(laboratory.raw(table.table_name, "data")[5]["path"])
    path = djgc.folder / "djgc.prom"
    seen = ("--metrics", str(path), "--acknowledge", "missing-objects")

    djgc("sweep", *own, *ALL, *seen, "--unattended", "--confirm", "raw")
    told = metrics(path)
    assert told["djgc_stored_objects", "raw", "orphan"] == 3
    assert told["djgc_missing_references", "raw"] == 1
    assert told["djgc_scan_complete",] == 1
    assert told["djgc_orphans_waiting",] == 3
    assert told["djgc_troubles", "sweep"] == 1
    assert ("djgc_objects_processed", "moved") not in told
    djgc("sweep", *own, *ALL, *seen, "--confirm", "raw")
    told = metrics(path)
    assert told["djgc_objects_processed", "moved"] == 3
    assert told["djgc_bytes_processed", "moved"] > 0
    assert ("djgc_orphans_waiting",) not in told
    assert {name for name, *_ in told} <= METRICS.keys()

    djgc("scan", "--schema", "gone", "--metrics", str(path))
    told = metrics(path)
    assert told["djgc_exit_code", "scan"] == ExitCode.USAGE_ERROR
    assert {name for name, *_ in told} == {
        "djgc_exit_code",
        "djgc_run_timestamp_seconds",
        "djgc_troubles",
    }


def test_metrics_that_cannot_be_written_are_an_error(
    laboratory: Laboratory, djgc: CommandLine, own: Own
) -> None:
    filled(laboratory)
    laboratory.age()

    code, text = djgc("scan", *own, "--metrics", "absent/djgc.prom")

    assert code == ExitCode.ERROR
    assert "Expected a file in --metrics" in text
    assert "absent/djgc.prom" in text
    code, data = djgc("scan", *own, "--metrics", "absent/djgc.prom", "--json")
    assert (code, data["complete"]) == (ExitCode.ERROR, True)
    assert "absent/djgc.prom" in data["error"]


def test_what_was_told_and_cannot_be_remembered_is_an_error(
    laboratory: Laboratory, djgc: CommandLine, own: Own
) -> None:
    table = filled(laboratory)
    laboratory.age()
    laboratory.remove(laboratory.raw(table.table_name, "data")[1]["path"])
    (djgc.folder / "records" / "told.json").mkdir(parents=True)

    code, text = djgc("scan", *own, "--history", "records", "--notify", "true")

    assert code == ExitCode.ERROR
    assert "Expected a file in --history that can be written; got records" in text
    assert "--notify" not in text


@contextmanager
def webhook() -> Iterator[tuple[str, list[str]]]:
    """Listen on a port of this machine; yield its URL and the messages that came."""
    messages: list[str] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            messages.append(json.loads(self.rfile.read(size))["text"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", messages
        server.shutdown()
        thread.join()


def test_each_trouble_is_told_once_while_it_lasts(
    laboratory: Laboratory, djgc: CommandLine, own: Own
) -> None:
    table = filled(laboratory)
    laboratory.age()
    path = laboratory.raw(table.table_name, "data")[1]["path"]
    content = laboratory.contents()[path]
    with webhook() as (url, messages):
        scan = ("scan", *own, "--history", "history", "--notify", url)
        assert djgc(*scan)[0] == ExitCode.DONE
        assert messages == []
        laboratory.remove(path)
        for _ in range(2):
            assert djgc(*scan)[0] == ExitCode.OBJECTS_MISSING
        (message,) = messages
        assert message.startswith("djgc scan: 1 to look at (exit code 7)\n- store raw")
        laboratory.put(path, data=content)
        assert djgc(*scan)[0] == ExitCode.DONE
        laboratory.remove(path)
        djgc(*scan)
        assert len(messages) == 2
        # without a history nothing is remembered
        djgc("scan", *own, "--notify", url)
        assert len(messages) == 3


def test_a_command_can_be_told(
    laboratory: Laboratory, djgc: CommandLine, own: Own
) -> None:
    table = filled(laboratory)
    laboratory.remove(laboratory.raw(table.table_name, "data")[1]["path"])

    djgc("scan", *own, "--notify", f"tee {djgc.folder / 'told'}")
    assert re.match(r"djgc scan: 1 to look at", (djgc.folder / "told").read_text())
    djgc("scan", "--schema", "gone", "--notify", f"tee {djgc.folder / 'told'}")
    assert "got 'gone'" in (djgc.folder / "told").read_text()


@pytest.mark.parametrize(
    "target",
    ["false", "absent-command", "mail -s 'x", "http://127.0.0.1:9/", "http://["],
)
def test_who_cannot_be_told_is_an_error(
    laboratory: Laboratory, djgc: CommandLine, own: Own, target: str
) -> None:
    table = filled(laboratory)
    laboratory.remove(laboratory.raw(table.table_name, "data")[1]["path"])

    code, text = djgc("scan", *own, "--history", "history", "--notify", target)

    assert code == ExitCode.ERROR
    assert "djgc: " in text
    assert not (djgc.folder / "history/told.json").exists()
