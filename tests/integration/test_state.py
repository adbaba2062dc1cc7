"""The panel without a browser: its state, and that its buttons are bound to it."""

from typing import Any

import ipywidgets as widgets
import pytest
from laboratory import Laboratory, array, orphaned

from djgc_widgets import GCPanel, IncompleteScan, InputError, Progress
from djgc_widgets.grid import TickGrid
from djgc_widgets.state import IDLE, PanelState


def widgets_of(panel: GCPanel, kind: type) -> list[Any]:
    """Return the panel's widgets of a type."""
    waiting: list[Any] = [panel.widget]
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


def typed(panel: GCPanel) -> Any:
    """Return where a sweep is confirmed; a purge has a field of its own below."""
    return widgets_of(panel, widgets.Text)[-1]


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
    move.click()

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

    for box in widgets_of(panel, widgets.Checkbox):
        box.value = True

    assert panel.state.plan.acknowledged == {"large-sweep", "sole-owner"}
    assert not button(panel, "Move to trash").disabled
    large, *_ = (
        box
        for box in widgets_of(panel, widgets.Checkbox)
        if box.description == "large-sweep"
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
    for name in ("large-sweep", "sole-owner"):
        panel.state.acknowledge(name, lifted=True)


def test_a_sweep_needs_the_typed_name_of_the_store(
    panel: GCPanel, postgresql_laboratory: Laboratory
) -> None:
    plan_all(panel)

    click(panel, "Move to trash")

    assert panel.state.message == "Type raw to confirm; got nothing."
    assert not (postgresql_laboratory.store("raw") / "_trash").exists()
    typed(panel).value = " raw "
    click(panel, "Move to trash")
    assert panel.state.message == ""
    assert panel.state.receipt.count("moved") == 3
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
    grid = widgets_of(panel, TickGrid)[0]
    panel.state.orphans.tick([0], on=True)
    click(panel, "Move to trash …")

    grid.receive({"do": "clear"})
    grid.receive({"do": "tick_filtered"})

    assert len(panel.selected) == 1
    assert button(panel, "Move to trash …").disabled
    click(panel, "Keep everything")
    grid.receive({"do": "tick_filtered"})
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


def test_a_purge_needs_the_typed_name_of_the_store(
    panel: GCPanel, postgresql_laboratory: Laboratory
) -> None:
    panel.state.purge("raw")
    assert panel.state.message == "Type a store with a trash to confirm; got raw."
    swept(panel)
    assert "3 objects · 1.12 KiB in the trash" in texts(panel)

    click(panel, "Purge")
    assert panel.state.message == "Type raw to confirm; got nothing."
    widgets_of(panel, widgets.Text)[0].value = "raw"
    click(panel, "Purge")

    assert panel.state.message == ""
    assert panel.state.receipt.rows.empty  # nothing is 30 days old yet
    assert len([p for p in postgresql_laboratory.held() if "/objects/" in p]) == 3
