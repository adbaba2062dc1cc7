"""What a person filters and ticks, against a plain model of it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest
from grids import COLUMNS, frame, page, state
from hypothesis import given, settings
from hypothesis import strategies as st

from djgc_widgets.model.errors import InputError
from djgc_widgets.panel.grid.columns import GridColumn
from djgc_widgets.panel.grid.state import GridState


@pytest.fixture
def grid() -> GridState:
    return state()


def shown(grid: GridState, offset: int = 0) -> list[str]:
    return [row["cells"][1] for row in page(grid, offset, 10)["rows"]]


def test_the_biggest_come_first() -> None:
    sizes = [int(row["cells"][0].split()[0]) for row in page(state(), 0, 30)["rows"]]

    assert sizes == sorted(sizes, reverse=True)


def test_a_page_says_what_is_before_and_after_it() -> None:
    last = page(state(), 25, 10)

    counts = last["offset"], len(last["rows"]), last["shown"], last["total"]
    assert counts == (20, 10, 30, 30)
    assert page(state(), 10_000, 10)["offset"] == 20
    assert page(state(), -5, 10)["offset"] == 0


def test_every_word_of_the_filter_must_occur_in_any_case(grid: GridState) -> None:
    grid.filter("ODD 1")

    assert sorted(shown(grid)) == [f"Odd/{n:02d}" for n in (1, 11, 13, 15, 17, 19, 21)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("5 \u00b5m", "\u03bcM"),
        ("\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03bf\u03c2"),
    ],
)
def test_letters_that_differ_by_case_alone_are_one(path: str, text: str) -> None:
    grid = GridState([GridColumn("Path", "path", str)], ["path"], "path")
    grid.replace(pd.DataFrame({"path": pd.array([path, "x"], dtype="str")}))

    grid.filter(text)

    assert grid.filtered["path"].tolist() == [path]


def test_text_that_is_no_unicode_matches_nothing_and_breaks_nothing(
    grid: GridState,
) -> None:
    grid.filter("\udc80")
    assert page(grid, 0, 10)["shown"] == 0

    grid.replace(frame())
    grid.filter("")

    assert page(grid, 0, 10)["shown"] == 30


def test_a_filter_is_text_not_a_pattern(grid: GridState) -> None:
    grid.filter(".*")

    assert page(grid, 0, 10)["shown"] == 0


def test_chosen_values_are_alternatives_and_bounds_all_hold(grid: GridState) -> None:
    grid.filter_by({"Table": ["unit", None]})
    assert len(grid.filtered) == 20
    grid.filter_by({"Size": ">= 5", "Age": "<= 2 weeks"})
    grid.filter_by({"Size": "> 20 B"})  # instead of the other

    filtered = grid.filtered
    assert set(filtered["table"].dropna()) == {"unit"}
    assert filtered["size"].min() > 20
    assert filtered["age"].max() <= 14
    chips = {chip["title"]: chip["text"] for chip in grid.page(10)["chips"]}
    assert chips == {"Table": "Unit, none", "Size": "> 20 B", "Age": "<= 2 weeks"}


def test_a_condition_is_removed_by_nothing(grid: GridState) -> None:
    grid.filter_by({"Table": ["unit"], "Size": "> 3"})

    grid.filter_by({"Table": None, "Size": ""})

    assert grid.conditions == {}
    assert len(grid.filtered) == 30


def test_what_can_be_chosen_is_counted_searched_and_kept_short(grid: GridState) -> None:
    offered = [tuple(choice) for choice in grid.choices("Table")]
    assert offered == [(0, "recording", 10), (1, "Unit", 10), (2, "none", 10)]
    assert [choice.label for choice in grid.choices("Table", "NI")] == ["Unit"]
    grid.filter_by({"Size": "< 10"})
    assert [choice.n_rows for choice in grid.choices("Table")] == [4, 3, 3]
    grid.filter_by({"Size": None})
    grid.choose("Table", [2])
    assert grid.filtered["table"].isna().all()
    assert grid.chosen("Table") == [2]

    grid.replace(grid.frame.assign(table="x" * 4000))

    assert len(grid.choices("Table", "xxx")[0].label) < 100
    assert [choice.n_rows for choice in grid.choices("Table")] == [30]


def test_of_very_many_values_the_first_are_offered(grid: GridState) -> None:
    many = pd.DataFrame({"size": range(900), "table": [f"t{n}" for n in range(900)]})
    grid.replace(many.assign(path="p", age=1.0))

    assert len(grid.choices("Table")) == 200
    assert [choice.label for choice in grid.choices("Table", "t899")] == ["t899"]


@pytest.mark.parametrize(
    ("conditions", "why"),
    [
        ({"Size": "big"}, "Expected a size"),
        ({"Table": ["unit"], "Age": "-3 d"}, "Expected an age"),
        ({"Color": ["red"]}, "Expected a filter by Table, Size, Age"),
    ],
)
def test_a_condition_that_is_not_understood_changes_nothing(
    conditions: dict[str, Any], why: str, grid: GridState
) -> None:
    grid.filter_by({"Size": "> 3"})
    before = dict(grid.conditions)

    with pytest.raises(InputError, match=why):
        grid.filter_by(conditions)

    assert grid.conditions == before


@pytest.mark.parametrize("rows", [[30], [-1], [2, 400]])
def test_rows_that_do_not_exist_are_refused(rows: list[int], grid: GridState) -> None:
    with pytest.raises(InputError, match="Expected rows from 0 to 29"):
        grid.tick(rows, on=True)
    with pytest.raises(InputError, match="Expected rows from 0 to 29"):
        grid.open(rows[-1])
    with pytest.raises(InputError, match="Expected values from 0 to 2"):
        grid.choose("Table", rows)
    assert grid.selected.empty


def test_only_some_rows_can_be_ticked(grid: GridState) -> None:
    grid.replace(frame(), None, np.arange(30) % 2 == 0)

    for change in (grid.tick_filtered, grid.invert_filtered, grid.invert_filtered):
        change()
    grid.tick([1, 3], on=True)
    grid.tick_range(0, 29, on=True)

    assert grid.selected["path"].str.startswith("even").all()
    assert grid.page(10)["tickable"] == 15


def test_details_close_when_the_filters_hide_their_row(grid: GridState) -> None:
    grid.open(3)
    grid.sort_by("path", descending=False)
    assert grid.opened == 3

    grid.filter("even")

    assert grid.opened == -1
    grid.open(2)
    grid.open(2)
    assert grid.opened == -1


def test_what_was_meant_for_other_rows_is_refused(grid: GridState) -> None:
    generation, arrangement = grid.generation, grid.arrangement
    grid.filter("odd")

    with (
        pytest.raises(InputError, match="changed meanwhile"),
        grid.held(generation, arrangement),
    ):
        pass
    with grid.held(generation):
        pass
    grid.replace(frame())
    with pytest.raises(InputError, match="changed meanwhile"), grid.held(generation):
        pass


def test_filters_stay_when_the_rows_change(grid: GridState) -> None:
    grid.filter_by({"Table": ["unit"]})

    grid.replace(frame(9))

    assert len(grid.filtered) == 3


def test_a_range_goes_over_pages_in_the_order_that_is_shown(grid: GridState) -> None:
    grid.filter("even")
    grid.sort_by("path", descending=False)
    first, last = (page(grid, at, 5)["rows"][2]["id"] for at in (0, 10))

    grid.tick_range(last, first, on=True)

    assert list(grid.selected["path"]) == [f"even/{n:02d}" for n in range(4, 26, 2)]
    grid.tick_range(last, last, on=False)
    assert len(grid.selected) == 10


def test_what_is_inverted_is_what_the_filters_show(grid: GridState) -> None:
    grid.tick([0, 1], on=True)
    grid.filter("odd")

    grid.invert_filtered()

    assert set(grid.selected.index) == {0, *range(3, 30, 2)}


def test_select_all_filtered_takes_every_page_and_nothing_else(grid: GridState) -> None:
    grid.filter("odd")

    grid.tick_filtered()

    assert len(grid.selected) == 15
    assert grid.selected["path"].str.startswith("Odd").all()


def test_clear_unticks_what_the_filter_hides_too(grid: GridState) -> None:
    grid.tick_filtered()
    grid.filter("odd")

    grid.clear()

    assert grid.selected.empty


def test_other_rows_come_without_ticks(grid: GridState) -> None:
    grid.tick_filtered()
    grid.opened = 2

    grid.replace(grid.frame.head(3))

    assert grid.selected.empty
    assert grid.opened == -1
    assert page(grid, 0, 10)["total"] == 3
    grid.replace(grid.frame.head(0))
    assert page(grid, 0, 10)["rows"] == []


@pytest.mark.parametrize("descending", [True, False])
def test_what_is_not_known_comes_last_in_both_directions(
    descending: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    grid = GridState([*COLUMNS, GridColumn("Age", "age", str)], ["path"], "size")
    grid.replace(frame(5).assign(age=[2.0, None, 1.0, None, 3.0]))

    grid.sort_by("age", descending=descending)

    known = [3.0, 2.0, 1.0] if descending else [1.0, 2.0, 3.0]
    assert grid.filtered["age"].dropna().tolist() == known
    assert grid.filtered["age"].tolist()[:3] == known


def test_an_unknown_column_cannot_be_sorted_by() -> None:
    with pytest.raises(InputError, match="got 'nothing'"):
        state().sort_by("nothing", descending=True)


def test_cells_show_control_characters() -> None:
    grid = GridState(COLUMNS, ["path"], "size")
    paths = pd.array(["a\u202eb"], dtype="str")
    grid.replace(pd.DataFrame({"size": [1], "path": paths}))

    row = page(grid, 0, 10)["rows"][0]

    assert row["cells"] == ["1 B", "a\\u202eb"]
    assert row["hovers"] == [None, "at a\\u202eb"]


@dataclass
class Model:
    """What the grid is meant to do, without any cleverness."""

    rows: list[dict[str, Any]]
    ticked: set[int] = field(default_factory=set)
    text: str = ""
    table: str = ""
    sort: str = "size"
    descending: bool = True

    def shown(self) -> list[int]:
        keep = [
            at
            for at, row in enumerate(self.rows)
            if all(word in row["path"].lower() for word in self.text.lower().split())
            and (not self.table or row["table"] == self.table)
        ]
        keep.sort(key=lambda at: self.rows[at][self.sort])  # paths and sizes differ
        return keep[::-1] if self.descending else keep


ROWS, FLAGS = st.integers(0, 28), st.booleans()
ACTIONS = st.one_of(
    st.tuples(st.just("filter"), st.sampled_from(["", "odd", "EVEN", "1", "e 2"])),
    st.tuples(st.just("table"), st.sampled_from(["", "recording", "unit"])),
    st.tuples(st.just("sort"), st.tuples(st.sampled_from(["size", "path"]), FLAGS)),
    st.tuples(st.just("tick"), st.tuples(ROWS, FLAGS)),
    st.tuples(st.just("range"), st.tuples(ROWS, ROWS)),
    st.tuples(st.sampled_from(["all", "invert", "clear"]), st.none()),
)


def carry_out(grid: GridState, model: Model, name: str, what: Any) -> None:
    visible = model.shown()
    match name:
        case "filter":
            model.text = what
            grid.filter(what)
        case "table":
            model.table = what
            grid.filter_by({"Table": [what] if what else None})
        case "sort":
            model.sort, model.descending = what
            grid.sort_by(what[0], descending=what[1])
        case "tick":
            row, on = what
            grid.tick([row], on=on)
            (model.ticked.add if on else model.ticked.discard)(row)
        case "range" if visible:
            ends = sorted(at % len(visible) for at in what)
            grid.tick_range(visible[ends[0]], visible[ends[1]], on=True)
            model.ticked.update(visible[ends[0] : ends[1] + 1])
        case "all":
            grid.tick_filtered()
            model.ticked.update(visible)
        case "invert":
            grid.invert_filtered()
            model.ticked.symmetric_difference_update(visible)
        case "clear":
            grid.clear()
            model.ticked.clear()


@settings(max_examples=150, deadline=None)
@given(st.lists(ACTIONS, max_size=12))
def test_ticks_do_not_depend_on_filters_and_order(actions: list[Any]) -> None:
    grid = state(29)  # a prime, so that all sizes differ
    model = Model(grid.frame.to_dict("records"))

    for name, what in actions:
        carry_out(grid, model, name, what)

    pages = [page(grid, at, 7)["rows"] for at in range(0, len(model.shown()), 7)]
    rows = [row for page in pages for row in page]
    assert [row["id"] for row in rows] == model.shown()
    ticked = {row["id"] for row in rows if row["ticked"]}
    assert ticked == model.ticked.intersection(model.shown())
    assert set(grid.selected.index) == model.ticked
    assert page(grid, 0, 7)["ticked"] == len(model.ticked)
