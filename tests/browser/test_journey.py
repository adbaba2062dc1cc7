"""Journeys through the real panel, in a real browser, on real files."""

import hashlib
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Locator, expect
from waiting import wait_for

from browser.conftest import PANEL, Demo, Journey, in_every_host
from djgc_widgets.lab.demo_lab import DemoLab

_FILLED = """\
treemap => {
  const box = treemap.getBoundingClientRect()
  const tiles = [...treemap.querySelectorAll(".djgc-tile")]
  const right = Math.max(...tiles.map(tile => tile.getBoundingClientRect().right))
  return Math.abs(right - box.right) < 3
}"""
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


def answer_all(journey: Journey) -> None:
    """Say yes to every question of the plan."""
    for box in journey.confirmation.locator(".djgc-questions input").all():
        box.check()


def sweep(journey: Journey, store: str) -> Locator:
    """Move what is ticked to the trash; return the receipt."""
    journey.press("Move to trash …")
    expect(journey.confirmation).to_be_visible()
    answer_all(journey)
    typed = journey.confirmation.get_by_role("textbox")
    typed.fill(store)
    typed.press("Enter")
    return journey.receipt


def choose(journey: Journey, title: str, *labels: str) -> None:
    """Filter the list by values of a column."""
    grid = journey.grid()
    grid.get_by_role("button", name="Add a filter").click()
    grid.get_by_role("button", name=f"{title} …").click()
    for label in labels:
        options = grid.locator(".djgc-options label")
        wanted = options.filter(has_text=re.compile(rf"^\s*{label}\s\S*$"))
        wanted.locator("input").check()
    journey.press("Done")


@in_every_host
@pytest.mark.usefixtures("load")
def test_what_is_filtered_is_moved_to_the_trash_and_restored(
    host: str, journey: Journey, demo: Demo
) -> None:
    journey.open(f"sweep-{host}", frontend=host)
    journey.ready()
    grid, before = journey.grid(), digests(demo.stores)
    orphans = int(
        re.findall(r"(\d+) objects", journey.card("Orphaned").inner_text())[0]
    )
    expect(journey.card("Missing")).to_contain_text("2 rows")

    grid.get_by_role("searchbox").fill("superseded")
    expect(journey.status()).to_have_text(
        re.compile(r"rows 1\u20133 of 3 filtered \(7[56]\d in all\)")
    )
    choose(journey, "Store", "raw")
    grid.get_by_role("button", name="Remove the filter Store: raw").click()
    grid.get_by_role("searchbox").fill("superseded _hash")
    expect(journey.status()).to_have_text("no object matches the filters")
    grid.get_by_role("searchbox").fill("superseded")
    expect(journey.status()).to_contain_text("of 3 filtered")
    journey.press("Select all 3")
    expect(journey.basket).to_contain_text("3 objects · ")
    expect(journey.basket).to_contain_text("lab_ephys.recording 3")
    titles = [
        row.locator("td").last.get_attribute("title")
        for row in grid.locator(".djgc-row").all()
    ]

    journey.press("Move to trash …")
    expect(journey.confirmation).to_contain_text("Move 3 objects, 9")
    expect(journey.confirmation).to_contain_text("% of the store raw")
    typed = journey.confirmation.get_by_role("textbox")
    journey.press("Move to trash")
    hint = journey.confirmation.locator(".djgc-hint")
    expect(hint).to_have_text(re.compile("Answer the|Type raw"))
    answer_all(journey)
    journey.press("Move to trash")
    expect(hint).to_have_text("Type raw to confirm.")
    typed.fill("raw")
    journey.press("Move to trash")

    expect(journey.receipt).to_contain_text("3 objects moved")
    expect(journey.card("Orphaned")).to_contain_text(f"{orphans - 3} objects")
    expect(journey.card("In trash")).to_contain_text("3 objects")
    swept = digests(demo.stores)
    assert before.keys() - swept.keys() == {f"raw/{path}" for path in titles}

    journey.press("Undo")
    expect(journey.receipt).to_contain_text("3 objects restored")
    expect(journey.card("Orphaned")).to_contain_text(f"{orphans} objects")
    assert digests(demo.stores) == before

    journey.tab("Overview")
    expect(journey.panel.locator(".js-plotly-plot .legend")).to_have_count(2)


def test_a_scan_shows_how_far_it_is_and_is_canceled(journey: Journey) -> None:
    journey.open("cancel", PANEL, SLOW)
    journey.ready()

    before = journey.card("Orphaned").text_content() or ""
    journey.press("Rescan")
    working = journey.panel.locator(".djgc-work")
    expect(working).to_contain_text(re.compile(r"listed 9\d\d files, 2\d\.\d MiB"))
    expect(working).to_contain_text(re.compile(r"\(column \d of 9\)"))
    journey.press("Cancel")

    expect(journey.panel.locator(".djgc-head [role=alert]")).to_have_text(
        "✕ Canceled. The panel still shows the previous scan."
    )
    expect(journey.card("Orphaned")).to_have_text(before)
    expect(journey.panel.get_by_role("button", name="Rescan")).to_be_enabled()


@in_every_host
def test_the_treemap_filters_the_list_by_mouse_and_by_keyboard(
    host: str, journey: Journey
) -> None:
    journey.open(f"treemap-{host}", frontend=host)
    journey.ready()
    grid, treemap = journey.grid(), journey.panel.locator(".djgc-treemap")
    tile = treemap.get_by_title("derived / lab_ephys / old_sorting")

    tile.click()
    expect(journey.status()).to_contain_text("of 48 filtered")
    expect(tile).to_have_attribute("aria-pressed", "true")
    expect(grid.locator(".djgc-chip")).to_have_count(4)
    tile.click()
    expect(tile).to_have_attribute("aria-pressed", "false")
    expect(grid.locator(".djgc-chip")).to_have_count(1)
    for width in (1000, 1360):
        journey.page.set_viewport_size({"width": width, "height": 2200})
        wait_for(lambda: treemap.evaluate(_FILLED))

    first = treemap.get_by_role("button").first
    first.focus()
    journey.page.keyboard.press("ArrowRight")
    focused = treemap.locator("button:focus")
    name = focused.get_attribute("title")
    journey.page.keyboard.press("Enter")
    expect(focused).to_have_attribute("aria-pressed", "true")
    expect(focused).to_have_attribute("title", name or "")
    journey.press("Zoom in")
    expect(journey.panel.get_by_text("↑ out of raw / ")).to_be_visible()
    for _ in range(2):
        journey.panel.get_by_text("↑ out of raw").click()
    expect(journey.panel.get_by_text("↑ out of")).to_have_count(0)
    journey.press("Remove all filters")
    expect(treemap.locator("[aria-pressed=true]")).to_have_count(0)

    # a filter of the list presses its tile, and details mark the tile of the row
    choose(journey, "Store", "derived")
    expect(treemap.locator("[aria-pressed=true]")).to_contain_text("derived")
    grid.locator(".djgc-row .djgc-link").first.click()
    here = treemap.locator("[aria-current]")
    expect(here).to_have_attribute("title", re.compile("^derived / lab_ephys / "))
    expect(grid.get_by_role("group", name="Details")).to_contain_text("Path")

    # a range does not begin at a row of the previous scan
    journey.card("Orphaned").click()
    boxes = grid.locator(".djgc-row input")
    boxes.nth(0).check()
    expect(journey.basket).to_contain_text("1 object · ")
    journey.press("Rescan")
    expect(journey.basket).to_contain_text("Nothing is ticked")
    expect(boxes.nth(2)).to_be_enabled()
    boxes.nth(2).click(modifiers=["Shift"])
    expect(journey.basket).to_contain_text("1 object · ")
    expect(grid.locator(".djgc-row input:checked")).to_have_count(1)


@in_every_host
def test_a_sweep_is_restored_and_purged_in_the_trash_tab(
    host: str, journey: Journey, demo: Demo
) -> None:
    journey.open(f"trash-{host}", frontend=host)
    journey.ready()
    before = digests(demo.stores)
    grid = journey.grid()
    tick = grid.locator(".djgc-row input")
    grid.get_by_role("searchbox").fill("raw _hash")
    expect(journey.status()).to_contain_text(re.compile(r"of \d\d? filtered"))
    grid.get_by_role("button", name="Size").click()  # the smallest first
    expect(grid.locator("th", has_text="Size")).to_have_attribute(
        "aria-sort", "ascending"
    )
    tick.nth(0).check()
    store = grid.locator(".djgc-row").nth(0).locator("td").nth(7).inner_text()
    expect(sweep(journey, store)).to_contain_text("1 object moved")

    journey.tab("Trash")
    sweeps = journey.grid("sweeps")
    expect(sweeps.locator(".djgc-row").first).to_contain_text(store)
    sweeps.locator(".djgc-row .djgc-link").first.click()
    expect(sweeps.get_by_role("group", name="Details")).to_contain_text("Still here")
    sweeps.locator(".djgc-row input").first.check()
    journey.press("Restore ticked (1)")
    expect(journey.receipt).to_contain_text("1 object restored")
    assert digests(demo.stores) == before

    journey.tab("Objects")
    tick.nth(0).check()
    expect(sweep(journey, store)).to_contain_text("1 object moved")
    swept = digests(demo.stores)
    journey.tab("Trash")
    sweeps.locator(".djgc-row input").first.check()
    journey.press("Purge ticked (1) …")
    expect(journey.confirmation).to_contain_text("Nothing is old enough")
    journey.confirmation.get_by_role("spinbutton").fill("0")
    expect(journey.confirmation).to_contain_text("Delete 1 object, ")
    answer_all(journey)
    typed = journey.confirmation.get_by_role("textbox")
    typed.fill(store)
    typed.press("Enter")

    expect(journey.receipt).to_contain_text("1 object purged")
    assert digests(demo.stores) == swept
    assert not [
        p for p in demo.stores[store].glob("_trash/*/objects/**/*") if p.is_file()
    ]
    (lost,) = before.keys() - swept.keys()
    put_back = demo.stores[store] / lost.partition("/")[2]
    assert not put_back.exists()


@in_every_host
def test_missing_rows_are_listed_with_a_restriction_to_copy(
    host: str, journey: Journey
) -> None:
    journey.open(f"missing-{host}", frontend=host)
    journey.ready()

    journey.card("Missing").click()
    grid = journey.grid("missing")
    expect(journey.status("missing")).to_have_text("rows 1\u20132 of 2")
    grid.locator(".djgc-row .djgc-link").first.click()
    details = grid.get_by_role("group", name="Details")
    expect(details).to_contain_text("lab_ephys.unit.spike_times, <npy>")
    details.get_by_role("button", name="Copy For every such row").click()

    copied = journey.page.evaluate("navigator.clipboard.readText()")
    keys = json.loads(copied.replace("'", '"'))
    assert [key["subject"] for key in keys] == ["M021", "M021"]


@in_every_host
def test_what_is_shown_is_exported_beside_the_notebook(
    host: str, journey: Journey, demo: Demo
) -> None:
    journey.open(f"export-{host}", frontend=host)
    journey.ready()
    grid, others = journey.grid(), set(demo.notebooks.iterdir())
    grid.get_by_role("searchbox").fill("old_sorting")
    expect(journey.status()).to_contain_text("of 48")
    grid.locator(".djgc-row input").first.check()

    for what, rows in (("filtered as CSV", 48), ("ticked as Parquet", 1)):
        grid.get_by_role("button", name="Export").click()
        journey.press(what)
        written = "1 row written" if rows == 1 else f"{rows} rows written"
        expect(grid).to_contain_text(written)

    new = {path.suffix: path for path in set(demo.notebooks.iterdir()) - others}
    text, table = new[".csv"], new[".parquet"]
    assert pd.read_csv(text)["table"].eq("old_sorting").sum() == 48
    assert len(pd.read_parquet(table)) == 1


@in_every_host
def test_a_filter_is_saved_beside_the_notebook_and_used_again(
    host: str, journey: Journey, demo: Demo
) -> None:
    (demo.notebooks / "djgc-filters.json").unlink(missing_ok=True)
    journey.open(f"filters-{host}", frontend=host)
    journey.ready()
    grid = journey.grid()
    grid.get_by_role("button", name="Add a filter").click()
    journey.press("Size …")
    grid.get_by_role("textbox", name="Size").fill("> 200 kB")
    grid.get_by_role("textbox", name="Size").press("Enter")
    expect(journey.status()).to_contain_text(re.compile(r"of \d\d filtered"))
    shown = journey.status().inner_text()
    grid.get_by_role("button", name="Saved filters").click()
    grid.get_by_label("Name of the filter").fill("big ones")
    grid.get_by_label("Name of the filter").press("Enter")
    expect(grid.get_by_label("Name of the filter")).to_have_count(0)
    journey.press("Remove all filters")
    expect(journey.status()).to_contain_text(re.compile("of 7[56]"))

    grid.get_by_role("button", name="Saved filters").click()
    journey.press("big ones")

    expect(journey.status()).to_have_text(shown)
    saved = json.loads((demo.notebooks / "djgc-filters.json").read_text())
    assert saved == {"big ones": {"Status": ["orphan"], "Size": "> 200 kB"}}


def test_an_incomplete_scan_shows_what_it_saw_and_moves_nothing(
    journey: Journey, lab: DemoLab
) -> None:
    query, table = lab.connection.query, '"lab_ephys"."recording"'
    where = "WHERE subject = 'M014' AND session = 3"
    ((voltage,),) = query(f"SELECT voltage::text FROM {table} {where}").fetchall()
    query(f"UPDATE {table} SET voltage = '{{}}' {where}")
    try:
        journey.open("incomplete", frontend="voila")
        expect(journey.panel).to_contain_text("✕ incomplete")
        expect(journey.card("Orphaned")).to_contain_text("not known")
        expect(journey.grid().locator(".djgc-row")).to_have_count(0)
        move = journey.panel.get_by_role("button", name="Move to trash …")
        expect(move).to_be_disabled()
        journey.press("See the problem")
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
