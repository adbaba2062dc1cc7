"""Waits for conditions, with a limit that is generous on slow machines."""

import time
from collections.abc import Callable

LIMIT_SECONDS = 120


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)  # between two looks at a condition
