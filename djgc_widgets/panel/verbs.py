"""What a page may ask of the panel, each with its arguments checked."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

from pydantic import Field

from djgc_widgets.analysis import read_conditions, save_filter, saved_filters
from djgc_widgets.model import InputError
from djgc_widgets.panel.grid.state import GridState
from djgc_widgets.panel.overview import figures_shown, script_piece
from djgc_widgets.panel.shown import Json
from djgc_widgets.panel.trash_verbs import TrashVerbs, checked, named_doubt

Pair = Annotated[list[int], Field(min_length=2, max_length=2)]
Table = Literal["objects", "missing", "usage", "sweeps", "opinions"]
_FILES = {"objects": "objects", "missing": "missing", "usage": "references"}
_TICKABLE = ("objects", "sweeps")


class Verbs(TrashVerbs):
    """What a page may ask: every public method, with its arguments checked.

    What ticks names the generation of the rows (and, if it means those that are shown,
    their arrangement); what moves or deletes names the plan or the question that it
    answers. If that is not the present one, nothing is done.
    """

    @checked
    def hello(self) -> None:
        """Nothing: the answer brings all that there is to show."""

    @checked
    def ping(self) -> None:
        """Nothing: the answer says that the kernel is there, and its version."""

    @checked
    def scan(self) -> None:
        """Scan again."""
        self.begin("header")
        self.state.start_scan()

    @checked
    def cancel(self) -> None:
        """Stop what is running."""
        self.state.cancel()

    @checked
    def heal(self) -> None:
        """Restore what rows refer to again."""
        self.begin("header")
        self.state.heal()

    @checked
    def recover(self) -> None:
        """Finish or undo the interrupted sweep."""
        self.begin("header")
        self.state.recover()

    @checked
    def page(self, *, table: Table, offset: int) -> None:
        """Turn to the page with a row."""
        self.grid(table).turn_to(offset)

    @checked
    def search(self, *, table: Table, text: str) -> None:
        """Show only rows with every word of a text."""
        self.grid(table).filter(text)

    @checked
    def sort(self, *, table: Table, source: str, descending: bool) -> None:
        """Order the rows."""
        self.grid(table).sort_by(source, descending=descending)

    @checked
    def choices(self, *, table: Table, title: str, text: str) -> dict[str, Any]:
        """Return the values that rows can be filtered by, and which are chosen."""
        grid = self.grid(table)
        with grid.held():
            return {
                "of": grid.generation,
                "choices": [list(choice) for choice in grid.choices(title, text)],
                "chosen": grid.chosen(title),
            }

    @checked
    def choose(self, *, table: Table, title: str, of: int, numbers: list[int]) -> None:
        """Show only rows with some values of a column."""
        grid = self.grid(table)
        with grid.held(of):
            grid.choose(title, numbers)

    @checked
    def bound(self, *, table: Table, title: str, text: str) -> None:
        """Show only rows whose size or age is within what was typed."""
        self.grid(table).filter_by({title: text})

    @checked
    def show(self, *, status: str) -> None:
        """Show only objects of a status; all for an empty one."""
        self.state.objects.filter_by({"Status": [status] if status else None})

    @checked
    def unfilter(self, *, table: Table) -> None:
        """Remove all filters."""
        grid = self.grid(table)
        grid.filter_by({facet.title: None for facet in grid.facets})
        grid.filter("")

    @checked
    def filters(self) -> list[str]:
        """Return the names of the saved filters."""
        return sorted(saved_filters())

    @checked
    def save(self, *, name: str) -> None:
        """Save the filters of the objects by a name, beside the notebook."""
        save_filter(name, self.state.objects.in_use())

    @checked
    def use(self, *, name: str) -> None:
        """Filter the objects as was saved by a name."""
        saved = saved_filters()
        if name not in saved:
            raise InputError(f"There is no saved filter {name!r} any more. Look again.")
        self.state.objects.use(*read_conditions(saved[name]))

    @checked
    def forget(self, *, name: str) -> None:
        """Remove a saved filter."""
        save_filter(name, None)

    @checked
    def open(self, *, table: Table, row: int, of: int) -> None:
        """Show or hide the details of a row."""
        grid = self.grid(table)
        with grid.held(of):
            grid.open(row)

    @contextmanager
    def _ticking(
        self, table: str, of: int, shown: int | None = None
    ) -> Iterator[GridState]:
        """Hold a grid whose ticks may be changed by what a page saw of it."""
        state, grid = self.state, self.grid(table)
        busy = not state.ready or state.plan is not None
        if table == "sweeps":
            busy = state.running or state.purge_wanted
        if table not in _TICKABLE or busy:
            raise InputError(
                "Expected a panel at rest; it is at work, or a question is open. "
                "Tick when that is done."
            )
        with grid.held(of, shown):
            yield grid

    @checked
    def tick(self, *, table: Table, of: int, rows: list[int], on: bool) -> None:
        """Tick or untick rows."""
        with self._ticking(table, of) as grid:
            grid.tick(rows, on=on)

    @checked
    def tick_range(
        self, *, table: Table, of: int, shown: int, ends: Pair, on: bool
    ) -> None:
        """Tick or untick every row from one to another."""
        with self._ticking(table, of, shown) as grid:
            grid.tick_range(ends[0], ends[1], on=on)

    @checked
    def tick_filtered(self, *, table: Table, of: int, shown: int) -> None:
        """Tick every row that the filters show."""
        with self._ticking(table, of, shown) as grid:
            grid.tick_filtered()

    @checked
    def invert(self, *, table: Table, of: int, shown: int) -> None:
        """Tick what is not ticked, and untick what is."""
        with self._ticking(table, of, shown) as grid:
            grid.invert_filtered()

    @checked
    def clear(self, *, table: Table, of: int) -> None:
        """Untick every row."""
        with self._ticking(table, of) as grid:
            grid.clear()

    @checked
    def export(
        self,
        *,
        table: Table,
        what: Literal["filtered", "ticked"],
        kind: Literal["csv", "parquet"],
    ) -> None:
        """Write rows to a file beside the notebook."""
        self.begin(table)
        name = _FILES.get(table, table)
        self.state.export(name, self.grid(table), what, kind)

    @checked
    def press(self, *, tile: int, of: int) -> None:
        """Filter the objects by a tile, or no longer."""
        self.state.treemap.press(of, tile)

    @checked
    def plan(self, *, ticked: int) -> None:
        """Plan to move what is ticked to the trash."""
        self.expect_ticked("objects", ticked)
        self.begin("basket")
        self.state.make_plan()

    def _expect_plan(self, plan: int) -> None:
        if self.state.plan is None or plan != self.state.plan_number:
            raise InputError("This plan is no longer open. Nothing was moved.")
        self._expect_rest()

    @checked
    def lift(self, *, plan: int, name: str, on: bool) -> None:
        """Lift a doubt about the plan, or withdraw that."""
        self._expect_plan(plan)
        name = named_doubt(self.state.plan.doubts, name)
        self.state.acknowledge(name, lifted=on)

    @checked
    def drop(self, *, plan: int) -> None:
        """Do not sweep after all."""
        self._expect_plan(plan)
        self.state.drop_plan()

    @checked
    def sweep(self, *, plan: int, typed: str) -> None:
        """Carry the plan out."""
        self._expect_plan(plan)
        self.begin("plan")
        self.state.sweep(typed)

    @checked
    def undo(self, *, receipt: str) -> None:
        """Restore what the latest sweep moved."""
        if self.state.receipt is None or receipt != self.state.receipt.sweep_id:
            raise InputError("This receipt is no longer the latest. See Trash.")
        self.begin("receipt")
        self.state.undo()

    @checked
    def figures(self) -> list[Json]:
        """Return the figures of the latest scan."""
        state = self.state
        return figures_shown(state.scan, state.history) if state.scan else []

    @checked
    def script(self, *, piece: int) -> Json:
        """Return a piece of the script that draws figures."""
        return script_piece(piece)

    @checked
    def ask(self) -> None:
        """Ask DataJoint's own collector."""
        self.begin("opinions")
        self.state.ask()
