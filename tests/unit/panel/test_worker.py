"""One piece of work at a time, whatever those who watch it do."""

import threading
from typing import Any

import pytest

from djgc_widgets.model.errors import Cancelled, InputError
from djgc_widgets.model.notices import Progress
from djgc_widgets.panel.worker import IDLE, Background


def fail(error: Exception) -> None:
    raise error


def test_the_next_command_comes_after_the_message_of_the_last() -> None:
    background = Background()
    told: list[str] = []

    def go_on(change: Any) -> None:
        if change["new"] == IDLE and not told:
            told.append(background.message)
            background.start("second", lambda: fail(InputError("second failed")))

    background.observe(go_on, "activity")
    background.start("first", lambda: fail(InputError("first failed")))
    for _ in range(2):
        background.wait()

    assert told == ["first failed"]
    assert background.message == "second failed"
    assert background.activity == IDLE


def test_a_redraw_that_fails_stops_no_work_and_is_told() -> None:
    background, done = Background(), []
    background.observe(lambda _: fail(ValueError("no room")), "progress")

    def work() -> None:
        background.report(Progress("a", 1))
        done.append(1)

    background.start("working", work)
    background.wait()

    assert done == [1]
    assert background.message == "Unexpected ValueError: no room."
    assert background.activity == IDLE


def test_a_redraw_that_fails_at_the_start_leaves_nothing_running() -> None:
    background = Background()
    first = [True]

    def fail_once(_: Any) -> None:
        if first:
            first.clear()
            fail(ValueError("no room"))

    background.observe(fail_once, "activity")

    with pytest.raises(ValueError, match="no room"):
        background.start("working", lambda: None)

    assert background.activity == IDLE
    background.start("again", lambda: None)
    background.wait()
    assert background.message == ""


def test_what_is_closed_while_it_starts_does_not_run() -> None:
    background, done = Background(), []
    background.observe(lambda _: background.close(), "activity")

    background.start("working", lambda: done.append(1))

    background.wait()
    assert done == []
    assert background.activity == IDLE


def test_close_waits_for_what_runs_and_stops_it() -> None:
    background, running = Background(), threading.Event()

    def work() -> None:
        while True:
            running.set()
            background.report(Progress("a", 1))

    background.start("working", work)
    running.wait()
    background.close()

    assert background.activity == IDLE
    assert background.message.startswith("Cancelled")
    background.go_on()
    with pytest.raises(Cancelled):
        background.expect_no_stop()
