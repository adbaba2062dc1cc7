"""The panel's script: its types, its own tests, its bundle, and its end of the wire."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from frontend import PACKAGES, Frontend, Page
from hypothesis import given, settings
from hypothesis import strategies as st
from services import Services

from djgc_widgets.panel.trash_verbs import TrashVerbs, checked
from djgc_widgets.panel.wire import Wire

_LICENSES = "djgc_widgets/static/panel.licenses.txt"
_BUNDLE = "djgc_widgets/static/panel.js"
_MOST_BYTES = 150_000
_MOST_LINES = 200


@pytest.fixture(scope="module")
def frontend(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Frontend:
    if not PACKAGES.exists():
        services.miss("what builds the panel's script", "make .venv/frontend/installed")
    return Frontend(tmp_path_factory.mktemp("frontend"))


def test_the_types_fit(frontend: Frontend) -> None:
    checked = frontend.run("tsc")

    assert checked.returncode == 0, checked.stdout


def test_its_own_tests_pass(frontend: Frontend) -> None:
    tested = frontend.run("vitest", "run")

    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert " passed" in tested.stdout


def test_the_bundle_is_what_the_sources_make(
    frontend: Frontend, pytestconfig: pytest.Config
) -> None:
    makefile = (pytestconfig.rootpath / "Makefile").read_text()
    how = makefile.partition("BUNDLE := ")[2].partition("\nCOMPILE")[0]
    built = frontend.run("esbuild", "src/main.tsx", *how.replace("\\", "").split())

    assert built.returncode == 0, built.stderr
    committed = (pytestconfig.rootpath / _BUNDLE).read_text()
    assert built.stdout == committed, "make panel"
    assert len(committed) < _MOST_BYTES


def test_what_is_bundled_stands_beside_it_with_its_license(
    frontend: Frontend, pytestconfig: pytest.Config
) -> None:
    meta = frontend.folder / "meta.json"
    built = frontend.run(
        *("esbuild", "src/main.tsx", "--bundle", "--outfile=out.js"),
        f"--metafile={meta}",
    )
    assert built.returncode == 0, built.stderr
    inputs = map(Path, json.loads(meta.read_text())["inputs"])
    parts = [path.parts for path in inputs if "node_modules" in path.parts]
    packages = {each[each.index("node_modules") + 1] for each in parts}

    licenses = (pytestconfig.rootpath / _LICENSES).read_text()

    assert packages == {"preact", "d3-hierarchy"}
    for name in packages:
        assert (PACKAGES / name / "LICENSE").read_text() in licenses


def test_no_component_is_long_and_none_makes_markup_of_text(frontend: Frontend) -> None:
    for source in (frontend.folder / "src").iterdir():
        text = source.read_text()

        assert "dangerouslySetInnerHTML" not in text
        assert "innerHTML" not in text
        if source.suffix == ".tsx":
            assert text.count("\n") <= _MOST_LINES, source.name


@pytest.fixture(scope="module")
def page(frontend: Frontend) -> Iterator[Page]:
    page = Page(frontend)
    yield page
    page.close()


class Log(TrashVerbs):
    """What is carried out, in order."""

    def __init__(self) -> None:
        self.done: list[int] = []

    @checked
    def note(self, *, number: int) -> int:
        if number % 5 == 4:
            raise ZeroDivisionError(number)
        self.done.append(number)
        return number


@dataclass
class Network:
    """Messages on their way, which may be lost, repeated and reordered."""

    page: Page
    log: Log = field(default_factory=Log)
    asked: list[int] = field(default_factory=list)
    ended: dict[int, Any] = field(default_factory=dict)
    to_kernel: list[dict[str, Any]] = field(default_factory=list)
    to_page: list[dict[str, Any]] = field(default_factory=list)
    timers: list[int] = field(default_factory=list)
    idle: bool = True

    def __post_init__(self) -> None:
        self.wire = Wire(self.log, lambda: len(self.log.done))
        self.step("begin")

    def step(self, do: str, **more: Any) -> None:
        told = self.page.step(do, **more)
        self.to_kernel += told["sent"]
        self.timers, self.idle = told["timers"], told["idle"]
        for end in told["ended"]:
            assert end["key"] not in self.ended, "answered twice"
            self.ended[end["key"]] = end

    def ask(self) -> None:
        number = len(self.asked)
        self.asked.append(number)
        self.step("ask", key=number, verb="note", args={"number": number})

    def deliver(self, at: int, *, keep: bool) -> None:
        """Bring a message to its end; it may come again later."""
        both = [(self.to_kernel, message) for message in self.to_kernel]
        both += [(self.to_page, message) for message in self.to_page]
        if not both:
            return
        queue, message = both[at % len(both)]
        if not keep:
            queue.remove(message)
        if queue is self.to_page:
            self.step("hear", answer=message)
        elif answer := self.wire.receive(message):
            self.to_page.append(answer)

    def lose(self, at: int) -> None:
        queue = self.to_kernel if at % 2 else self.to_page
        if queue:
            del queue[at % len(queue)]

    def fire(self) -> None:
        for timer in self.timers:
            self.step("fire", timer=timer)


EVENTS = st.one_of(
    st.just(("ask", 0)),
    st.just(("fire", 0)),
    st.tuples(st.sampled_from(["deliver", "repeat", "lose"]), st.integers(0, 9)),
)


@settings(max_examples=500, deadline=None)
@given(events=st.lists(EVENTS, max_size=40))
def test_each_question_is_carried_out_once_in_order_whatever_the_network_does(
    events: list[tuple[str, int]], page: Page
) -> None:
    network = Network(page)

    for what, at in events:
        match what:
            case "ask":
                network.ask()
            case "fire":
                network.fire()
            case "lose":
                network.lose(at)
            case _:
                network.deliver(at, keep=what == "repeat")
    network.ask()
    for _ in range(10_000):  # from here on, whatever is sent often enough arrives
        if network.idle:
            break
        network.fire()
        while network.to_kernel or network.to_page:
            network.deliver(0, keep=False)

    assert network.idle
    assert network.log.done == [n for n in network.asked if n % 5 != 4]
    assert list(network.ended) == network.asked
    for number, end in network.ended.items():
        failed = "ZeroDivisionError" in end.get("error", "")
        assert failed if number % 5 == 4 else end["value"] == number
