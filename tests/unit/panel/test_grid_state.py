"""What a person filters and ticks, against a plain model of it."""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pytest
from grids import COLUMNS, frame, state
from hypothesis import given, settings
from hypothesis import strategies as st

from djgc_widgets.model.errors import InputError
from djgc_widgets.panel.grid.state import GridState


@pytest.fixture
def grid() -> GridState:
    return state()


def shown(grid: GridState, offset: int = 0) -> list[str]:
    return [row["cells"][1] for row in grid.page(offset, 10)["rows"]]


def test_the_biggest_come_first() -> None:
    sizes = [int(row["cells"][0].split()[0]) for row in state().page(0, 30)["rows"]]

    assert sizes == sorted(sizes, reverse=True)


def test_a_page_says_what_is_before_and_after_it() -> None:
    page = state().page(25, 10)

    counts = page["offset"], len(page["rows"]), page["shown"], page["total"]
    assert counts == (20, 10, 30, 30)
    assert state().page(10_000, 10)["offset"] == 20
    assert state().page(-5, 10)["offset"] == 0


def test_every_word_of_the_filter_must_occur_in_any_case(grid: GridState) -> None:
    grid.filter("ODD 1")

    assert sorted(shown(grid)) == [f"Odd/{n:02d}" for n in (1, 11, 13, 15, 17, 19, 21)]


def test_a_filter_is_text_not_a_pattern(grid: GridState) -> None:
    grid.filter(".*")

    assert grid.page(0, 10)["shown"] == 0


def test_chosen_values_are_alternatives_and_bounds_all_hold(grid: GridState) -> None:
    grid.filter_by([grid.rule_of("table", "unit"), grid.rule_of("table", None)])
    assert len(grid.filtered) == 20
    bounds = [grid.rule(1, "5"), grid.rule(1, "20"), grid.rule(2, "2 weeks")]
    grid.filter_by([*grid.rules, *bounds])

    filtered = grid.filtered
    assert set(filtered["table"].dropna()) == {"unit"}
    assert filtered["size"].min() >= 20
    assert filtered["age"].max() <= 14
    tables, sizes = ["table: unit", "table: none"], ["larger than 5", "larger than 20"]
    chips = [*tables, *sizes, "younger than 2 weeks"]
    assert grid.page(0, 10)["chips"] == chips


def test_what_can_be_chosen_is_counted(grid: GridState) -> None:
    assert grid.choices[0] == [("recording", 10), ("unit", 10), (None, 10)]
    assert grid.rule(0, "2").value is None


@pytest.mark.parametrize(("facet", "given"), [(1, "big"), (2, "-3 d")])
def test_a_bound_that_is_no_size_or_age_is_an_input_error(
    facet: int, given: str
) -> None:
    with pytest.raises(InputError, match="Expected a"):
        state().rule(facet, given)


def test_filters_stay_when_the_rows_change(grid: GridState) -> None:
    grid.filter_by([grid.rule_of("table", "unit")])

    grid.replace(frame(9))

    assert len(grid.filtered) == 3


def test_a_range_goes_over_pages_in_the_order_that_is_shown(grid: GridState) -> None:
    grid.filter("even")
    grid.sort_by("path", descending=False)
    first, last = (grid.page(at, 5)["rows"][2]["id"] for at in (0, 10))

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
    assert grid.page(0, 10)["total"] == 3
    grid.replace(grid.frame.head(0))
    assert grid.page(0, 10)["rows"] == []


def test_an_unknown_column_cannot_be_sorted_by() -> None:
    with pytest.raises(InputError, match="got 'nothing'"):
        state().sort_by("nothing", descending=True)


def test_cells_show_control_characters() -> None:
    grid = GridState(COLUMNS, ["path"], "size")
    paths = pd.array(["a\u202eb"], dtype="str")
    grid.replace(pd.DataFrame({"size": [1], "path": paths}))

    row = grid.page(0, 10)["rows"][0]

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
            grid.filter_by([grid.rule_of("table", what)] if what else [])
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

    pages = [grid.page(at, 7)["rows"] for at in range(0, len(model.shown()), 7)]
    rows = [row for page in pages for row in page]
    assert [row["id"] for row in rows] == model.shown()
    ticked = {row["id"] for row in rows if row["ticked"]}
    assert ticked == model.ticked.intersection(model.shown())
    assert set(grid.selected.index) == model.ticked
    assert grid.page(0, 7)["ticked"] == len(model.ticked)
