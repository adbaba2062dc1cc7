"""Whatever laboratories do in whatever order: nothing live is lost."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datajoint as dj
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from laboratory import HASH, Laboratory, complete
from machine import HAPPENED, CollectorMachine, LossError, Machine

STEPS = int(os.environ.get("DJGC_SOAK_STEPS", "0"))
"""Steps to take instead of the few of every test run: ``make soak``."""

_LENGTH = 50
_MOST_ROUNDS = 10
_ALWAYS = (
    *("inserted", "updated", "deleted", "dropped", "copied", "aborted"),
    *("left uncommitted", "committed late", "aged", "clock jumped", "scanned"),
    *("planned", "swept", "skipped", "crashed", "recovered", "restored", "healed"),
    *("purged",),
)
_SETTINGS = settings(
    max_examples=6,
    stateful_step_count=_LENGTH,
    deadline=None,
    database=None,
    report_multiple_bugs=False,
    phases=[Phase.generate],  # to shrink takes longer than to read a failure
    suppress_health_check=list(HealthCheck),
)


def opened(server: Any, backend: str, s3: Any = None) -> Callable[[Path], Any]:
    return lambda folder: Laboratory.on(server, backend, folder, s3)


def run(machine: type[Machine], open_laboratory: Any, options: settings) -> None:
    kind = type(machine.__name__, (machine,), {})
    kind.open_laboratory = staticmethod(open_laboratory)
    run_state_machine_as_test(kind, settings=options)


def live(open_laboratory: Any, options: settings, steps: int, *names: str) -> list[str]:
    """Run the machine until all of this has happened; return what has not.

    What happens depends on the tokens in paths, which DataJoint draws anew each time.
    """
    HAPPENED.clear()
    for number in range(_MOST_ROUNDS + steps):
        same = settings(options, derandomize=not number and not steps)
        run(Machine, open_laboratory, same)
        print_counts()
        left = [name for name in names if not HAPPENED[name]]
        if HAPPENED["steps"] >= steps and not left:
            break
    return left


def print_counts() -> None:
    """Print how often each thing really happened until now."""
    counts = ", ".join(f"{count} {name}" for name, count in HAPPENED.most_common())
    sys.stdout.write(f"{counts}\n")
    sys.stdout.flush()


def test_nothing_live_is_ever_lost(request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue("postgresql")

    left = live(opened(server, "postgresql"), _SETTINGS, STEPS, *_ALWAYS)

    assert left == []
    assert HAPPENED["purges"] >= STEPS // 20


@pytest.mark.parametrize(
    ("backend", "on_s3"),
    [
        pytest.param("mysql", False, marks=pytest.mark.mysql),
        pytest.param("postgresql", True, marks=pytest.mark.s3),
    ],
)
def test_nothing_live_is_ever_lost_elsewhere(
    request: pytest.FixtureRequest, backend: str, *, on_s3: bool
) -> None:
    server = request.getfixturevalue(backend)
    s3 = request.getfixturevalue("s3") if on_s3 else None
    fewer = settings(_SETTINGS, max_examples=2)

    left = live(opened(server, backend, s3), fewer, STEPS // 20, "swept", "crashed")

    assert left == []


def test_the_machine_finds_what_the_installed_collector_loses(
    request: pytest.FixtureRequest,
) -> None:
    """A harness that cannot find a known bug proves nothing."""
    server = request.getfixturevalue("postgresql")
    options = settings(_SETTINGS, max_examples=200, derandomize=True)

    with pytest.raises(LossError, match="has lost"):
        run(CollectorMachine, opened(server, "postgresql"), options)


def test_the_smallest_example_of_what_the_installed_collector_loses(
    lab: Laboratory,
) -> None:
    table = lab.declare(HASH)
    table.insert1({"id": 1, "data": b"only copy"})
    copies = dj.Schema(f"{lab.name}_copies", connection=lab.connection)
    copy = lab.declare(HASH, "Recording", copies)
    copy.insert(table)
    table.delete()
    lab.age()
    path = next(iter(lab.contents()))

    ours = complete(lab).objects.set_index("path")["status"]
    dj.gc.GarbageCollector(lab.schema, store="raw").collect(dry_run=False)

    copies.drop(prompt=False)
    assert ours[path] == "live"
    assert path not in lab.contents()
