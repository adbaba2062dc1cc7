"""The protocol between a page and the kernel: what a page may ask, each once.

A page asks ``{do, id, page, …}`` and gets ``{re, page, v, ok, …}``. Messages may be
lost, repeated and reordered on the way (a server drops them when a cell prints a lot),
so a page has one question under way, sends it again until it is answered, and counts
its questions; the kernel answers a question that comes again with the same answer, and
one that is older not at all. ``v`` is the version of the state that the page needs to
have seen: if it has not, it says ``hello``.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationError, validate_call

from djgc_widgets.model import InputError, SweepRefusedError, visible
from djgc_widgets.panel.grid.state import GridState
from djgc_widgets.panel.state import PanelState
from djgc_widgets.verdict import Doubt

_PAGES = 64
Pair = Annotated[list[int], Field(min_length=2, max_length=2)]
Table = Literal["objects", "missing", "usage", "sweeps", "opinions"]
_FILES = {"objects": "objects", "missing": "missing", "usage": "references"}
_LONGEST_DAYS = 36_500
_TICKABLE = ("objects", "sweeps")


class Wire:
    """Carries out what pages ask, one question at a time."""

    def __init__(self, verbs: "Verbs", version: Callable[[], int]) -> None:
        self._verbs, self._version = verbs, version
        self._lock = threading.Lock()
        self._answered: dict[str, tuple[int, dict[str, Any]]] = {}

    def remembers(self, page: str) -> bool:
        """Return whether it knows what a page has asked."""
        return page in self._answered

    def receive(self, content: object) -> dict[str, Any] | None:
        """Return the answer to a message, or None to what needs none."""
        match content:
            case {"do": str(verb), "id": int(number), "page": str(page), **rest}:
                with self._lock:
                    arguments = {str(name): value for name, value in rest.items()}
                    return self._answer(verb, number, page, arguments)
        return None

    def _answer(
        self, verb: str, number: int, page: str, arguments: dict[str, Any]
    ) -> dict[str, Any] | None:
        latest, answer = self._answered.pop(page, (0, {}))
        if number > latest:
            answer = {"re": number, "page": page, **self._do(verb, arguments)}
            answer["v"] = self._version()
            latest = number
        self._answered[page] = (latest, answer)
        while len(self._answered) > _PAGES:  # the one that asked least recently
            del self._answered[next(iter(self._answered))]
        return answer if number == latest else None

    def _do(self, verb: str, arguments: dict[str, Any]) -> dict[str, Any]:
        command = None if verb.startswith("_") else getattr(self._verbs, verb, None)
        if command is None:
            return _failure(f"This kernel does not know {verb!r}. Reload the page.")
        try:
            return {"ok": True, "value": command(**arguments)}
        except (InputError, SweepRefusedError) as error:
            return _failure(str(error))
        except ValidationError as error:
            said = "; ".join(each["msg"] for each in error.errors())
            return _failure(f"This kernel expects {verb!r} otherwise: {said}.")
        except Exception as error:  # noqa: BLE001 - shown beside the control; the kernel would only log it
            return _failure(
                f"Unexpected {type(error).__name__}: {error}. Please report it."
            )


def _failure(text: str) -> dict[str, Any]:
    return {"ok": False, "error": text}


_checked = validate_call(config=ConfigDict(strict=True))


class Verbs:
    """What a page may ask: every public method, with its arguments checked.

    What ticks names the generation of the rows (and, if it means those that are shown,
    their arrangement); what moves or deletes names the plan or the question that it
    answers. If that is not the present one, nothing is done.
    """

    def __init__(self, state: PanelState) -> None:
        self._state = state

    def _grid(self, table: str) -> GridState:
        grid: GridState = getattr(self._state, table)
        return grid

    @_checked
    def hello(self) -> None:
        """Nothing: the answer says which version a page should have."""

    @_checked
    def scan(self) -> None:
        """Scan again."""
        self._state.said_at = "header"
        self._state.start_scan()

    @_checked
    def cancel(self) -> None:
        """Stop what is running."""
        self._state.cancel()

    @_checked
    def heal(self) -> None:
        """Restore what rows refer to again."""
        self._state.said_at = "header"
        self._state.heal()

    @_checked
    def recover(self) -> None:
        """Finish or undo the interrupted sweep."""
        self._state.said_at = "header"
        self._state.recover()

    @_checked
    def page(self, *, table: Table, offset: int) -> None:
        """Turn to the page with a row."""
        self._grid(table).turn_to(offset)

    @_checked
    def search(self, *, table: Table, text: str) -> None:
        """Show only rows with every word of a text."""
        self._grid(table).filter(text)

    @_checked
    def sort(self, *, table: Table, source: str, descending: bool) -> None:
        """Order the rows."""
        self._grid(table).sort_by(source, descending=descending)

    @_checked
    def choices(self, *, table: Table, title: str, text: str) -> dict[str, Any]:
        """Return the values that rows can be filtered by, and which are chosen."""
        grid = self._grid(table)
        with grid.held():
            return {
                "of": grid.generation,
                "choices": [list(choice) for choice in grid.choices(title, text)],
                "chosen": grid.chosen(title),
            }

    @_checked
    def choose(self, *, table: Table, title: str, of: int, numbers: list[int]) -> None:
        """Show only rows with some values of a column."""
        grid = self._grid(table)
        with grid.held(of):
            grid.choose(title, numbers)

    @_checked
    def bound(self, *, table: Table, title: str, text: str) -> None:
        """Show only rows whose size or age is within what was typed."""
        self._grid(table).filter_by({title: text})

    @_checked
    def show(self, *, status: str) -> None:
        """Show only objects of a status; all for an empty one."""
        self._state.objects.filter_by({"Status": [status] if status else None})

    @_checked
    def unfilter(self, *, table: Table) -> None:
        """Remove all filters."""
        grid = self._grid(table)
        grid.filter_by({facet.title: None for facet in grid.facets})
        grid.filter("")

    @_checked
    def open(self, *, table: Table, row: int, of: int) -> None:
        """Show or hide the details of a row."""
        grid = self._grid(table)
        with grid.held(of):
            grid.open(row)

    @contextmanager
    def _ticking(
        self, table: str, of: int, shown: int | None = None
    ) -> Iterator[GridState]:
        """Hold a grid whose ticks may be changed by what a page saw of it."""
        state, grid = self._state, self._grid(table)
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

    @_checked
    def tick(self, *, table: Table, of: int, rows: list[int], on: bool) -> None:
        """Tick or untick rows."""
        with self._ticking(table, of) as grid:
            grid.tick(rows, on=on)

    @_checked
    def tick_range(
        self, *, table: Table, of: int, shown: int, ends: Pair, on: bool
    ) -> None:
        """Tick or untick every row from one to another."""
        with self._ticking(table, of, shown) as grid:
            grid.tick_range(ends[0], ends[1], on=on)

    @_checked
    def tick_filtered(self, *, table: Table, of: int, shown: int) -> None:
        """Tick every row that the filters show."""
        with self._ticking(table, of, shown) as grid:
            grid.tick_filtered()

    @_checked
    def invert(self, *, table: Table, of: int, shown: int) -> None:
        """Tick what is not ticked, and untick what is."""
        with self._ticking(table, of, shown) as grid:
            grid.invert_filtered()

    @_checked
    def clear(self, *, table: Table, of: int) -> None:
        """Untick every row."""
        with self._ticking(table, of) as grid:
            grid.clear()

    @_checked
    def export(
        self,
        *,
        table: Table,
        what: Literal["filtered", "ticked"],
        kind: Literal["csv", "parquet"],
    ) -> None:
        """Write rows to a file beside the notebook."""
        self._state.said_at = table
        name = _FILES.get(table, table)
        self._state.export(name, self._grid(table), what, kind)

    @_checked
    def press(self, *, tile: int, of: int) -> None:
        """Filter the objects by a tile, or no longer."""
        self._state.treemap.press(of, tile)

    @_checked
    def zoom(self, *, tile: int | None, of: int) -> None:
        """Show what is inside a tile, or around what is shown."""
        self._state.treemap.zoom(of, tile)

    @_checked
    def plan(self) -> None:
        """Plan to move what is ticked to the trash."""
        self._state.said_at = "basket"
        self._state.make_plan()

    def _expect_plan(self, plan: int) -> None:
        if self._state.plan is None or plan != self._state.plan_number:
            raise InputError("This plan is no longer open. Nothing was moved.")

    @_checked
    def lift(self, *, plan: int, name: str, on: bool) -> None:
        """Lift a doubt about the plan, or withdraw that."""
        self._expect_plan(plan)
        name = _named(self._state.plan.doubts, name)
        self._state.acknowledge(name, lifted=on)

    @_checked
    def drop(self, *, plan: int) -> None:
        """Do not sweep after all."""
        self._expect_plan(plan)
        self._state.drop_plan()

    @_checked
    def sweep(self, *, plan: int, typed: str) -> None:
        """Carry the plan out."""
        self._expect_plan(plan)
        self._state.said_at = "plan"
        self._state.sweep(typed)

    @_checked
    def undo(self, *, receipt: str) -> None:
        """Restore what the latest sweep moved."""
        if self._state.receipt is None or receipt != self._state.receipt.sweep_id:
            raise InputError("This receipt is no longer the latest. See Trash.")
        self._state.said_at = "receipt"
        self._state.undo()

    @_checked
    def restore(self, *, of: int) -> None:
        """Restore what the ticked sweeps moved."""
        with self._state.sweeps.held(of):
            self._state.said_at = "sweeps"
            self._state.restore()

    @_checked
    def ask_purge(self) -> None:
        """Ask whether the ticked sweeps may be deleted for good."""
        self._state.said_at = "sweeps"
        self._state.ask_purge()

    def _expect_purge(self, purge: int) -> None:
        if not self._state.purge_wanted or purge != self._state.purge_number:
            raise InputError("This question is no longer open. Nothing was deleted.")

    @_checked
    def purge_age(self, *, purge: int, days: int) -> None:
        """Say how old a sweep has to be."""
        self._expect_purge(purge)
        if not 0 <= days <= _LONGEST_DAYS:
            raise InputError(
                f"Expected an age from 0 to {_LONGEST_DAYS:,} days; got {days:,}."
            )
        self._state.purge_older_than = timedelta(days=days)

    @_checked
    def lift_purge(self, *, purge: int, name: str, on: bool) -> None:
        """Lift a doubt about the purge, or withdraw that."""
        self._expect_purge(purge)
        name = _named(self._state.purge_doubts(), name)
        self._state.acknowledge_purge(name, lifted=on)

    @_checked
    def keep(self, *, purge: int) -> None:
        """Delete nothing."""
        self._expect_purge(purge)
        self._state.purge_wanted = False

    @_checked
    def purge(self, *, purge: int, typed: str) -> None:
        """Delete the ticked sweeps for good."""
        self._expect_purge(purge)
        self._state.said_at = "purge"
        self._state.purge(typed)

    @_checked
    def ask(self) -> None:
        """Ask DataJoint's own collector."""
        self._state.said_at = "opinions"
        self._state.ask()


def _named(doubts: Iterable[Doubt], shown: str) -> str:
    """Return the name of the doubt that a page shows by this name."""
    names = [doubt.name for doubt in doubts if visible(doubt.name) == shown]
    if len(names) != 1:
        raise InputError("This question is no longer asked. Look again.")
    return names[0]
