"""Journeys through the real panel, in a real browser, on real files."""

import hashlib
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Locator, expect

from browser.conftest import FRONTENDS, PANEL, Demo, Journey
from djgc_widgets.lab.demo_lab import DemoLab

SLOW = """\
import time
panel.state.observe(lambda _: time.sleep(0.2), "progress")
"""


def digests(stores: dict[str, Path]) -> dict[str, str]:
    """Hash every file outside of the trash."""
    return {
        f"{name}/{path.relative_to(folder)}": hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for name, folder in stores.items()
        for path in folder.rglob("*")
        if path.is_file() and "_trash" not in path.parts
    }


def acknowledge_all(journey: Journey) -> None:
    """Acknowledge every doubt, until nothing refuses the plan."""
    allowed = journey.confirmation.get_by_text("to confirm")
    open_doubts = journey.confirmation.get_by_role("checkbox", checked=False)
    expect(allowed.or_(open_doubts).first).to_be_visible()
    while not allowed.is_visible():
        open_doubts.first.check()
        expect(allowed.or_(open_doubts).first).to_be_visible()


def sweep(journey: Journey, store: str) -> Locator:
    """Move what is ticked to the trash; return the receipt."""
    journey.press("Move to trash …")
    acknowledge_all(journey)
    journey.confirmation.get_by_role("textbox").fill(store)
    journey.press("Move to trash")
    return journey.receipt


@pytest.mark.parametrize("frontend", FRONTENDS)
def test_what_is_filtered_is_moved_to_the_trash_and_restored(
    frontend: str, journey: Journey, demo: Demo
) -> None:
    journey.open(f"sweep-{frontend}", frontend=frontend)
    journey.ready()
    grid, before = journey.grid(), digests(demo.stores)
    expect(journey.card("Orphaned")).to_contain_text("211 objects")
    expect(journey.card("Missing")).to_contain_text("2 rows")

    grid.get_by_role("searchbox").fill("superseded")
    expect(grid.get_by_role("status")).to_have_text(
        "rows 1\u20133 of 3 filtered (211 in all)"
    )
    grid.get_by_label("Filter by", exact=True).select_option("store")
    grid.get_by_label("Value").select_option("derived (180)")
    grid.get_by_role("button", name="Add filter").click()
    expect(grid.get_by_role("status")).to_have_text("no orphan matches the filters")
    grid.get_by_role("button", name="Remove filter store: derived").click()
    journey.press("Select all 3 filtered")
    expect(journey.basket).to_contain_text("3 ticked")
    expect(journey.basket).to_contain_text("lab_ephys.recording 3")
    titles = [
        row.locator("td").last.get_attribute("title")
        for row in grid.locator("tbody tr").all()
    ]

    journey.press("Move to trash …")
    expect(journey.confirmation).to_contain_text("Move 3 objects to the trash?")
    move = journey.confirmation.get_by_role("button", name="Move to trash", exact=True)
    acknowledge_all(journey)
    expect(move).to_be_enabled()
    move.click()
    expect(journey.panel).to_contain_text("Type raw to confirm; got nothing.")
    journey.confirmation.get_by_role("textbox").fill("raw")
    move.click()

    expect(journey.receipt).to_contain_text("3 objects moved")
    expect(journey.card("Orphaned")).to_contain_text("208 objects")
    expect(journey.card("In trash")).to_contain_text("3 objects")
    swept = digests(demo.stores)
    assert before.keys() - swept.keys() == {f"raw/{path}" for path in titles}

    journey.press("Undo")
    expect(journey.receipt).to_contain_text("3 objects restored")
    expect(journey.card("Orphaned")).to_contain_text("211 objects")
    assert digests(demo.stores) == before


def test_a_scan_shows_how_far_it_is_and_is_canceled(journey: Journey) -> None:
    journey.open("cancel", PANEL, SLOW)
    journey.ready()

    before = journey.card("Orphaned").text_content() or ""
    journey.press("Rescan")
    working = journey.panel.locator(".djgc-actions [role=status]")
    expect(working).to_contain_text(re.compile(r"listed 9\d\d files, 2\d\.\d MiB"))
    expect(working).to_contain_text(re.compile(r"\(column \d of 9\)"))
    expect(journey.panel.get_by_role("button", name="Rescan")).to_be_disabled()
    journey.press("Cancel")

    expect(journey.panel.get_by_role("alert")).to_have_text(
        "Canceled. The panel still shows the previous scan."
    )
    expect(journey.card("Orphaned")).to_have_text(before)
    expect(journey.panel.get_by_role("button", name="Rescan")).to_be_enabled()


def test_the_treemap_filters_the_list_by_mouse_and_by_keyboard(
    journey: Journey,
) -> None:
    journey.open("treemap", frontend="notebook")
    journey.ready()
    grid, treemap = journey.grid(), journey.panel.locator(".djgc-treemap")
    status = grid.get_by_role("status")
    tile = treemap.get_by_title("derived / lab_ephys / old_sorting")

    tile.click()
    expect(status).to_contain_text("of 48 filtered")
    expect(tile).to_have_attribute("aria-pressed", "true")
    expect(grid.locator(".djgc-chip")).to_have_count(3)
    tile.click()
    expect(status).to_contain_text("of 211")

    first = treemap.get_by_role("button").first
    first.focus()
    journey.page.keyboard.press("ArrowRight")
    focused = treemap.locator("button:focus")
    name = focused.get_attribute("title")
    journey.page.keyboard.press("Enter")
    expect(focused).to_have_attribute("aria-pressed", "true")
    expect(status).to_contain_text("filtered")
    expect(focused).to_have_attribute("title", name or "")
    journey.page.keyboard.press("Enter")
    expect(status).to_contain_text("of 211")

    # a filter of the list presses its tile, and details mark the tile of the row
    grid.get_by_label("Filter by", exact=True).select_option("store")
    grid.get_by_label("Value").select_option("derived (180)")
    grid.get_by_role("button", name="Add filter").click()
    expect(treemap.locator("[aria-pressed=true]")).to_contain_text("derived")
    grid.locator("tbody .djgc-open").first.click()
    here = treemap.locator("[aria-current]")
    expect(here).to_have_attribute("title", re.compile("^derived / lab_ephys / "))
    expect(grid.get_by_role("group", name="Details")).to_contain_text("Why")

    # a range does not begin at a row of the previous scan
    boxes = grid.locator("tbody input")
    boxes.nth(0).check()
    expect(journey.basket).to_contain_text("1 ticked")
    journey.press("Rescan")
    expect(journey.basket).to_contain_text("Nothing ticked")
    expect(boxes.nth(2)).to_be_enabled()
    boxes.nth(2).click(modifiers=["Shift"])
    expect(journey.basket).to_contain_text("1 ticked")
    expect(grid.locator("tbody input:checked")).to_have_count(1)


def test_a_sweep_is_restored_and_purged_in_the_trash_tab(
    journey: Journey, demo: Demo
) -> None:
    journey.open("trash")
    journey.ready()
    before = digests(demo.stores)
    grid = journey.grid()
    tick = grid.locator("tbody input")
    grid.get_by_role("searchbox").fill("raw _hash")
    expect(grid.get_by_role("status")).to_contain_text("filtered")
    grid.get_by_role("button", name="Size").click()  # the smallest first
    expect(grid.locator("th", has_text="Size")).to_have_attribute(
        "aria-sort", "ascending"
    )
    tick.nth(0).check()
    store = grid.locator("tbody tr").nth(0).locator("td").nth(7).inner_text()
    expect(sweep(journey, store)).to_contain_text("1 object moved")

    journey.tab("Trash")
    sweeps = journey.grid("Sweeps")
    expect(sweeps.locator("tbody tr").first).to_contain_text(store)
    sweeps.locator("tbody .djgc-open").first.click()
    expect(sweeps.get_by_role("group", name="Details")).to_contain_text("Still here")
    sweeps.locator("tbody input").first.check()
    journey.press("Restore ticked")
    expect(journey.receipt).to_contain_text("1 object restored")
    assert digests(demo.stores) == before

    journey.tab("Orphans")
    tick.nth(0).check()
    expect(sweep(journey, store)).to_contain_text("1 object moved")
    swept = digests(demo.stores)
    journey.tab("Trash")
    sweeps.locator("tbody input").first.check()
    journey.press("Purge ticked …")
    expect(journey.confirmation).to_contain_text("Delete 0 objects for good?")
    journey.confirmation.get_by_label("Days or older").fill("0")
    journey.confirmation.get_by_label("Days or older").press("Tab")
    expect(journey.confirmation).to_contain_text("Delete 1 object for good?")
    for doubt in ("short-retention", "missing-objects"):
        journey.confirmation.get_by_label(f"I acknowledge {doubt}").check()
        expect(journey.confirmation).to_contain_text(f"acknowledged: {doubt}")
    journey.confirmation.get_by_label("Confirm").fill(store)
    journey.press("Purge")

    expect(journey.receipt).to_contain_text("1 object purged")
    assert digests(demo.stores) == swept
    assert not [
        p for p in demo.stores[store].glob("_trash/*/objects/**/*") if p.is_file()
    ]
    (lost,) = before.keys() - swept.keys()
    put_back = demo.stores[store] / lost.partition("/")[2]
    assert not put_back.exists()


def test_missing_rows_are_listed_with_a_restriction_to_copy(journey: Journey) -> None:
    journey.open("missing", frontend="voila")
    journey.ready()

    journey.tab("Missing 2")
    grid = journey.grid("Missing")
    expect(grid.get_by_role("status")).to_have_text("rows 1\u20132 of 2")
    grid.locator("tbody .djgc-open").first.click()
    details = grid.get_by_role("group", name="Details")
    expect(details).to_contain_text("lab_ephys.unit.spike_times, <npy>")
    details.get_by_role("button", name="Copy For every such row").click()

    copied = journey.page.evaluate("navigator.clipboard.readText()")
    keys = json.loads(copied.replace("'", '"'))
    assert [key["subject"] for key in keys] == ["M021", "M021"]


def test_what_is_shown_is_exported_beside_the_notebook(
    journey: Journey, demo: Demo
) -> None:
    journey.open("export", frontend="notebook")
    journey.ready()
    grid = journey.grid()
    grid.get_by_role("searchbox").fill("old_sorting")
    expect(grid.get_by_role("status")).to_contain_text("of 48")
    grid.locator("tbody input").first.check()

    for what, rows in (("filtered as CSV", 48), ("ticked as Parquet", 1)):
        grid.locator("summary").click()
        grid.get_by_role("button", name=what).click()
        written = "1 row written" if rows == 1 else f"{rows} rows written"
        expect(journey.panel).to_contain_text(written)

    text = max(demo.notebooks.glob("orphans-*.csv"))
    table = max(demo.notebooks.glob("orphans-*.parquet"))
    assert pd.read_csv(text)["table"].eq("old_sorting").sum() == 48
    assert len(pd.read_parquet(table)) == 1


def test_an_incomplete_scan_shows_what_it_saw_and_moves_nothing(
    journey: Journey, lab: DemoLab
) -> None:
    query, table = lab.connection.query, '"lab_ephys"."recording"'
    where = "WHERE subject = 'M014' AND session = 3"
    ((voltage,),) = query(f"SELECT voltage::text FROM {table} {where}").fetchall()
    query(f"UPDATE {table} SET voltage = '{{}}' {where}")
    try:
        journey.open("incomplete", frontend="voila")
        expect(journey.panel).to_contain_text("✕ incomplete scan of lab_ephys")
        expect(journey.panel.get_by_role("alert")).to_contain_text("See the 1 problem")
        expect(journey.card("Orphaned")).to_contain_text("not known")
        expect(journey.grid().locator("tbody input")).to_have_count(0)
        move = journey.panel.get_by_role("button", name="Move to trash …")
        expect(move).to_be_disabled()
        journey.tab("Problems 1")
        expect(journey.panel).to_contain_text("lab_ephys.recording.voltage")
    finally:
        query(f"UPDATE {table} SET voltage = %s {where}", args=(voltage,))


def test_a_cell_that_runs_again_closes_its_previous_panel(journey: Journey) -> None:
    count = "print(sum('djgc' in t.name or 'Timer' in repr(t) for t in t_of()))"
    journey.open(
        "again", PANEL, f"import threading\nt_of = threading.enumerate\n{count}"
    )
    journey.ready()
    first = journey.page.locator(".jp-OutputArea-output pre").last
    expect(first).to_have_text("1" + "\n")

    journey.run_all()

    journey.ready()
    expect(journey.panel).to_have_count(1)


def test_without_a_kernel_the_totals_can_still_be_read(journey: Journey) -> None:
    journey.open("saved")
    journey.ready()
    journey.run_all()
    journey.ready()
    saved = journey.page.locator(".djgc-saved")
    total = re.compile(r"2\d\.\d MiB")  # with the trash of other journeys
    expect(saved).to_contain_text(total, use_inner_text=False)
    expect(saved).to_be_hidden()

    journey.page.locator(".jp-Notebook").press("Control+s")
    expect(journey.page.locator(".jp-mod-dirty")).to_have_count(0)

    outputs = json.loads(journey.file.read_text())["cells"][0]["outputs"]
    html = [o["data"]["text/html"] for o in outputs if "text/html" in o.get("data", {})]
    assert total.search("".join(html[-1]))
