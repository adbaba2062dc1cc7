"""One piece of work at a time, whatever its observers do."""

import threading
from typing import Any

import pytest

from djgc_widgets.model.codes import Step
from djgc_widgets.model.errors import Cancelled, InputError
from djgc_widgets.model.progress import Progress
from djgc_widgets.panel.worker import Activity, Background


def fail(error: Exception) -> None:
    raise error


def test_the_next_command_comes_after_the_message_of_the_last() -> None:
    background = Background()
    messages: list[str] = []

    def start_next(change: Any) -> None:
        if change["new"] == Activity.IDLE and not messages:
            messages.append(background.message)
            second = InputError("second failed")
            background.start(Activity.PLANNING, lambda: fail(second))

    background.observe(start_next, "activity")
    background.start(Activity.SCANNING, lambda: fail(InputError("first failed")))
    for _ in range(2):
        background.wait()

    assert messages == ["first failed"]
    assert background.message == "second failed"
    assert background.activity == Activity.IDLE


def test_a_redraw_that_fails_stops_no_work_and_is_shown() -> None:
    background, done = Background(), []
    background.observe(lambda _: fail(ValueError("no room")), "progress")

    def work() -> None:
        background.report(Progress(Step.LISTING, 1))
        done.append(1)

    background.start(Activity.SCANNING, work)
    background.wait()

    assert done == [1]
    assert background.message == "Unexpected ValueError: no room."
    assert background.activity == Activity.IDLE


def test_a_redraw_that_fails_at_the_start_leaves_nothing_running() -> None:
    background = Background()
    first = [True]

    def fail_once(_: Any) -> None:
        if first:
            first.clear()
            fail(ValueError("no room"))

    background.observe(fail_once, "activity")

    with pytest.raises(ValueError, match="no room"):
        background.start(Activity.SCANNING, lambda: None)

    assert background.activity == Activity.IDLE
    background.start(Activity.SCANNING, lambda: None)
    background.wait()
    assert background.message == ""


def test_what_is_closed_while_it_starts_does_not_run() -> None:
    background, done = Background(), []
    background.observe(lambda _: background.close(), "activity")

    background.start(Activity.SCANNING, lambda: done.append(1))

    background.wait()
    assert done == []
    assert background.activity == Activity.IDLE


def test_close_waits_for_what_runs_and_stops_it() -> None:
    background, running = Background(), threading.Event()

    def work() -> None:
        while True:
            running.set()
            background.report(Progress(Step.LISTING, 1))

    background.start(Activity.SCANNING, work)
    running.wait()
    background.close()

    assert background.activity == Activity.IDLE
    assert background.message.startswith("Canceled")
    background.clear_cancel()
    with pytest.raises(Cancelled):
        background.check_cancelled()
