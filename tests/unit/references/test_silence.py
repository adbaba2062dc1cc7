"""A wait for a server ends: with an answer, or when the server is silent."""

import socket

import pytest
from waiting import wait_for

from djgc_widgets.references.silence import Wait, cut_if_silent


def fails() -> bool:
    raise RuntimeError("the question itself failed")


@pytest.mark.parametrize("works", [lambda: False, fails])
def test_no_sign_of_life_ends_a_wait(works: object) -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(60)  # if nothing ends the wait, the test has to
    with ours, theirs, cut_if_silent(ours.fileno(), 0.01, works) as wait:
        assert ours.recv(1) == b""  # the driver's read returns

    assert wait.cut


def test_a_server_that_works_is_waited_for() -> None:
    asked = []

    def works() -> bool:
        asked.append(True)
        if len(asked) == 5:
            theirs.send(b"!")
        return True

    ours, theirs = socket.socketpair()
    ours.settimeout(60)  # if nothing ends the wait, the test has to
    with ours, theirs, cut_if_silent(ours.fileno(), 0.01, works) as wait:
        assert ours.recv(1) == b"!"

    assert not wait.cut


class Watched(Wait):
    """A wait that counts how often it was looked at."""

    looks = 0

    def was_ours(self) -> bool:
        self.looks += 1
        return super().was_ours()


def test_what_we_do_ourselves_is_no_silence() -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(60)  # if nothing ends the wait, the test has to
    wait = Watched()
    with ours, theirs, cut_if_silent(ours.fileno(), 0.01, lambda: False, wait):
        with wait.ours():
            wait_for(lambda: wait.looks > 5 or wait.cut)
            assert not wait.cut
        assert ours.recv(1) == b""

    assert wait.cut
