"""What a page may ask of the kernel, and how often it is carried out."""

from typing import Any

import pandas as pd
import pytest

from djgc_widgets.model.frames import OBJECTS
from djgc_widgets.panel.state import PanelState
from djgc_widgets.panel.verbs import Verbs
from djgc_widgets.panel.wire import Wire


class Page:
    """A page that counts its questions, on a state without a database."""

    def __init__(self, name: str = "a") -> None:
        self.state = PanelState()
        rows = pd.DataFrame(
            {
                "store": "raw",
                "path": [f"p{n}" for n in range(30)],
                "size_bytes": range(30),
                "n_files": 1,
                "status": ["orphan", "live"] * 15,
                "is_dir": False,
                "n_references": 0,
            }
        )
        none = dict.fromkeys(set(OBJECTS.column_names) - set(rows), pd.NA)
        rows = OBJECTS.conform(rows.assign(**none))
        rows = rows.assign(attribute="a", why="w", age_days=1.0, alone=True)
        orphans = rows["status"].eq("orphan").to_numpy()
        self.state.objects.replace(rows, None, orphans)
        self.wire = Wire(Verbs(self.state), lambda: self.state.objects.revision)
        self.name, self.asked = name, 0

    def message(self, verb: str, **arguments: Any) -> dict[str, Any]:
        self.asked += 1
        return {"do": verb, "id": self.asked, "page": self.name, **arguments}

    def ask(self, verb: str, **arguments: Any) -> Any:
        return self.wire.receive(self.message(verb, **arguments))


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    monkeypatch.setattr(PanelState, "ready", property(lambda _: True))
    return Page()


def test_a_question_that_comes_again_is_answered_again_and_done_once(
    page: Page,
) -> None:
    grid = page.state.objects
    invert = page.message("invert", table="objects", of=1, shown=grid.arrangement)

    first, second = page.wire.receive(invert), page.wire.receive(invert)

    assert first == second
    assert first["ok"]
    assert len(grid.selected) == 15
    page.ask("clear", table="objects", of=1)
    assert page.wire.receive(invert) is None  # it is older than what was answered
    assert grid.selected.empty


def test_the_questions_of_two_pages_do_not_mix(page: Page) -> None:
    tick = {"table": "objects", "of": 1, "on": True}

    first = page.ask("tick", rows=[0], **tick)
    page.name, page.asked = "b", 0
    second = page.ask("tick", rows=[2], **tick)

    assert (first["page"], second["page"]) == ("a", "b")
    assert list(page.state.objects.selected["path"]) == ["p0", "p2"]


def test_only_the_pages_that_asked_last_are_remembered(page: Page) -> None:
    for n in range(200):
        page.name, page.asked = f"page {n}", 0
        page.ask("hello")

    asked = {"do": "hello", "id": 0}
    assert page.wire.receive({**asked, "page": "page 199"}) is None  # it is older
    assert page.wire.receive({**asked, "id": 1, "page": "page 1"}) is not None


@pytest.mark.parametrize(
    "content",
    [None, [], "hello", {}, {"do": "hello"}, {"do": "hello", "id": "1", "page": "a"}],
)
def test_what_is_no_question_gets_no_answer(content: object, page: Page) -> None:
    assert page.wire.receive(content) is None


@pytest.mark.parametrize(
    ("verb", "arguments", "why"),
    [
        ("fly", {}, "does not know 'fly'. Reload the page"),
        ("_grid", {"table": "objects"}, "does not know '_grid'"),
        ("page", {"table": "objects"}, "expects 'page' otherwise"),
        ("page", {"table": "closed", "offset": 0}, "expects 'page' otherwise"),
        ("page", {"table": "objects", "offset": "0"}, "expects 'page' otherwise"),
        ("page", {"table": "objects", "offset": 0, "x": 1}, "expects 'page' otherwise"),
        ("tick", {"table": "objects", "of": 1, "rows": [1.5], "on": True}, "expects"),
        ("tick", {"table": "objects", "of": 1, "rows": [99], "on": True}, "from 0 to"),
        ("tick", {"table": "missing", "of": 0, "rows": [0], "on": True}, "at rest"),
        ("tick", {"table": "objects", "of": 0, "rows": [0], "on": True}, "changed"),
        ("bound", {"table": "objects", "title": "Size", "text": "big"}, "a size"),
        (
            "choose",
            {"table": "objects", "title": "Why", "of": 0, "numbers": []},
            "chan",
        ),
        ("open", {"table": "objects", "row": 1, "of": 7}, "changed meanwhile"),
        ("press", {"tile": 0, "of": 9}, "treemap has changed"),
        ("sweep", {"plan": 1, "typed": "raw"}, "no longer open. Nothing was moved"),
        ("lift", {"plan": 0, "name": "large-sweep", "on": True}, "no longer open"),
        ("drop", {"plan": 3}, "no longer open"),
        ("undo", {"receipt": "x"}, "no longer the latest"),
        ("purge", {"purge": 0, "asked": 0, "typed": "raw"}, "Nothing was deleted"),
        ("purge_age", {"purge": 0, "days": 1}, "Nothing was deleted"),
        ("restore", {"of": 7, "ticked": 0}, "changed meanwhile"),
        ("plan", {"ticked": 3}, "Expected 3 ticked rows, as shown; 0 are ticked"),
        ("ask_purge", {"ticked": 1}, "Nothing was done. Look again"),
        ("begin", {"place": "header"}, "does not know 'begin'"),
    ],
)
def test_what_is_asked_wrongly_is_refused_in_words_and_changes_nothing(
    verb: str, arguments: dict[str, Any], why: str, page: Page
) -> None:
    state, grid = page.state, page.state.objects
    before = grid.generation, grid.conditions, grid.offset, grid.opened

    answer = page.ask(verb, **arguments)

    assert not answer["ok"]
    assert why in answer["error"]
    assert (grid.generation, grid.conditions, grid.offset, grid.opened) == before
    assert grid.selected.empty
    assert not state.running
    assert page.ask("hello")["ok"]


def test_an_error_that_nobody_foresaw_is_told(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(PanelState, "start_scan", fail)

    answer = page.ask("scan")

    assert answer["error"] == "Unexpected ZeroDivisionError: oh. Please report it."


def test_lists_are_filtered_sorted_and_paged(page: Page) -> None:
    grid = page.state.objects
    objects = {"table": "objects"}

    page.ask("show", status="")
    page.ask("search", text="p2", **objects)
    page.ask("bound", title="Size", text="> 20", **objects)
    page.ask("sort", source="path", descending=False, **objects)
    assert [row["cells"][-1] for row in grid.page(3)["rows"]] == ["p21", "p22", "p23"]
    page.ask("page", offset=3, **objects)
    assert grid.page(3)["rows"][0]["cells"][-1] == "p24"
    offered = page.ask("choices", title="Status", text="ref", **objects)["value"]
    assert [label for _, label, _ in offered["choices"]] == ["Referenced"]
    number = offered["choices"][0][0]
    page.ask("choose", title="Status", of=offered["of"], numbers=[number], **objects)
    assert set(grid.filtered["status"]) == {"live"}
    page.ask("unfilter", **objects)

    assert len(grid.filtered) == 30
    assert grid.text == ""


@pytest.mark.parametrize("verb", ["tick_filtered", "invert", "tick_range"])
def test_what_was_meant_for_other_filters_ticks_nothing(verb: str, page: Page) -> None:
    grid = page.state.objects
    shown = grid.arrangement
    grid.filter("p1")
    ends = {"ends": [0, 4], "on": True} if verb == "tick_range" else {}

    answer = page.ask(verb, table="objects", of=1, shown=shown, **ends)

    assert "changed meanwhile" in answer["error"]
    assert grid.selected.empty
    page.ask("tick", table="objects", of=1, rows=[2], on=True)
    assert list(page.state.objects.selected["path"]) == ["p2"]  # this row is the same


@pytest.mark.parametrize("why", ["a plan is open", "the scan is incomplete"])
def test_nothing_is_ticked_while_a_question_is_open(
    why: str, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    if why == "a plan is open":
        page.state.plan = why
    else:
        monkeypatch.setattr(PanelState, "ready", property(lambda _: False))

    answer = page.ask("tick", table="objects", of=1, rows=[0], on=True)

    assert "a question is open" in answer["error"]
    assert page.state.objects.selected.empty
