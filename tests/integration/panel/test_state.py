"""The panel without a browser: its state, and that its buttons are bound to it."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from laboratory import NPY, Laboratory, array, orphaned

from djgc_widgets import GCPanel, IncompleteScan, InputError, Progress
from djgc_widgets.collector.clock import utc_now
from djgc_widgets.lab.server import EmbeddedServer
from djgc_widgets.model.text import plural
from djgc_widgets.panel.elements import ConfirmBar, PanelRegion
from djgc_widgets.panel.grid.widget import Grid
from djgc_widgets.panel.saved_html import saved_html
from djgc_widgets.panel.state import PanelState
from djgc_widgets.panel.view import View
from djgc_widgets.panel.worker import Activity


def widgets_of(panel: GCPanel, kind: type) -> list[Any]:
    return [widget for widget in panel.view.all_widgets() if isinstance(widget, kind)]


def button(panel: GCPanel, label: str) -> Any:
    buttons = widgets_of(panel, widgets.Button)
    return next(shown for shown in buttons if shown.description == label)


def bar_of(panel: GCPanel, label: str) -> Any:
    """Return what confirms a sweep or a purge: the bar with that button."""
    bars = widgets_of(panel, ConfirmBar)
    return next(bar for bar in bars if label in dict(bar.buttons))


def confirm(panel: GCPanel, label: str, typed: str, **fields: int) -> None:
    bar = bar_of(panel, label)
    assert bar.allowed
    bar.receive({"do": "confirm", "typed": typed, **fields})
    panel.wait()


def grid_of(panel: GCPanel, name: str) -> Any:
    return next(g for g in widgets_of(panel, Grid) if g.texts["name"] == name)


def open_row(grid: Any, row: int = 0) -> dict[str, str]:
    """Return the details of a row."""
    grid.receive({"do": "open", "row": row, "of": grid.state.generation})
    assert grid.failure == ""
    return {fact["label"]: fact["text"] for fact in grid.details}


def cancel_during(panel: GCPanel, activity: Activity) -> None:
    """Cancel the activity as soon as it begins, once."""

    def cancel(change: Any) -> None:
        if change["new"] is activity:
            panel.state.unobserve(cancel, "activity")
            panel.state.cancel()

    panel.state.observe(cancel, "activity")


def in_trash(lab: Laboratory) -> list[str]:
    return [path for path in lab.contents() if "/objects/" in path]


def refer_to(lab: Laboratory, key: int, path: str) -> None:
    metadata = {"path": path, "store": "raw", "shape": [4, 8], "dtype": "f8"}
    lab.write_row("recording", key, metadata)


def texts(panel: GCPanel) -> str:
    return "\n".join(shown.value for shown in widgets_of(panel, widgets.HTML))


def click(panel: GCPanel, label: str) -> None:
    assert not button(panel, label).disabled
    button(panel, label).click()
    panel.wait()


def run(command: Any, *arguments: Any) -> None:
    """Run a command of a panel or of its state until it has ended."""
    command(*arguments)
    command.__self__.wait()


@pytest.fixture
def lab(postgresql_laboratory: Laboratory) -> Laboratory:
    return postgresql_laboratory


def scanned(*schemas: Any, **options: Any) -> GCPanel:
    """Return a panel after its first scan."""
    panel = GCPanel(*schemas, **options)
    run(panel.refresh)
    return panel


def plan_ticked(state: PanelState) -> None:
    """Plan to sweep what is ticked, and acknowledge whatever can be."""
    run(state.make_plan)
    for doubt in state.plan.doubts:
        state.acknowledge(doubt.name, lifted=True)


def sweep_ticked(state: PanelState) -> None:
    plan_ticked(state)
    ticked = len(state.selected)
    run(state.sweep, "raw")
    assert state.receipt.count("moved") == ticked


@pytest.fixture
def panel(lab: Laboratory) -> GCPanel:
    """A panel on three orphans and two live objects."""
    table = lab.declare(NPY)
    table.insert({"id": key, "data": array(key)} for key in range(1, 6))
    (table & "id < 4").delete()
    lab.age()
    return scanned(lab.schema)


@pytest.fixture
def swept(panel: GCPanel) -> GCPanel:
    """The panel, after all orphans were moved to the trash."""
    panel.state.orphans.tick_filtered()
    sweep_ticked(panel.state)
    return panel


def test_a_scan_fills_cards_grid_and_chart(panel: GCPanel) -> None:
    assert panel.state.message == ""
    assert len(panel.scan.orphans) == 3
    assert panel.state.orphans.page(0, 10)["total"] == 3
    shown = texts(panel)
    assert "✓ complete scan of" in shown
    assert "3 objects" in shown
    outputs = widgets_of(panel, widgets.Output)[0].outputs
    bars = outputs[0]["data"]["application/vnd.plotly.v1+json"]["data"]
    assert {bar["name"] for bar in bars} == {"Referenced", "Orphaned"}


def test_ticks_make_a_basket_and_a_plan(panel: GCPanel) -> None:
    move = button(panel, "Move to trash …")
    assert move.disabled
    panel.state.orphans.tick_filtered()

    assert not move.disabled
    assert "3 ticked" in texts(panel)
    click(panel, "Move to trash …")

    assert panel.state.plan.totals()[0][:2] == ("raw", 3)
    assert panel.selected["size_bytes"].sum() == 1152
    assert "3 objects, 1.12 KiB (1,152 bytes)" in texts(panel)
    bar_of(panel, "Keep everything").receive({"do": "decline"})
    assert panel.state.plan is None


def test_a_refused_plan_is_allowed_when_its_refusals_are_ticked(panel: GCPanel) -> None:
    panel.state.orphans.tick_filtered()
    click(panel, "Move to trash …")
    assert not bar_of(panel, "Move to trash").allowed
    assert "more than 25% would be moved: 3 of 5 objects" in texts(panel)
    assert "✕ refused: large-sweep" in texts(panel)

    for box in widgets_of(panel, widgets.Checkbox):
        box.value = True

    assert panel.state.plan.acknowledged == {"large-sweep", "sole-owner"}
    assert bar_of(panel, "Move to trash").allowed
    boxes = {box.description: box for box in widgets_of(panel, widgets.Checkbox)}
    boxes["I acknowledge large-sweep"].value = False
    assert [r.name for r in panel.state.plan.refusals] == ["large-sweep"]
    run(panel.state.sweep, "raw")
    assert "large-sweep" in panel.state.message


def test_a_sweep_needs_the_typed_name_of_the_store(
    panel: GCPanel, lab: Laboratory
) -> None:
    panel.state.orphans.tick_filtered()
    plan_ticked(panel.state)

    confirm(panel, "Move to trash", "")

    assert panel.state.message == "Type raw to confirm; got nothing."
    assert not (lab.store("raw") / "_trash").exists()
    confirm(panel, "Move to trash", " raw ")
    assert panel.state.message == ""
    assert panel.receipt is panel.state.receipt
    assert panel.receipt.count("moved") == 3
    assert panel.scan.orphans.empty
    assert "3 objects moved (1.12 KiB)" in texts(panel)


def test_undo_brings_everything_back(swept: GCPanel) -> None:
    click(swept, "Undo")

    assert swept.state.receipt.count("restored") == 3
    assert len(swept.scan.orphans) == 3
    assert button(swept, "Undo").layout.display == "none"


def test_after_an_incomplete_scan_nothing_can_be_moved(
    panel: GCPanel, lab: Laboratory
) -> None:
    table = f'"{lab.name}".recording'
    lab.connection.query(f"UPDATE {table} SET data = '{{}}' WHERE id = 4")
    click(panel, "Rescan")

    assert isinstance(panel.scan, IncompleteScan)
    assert panel.scan.problems.with_code("values-without-path")
    assert "values record a path" in texts(panel)
    panel.state.orphans.tick_filtered()
    assert button(panel, "Move to trash …").disabled
    panel.state.make_plan()
    assert panel.state.plan is None
    assert "complete scan" in panel.state.message


def test_bad_input_is_shown_in_the_panel(lab: Laboratory) -> None:
    for schemas, options, message in (
        ([], {}, "Expected at least one schema"),
        (["lab"], {}, "got str &#39;lab&#39;"),
        ([lab.schema], {"stores": ["cold"]}, "got cold"),
        ([lab.schema], {"minimum_age": "a week"}, "Expected an age from 0"),
    ):
        panel = scanned(*schemas, **options)

        assert message in texts(panel)
        assert panel.state.activity == Activity.IDLE
        with pytest.raises(InputError, match="there is none yet"):
            _ = panel.scan


def test_after_a_canceled_scan_the_previous_one_is_shown(panel: GCPanel) -> None:
    before = panel.scan
    panel.state.observe(lambda _: panel.state.cancel(), "progress")

    run(panel.refresh)

    assert panel.scan is before
    assert panel.state.message.startswith("Canceled")
    assert panel.state.activity == Activity.IDLE


def test_a_second_command_is_refused_while_one_runs(lab: Laboratory) -> None:
    lab.declare(NPY)
    state = PanelState(lab.schema)
    messages: list[str] = []

    def ask_again(_: Any) -> None:
        if isinstance(state.progress, Progress):
            state.start_scan()
            messages.append(state.message)

    state.observe(ask_again, "progress")
    run(state.start_scan)

    assert "Still scanning" in messages[0]
    assert state.scan is not None


def test_commands_without_an_object_do_nothing() -> None:
    state = PanelState()

    state.undo()
    run(state.sweep, "raw")

    assert state.confirmation() == ""
    assert state.activity == Activity.IDLE


def test_a_selection_of_unknown_objects_is_an_input_error(panel: GCPanel) -> None:
    panel.state.orphans.tick_filtered()
    panel.state.orphans.frame["path"] = "no/such/path"

    run(panel.state.make_plan)

    assert "that it does not hold" in panel.state.message


def test_show_returns_at_once_and_shows_the_same_state_again(
    panel: GCPanel, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = panel.scan

    panel.show()
    panel.show()

    assert panel.state.scan is scan
    assert capsys.readouterr().out


def test_show_starts_the_first_scan(lab: Laboratory) -> None:
    lab.declare(NPY)
    panel = GCPanel(lab.schema)

    run(panel.show)

    assert panel.scan.complete


def test_while_a_plan_is_open_nothing_else_can_be_ticked(panel: GCPanel) -> None:
    grid = grid_of(panel, "Orphans")
    of = panel.state.orphans.generation
    panel.state.orphans.tick([0], on=True)
    click(panel, "Move to trash …")

    page = {"of": of, "as": panel.state.orphans.arrangement}
    grid.receive({"do": "clear", "click": 1, **page})
    grid.receive({"do": "tick_filtered", "click": 2, **page})

    assert len(panel.selected) == 1
    assert button(panel, "Move to trash …").disabled
    bar_of(panel, "Keep everything").receive({"do": "decline"})
    grid.receive({"do": "tick_filtered", "click": 3, **page})
    assert len(panel.selected) == 3


def test_a_canceled_sweep_shows_what_it_did(panel: GCPanel) -> None:
    panel.state.orphans.tick_filtered()
    plan_ticked(panel.state)
    cancel_during(panel, Activity.SWEEPING)

    run(panel.state.sweep, "raw")

    assert panel.state.receipt.count("skipped") == 3
    assert len(panel.scan.orphans) == 3
    assert panel.state.message == ""
    assert panel.selected.empty


def test_a_plan_names_a_database_that_is_closed_to_the_account(lab: Laboratory) -> None:
    orphaned(lab)
    name = f"{lab.name}_shut"
    query = lab.connection.query
    query(f'CREATE DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
    try:
        state = PanelState(lab.schema)
        run(state.start_scan)
    finally:
        query(f'DROP DATABASE "{name}"')
    state.orphans.tick_filtered()

    run(state.make_plan)

    names = [refusal.name for refusal in state.plan.refusals]
    assert [name in each for each in names if each.startswith("unseen")] == [True]


def test_what_rows_need_again_is_restored_at_a_click(
    swept: GCPanel, lab: Laboratory
) -> None:
    assert button(swept, "Restore needed").layout.display == "none"
    path = str(swept.scan.trash["path"].iloc[0])
    refer_to(lab, 9, path)
    click(swept, "Rescan")
    assert "a row needs 1 object again" in texts(swept)

    click(swept, "Restore needed")

    assert swept.state.receipt.count("restored") == 1
    assert swept.scan.missing.empty
    assert path in lab.contents()


@pytest.mark.parametrize("how", ["undo", "heal", "restore"])
def test_a_restore_can_be_canceled_and_repeated(
    how: str, swept: GCPanel, lab: Laboratory
) -> None:
    state = swept.state
    if how == "heal":
        for key, path in enumerate(swept.scan.trash["path"]):
            refer_to(lab, 100 + key, path)
        click(swept, "Rescan")

    def restore() -> None:
        state.sweeps.tick_filtered()
        getattr(state, how)()
        swept.wait()

    cancel_during(swept, Activity.RESTORING)
    restore()
    assert state.receipt.count("skipped") == 3
    assert state.message == ""
    assert len(swept.scan.trash) == 3
    if how == "undo":
        how = "restore"

    restore()

    assert state.receipt.count("restored") == 3
    assert swept.scan.trash.empty
    assert not in_trash(lab)


def test_observers_of_a_scan_see_all_of_it(swept: GCPanel, lab: Laboratory) -> None:
    refer_to(lab, 9, "_schema/gone_AbCd1234.npy")
    state, seen = swept.state, []

    def look(change: Any) -> None:
        scan = change["new"]
        seen.append(scan)
        assert list(state.orphans.frame["path"]) == list(scan.orphans["path"])
        assert len(state.usage.frame) == len(scan.usage())
        assert len(state.missing.frame) == len(scan.missing)
        assert state.sweeps.frame["n_left"].sum() == len(scan.trash)
        assert len(state.places) == len(scan.places())

    state.observe(look, "scan")
    run(swept.refresh)

    assert state.message == ""  # it would hold what an observer raises
    assert seen == [swept.scan]
    assert len(swept.scan.missing) == 1


def test_a_page_that_was_just_opened_gets_the_state_of_all_widgets(
    panel: GCPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[widgets.Widget] = []

    def note(widget: widgets.Widget, key: Any = None) -> None:
        del key
        sent.append(widget)

    monkeypatch.setattr(widgets.Widget, "send_state", note)
    (region,) = widgets_of(panel, PanelRegion)
    sent.clear()

    region.receive({"do": "something else"})
    assert sent == []
    region.receive({"do": "greet", "greeting": "1-2-3-4"})

    assert set(widgets_of(panel, widgets.Widget)) <= set(sent)
    assert {widget.layout for widget in widgets_of(panel, widgets.Button)} <= set(sent)
    assert sent[-1] is region  # the answer comes last
    assert region.greeted == "1-2-3-4"


def test_the_collector_of_datajoint_is_asked_at_a_click(
    panel: GCPanel, lab: Laboratory
) -> None:
    assert "what it would delete" in texts(panel)
    grid = grid_of(panel, "Second opinion")
    assert grid.layout.display == "none"
    stores = lab.config.stores
    lab.config.stores = {**stores, "again": dict(stores["raw"])}
    click(panel, "Rescan")

    click(panel, "Ask DataJoint's own collector")

    assert panel.state.message == ""
    assert "✕ It would delete 2 objects that rows refer to" in texts(panel)
    assert grid.layout.display == ""
    first = grid.page["rows"][0]
    assert first["cells"][:2] == ["loses live data", "live"]
    facts = open_row(grid, first["id"])
    assert facts["This scan"].startswith("live: ")
    assert "would delete 1 file, 384 bytes" in facts[panel.state.opinion.collector]

    click(panel, "Rescan")  # an opinion belongs to one scan
    assert panel.state.opinion is None
    assert grid.layout.display == "none"


def test_the_collector_is_not_compared_with_an_incomplete_scan(
    panel: GCPanel, lab: Laboratory
) -> None:
    lab.write_row("recording", 9, {"where": "nobody knows"})
    click(panel, "Rescan")

    click(panel, "Ask DataJoint's own collector")

    assert "Expected a complete scan" in panel.state.message
    assert panel.state.opinion is None


def test_an_interrupted_sweep_is_recovered_at_a_click(
    swept: GCPanel, lab: Laboratory
) -> None:
    assert button(swept, "Recover").layout.display == "none"
    (result,) = lab.store("raw").glob("_trash/*/result.json")
    result.unlink()
    click(swept, "Rescan")
    assert "was interrupted" in texts(swept)

    click(swept, "Recover")

    assert swept.state.receipt.count("moved") == 3
    assert swept.scan.interrupted == []
    assert result.exists()


def test_a_purge_needs_ticks_and_the_typed_name_of_the_store(
    swept: GCPanel, lab: Laboratory
) -> None:
    assert "3 objects · 1.12 KiB in the trash" in texts(swept)
    assert button(swept, "Purge ticked …").disabled
    run(swept.state.purge, "raw")
    assert swept.state.receipt.count("moved") == 3
    swept.state.sweeps.tick_filtered()
    click(swept, "Purge ticked …")
    assert "Delete 0 objects for good?" in texts(swept)

    confirm(swept, "Purge", "", days=30)
    assert swept.state.message == "Type raw to confirm; got nothing."
    confirm(swept, "Purge", "raw", days=30)
    assert swept.state.message == ""
    assert swept.state.receipt.rows.empty  # nothing is 30 days old yet
    assert len(in_trash(lab)) == 3

    swept.state.sweeps.tick_filtered()
    click(swept, "Purge ticked …")
    assert bar_of(swept, "Purge").days == 30
    assert "0 of 1 ticked sweep" in texts(swept)
    confirm(swept, "Purge", "raw", days=-1)
    assert "Expected an age from 0" in swept.state.message
    confirm(swept, "Purge", "raw", days=0)
    assert "short-retention: what would be deleted was swept" in swept.state.message
    assert len(in_trash(lab)) == 3
    bar_of(swept, "Purge").receive({"do": "days", "days": 0})
    assert "✕ refused: short-retention" in texts(swept)
    swept.state.acknowledge_purge("short-retention", lifted=True)
    assert "✓ acknowledged: short-retention" in texts(swept)
    confirm(swept, "Purge", "raw", days=0)

    assert swept.state.receipt.count("purged") == 3
    assert not in_trash(lab)


def test_only_the_ticked_sweeps_are_restored_and_purged(
    panel: GCPanel, lab: Laboratory
) -> None:
    state = panel.state

    def sweep_one() -> None:
        state.orphans.tick([0], on=True)
        sweep_ticked(state)

    def tick_sweep(sweep_id: str) -> None:
        names = state.sweeps.frame["sweep_id"].tolist()
        state.sweeps.tick([names.index(sweep_id)], on=True)

    sweep_one()
    (older,) = state.sweeps.frame["sweep_id"]
    sweep_one()
    (newer,) = set(state.sweeps.frame["sweep_id"]) - {older}

    tick_sweep(older)
    click(panel, "Restore ticked")
    assert set(state.receipt.rows["sweep_id"]) == {older}
    assert state.receipt.count("restored") == 1
    sweep_one()

    tick_sweep(newer)
    state.acknowledge_purge("short-retention", lifted=True)
    run(state.purge, "raw", timedelta(0))

    assert state.receipt.count("purged") == 1
    assert set(state.receipt.rows["sweep_id"]) == {newer}
    (left,) = in_trash(lab)
    assert newer not in left


def test_an_unreadable_trash_does_not_hide_the_scan(
    swept: GCPanel, lab: Laboratory
) -> None:
    (plan,) = lab.store("raw").glob("_trash/*/plan.json")
    plan.write_text("{}")

    click(swept, "Rescan")

    assert swept.scan.complete
    assert swept.state.sweeps.frame.empty
    assert "trash of store raw" in texts(swept)


def test_the_age_of_a_purge_starts_at_the_default_each_time(swept: GCPanel) -> None:
    swept.state.sweeps.tick_filtered()
    click(swept, "Purge ticked …")
    bar = bar_of(swept, "Purge")
    bar.receive({"do": "days", "days": 0})
    assert "Delete 3 objects for good?" in texts(swept)
    question = bar.question

    bar.receive({"do": "decline"})

    assert "Delete 0 objects for good?" in texts(swept)
    assert (bar.days, bar.question) == (30, question + 1)
    assert swept.state.receipt.count("moved") == 3


def test_an_incomplete_scan_calls_nothing_certain(
    swept: GCPanel, lab: Laboratory
) -> None:
    raw = lab.store("raw")
    raw.rename(raw.with_name("unmounted"))

    click(swept, "Rescan")

    shown = texts(swept)
    assert "✓ No missing objects" not in shown
    assert "do not delete rows" in shown
    assert "not certain" in shown
    assert "Missing objects are not certain" in saved_html(swept.scan)
    for name in ("Orphans", "Missing", "References", "Sweeps"):
        assert grid_of(swept, name).none.startswith("Not known")
    labels = open_row(grid_of(swept, "Missing")).keys()
    assert labels == {"Column", "Row", "Expected object", "What to do"}


def test_a_canceled_plan_is_not_opened(panel: GCPanel) -> None:
    panel.state.orphans.tick_filtered()
    cancel_during(panel, Activity.PLANNING)

    run(panel.state.make_plan)

    assert panel.state.plan is None
    assert panel.state.message.startswith("Canceled")


def test_a_stale_scan_makes_no_plan(lab: Laboratory) -> None:
    orphaned(lab)
    hours = [0.0]
    state = PanelState(lab.schema, clock=lambda: utc_now() + timedelta(hours=hours[0]))
    view = View(state)
    run(state.start_scan)
    state.orphans.tick_filtered()
    hours[0] = 1.5

    run(state.make_plan)

    assert state.plan is None
    assert "Rescan first" in state.message
    assert "over an hour old" in view.root.children[1].value
    run(state.start_scan)
    assert not state.stale


def test_a_closed_panel_runs_nothing_and_leaves_no_thread(panel: GCPanel) -> None:
    before = panel.scan
    started = threading.active_count()
    panel.state.observe(lambda _: panel.state.cancel(), "progress")
    panel.refresh()

    panel.close()

    assert panel.state.activity == Activity.IDLE
    assert panel.scan is before
    assert threading.active_count() < started  # its clock has stopped, too
    panel.refresh()
    assert "Make another panel" in panel.state.message
    assert panel.view.root.comm is None


def test_what_is_filtered_is_exported_beside_the_notebook(
    panel: GCPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    panel.state.orphans.tick([0], on=True)
    grid = grid_of(panel, "Orphans")

    for what, kind in (("filtered", "csv"), ("ticked", "parquet")):
        grid.receive({"do": "export", "what": what, "format": kind})
        panel.wait()
        assert "written to" in panel.state.notice

    (text,), (table,) = tmp_path.glob("*.csv"), tmp_path.glob("*.parquet")
    assert len(pd.read_csv(text)) == 3
    assert pd.read_parquet(table)["path"].tolist() == panel.selected["path"].tolist()
    monkeypatch.chdir("/proc")
    grid.receive({"do": "export", "what": "filtered", "format": "csv"})
    panel.wait()
    assert "Expected a folder that can be written to" in panel.state.message


def test_every_table_has_details(swept: GCPanel, lab: Laboratory) -> None:
    (live,) = (p for p in lab.contents() if "/id=4/" in p)
    (lab.store("raw") / live).unlink()
    click(swept, "Rescan")

    for name in ("Missing", "References", "Sweeps"):
        assert len(open_row(grid_of(swept, name))) > 3
    run(swept.state.undo)
    assert "Why" in open_row(grid_of(swept, "Orphans"))


def test_the_saved_output_has_the_totals(panel: GCPanel) -> None:
    text = saved_html(panel.scan)

    assert "complete scan of" in text
    assert text.count("<tr>") == 3 + 2 + 7 + 1
    assert "1.12 KiB" in text
    assert "was not finished" in saved_html(None)


GESTURE = st.one_of(
    st.tuples(st.just("filter"), st.sampled_from(["", "id=1", "id=2", "npy"])),
    st.tuples(st.just("sort"), st.sampled_from(["size_bytes", "path", "age_days"])),
    st.tuples(st.just("tick"), st.integers(0, 5)),
    st.tuples(st.sampled_from(["tick_filtered", "invert", "range", "page"]), st.none()),
)


@pytest.fixture(scope="module")
def many(
    postgresql: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GCPanel]:
    """A panel on 24 orphans and one live object."""
    folder = tmp_path_factory.mktemp("many")
    with Laboratory.on(postgresql, "postgresql", folder) as laboratory:
        table = laboratory.declare(NPY)
        table.insert({"id": key, "data": array(key)} for key in range(25))
        (table & "id < 24").delete()
        laboratory.age()
        yield scanned(laboratory.schema)


@settings(max_examples=12, deadline=None)
@given(gestures=st.lists(GESTURE, min_size=1, max_size=8))
def test_what_is_ticked_is_what_is_confirmed_and_moved(
    many: GCPanel, gestures: list[tuple[str, Any]]
) -> None:
    state, grid = many.state, grid_of(many, "Orphans")
    of = state.orphans.generation
    state.orphans.filter("")
    for name, what in gestures:
        rows = [row["id"] for row in grid.page["rows"]]
        click = {"click": 1, "of": of, "as": state.orphans.arrangement, "on": True}
        match name:
            case "filter":
                grid.receive({"do": "filter", "text": what})
            case "sort":
                grid.receive({"do": "sort", "source": what, "descending": False})
            case "page":
                grid.receive({"do": "page", "offset": 12})
            case "tick" if rows:
                grid.receive({"do": "tick", "rows": [rows[what % len(rows)]], **click})
            case "range" if rows:
                grid.receive({"do": "range", "rows": [rows[0], rows[-1]], **click})
            case "tick_filtered" | "invert":
                grid.receive({"do": name, **click})
    ticked = set(many.selected["path"])
    assume(ticked)
    plan_ticked(state)
    assert f"Move {plural(len(ticked), 'object')} to the trash?" in texts(many)
    assert f"{len(ticked):,} ticked" in texts(many)
    assert grid.page["ticked"] == len(ticked)

    run(state.sweep, "raw")

    moved = state.receipt.rows.query("outcome == 'moved'")
    assert set(moved["path"]) == ticked
    assert set(many.scan.orphans["path"]).isdisjoint(ticked)
    run(state.undo)
    assert len(many.scan.orphans) == 24
