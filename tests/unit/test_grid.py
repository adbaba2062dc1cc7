import pandas as pd
import pytest

from djgc_widgets.grid import GridColumn, GridState, TickGrid

COLUMNS = [
    GridColumn("Size", "size", lambda row: f"{row['size']} B", numeric=True),
    GridColumn(
        "Path", "path", lambda row: row["path"], lambda row: f"at {row['path']}"
    ),
]


def state(rows: int = 30) -> GridState:
    grid = GridState(COLUMNS, ["path"], "size")
    sizes = [number * 7 % rows for number in range(rows)]
    paths = [
        f"{'even' if number % 2 == 0 else 'Odd'}/{number:02d}" for number in range(rows)
    ]
    grid.replace(pd.DataFrame({"size": sizes, "path": pd.array(paths, dtype="str")}))
    return grid


def shown(grid: GridState, offset: int = 0) -> list[str]:
    return [row["cells"][1] for row in grid.page(offset, 10)["rows"]]


def test_the_biggest_come_first() -> None:
    sizes = [int(row["cells"][0].split()[0]) for row in state().page(0, 30)["rows"]]

    assert sizes == sorted(sizes, reverse=True)


def test_a_page_says_what_is_before_and_after_it() -> None:
    page = state().page(25, 10)

    assert (page["offset"], len(page["rows"]), page["shown"], page["total"]) == (
        20,
        10,
        30,
        30,
    )
    assert state().page(10_000, 10)["offset"] == 20
    assert state().page(-5, 10)["offset"] == 0


def test_every_word_of_the_filter_must_occur_in_any_case() -> None:
    grid = state()

    grid.filter("ODD 1")

    assert sorted(shown(grid)) == [
        "Odd/01",
        "Odd/11",
        "Odd/13",
        "Odd/15",
        "Odd/17",
        "Odd/19",
        "Odd/21",
    ]


def test_a_filter_is_text_not_a_pattern() -> None:
    grid = state()

    grid.filter(".*")

    assert grid.page(0, 10)["shown"] == 0


def test_select_all_filtered_takes_every_page_and_nothing_else() -> None:
    grid = state()
    grid.filter("odd")

    grid.tick_filtered()

    assert len(grid.selected) == 15
    assert grid.selected["path"].str.startswith("Odd").all()


def test_ticks_survive_filter_sort_and_pages() -> None:
    grid = state()
    first = grid.page(0, 10)["rows"][0]["id"]
    grid.tick([first], on=True)

    grid.filter("even")
    grid.sort_by("path", descending=False)
    grid.filter("")

    assert list(grid.selected.index) == [first]
    grid.tick([first], on=False)
    assert grid.selected.empty


def test_clear_unticks_what_the_filter_hides_too() -> None:
    grid = state()
    grid.tick_filtered()
    grid.filter("odd")

    grid.clear()

    assert grid.selected.empty


def test_other_rows_come_without_ticks() -> None:
    grid = state()
    grid.tick_filtered()

    grid.replace(grid.frame.head(3))

    assert grid.selected.empty
    assert grid.page(0, 10)["total"] == 3
    grid.replace(grid.frame.head(0))
    assert grid.page(0, 10)["rows"] == []


def test_an_unknown_column_cannot_be_sorted_by() -> None:
    with pytest.raises(ValueError, match="got 'nothing'"):
        state().sort_by("nothing", descending=True)


def test_cells_show_control_characters() -> None:
    grid = GridState(COLUMNS, ["path"], "size")
    grid.replace(
        pd.DataFrame({"size": [1], "path": pd.array(["a\u202eb"], dtype="str")})
    )

    row = grid.page(0, 10)["rows"][0]

    assert row["cells"] == ["1 B", "a\\u202eb"]
    assert row["hovers"] == ["1 B", "at a\\u202eb"]


def test_the_view_does_what_the_page_asks_for() -> None:
    grid = state()
    view = TickGrid(grid)

    view.receive({"do": "filter", "text": "odd"})
    view.receive({"do": "sort", "source": "path", "descending": False})
    view.receive({"do": "page", "offset": 12})
    row = view.page["rows"][0]["id"]
    view.receive(
        {"do": "tick", "rows": [row], "on": True, "of": grid.generation, "said": 1}
    )

    assert view.page["offset"] == 12
    assert view.page["rows"][0]["ticked"]
    assert list(grid.selected["path"]) == ["Odd/25"]
    view.receive({"do": "clear"})
    view.receive({"do": "tick_filtered"})
    assert len(grid.selected) == 15


def test_a_locked_grid_ticks_nothing() -> None:
    view = TickGrid(state())
    view.locked = True

    view.receive({"do": "tick", "rows": [1], "on": True, "of": 1, "said": 1})
    view.receive({"do": "tick_filtered"})
    view.receive({"do": "no such thing"})

    assert view.state.selected.empty


def test_a_click_on_rows_that_are_no_longer_shown_ticks_nothing() -> None:
    grid = state()
    view = TickGrid(grid)
    before = view.page["generation"]
    grid.replace(grid.frame.tail(5))

    view.receive({"do": "tick", "rows": [1], "on": True, "of": before, "said": 1})

    assert grid.selected.empty
