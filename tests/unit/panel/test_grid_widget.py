"""What the page asks of a grid."""

from typing import Any

import pytest
from grids import state

from djgc_widgets.panel.grid.state import Fact, GridState
from djgc_widgets.panel.grid.widget import Grid, GridTexts

TEXTS = GridTexts("Rows", "row", "There are none.", "filter …")


class Asked:
    """A grid, and what it was asked to export."""

    def __init__(self, *, tickable: bool = True) -> None:
        self.exported: list[tuple[str, str]] = []
        self.state: GridState = state()
        self.view = Grid(
            self.state,
            TEXTS,
            tickable=tickable,
            explain=lambda row: [Fact("Path", f"{row['path']}\n", copyable=True)],
            export=lambda *how: self.exported.append(how),
        )

    def click(self, do: str, **more: Any) -> None:
        page = {"of": self.state.generation, "as": self.state.arrangement}
        self.view.receive({"do": do, "click": 7, **page, **more})


@pytest.fixture
def asked() -> Asked:
    return Asked()


def test_the_view_does_what_the_page_asks_for(asked: Asked) -> None:
    view, grid = asked.view, asked.state

    view.receive({"do": "filter", "text": "odd"})
    view.receive({"do": "sort", "source": "path", "descending": False})
    view.receive({"do": "page", "offset": 12})
    row = view.page["rows"][0]["id"]
    asked.click("tick", rows=[row], on=True)

    assert view.page["offset"] == 12
    assert view.page["handled"] == 7
    assert view.page["rows"][0]["ticked"]
    assert list(grid.selected["path"]) == ["Odd/25"]
    asked.click("invert")
    assert len(grid.selected) == 14
    asked.click("clear")
    asked.click("tick_filtered")
    assert len(grid.selected) == 15
    asked.click("range", rows=[1, 3], on=False)
    assert len(grid.selected) == 13


def test_filters_are_added_and_removed(asked: Asked) -> None:
    view, of = asked.view, asked.state.generation
    assert view.facets[0]["choices"] == ["recording (10)", "unit (10)", "none (10)"]

    view.receive({"do": "add", "facet": 0, "value": "1", "of": of})
    view.receive({"do": "add", "facet": 1, "value": "10", "of": of})
    assert view.page["chips"] == ["table: unit", "larger than 10"]
    shown = asked.state.arrangement
    view.receive({"do": "remove", "chips": [1], "as": shown - 1})
    assert len(view.page["chips"]) == 2
    view.receive({"do": "remove", "chips": [0], "as": shown})

    assert view.page["chips"] == ["larger than 10"]
    assert view.page["shown"] == 20
    view.receive({"do": "add", "facet": 0, "value": "1", "of": of - 1})
    assert view.page["chips"] == ["larger than 10"]


def test_an_empty_table_offers_nothing_to_filter_by(asked: Asked) -> None:
    asked.state.replace(asked.state.frame.iloc[:0])
    view, of = asked.view, asked.state.generation

    assert [facet["choices"] for facet in view.facets if not facet["unit"]] == [[]]
    view.receive({"do": "add", "facet": 0, "value": "0", "of": of})

    assert view.page["chips"] == []
    assert view.failure != ""


def test_what_was_asked_wrongly_is_shown_until_the_next_time(asked: Asked) -> None:
    view = asked.view

    view.receive({"do": "add", "facet": 1, "value": "big", "of": 1})
    assert view.failure == "Expected a size such as 10 MiB or 512; got 'big'."
    view.receive({"do": "page", "offset": 0})
    assert view.failure == ""
    view.receive({"do": "open", "row": 400, "of": 1})
    assert view.failure.startswith("Unexpected IndexError")


def test_details_are_opened_and_closed(asked: Asked) -> None:
    view = asked.view

    view.receive({"do": "open", "row": 3, "of": 1})

    path = {"label": "Path", "text": "Odd/03\\u000a", "copyable": True}
    assert view.details == [path]
    assert view.page["opened"] == 3
    view.receive({"do": "open", "row": 3, "of": 1})
    assert view.details == []
    view.receive({"do": "open", "row": 4, "of": 0})
    assert view.details == []


def test_an_export_is_passed_on(asked: Asked) -> None:
    asked.view.receive({"do": "export", "what": "ticked", "format": "csv"})

    assert asked.exported == [("ticked", "csv")]


@pytest.mark.parametrize("do", ["tick_filtered", "invert", "range"])
def test_what_was_meant_for_other_filters_ticks_nothing(asked: Asked, do: str) -> None:
    asked.state.filter("odd")
    shown = asked.state.arrangement
    asked.state.filter("")

    asked.click(do, rows=[1, 3], on=True, **{"as": shown})

    assert asked.state.selected.empty
    asked.click("tick", rows=[1], on=True, **{"as": shown})
    assert list(asked.state.selected.index) == [1]  # this row was shown, and is


def test_details_that_fail_do_not_leave_those_of_another_row(asked: Asked) -> None:
    asked.view.receive({"do": "open", "row": 3, "of": 1})

    asked.view.receive({"do": "open", "row": 400, "of": 1})

    assert asked.view.details == []


def test_an_empty_table_of_an_incomplete_scan_is_not_known(asked: Asked) -> None:
    view = asked.view
    assert view.none == "There are none."

    view.trust(complete=False)

    assert view.none.startswith("Not known")


@pytest.mark.parametrize("why", ["locked", "not tickable", "of other rows"])
def test_a_click_that_does_not_count_is_handled_and_ticks_nothing(why: str) -> None:
    asked = Asked(tickable=why != "not tickable")
    asked.view.locked = why == "locked"
    of = asked.state.generation - (why == "of other rows")

    for do in ("tick", "range"):
        asked.click(do, rows=[1, 2], on=True, of=of)
    asked.click("tick_filtered", of=of)

    assert asked.view.page["handled"] == 7
    assert asked.state.selected.empty


def test_a_long_value_is_shortened_to_choose_it(asked: Asked) -> None:
    long = asked.state.frame.assign(table="x" * 4000)

    asked.state.replace(long)

    assert len(asked.view.facets[0]["choices"][0]) < 100
