"""Which servers may sweep a store, and what has to be acknowledged first."""

from dataclasses import replace

import pytest

from djgc_widgets.model import Position, Sighting
from djgc_widgets.verdict.servers import (
    KnownServer,
    Ownership,
    after_acknowledgment,
    same_servers,
    server_doubts,
)

HERE = Sighting("a", "here", {"port": "1", "datadir": "/a"}, Position(1, 100))
THERE = replace(HERE, address="there")


def server(letter: str) -> Sighting:
    return Sighting(letter, f"at {letter}")


def known(*sightings: Sighting) -> KnownServer:
    return KnownServer(sightings[0].identifier, sightings, sightings[-1].position)


def owner(*servers: KnownServer) -> Ownership:
    return Ownership("raw", servers)


def doubted(owner: Ownership, *read: Sighting) -> list[str]:
    return [doubt.name for doubt in server_doubts(owner, read)]


@pytest.mark.parametrize(
    ("swept", "read", "names"),
    [
        ("", "a", ["sole-owner"]),
        ("a", "a", []),
        ("a", "ab", ["sole-owner"]),
        ("ab", "ab", []),
        ("ab", "a", ["other-owner:b"]),
        ("b", "a", ["other-owner:b", "sole-owner"]),
    ],
)
def test_only_servers_whose_rows_were_read_may_sweep(
    swept: str, read: str, names: list[str]
) -> None:
    before = owner(*(known(server(letter)) for letter in swept))

    doubts = list(server_doubts(before, [*map(server, read)]))

    assert [doubt.name for doubt in doubts] == names
    assert all(doubt.liftable for doubt in doubts)


@pytest.mark.parametrize(
    "now",
    [THERE, replace(HERE, traits={"port": "2"}), replace(HERE, traits={"datadir": ""})],
)
def test_a_server_that_looks_different_has_to_be_acknowledged(now: Sighting) -> None:
    before = owner(known(HERE))

    after = after_acknowledgment(before, [now], {"server-changed:a"})

    assert doubted(before, now) == ["server-changed:a"]
    assert doubted(after, now) == doubted(after, HERE) == []


def test_what_only_one_account_may_see_tells_no_servers_apart() -> None:
    less = replace(HERE, traits={"port": "1"}, position=None)

    assert doubted(owner(known(HERE)), less) == []
    assert doubted(owner(known(less)), HERE) == []


@pytest.mark.parametrize("position", [Position(1, 99), Position(2, 200)])
def test_a_server_in_another_state_has_to_be_acknowledged(position: Position) -> None:
    before, now = owner(known(HERE)), replace(HERE, position=position)

    after = after_acknowledgment(before, [now], {"server-behind:a"})

    assert doubted(before, now) == ["server-behind:a"]
    assert doubted(after, now) == []
    assert doubted(after, HERE) == (
        ["server-behind:a"] if position.timeline > 1 else []
    )


def test_two_servers_with_one_identifier_are_two_servers() -> None:
    both = after_acknowledgment(owner(), [HERE, THERE], {"sole-owner"})

    assert len(both.known) == 2
    assert doubted(both, HERE, THERE) == doubted(both, THERE, HERE) == []
    assert doubted(both, HERE) == doubted(both, THERE) == ["other-owner:a"]
    assert doubted(owner(known(HERE)), HERE, THERE) == ["sole-owner"]


def test_a_server_that_is_gone_is_asked_about_once() -> None:
    before = owner(known(server("a")), known(server("b")))

    kept = after_acknowledgment(before, [server("a")], set())
    after = after_acknowledgment(before, [server("a")], {"other-owner:b"})
    back = after_acknowledgment(after, [server("a"), server("b")], set())

    assert kept.known == before.known
    assert (after.gone, doubted(after, server("a"))) == ({"b"}, [])
    assert (back.gone, doubted(back, server("a"))) == (set(), ["other-owner:b"])


def test_between_two_readings_nothing_of_a_server_may_differ() -> None:
    later = replace(HERE, position=Position(1, 101))

    assert same_servers([HERE], [later])
    assert not same_servers([later], [HERE])
    assert not same_servers([HERE], [THERE])
    assert not same_servers([HERE], [HERE, THERE])
    assert not same_servers([HERE, THERE], [HERE])
