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
from laboratory import Laboratory, array, orphaned

from djgc_widgets import GCPanel, IncompleteScan, InputError, Progress
from djgc_widgets.collector.sweeper import utc_now
from djgc_widgets.lab.server import EmbeddedServer
from djgc_widgets.panel.elements import PanelRegion
from djgc_widgets.panel.grid.widget import Grid
from djgc_widgets.panel.saved_html import saved
from djgc_widgets.panel.state import PanelState
from djgc_widgets.panel.view import View
from djgc_widgets.panel.worker import IDLE


def widgets_of(panel: GCPanel, kind: type) -> list[Any]:
    """Return the panel's widgets of a type."""
    waiting: list[Any] = [panel.view.root]
    found = []
    while waiting:
        shown = waiting.pop()
        if isinstance(shown, kind):
            found.append(shown)
        waiting.extend(getattr(shown, "children", ()))
    return found


def button(panel: GCPanel, label: str) -> Any:
    found = widgets_of(panel, widgets.Button)
    return next(shown for shown in found if shown.description == label)


def field(panel: GCPanel, label: str) -> Any:
    """Return where a sweep or a purge is confirmed: beside the button of that label."""
    return next(
        shown.children[0]
        for shown in widgets_of(panel, widgets.HBox)
        if isinstance(shown.children[0], widgets.Text)
        and label in {getattr(each, "description", "") for each in shown.children}
    )


def grid_of(panel: GCPanel, name: str) -> Any:
    return next(g for g in widgets_of(panel, Grid) if g.texts["name"] == name)


def texts(panel: GCPanel) -> str:
    return "\n".join(shown.value for shown in widgets_of(panel, widgets.HTML))


def click(panel: GCPanel, label: str) -> None:
    assert not button(panel, label).disabled
    button(panel, label).click()
    panel.wait()


@pytest.fixture
def panel(postgresql_laboratory: Laboratory) -> GCPanel:
    """A panel on three orphans and two live objects."""
    table = postgresql_laboratory.declare("id : int32\n---\ndata : <npy@raw>\n")
    table.insert({"id": key, "data": array(key)} for key in range(1, 6))
    (table & "id < 4").delete()
    postgresql_laboratory.age()
    panel = GCPanel(postgresql_laboratory.schema)
    panel.refresh()
    panel.wait()
    return panel


def test_a_scan_fills_cards_grid_and_chart(panel: GCPanel) -> None:
    assert panel.state.message == ""
    assert len(panel.scan.orphans) == 3
    assert panel.state.orphans.page(0, 10)["total"] == 3
    shown = texts(panel)
    assert "✓ complete" in shown
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
    button(panel, "Keep everything").click()
    assert panel.state.plan is None


def test_a_refused_plan_is_allowed_when_its_refusals_are_ticked(
    panel: GCPanel,
) -> None:
    panel.state.orphans.tick_filtered()
    click(panel, "Move to trash …")
    assert button(panel, "Move to trash").disabled
    assert "more than 25% would go: 3 of 5 objects" in texts(panel)
    assert "✕ refused: large-sweep" in texts(panel)

    for box in widgets_of(panel, widgets.Checkbox):
        box.value = True

    assert panel.state.plan.acknowledged == {"large-sweep", "sole-owner"}
    assert not button(panel, "Move to trash").disabled
    large, *_ = (
        box
        for box in widgets_of(panel, widgets.Checkbox)
        if box.description.endswith("large-sweep")
    )
    large.value = False
    assert [r.name for r in panel.state.plan.refusals] == ["large-sweep"]
    panel.state.sweep("raw")
    panel.wait()
    assert "large-sweep" in panel.state.message


def plan_all(panel: GCPanel) -> None:
    """Plan to sweep everything, and acknowledge whatever can be."""
    panel.state.orphans.tick_filtered()
    panel.state.make_plan()
    panel.wait()
    for name in ("large-sweep", "sole-owner"):
        panel.state.acknowledge(name, lifted=True)


def test_a_sweep_needs_the_typed_name_of_the_store(
    panel: GCPanel, postgresql_laboratory: Laboratory
) -> None:
    plan_all(panel)

    click(panel, "Move to trash")

    assert panel.state.message == "Type raw to confirm; got nothing."
    assert not (postgresql_laboratory.store("raw") / "_trash").exists()
    field(panel, "Move to trash").value = " raw "
    click(panel, "Move to trash")
    assert panel.state.message == ""
    assert panel.receipt is panel.state.receipt
    assert panel.receipt.count("moved") == 3
    assert panel.scan.orphans.empty
    assert "3 moved" in texts(panel)


def test_undo_brings_everything_back(panel: GCPanel) -> None:
    plan_all(panel)
    panel.state.sweep("raw")
    panel.wait()

    click(panel, "Undo")

    assert panel.state.receipt.count("restored") == 3
    assert len(panel.scan.orphans) == 3
    assert button(panel, "Undo").layout.display == "none"


def test_an_incomplete_scan_disables_every_way_to_move(
    panel: GCPanel, postgresql_laboratory: Laboratory
) -> None:
    place = f'"{postgresql_laboratory.name}".recording'
    empty = f"UPDATE {place} SET data = '{{}}' WHERE id = 4"
    postgresql_laboratory.connection.query(empty)
    click(panel, "Rescan")

    assert isinstance(panel.scan, IncompleteScan)
    assert "1 record a path" in texts(panel)
    panel.state.orphans.tick_filtered()
    assert button(panel, "Move to trash …").disabled
    panel.state.make_plan()
    assert panel.state.plan is None
    assert "complete scan" in panel.state.message


def test_bad_input_is_shown_in_the_panel(postgresql_laboratory: Laboratory) -> None:
    for arguments, options, told in (
        ((), {}, "Expected at least one schema"),
        (("lab",), {}, "got str &#x27;lab&#x27;"),
        ((postgresql_laboratory.schema,), {"stores": ["cold"]}, "got cold"),
    ):
        panel = GCPanel(*arguments, **options)
        panel.refresh()
        panel.wait()

        assert told in texts(panel)
        assert panel.state.activity == IDLE
        with pytest.raises(InputError, match="there is none yet"):
            _ = panel.scan


def test_an_unexpected_error_is_shown_too(postgresql_laboratory: Laboratory) -> None:
    panel = GCPanel(postgresql_laboratory.schema, minimum_age="a week")
    panel.refresh()
    panel.wait()

    assert "Unexpected TypeError" in texts(panel)
    assert panel.state.activity == IDLE


def test_a_cancelled_scan_leaves_what_was_there(panel: GCPanel) -> None:
    before = panel.scan
    panel.state.observe(lambda _: panel.state.cancel(), "progress")

    panel.refresh()
    panel.wait()

    assert panel.scan is before
    assert panel.state.message.startswith("Cancelled")
    assert panel.state.activity == IDLE


def test_a_second_command_waits_its_turn(postgresql_laboratory: Laboratory) -> None:
    postgresql_laboratory.declare("id : int32\n---\ndata : <npy@raw>\n")
    state = PanelState(postgresql_laboratory.schema)
    told: list[str] = []

    def ask_again(_: Any) -> None:
        if isinstance(state.progress, Progress):
            state.start_scan()
            told.append(state.message)

    state.observe(ask_again, "progress")
    state.start_scan()
    state.wait()

    assert "Still scanning" in told[0]
    assert state.scan is not None


def test_commands_without_an_object_do_nothing() -> None:
    state = PanelState()

    state.undo()
    state.sweep("raw")
    state.wait()

    assert state.confirmation() == ""
    assert state.activity == IDLE


def test_a_wrong_selection_is_told(panel: GCPanel) -> None:
    panel.state.orphans.tick_filtered()
    panel.state.orphans.frame["path"] = "no/such/path"

    panel.state.make_plan()
    panel.wait()

    assert "that it does not hold" in panel.state.message


def test_show_returns_at_once_and_shows_the_same_state_again(
    panel: GCPanel, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = panel.scan

    panel.show()
    panel.show()

    assert panel.state.scan is scan
    assert capsys.readouterr().out


def test_show_starts_the_first_scan(postgresql_laboratory: Laboratory) -> None:
    postgresql_laboratory.declare("id : int32\n---\ndata : <npy@raw>\n")
    panel = GCPanel(postgresql_laboratory.schema)

    panel.show()
    panel.wait()

    assert panel.scan.complete


def test_while_a_plan_is_open_nothing_else_can_be_ticked(panel: GCPanel) -> None:
    grid = grid_of(panel, "Orphans")
    of = panel.state.orphans.generation
    panel.state.orphans.tick([0], on=True)
    click(panel, "Move to trash …")

    page = {"of": of, "as": panel.state.orphans.arrangement}
    grid.receive({"do": "clear", "said": 1, **page})
    grid.receive({"do": "tick_filtered", "said": 2, **page})

    assert len(panel.selected) == 1
    assert button(panel, "Move to trash …").disabled
    click(panel, "Keep everything")
    grid.receive({"do": "tick_filtered", "said": 3, **page})
    assert len(panel.selected) == 3


def test_a_stopped_sweep_shows_what_it_did(panel: GCPanel) -> None:
    plan_all(panel)
    panel.state.observe(
        lambda change: panel.state.cancel() if change["new"] == "sweeping" else None,
        "activity",
    )

    panel.state.sweep("raw")
    panel.wait()

    assert panel.state.receipt.count("skipped") == 3
    assert len(panel.scan.orphans) == 3
    assert panel.state.message == ""
    assert panel.selected.empty


def test_a_refused_plan_is_told_and_not_opened(
    postgresql_laboratory: Laboratory,
) -> None:
    orphaned(postgresql_laboratory)
    name = f"{postgresql_laboratory.name}_shut"
    run = postgresql_laboratory.connection.query
    run(f'CREATE DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
    try:
        state = PanelState(postgresql_laboratory.schema)
        state.start_scan()
        state.wait()
    finally:
        run(f'DROP DATABASE "{name}"')
    state.orphans.tick_filtered()

    state.make_plan()
    state.wait()

    refusals = {refusal.name: str(refusal) for refusal in state.plan.refusals}
    assert name in refusals["unseen-schemas"]


def swept(panel: GCPanel) -> None:
    plan_all(panel)
    panel.state.sweep("raw")
    panel.wait()
    assert panel.state.receipt.count("moved") == 3


def test_what_rows_need_again_comes_back_at_a_click(
    panel: GCPanel, postgresql_laboratory: Laboratory
) -> None:
    swept(panel)
    assert button(panel, "Bring back").layout.display == "none"
    path = str(panel.scan.trash["path"].iloc[0])
    metadata = {"path": path, "store": "raw", "shape": [4, 8], "dtype": "f8"}
    postgresql_laboratory.write_row("recording", 9, metadata)
    click(panel, "Rescan")
    assert "1 object in the trash is needed again" in texts(panel)

    click(panel, "Bring back")

    assert panel.state.receipt.count("restored") == 1
    assert panel.scan.missing.empty
    assert path in postgresql_laboratory.held()


@pytest.mark.parametrize("how", ["undo", "heal", "restore"])
def test_what_is_brought_back_can_be_stopped_and_gone_on_with(
    how: str, panel: GCPanel, postgresql_laboratory: Laboratory
) -> None:
    swept(panel)
    state = panel.state
    if how == "heal":
        for key, path in enumerate(panel.scan.trash["path"]):
            metadata = {"path": path, "store": "raw", "shape": [4, 8], "dtype": "f8"}
            postgresql_laboratory.write_row("recording", 100 + key, metadata)
        click(panel, "Rescan")
    once = {"restoring"}

    def stop(change: Any) -> None:
        if change["new"] in once:
            once.clear()
            state.cancel()

    def bring_back() -> None:
        state.sweeps.tick_filtered()
        getattr(state, how)()
        panel.wait()

    state.observe(stop, "activity")
    bring_back()
    assert state.receipt.count("skipped") == 3
    assert state.message == ""
    assert len(panel.scan.trash) == 3
    if how == "undo":  # that of a stopped undo puts back what the sweep moved, too
        how = "restore"

    bring_back()

    assert state.receipt.count("restored") == 3
    assert panel.scan.trash.empty
    assert not [p for p in postgresql_laboratory.held() if "/objects/" in p]


def test_who_hears_of_a_scan_finds_all_of_it(
    panel: GCPanel, postgresql_laboratory: Laboratory
) -> None:
    swept(panel)
    gone = {"path": "_schema/gone_AbCd1234.npy", "store": "raw"}
    postgresql_laboratory.write_row("recording", 9, gone)
    state, seen = panel.state, []

    def look(change: Any) -> None:
        found = change["new"]
        seen.append(found)
        assert list(state.orphans.frame["path"]) == list(found.orphans["path"])
        assert len(state.usage.frame) == len(found.usage())
        assert len(state.missing.frame) == len(found.missing)
        assert state.sweeps.frame["left_objects"].sum() == len(found.trash)
        assert len(state.places) == len(found.places())

    state.observe(look, "scan")
    panel.refresh()
    panel.wait()

    assert state.message == ""  # what an observer raises is told there
    assert seen == [panel.scan]
    assert len(panel.scan.missing) == 1


def test_a_page_that_was_just_opened_is_told_everything_once_more(
    panel: GCPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[widgets.Widget] = []

    def note(widget: widgets.Widget, key: Any = None) -> None:
        del key
        told.append(widget)

    monkeypatch.setattr(widgets.Widget, "send_state", note)
    (region,) = widgets_of(panel, PanelRegion)
    told.clear()

    region.receive({"do": "something else"})
    assert told == []
    region.receive({"do": "greet", "greeting": "1-2-3-4"})

    assert set(widgets_of(panel, widgets.Widget)) <= set(told)
    assert {widget.layout for widget in widgets_of(panel, widgets.Button)} <= set(told)
    assert told[-1] is region  # the answer comes last
    assert region.greeted == "1-2-3-4"


def test_the_collector_of_datajoint_is_asked_at_a_click(
    panel: GCPanel, postgresql_laboratory: Laboratory
) -> None:
    assert "what it would delete" in texts(panel)
    grid = grid_of(panel, "Second opinion")
    assert grid.layout.display == "none"
    stores = postgresql_laboratory.config.stores
    postgresql_laboratory.config.stores = {**stores, "again": dict(stores["raw"])}
    click(panel, "Rescan")

    click(panel, "Ask DataJoint's own collector")

    assert panel.state.message == ""
    assert "✕ It would delete 2 objects that rows refer to" in texts(panel)
    assert grid.layout.display == ""
    first = grid.page["rows"][0]
    assert first["cells"][:2] == ["loses live data", "live"]
    grid.receive({"do": "open", "row": first["id"], "of": grid.state.generation})
    facts = {fact["label"]: fact["text"] for fact in grid.details}
    assert facts["We say"].startswith("live: ")
    assert "would delete 1 file, 384 bytes" in facts[panel.state.opinion.collector]

    click(panel, "Rescan")  # an opinion belongs to one scan
    assert panel.state.opinion is None
    assert grid.layout.display == "none"


def test_the_collector_is_not_compared_with_an_incomplete_scan(
    panel: GCPanel, postgresql_laboratory: Laboratory
) -> None:
    postgresql_laboratory.write_row("recording", 9, {"where": "nobody knows"})
    click(panel, "Rescan")

    click(panel, "Ask DataJoint's own collector")

    assert "Expected a complete scan" in panel.state.message
    assert panel.state.opinion is None


def test_an_interrupted_sweep_is_recovered_at_a_click(
    panel: GCPanel, postgresql_laboratory: Laboratory
) -> None:
    swept(panel)
    assert button(panel, "Recover").layout.display == "none"
    (result,) = postgresql_laboratory.store("raw").glob("_trash/*/result.json")
    result.unlink()
    click(panel, "Rescan")
    assert "was interrupted" in texts(panel)

    click(panel, "Recover")

    assert panel.state.receipt.count("moved") == 3
    assert panel.scan.interrupted == []
    assert result.exists()


def test_a_purge_needs_ticks_and_the_typed_name_of_the_store(
    panel: GCPanel, postgresql_laboratory: Laboratory
) -> None:
    swept(panel)
    assert "3 objects · 1.12 KiB in the trash" in texts(panel)
    assert button(panel, "Purge ticked …").disabled
    panel.state.purge("raw")
    panel.wait()
    assert panel.state.receipt.count("moved") == 3
    panel.state.sweeps.tick_filtered()
    click(panel, "Purge ticked …")
    assert "Delete 0 objects for good?" in texts(panel)

    click(panel, "Purge")
    assert panel.state.message == "Type raw to confirm; got nothing."
    field(panel, "Purge").value = "raw"
    click(panel, "Purge")
    assert panel.state.message == ""
    assert panel.state.receipt.rows.empty  # nothing is 30 days old yet
    assert len([p for p in postgresql_laboratory.held() if "/objects/" in p]) == 3

    panel.state.sweeps.tick_filtered()
    click(panel, "Purge ticked …")
    field(panel, "Purge").value = "raw"
    (days,) = widgets_of(panel, widgets.IntText)
    assert days.value == 30
    assert "0 of 1 ticked sweep" in texts(panel)
    days.value = -1
    click(panel, "Purge")
    assert "Expected an age of zero or more" in panel.state.message
    days.value = 0
    click(panel, "Purge")

    assert panel.state.receipt.count("purged") == 3
    assert not [p for p in postgresql_laboratory.held() if "/objects/" in p]


def sweep_one(state: PanelState) -> None:
    state.orphans.tick([0], on=True)
    state.make_plan()
    state.wait()
    for doubt in state.plan.doubts:
        state.acknowledge(doubt.name, lifted=True)
    state.sweep("raw")
    state.wait()
    assert state.receipt.count("moved") == 1


def test_only_the_ticked_sweeps_are_restored_and_purged(
    panel: GCPanel, postgresql_laboratory: Laboratory
) -> None:
    state = panel.state
    sweep_one(state)
    (older,) = state.sweeps.frame["sweep_id"]
    sweep_one(state)
    (newer,) = set(state.sweeps.frame["sweep_id"]) - {older}

    tick_sweep(state, older)
    click(panel, "Restore ticked")
    assert set(state.receipt.rows["sweep_id"]) == {older}
    assert state.receipt.count("restored") == 1
    sweep_one(state)

    tick_sweep(state, newer)
    state.purge("raw", timedelta(0))
    panel.wait()

    assert state.receipt.count("purged") == 1
    assert set(state.receipt.rows["sweep_id"]) == {newer}
    (left,) = [p for p in postgresql_laboratory.held() if "/objects/" in p]
    assert newer not in left


def tick_sweep(state: PanelState, sweep_id: str) -> None:
    state.sweeps.tick(
        [state.sweeps.frame["sweep_id"].tolist().index(sweep_id)], on=True
    )


def test_a_trash_that_cannot_be_told_does_not_hide_the_scan(
    panel: GCPanel, postgresql_laboratory: Laboratory
) -> None:
    swept(panel)
    (plan,) = postgresql_laboratory.store("raw").glob("_trash/*/plan.json")
    plan.write_text("{}")

    click(panel, "Rescan")

    assert panel.scan.complete
    assert panel.state.sweeps.frame.empty
    assert "trash of store raw" in texts(panel)


def test_how_old_a_purge_may_be_is_asked_anew_each_time(panel: GCPanel) -> None:
    swept(panel)
    panel.state.sweeps.tick_filtered()
    click(panel, "Purge ticked …")
    (days,) = widgets_of(panel, widgets.IntText)
    days.value = 0
    assert "Delete 3 objects for good?" in texts(panel)

    click(panel, "Keep the trash")

    assert days.value == 30
    assert panel.state.receipt.count("moved") == 3


def test_an_incomplete_scan_calls_nothing_certain(
    panel: GCPanel, postgresql_laboratory: Laboratory
) -> None:
    swept(panel)
    raw = postgresql_laboratory.store("raw")
    raw.rename(raw.with_name("unmounted"))

    click(panel, "Rescan")

    shown = texts(panel)
    assert "✓ Every object" not in shown
    assert "do not delete rows" in shown
    assert "not certain" in shown
    assert "what is missing is not certain" in saved(panel.scan)
    for name in ("Orphans", "Missing", "References", "Sweeps"):
        assert grid_of(panel, name).none.startswith("Not known")
    missing = grid_of(panel, "Missing")
    missing.receive({"do": "open", "row": 0, "of": missing.state.generation})
    labels = {fact["label"] for fact in missing.details}
    assert labels == {"Column", "Row", "Expected object", "What to do"}


def test_a_cancelled_plan_is_not_opened(panel: GCPanel) -> None:
    panel.state.orphans.tick_filtered()
    panel.state.observe(
        lambda change: panel.state.cancel() if change["new"] == "planning" else None,
        "activity",
    )

    panel.state.make_plan()
    panel.wait()

    assert panel.state.plan is None
    assert panel.state.message.startswith("Cancelled")


def test_a_stale_scan_makes_no_plan(postgresql_laboratory: Laboratory) -> None:
    orphaned(postgresql_laboratory)
    hours = [0.0]
    state = PanelState(
        postgresql_laboratory.schema,
        clock=lambda: utc_now() + timedelta(hours=hours[0]),
    )
    view = View(state)
    state.start_scan()
    state.wait()
    state.orphans.tick_filtered()
    hours[0] = 1.5

    state.make_plan()
    state.wait()

    assert state.plan is None
    assert "Rescan first" in state.message
    assert "over an hour old" in view.root.children[1].value
    state.start_scan()
    state.wait()
    assert not state.stale


def test_a_closed_panel_runs_nothing_and_leaves_no_thread(panel: GCPanel) -> None:
    before = panel.scan
    started = threading.active_count()
    panel.state.observe(lambda _: panel.state.cancel(), "progress")
    panel.refresh()

    panel.close()

    assert panel.state.activity == IDLE
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


def test_details_of_every_table_are_told(
    panel: GCPanel, postgresql_laboratory: Laboratory
) -> None:
    swept(panel)
    (live,) = (p for p in postgresql_laboratory.held() if "/id=4/" in p)
    (postgresql_laboratory.store("raw") / live).unlink()
    click(panel, "Rescan")

    for name in ("Missing", "References", "Sweeps"):
        grid = grid_of(panel, name)
        grid.receive({"do": "open", "row": 0, "of": grid.state.generation})
        assert grid.failure == ""
        assert len(grid.details) > 3
    panel.state.undo()
    panel.wait()
    orphans = grid_of(panel, "Orphans")
    orphans.receive({"do": "open", "row": 0, "of": orphans.state.generation})
    assert orphans.details[0]["label"] == "Why"


def test_the_saved_output_tells_the_totals(panel: GCPanel) -> None:
    text = saved(panel.scan)

    assert "complete scan of" in text
    assert text.count("<tr>") == 3 + 2 + 7 + 1
    assert "1.12 KiB" in text
    assert "was not finished" in saved(None)


GESTURES = st.lists(
    st.one_of(
        st.tuples(st.just("filter"), st.sampled_from(["", "id=1", "id=2", "npy"])),
        st.tuples(st.just("sort"), st.sampled_from(["size_bytes", "path", "age_days"])),
        st.tuples(st.just("tick"), st.integers(0, 5)),
        st.tuples(st.sampled_from(["all", "invert", "range", "page"]), st.none()),
    ),
    min_size=1,
    max_size=8,
)


@pytest.fixture(scope="module")
def many(
    postgresql: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GCPanel]:
    """A panel on 24 orphans and one live object."""
    folder = tmp_path_factory.mktemp("many")
    with Laboratory.on(postgresql, "postgresql", folder) as laboratory:
        table = laboratory.declare("id : int32\n---\ndata : <npy@raw>\n")
        table.insert({"id": key, "data": array(key)} for key in range(25))
        (table & "id < 24").delete()
        laboratory.age()
        panel = GCPanel(laboratory.schema)
        panel.refresh()
        panel.wait()
        yield panel


@settings(max_examples=12, deadline=None)
@given(gestures=GESTURES)
def test_what_is_ticked_is_what_is_asked_and_what_is_moved(
    many: GCPanel, gestures: list[tuple[str, Any]]
) -> None:
    state, grid = many.state, grid_of(many, "Orphans")
    of = state.orphans.generation
    state.orphans.filter("")
    for name, what in gestures:
        rows = [row["id"] for row in grid.page["rows"]]
        said = {"said": 1, "of": of, "as": state.orphans.arrangement, "on": True}
        match name:
            case "filter":
                grid.receive({"do": "filter", "text": what})
            case "sort":
                grid.receive({"do": "sort", "source": what, "descending": False})
            case "page":
                grid.receive({"do": "page", "offset": 12})
            case "tick" if rows:
                grid.receive({"do": "tick", "rows": [rows[what % len(rows)]], **said})
            case "range" if rows:
                grid.receive({"do": "range", "rows": [rows[0], rows[-1]], **said})
            case "all":
                grid.receive({"do": "tick_filtered", **said})
            case "invert":
                grid.receive({"do": "invert", **said})
    ticked = set(many.selected["path"])
    assume(ticked)
    state.make_plan()
    many.wait()
    for doubt in state.plan.doubts:
        state.acknowledge(doubt.name, lifted=True)
    asked = (
        f"Move {len(ticked):,} object{'' if len(ticked) == 1 else 's'} to the trash?"
    )
    assert asked in texts(many)
    assert f"{len(ticked):,} ticked" in texts(many)
    assert grid.page["ticked"] == len(ticked)

    state.sweep("raw")
    many.wait()

    moved = state.receipt.rows.query("outcome == 'moved'")
    assert set(moved["path"]) == ticked
    assert set(many.scan.orphans["path"]).isdisjoint(ticked)
    state.undo()
    many.wait()
    assert len(many.scan.orphans) == 24
