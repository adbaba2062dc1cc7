"""The panel without a browser: its state, and what pages ask of it and are shown."""

import base64
import gzip
import itertools
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from laboratory import AT_ONCE, NPY, Laboratory, array, orphaned
from plotly.offline import get_plotlyjs
from waiting import wait_for

from djgc_widgets import (
    GCPanel,
    History,
    IncompleteScan,
    InputError,
    Progress,
    filter_objects,
)
from djgc_widgets.collector.clock import utc_now
from djgc_widgets.lab.server import EmbeddedServer
from djgc_widgets.panel.saved_html import saved_html
from djgc_widgets.panel.state import PanelState
from djgc_widgets.panel.widget import PanelWidget
from djgc_widgets.panel.worker import Activity

_NUMBERS = itertools.count(1)


def answer(panel: GCPanel, verb: str, **arguments: Any) -> dict[str, Any]:
    """Ask what a page would, and wait until what it began is done."""
    message = {"do": verb, "id": next(_NUMBERS), "page": "test", **arguments}
    answered = panel.widget.wire.receive(message)
    panel.wait()
    assert answered is not None
    return answered


def ask(panel: GCPanel, verb: str, **arguments: Any) -> Any:
    answered = answer(panel, verb, **arguments)
    assert answered["ok"], answered
    return answered["value"]


def refused(panel: GCPanel, verb: str, **arguments: Any) -> str:
    answered = answer(panel, verb, **arguments)
    assert not answered["ok"]
    return str(answered["error"])


def tick(panel: GCPanel, verb: str = "tick_filtered", table: str = "objects") -> None:
    """Tick by all that a page knows of a table."""
    grid = getattr(panel.widget, table)
    ask(panel, verb, table=table, of=grid["generation"], shown=grid["arrangement"])


def open_row(panel: GCPanel, table: str, at: int = 0) -> dict[str, str]:
    """Return the details of a shown row."""
    grid = getattr(panel.widget, table)
    row = grid["rows"][at]["id"]
    ask(panel, "open", table=table, row=row, of=grid["generation"])
    return {
        fact["label"]: fact["text"] for fact in getattr(panel.widget, table)["facts"]
    }


def asked_now(panel: GCPanel) -> dict[str, int]:
    purge = panel.widget.purge
    return {"purge": purge["number"], "asked": purge["asked"]}


def plan_page(panel: GCPanel) -> None:
    ask(panel, "plan", ticked=panel.widget.basket["n_objects"])


def lift_all(panel: GCPanel) -> None:
    plan = panel.widget.plan
    for question in plan["questions"]:
        ask(panel, "lift", plan=plan["number"], name=question["name"], on=True)


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
    """Return all that is shown."""
    view = panel.widget
    shown = {name: getattr(view, name) for name in view.draws}
    return json.dumps(shown, ensure_ascii=False)


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
    panel.state.objects.tick_filtered()
    sweep_ticked(panel.state)
    return panel


def test_a_scan_fills_cards_list_and_charts(panel: GCPanel) -> None:
    view = panel.widget
    assert view.said["error"] == ""
    assert len(panel.scan.orphans) == 3
    assert (view.objects["shown"], view.objects["total"]) == (3, 5)
    cards = {card["key"]: card for card in view.scan["cards"]}
    assert cards["orphan"]["note"] == "3 objects · 60 %"
    assert view.scan["complete"]
    (bar,) = view.scan["overview"]["stores"]
    assert [part["status"] for part in bar["parts"]] == ["live", "orphan"]
    assert sum(part["share"] for part in bar["parts"]) == pytest.approx(1)


def test_the_list_shows_every_status_and_ticks_only_orphans(swept: GCPanel) -> None:
    run(swept.state.undo)
    swept.state.objects.tick([2], on=True)
    sweep_ticked(swept.state)
    view = swept.widget
    ask(swept, "unfilter", table="objects")

    statuses = [row["cells"][1] for row in view.objects["rows"]]
    assert sorted(statuses) == ["In trash", *["Orphaned"] * 2, *["Referenced"] * 2]
    tick(swept)
    assert set(swept.selected["status"]) == {"orphan"}
    assert view.objects["tickable"] == 2
    for status, label in (("trash", "Why"), ("live", "Rows that refer")):
        ask(swept, "show", status=status)
        assert label in open_row(swept, "objects")
        assert swept.widget.objects["chips"][0]["title"] == "Status"
    assert swept.selected.columns.tolist() == swept.scan.orphans.columns.tolist()
    assert swept.selected.dtypes.tolist() == swept.scan.orphans.dtypes.tolist()


def test_ticks_make_a_basket_and_a_plan(panel: GCPanel) -> None:
    view = panel.widget
    assert not view.basket["can_sweep"]
    tick(panel)

    assert view.basket["can_sweep"]
    assert view.basket["text"] == "3 objects · 1.12 KiB · 3 files"
    plan_page(panel)

    assert panel.state.plan.totals()[0][:2] == ("raw", 3)
    assert panel.selected["size_bytes"].sum() == 1152
    assert view.plan["title"] == "Move 3 objects, 1.12 KiB, to the trash?"
    ask(panel, "drop", plan=view.plan["number"])
    assert panel.state.plan is None
    assert view.plan == {}


def test_a_refused_plan_is_allowed_when_its_questions_are_answered(
    panel: GCPanel,
) -> None:
    tick(panel)
    plan_page(panel)
    plan = panel.widget.plan
    assert plan["lines"][0]["of_store"] == "60 % of the store"
    assert [each["name"] for each in plan["questions"]] == ["large-sweep", "sole-owner"]

    lift_all(panel)

    assert panel.state.plan.acknowledged == {"large-sweep", "sole-owner"}
    assert all(each["lifted"] for each in panel.widget.plan["questions"])
    ask(panel, "lift", plan=plan["number"], name="large-sweep", on=False)
    assert [r.name for r in panel.state.plan.refusals] == ["large-sweep"]
    ask(panel, "sweep", plan=plan["number"], typed="raw")
    assert "large-sweep" in panel.widget.said["error"]
    assert panel.widget.said["at"] == "plan"
    why = refused(panel, "lift", plan=plan["number"], name="no such doubt", on=True)
    assert "no longer asked" in why


def test_a_sweep_needs_the_typed_name_of_the_store_and_the_open_plan(
    panel: GCPanel, lab: Laboratory
) -> None:
    tick(panel)
    plan_ticked(panel.state)
    number = panel.widget.plan["number"]

    ask(panel, "sweep", plan=number, typed="")

    assert panel.state.message == "Type raw to confirm; got nothing."
    assert "Nothing was moved" in refused(panel, "sweep", plan=number - 1, typed="raw")
    assert not (lab.store("raw") / "_trash").exists()
    ask(panel, "sweep", plan=number, typed=" raw ")
    assert panel.state.message == ""
    assert panel.receipt is panel.state.receipt
    assert panel.receipt.count("moved") == 3
    assert panel.scan.orphans.empty
    assert panel.widget.said["receipt"]["headline"] == "3 objects moved (1.12 KiB)"
    assert "Nothing was moved" in refused(panel, "sweep", plan=number, typed="raw")


def test_undo_brings_everything_back_once(swept: GCPanel) -> None:
    receipt = swept.widget.said["receipt"]["id"]

    ask(swept, "undo", receipt=receipt)

    assert swept.state.receipt.count("restored") == 3
    assert len(swept.scan.orphans) == 3
    assert not swept.widget.said["receipt"]["undoable"]
    assert swept.state.sweeps.frame.empty  # nothing of it is left to choose
    ask(swept, "undo", receipt=receipt)
    assert swept.state.receipt.count("restored") == 3


def test_after_an_incomplete_scan_nothing_can_be_moved(
    panel: GCPanel, lab: Laboratory
) -> None:
    table = f'"{lab.name}".recording'
    lab.connection.query(f"UPDATE {table} SET data = '{{}}' WHERE id = 4")
    ask(panel, "scan")

    assert isinstance(panel.scan, IncompleteScan)
    assert panel.scan.problems.with_code("values-without-path")
    assert "values record a path" in texts(panel)
    assert panel.widget.objects["tickable"] == 0
    panel.state.objects.tick_filtered()
    assert panel.selected.empty
    assert not panel.widget.basket["can_sweep"]
    panel.state.make_plan()
    assert panel.state.plan is None
    assert "complete scan" in panel.state.message


def test_bad_input_is_shown_in_the_panel(lab: Laboratory) -> None:
    for schemas, options, message in (
        ([], {}, "Expected at least one schema"),
        (["lab"], {}, "got str 'lab'"),
        ([lab.schema], {"stores": ["cold"]}, "got cold"),
        ([lab.schema], {"minimum_age": "a week"}, "Expected an age from 0"),
    ):
        panel = scanned(*schemas, **options)

        assert message in panel.state.message
        assert panel.state.activity == Activity.IDLE
        with pytest.raises(InputError, match=r"there is none yet.*[^.]\.$"):
            _ = panel.scan


def test_to_wait_for_a_panel_begins_its_first_scan(lab: Laboratory) -> None:
    lab.declare(NPY)
    panel = GCPanel(lab.schema)

    panel.wait()

    assert panel.scan.counts


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
    panel.state.objects.tick_filtered()
    panel.state.objects.frame["path"] = "no/such/path"

    run(panel.state.make_plan)

    assert "that it does not hold" in panel.state.message


def test_outside_of_a_notebook_it_says_what_to_do(
    panel: GCPanel, capsys: pytest.CaptureFixture[str]
) -> None:
    panel.show()

    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "Here, use scan(schema), or the command djgc scan" in said
    assert repr(panel) == said.strip()
    assert "install djgc-widgets where its Jupyter server runs" in repr(panel.widget)


def test_the_widget_starts_the_first_scan_and_is_one(lab: Laboratory) -> None:
    lab.declare(NPY)
    panel = GCPanel(lab.schema)

    box = widgets.VBox([panel.widget, panel._display_()])
    panel.wait()

    assert panel.scan.complete
    assert box.children[0] is box.children[1]


def test_what_the_panel_does_can_be_observed(
    panel: GCPanel, caplog: pytest.LogCaptureFixture
) -> None:
    seen: dict[str, list[Any]] = {"scan": [], "activity": [], "selected": []}
    for name in seen:
        panel.observe(lambda change: seen[change["name"]].append(change["new"]), name)

    panel.observe(lambda _: 1 / 0, "selected")  # stops nobody, and is told

    tick(panel)
    run(panel.refresh)
    wait_for(lambda: seen["activity"][-1:] == ["idle"] and len(seen["selected"]) == 2)

    assert "Traceback" in caplog.text
    told = "A handler that observes 'selected' failed: division by zero."
    wait_for(lambda: told in panel.widget.work["handler"])  # type: ignore[attr-defined]
    assert seen["scan"] == [panel.scan]
    assert seen["activity"] == ["scanning", "idle"] == ["scanning", panel.activity]
    assert [len(frame) for frame in seen["selected"]] == [3, 0]
    with pytest.raises(InputError, match="Expected in name names among"):
        panel.observe(print, "weather")
    run(panel.refresh)  # nothing was ticked meanwhile, but all ticks are new
    wait_for(lambda: len(seen["selected"]) == 3)
    wait_for(lambda: told in panel.widget.work["handler"])  # type: ignore[attr-defined]
    panel.state.start(Activity.EXPORTING, lambda: None)
    panel.wait()
    assert panel.widget.work["handler"] == ""  # type: ignore[attr-defined]


def test_a_purge_takes_no_more_than_was_asked_about(
    swept: GCPanel, lab: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, days = swept.state, [0.0]
    monkeypatch.setattr(state, "_clock", lambda: utc_now() + timedelta(days=days[0]))
    tick(swept, table="sweeps")
    days[0] = 29.9
    ask(swept, "ask_purge", ticked=1)
    assert swept.widget.purge["nothing"]

    days[0] = 31  # meanwhile it is old enough, but the page said that nothing was
    ask(swept, "purge", **asked_now(swept), typed="raw")

    assert state.receipt.count("moved") == 3
    assert state.message == "Nothing is old enough to be deleted."
    assert len(in_trash(lab)) == 3


def test_a_purge_that_is_asked_about_other_sweeps_is_another_question(
    swept: GCPanel, lab: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, days, view = swept.state, [0.0], swept.widget
    monkeypatch.setattr(state, "_clock", lambda: utc_now() + timedelta(days=days[0]))
    tick(swept, table="sweeps")
    ask(swept, "ask_purge", ticked=1)
    shown = asked_now(swept)
    days[0] = 31

    ask(swept, "purge_age", purge=shown["purge"], days=30)  # the same number, later

    assert view.purge["title"].startswith("Delete 3 objects")
    why = refused(swept, "purge", **shown, typed="raw")
    assert "about other sweeps by now. Nothing was deleted" in why
    assert len(in_trash(lab)) == 3


def test_a_question_about_a_purge_is_asked_once(swept: GCPanel) -> None:
    tick(swept, table="sweeps")

    for _ in range(2):
        ask(swept, "ask_purge", ticked=1)

    assert swept.widget.purge["number"] == swept.state.purge_number == 1


def test_while_something_runs_commands_are_refused_and_messages_stay(
    swept: GCPanel,
) -> None:
    go_on, begun = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        go_on.wait(60)
        raise InputError("it failed")

    state = swept.state
    state.listen_at("opinions")
    state.start(Activity.ASKING, wait)
    assert begun.wait(60)
    for verb, more in (
        ("scan", {}),
        ("heal", {}),
        ("ask", {}),
        ("ask_purge", {"ticked": 0}),
    ):
        message = {"do": verb, "id": next(_NUMBERS), "page": "test", **more}
        answered = swept.widget.wire.receive(message)
        assert answered is not None
        assert "Still asking" in answered["error"]
    go_on.set()
    swept.wait()

    assert (swept.widget.said["at"], swept.widget.said["error"]) == (
        "opinions",
        "it failed",
    )


def test_a_restore_asked_while_the_trash_is_drawn_blocks_nobody(
    swept: GCPanel,
) -> None:
    view, state = swept.widget, swept.state
    tick(swept, table="sweeps")
    drawing, go_on = threading.Event(), threading.Event()
    draw = view.draws["sweeps"]

    def slowly() -> dict[str, Any]:
        drawing.set()
        go_on.wait(60)
        return draw()

    view.draws["sweeps"] = slowly
    drawer = threading.Thread(target=lambda: state.sweeps.filter(""))
    drawer.start()
    assert drawing.wait(60)
    message = {"do": "restore", "of": view.sweeps["generation"], "ticked": 1}
    message |= {"id": next(_NUMBERS), "page": "test"}
    asker = threading.Thread(target=lambda: view.wire.receive(message))
    asker.start()
    go_on.set()
    for thread in (drawer, asker):
        thread.join(60)
        assert not thread.is_alive()
    swept.wait()

    assert state.receipt.count("restored") == 3


def test_every_part_is_published_whatever_thread_changed_it(panel: GCPanel) -> None:
    view, grid = panel.widget, panel.state.objects

    def change(at: int) -> None:
        for n in range(30):
            grid.filter(f"id={n % 4}")
            grid.tick(np.flatnonzero(grid.tickable)[:1], on=bool(at % 2))

    threads = [threading.Thread(target=change, args=(at,)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert view.v == view.wire.receive({"do": "ping", "id": 1, "page": "new"})["v"]
    assert view.objects["arrangement"] == grid.arrangement
    assert view.basket["n_objects"] == len(panel.selected)
    sent = view.get_state(["versions", *view.draws])
    assert {part: sent[part]["v"] for part in sent["versions"]} == sent["versions"]


def test_every_answer_names_a_version_that_is_published(panel: GCPanel) -> None:
    for verb, more in (("ping", {}), ("search", {"table": "objects", "text": "id=1"})):
        version = answer(panel, verb, **more)["v"]

        assert panel.widget.v >= version
    assert panel.widget.objects["text"] == "id=1"


def test_what_cannot_be_drawn_hides_nothing_else(
    panel: GCPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("oh")

    view = panel.widget
    monkeypatch.setitem(view.draws, "usage", fail)

    run(panel.refresh)

    assert "ZeroDivisionError: oh" in view.said["error"]
    panel.state.listen_at("plan")
    panel.state.message = "Type raw"
    assert view.said["error"].startswith("Type raw Unexpected ZeroDivisionError: oh")
    assert view.said["at"] == "plan"
    assert view.scan["complete"]
    assert view.objects["generation"] == panel.state.objects.generation


def test_while_a_plan_is_open_nothing_else_can_be_ticked(panel: GCPanel) -> None:
    panel.state.objects.tick([0], on=True)
    plan_page(panel)
    grid = panel.widget.objects
    page = {"table": "objects", "of": grid["generation"]}

    assert "a question is open" in refused(panel, "clear", **page)
    page["shown"] = grid["arrangement"]
    assert "a question is open" in refused(panel, "tick_filtered", **page)

    assert len(panel.selected) == 1
    assert not panel.widget.basket["can_sweep"]
    ask(panel, "drop", plan=panel.widget.plan["number"])
    ask(panel, "tick_filtered", **page)
    assert len(panel.selected) == 3


def test_a_canceled_sweep_shows_what_it_did(panel: GCPanel) -> None:
    panel.state.objects.tick_filtered()
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
    state.objects.tick_filtered()

    run(state.make_plan)

    names = [refusal.name for refusal in state.plan.refusals]
    assert [name in each for each in names if each.startswith("unseen")] == [True]


def test_what_rows_need_again_is_restored_at_a_click(
    swept: GCPanel, lab: Laboratory
) -> None:
    assert not swept.widget.scan["needed"]
    path = str(swept.scan.trash["path"].iloc[0])
    refer_to(lab, 9, path)
    ask(swept, "scan")
    assert swept.widget.scan["needed"] == "1 object"

    ask(swept, "heal")

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
        ask(swept, "scan")

    def restore() -> None:
        state.sweeps.tick_filtered()
        if how == "restore":
            state.restore(state.sweeps.selected)
        else:
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
        assert len(state.objects.frame) == len(scan.objects) + len(scan.trash)
        assert len(state.usage.frame) == len(scan.usage())
        assert len(state.missing.frame) == len(scan.missing)
        assert state.sweeps.frame["n_left"].sum() == len(scan.trash)
        assert state.treemap.shown()["tiles"]

    state.observe(look, "scan")
    run(swept.refresh)

    assert state.message == ""  # it would hold what an observer raises
    assert seen == [swept.scan]
    assert len(swept.scan.missing) == 1


def test_the_collector_of_datajoint_is_asked_at_a_click(
    panel: GCPanel, lab: Laboratory
) -> None:
    view = panel.widget
    assert view.opinion == {}
    stores = lab.config.stores
    lab.config.stores = {**stores, "again": dict(stores["raw"])}
    ask(panel, "scan")

    ask(panel, "ask")

    assert panel.state.message == ""
    assert view.opinion["loses"]
    assert "It would delete 2 objects that rows refer to" in view.opinion["verdict"]
    assert view.opinions["rows"][0]["cells"][:2] == ["loses live data", "live"]
    facts = open_row(panel, "opinions")
    assert facts["This scan"].startswith("live: ")
    assert "would delete 1 file, 384 bytes" in facts[panel.state.opinion.collector]

    ask(panel, "scan")  # an opinion belongs to one scan
    assert panel.state.opinion is None
    assert view.opinion == {}


def test_the_collector_is_not_compared_with_an_incomplete_scan(
    panel: GCPanel, lab: Laboratory
) -> None:
    lab.write_row("recording", 9, {"where": "nobody knows"})
    ask(panel, "scan")

    ask(panel, "ask")

    assert "Expected a complete scan" in panel.state.message
    assert panel.state.opinion is None


def test_an_interrupted_sweep_is_recovered_at_a_click(
    swept: GCPanel, lab: Laboratory
) -> None:
    assert swept.widget.scan["interrupted"] == 0
    (result,) = lab.store("raw").glob("_trash/*/result.json")
    result.unlink()
    ask(swept, "scan")
    assert swept.widget.scan["interrupted"] == 1

    ask(swept, "recover")

    assert swept.state.receipt.count("moved") == 3
    assert swept.scan.interrupted == []
    assert result.exists()


def test_a_purge_needs_ticks_and_the_typed_name_of_the_store(
    swept: GCPanel, lab: Laboratory
) -> None:
    view = swept.widget
    assert view.scan["trash"] == "3 objects, 1.12 KiB in the trash of raw."
    ask(swept, "ask_purge", ticked=0)
    assert view.purge == {}  # nothing is ticked
    run(swept.state.purge, "raw")
    assert swept.state.receipt.count("moved") == 3
    tick(swept, table="sweeps")
    ask(swept, "ask_purge", ticked=1)
    number = view.purge["number"]
    assert view.purge["nothing"]

    ask(swept, "purge", **asked_now(swept), typed="raw")
    assert swept.state.message == "Nothing is old enough to be deleted."
    assert len(in_trash(lab)) == 3

    ask(swept, "keep", purge=number)
    ask(swept, "ask_purge", ticked=1)
    assert "Nothing was deleted" in refused(
        swept, "purge", purge=number, asked=view.purge["asked"], typed="raw"
    )
    number = view.purge["number"]
    assert view.purge["days"] == 30
    assert "0 of 1 ticked sweep" in view.purge["text"]
    why = refused(swept, "purge_age", purge=number, days=-1)
    assert "Expected an age from 0" in why
    ask(swept, "purge_age", purge=number, days=0)
    ask(swept, "purge", **asked_now(swept), typed="")
    assert swept.state.message == "Type raw to confirm; got nothing."
    ask(swept, "purge", **asked_now(swept), typed="raw")
    assert "short-retention: what would be deleted was swept" in swept.state.message
    assert view.said["at"] == "purge"
    assert len(in_trash(lab)) == 3
    assert [each["lifted"] for each in view.purge["questions"]] == [False] * 2
    for name in AT_ONCE:
        ask(swept, "lift_purge", purge=number, name=name, on=True)
    assert [each["lifted"] for each in view.purge["questions"]] == [True] * 2
    ask(swept, "purge", **asked_now(swept), typed="raw")

    assert swept.state.receipt.count("purged") == 3
    assert not in_trash(lab)


def test_only_the_ticked_sweeps_are_restored_and_purged(
    panel: GCPanel, lab: Laboratory
) -> None:
    state = panel.state

    def sweep_one() -> None:
        state.objects.tick(np.flatnonzero(state.objects.tickable)[:1], on=True)
        sweep_ticked(state)

    def tick_sweep(sweep_id: str) -> None:
        names = state.sweeps.frame["sweep_id"].tolist()
        state.sweeps.tick([names.index(sweep_id)], on=True)

    sweep_one()
    (older,) = state.sweeps.frame["sweep_id"]
    sweep_one()
    (newer,) = set(state.sweeps.frame["sweep_id"]) - {older}

    tick_sweep(older)
    ask(panel, "restore", of=panel.widget.sweeps["generation"], ticked=1)
    assert set(state.receipt.rows["sweep_id"]) == {older}
    assert state.receipt.count("restored") == 1
    sweep_one()

    tick_sweep(newer)
    state.ask_purge()
    state.ask_purge_of(timedelta(0))
    for name in AT_ONCE:
        state.acknowledge_purge(name, lifted=True)
    run(state.purge, "raw")

    assert state.receipt.count("purged") == 1
    assert set(state.receipt.rows["sweep_id"]) == {newer}
    (left,) = in_trash(lab)
    assert newer not in left
    assert newer not in set(state.sweeps.frame["sweep_id"])


def test_an_unreadable_trash_does_not_hide_the_scan(
    swept: GCPanel, lab: Laboratory
) -> None:
    (plan,) = lab.store("raw").glob("_trash/*/plan.json")
    plan.write_text("{}")

    ask(swept, "scan")

    assert swept.scan.complete
    assert swept.state.sweeps.frame.empty
    assert "trash of store raw" in texts(swept)


def test_the_age_of_a_purge_starts_at_the_default_each_time(swept: GCPanel) -> None:
    view = swept.widget
    tick(swept, table="sweeps")
    ask(swept, "ask_purge", ticked=1)
    number = view.purge["number"]
    ask(swept, "purge_age", purge=number, days=0)
    assert view.purge["title"].startswith("Delete 3 objects, 1.12 KiB, for good")
    for name in AT_ONCE:
        ask(swept, "lift_purge", purge=number, name=name, on=True)

    ask(swept, "keep", purge=number)
    assert view.purge == {}
    ask(swept, "ask_purge", ticked=1)

    assert (view.purge["days"], view.purge["number"]) == (30, number + 1)
    assert view.purge["nothing"]
    assert swept.state.purge_acknowledged == frozenset()
    assert swept.state.receipt.count("moved") == 3


def test_an_incomplete_scan_calls_nothing_certain(
    swept: GCPanel, lab: Laboratory
) -> None:
    raw = lab.store("raw")
    raw.rename(raw.with_name("unmounted"))

    ask(swept, "scan")

    shown = swept.widget.scan
    assert not shown["complete"]
    assert "do not delete rows" in shown["missing"]
    notes = {card["key"]: card["note"] for card in shown["cards"]}
    assert (notes["missing"], notes["orphan"]) == ("not certain", "not known")
    assert "Missing objects are not certain" in saved_html(swept.scan)
    assert swept.widget.missing["total"] == 0


def test_what_is_missing_in_an_incomplete_scan_may_be_there(
    swept: GCPanel, lab: Laboratory
) -> None:
    (live, *_) = swept.scan.references["path"]
    (lab.store("raw") / live).unlink()
    (table,) = swept.scan.references["table"].unique()
    lab.write_row(table, 99, "neither a path nor an object")

    ask(swept, "scan")

    assert not swept.widget.scan["complete"]
    assert swept.widget.missing["total"] == 1
    labels = open_row(swept, "missing").keys()
    assert labels == {"Column", "Row", "Expected object", "What to do"}


def test_a_canceled_plan_is_not_opened(panel: GCPanel) -> None:
    panel.state.objects.tick_filtered()
    cancel_during(panel, Activity.PLANNING)

    run(panel.state.make_plan)

    assert panel.state.plan is None
    assert panel.state.message.startswith("Canceled")


def test_a_stale_scan_makes_no_plan(lab: Laboratory) -> None:
    orphaned(lab)
    hours = [0.0]
    state = PanelState(lab.schema, clock=lambda: utc_now() + timedelta(hours=hours[0]))
    view = PanelWidget(state)
    run(state.start_scan)
    state.objects.tick_filtered()
    hours[0] = 1.5

    run(state.make_plan)

    assert state.plan is None
    assert "Rescan first" in state.message
    assert view.scan["stale"]
    run(state.start_scan)
    assert not state.stale


def test_a_closed_panel_runs_nothing_and_leaves_no_thread(panel: GCPanel) -> None:
    before, view = panel.scan, panel.widget
    started = threading.active_count()
    panel.state.observe(lambda _: panel.state.cancel(), "progress")
    panel.refresh()

    panel.close()

    assert panel.state.activity == Activity.IDLE
    assert panel.scan is before
    # its clock has stopped, too; what watched the server may take a moment
    wait_for(lambda: threading.active_count() < started)
    panel.refresh()
    assert "Make another panel" in panel.state.message
    assert view.comm is None


def test_what_is_filtered_is_exported_beside_the_notebook(
    panel: GCPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    panel.state.objects.tick([0], on=True)

    for what, kind in (("filtered", "csv"), ("ticked", "parquet")):
        ask(panel, "export", table="objects", what=what, kind=kind)
        assert "written to" in panel.widget.said["note"]
        assert panel.widget.said["at"] == "objects"

    (text,) = tmp_path.glob("objects-*.csv")
    (table,) = tmp_path.glob("objects-*.parquet")
    assert len(pd.read_csv(text)) == 3
    assert pd.read_parquet(table)["path"].tolist() == panel.selected["path"].tolist()
    monkeypatch.chdir("/proc")
    ask(panel, "export", table="objects", what="filtered", kind="csv")
    assert "Expected a folder that can be written to" in panel.state.message


def test_every_table_has_details(swept: GCPanel, lab: Laboratory) -> None:
    (live,) = (p for p in lab.contents() if "/id=4/" in p)
    (lab.store("raw") / live).unlink()
    ask(swept, "scan")

    for table in ("missing", "usage", "sweeps"):
        assert len(open_row(swept, table)) > 3
    run(swept.state.undo)
    assert "Why" in open_row(swept, "objects")


def test_filters_are_saved_used_and_forgotten(
    panel: GCPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ask(panel, "filters") == []
    ask(panel, "search", table="objects", text="id=2")
    ask(panel, "bound", table="objects", title="Size", text="> 1 B < 1 GB")
    ask(panel, "save", name="second")
    used = panel.state.objects.in_use()
    ask(panel, "unfilter", table="objects")
    assert panel.widget.objects["shown"] == 5

    assert ask(panel, "filters") == ["second"]
    ask(panel, "use", name="second")

    assert panel.state.objects.in_use() == used
    assert panel.widget.objects["shown"] == 1
    found = filter_objects(panel.scan, "second")
    assert found["path"].tolist() == panel.state.objects.filtered["path"].tolist()
    ask(panel, "forget", name="second")
    assert "no saved filter" in refused(panel, "use", name="second")
    assert "got nothing" in refused(panel, "save", name=" ")


def test_figures_and_their_script_come_from_the_kernel(
    panel: GCPanel, tmp_path: Path
) -> None:
    first = ask(panel, "script", piece=0)
    others = [ask(panel, "script", piece=n) for n in range(1, first["pieces"])]
    sent = b"".join(base64.b64decode(each["data"]) for each in (first, *others))
    assert gzip.decompress(sent).decode() == get_plotlyjs()
    assert max(len(each["data"]) for each in (first, *others)) < 400_000
    assert "Expected a piece from 0" in refused(panel, "script", piece=99)
    tables, growth = ask(panel, "figures")
    assert tables["title"] == "Biggest tables"
    assert growth["title"] == "Growth, from the dates of what is stored"

    measured = scanned(panel.state.scan.connections[0], history=tmp_path / "history")
    run(measured.refresh)

    assert measured.state.message == ""
    assert len(History(tmp_path / "history").measured()["scanned_at"].unique()) == 2
    assert ask(measured, "figures")[1]["title"] == "Growth, measured"
    assert len(json.dumps(ask(measured, "figures"))) < 50_000

    history = History(tmp_path / "history", price=1e12)
    priced = scanned(panel.state.scan.connections[0], history=history)
    stored = priced.scan.listed_bytes
    orphaned_bytes = int(priced.scan.orphans["size_bytes"].sum())
    assert ask(priced, "figures")[2]["title"] == (
        f"Cost a month, on {priced.scan.started_at:%Y-%m-%d}: {stored:,.2f}, of it "
        f"{orphaned_bytes:,.2f} for orphans"
    )


def test_a_cost_that_is_not_known_hides_no_other_figure(
    lab: Laboratory, tmp_path: Path
) -> None:
    orphaned(lab)
    lab.write_row("recording", 9, {"where": "unknown"})
    panel = scanned(lab.schema, history=History(tmp_path / "a", price=23.0))
    table = lab.quote(lab.name, "recording")
    lab.connection.query(f"DELETE FROM {table} WHERE id = 9")

    *_, unknown = ask(panel, "figures")
    assert unknown["text"] == "It is known after the first complete scan."
    partly = History(tmp_path / "b", price={"raw": 23.0})
    tables, growth, unpriced = ask(scanned(lab.schema, history=partly), "figures")

    assert tables["data"]
    assert growth["data"]
    assert "got none for derived" in unpriced["text"]


def test_a_history_that_cannot_be_written_hides_no_scan(
    lab: Laboratory, tmp_path: Path
) -> None:
    orphaned(lab)
    (tmp_path / "history").write_text("a file")

    panel = scanned(lab.schema, history=tmp_path / "history")

    assert "Expected a folder for the history" in panel.state.message
    assert panel.scan.complete


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
    state, view = many.state, many.widget
    objects = {"table": "objects", "of": state.objects.generation}
    state.objects.filter("")
    for name, what in gestures:
        rows = [row["id"] for row in view.objects["rows"]]
        shown = {**objects, "shown": view.objects["arrangement"]}
        match name:
            case "filter":
                ask(many, "search", table="objects", text=what)
            case "sort":
                ask(many, "sort", table="objects", source=what, descending=False)
            case "page":
                ask(many, "page", table="objects", offset=12)
            case "tick" if rows:
                ask(many, "tick", rows=[rows[what % len(rows)]], on=True, **objects)
            case "range" if rows:
                ask(many, "tick_range", ends=[rows[0], rows[-1]], on=True, **shown)
            case "tick_filtered" | "invert":
                ask(many, name, **shown)
    ticked = set(many.selected["path"])
    assume(ticked)
    plan_ticked(state)
    assert view.plan["title"].startswith(f"Move {len(ticked)} object")
    assert view.basket["n_objects"] == view.objects["ticked"] == len(ticked)

    run(state.sweep, "raw")

    moved = state.receipt.rows.query("outcome == 'moved'")
    assert set(moved["path"]) == ticked
    assert set(many.scan.orphans["path"]).isdisjoint(ticked)
    run(state.undo)
    assert len(many.scan.orphans) == 24
