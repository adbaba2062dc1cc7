"""One journey through the real panel, in a real browser, on real files."""

import hashlib
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from browser.conftest import Demo


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


def card(page: Page, label: str) -> Locator:
    return page.locator(".djgc-card", has_text=label)


def press(page: Page, label: str) -> None:
    page.get_by_role("button", name=label, exact=True).click()


def acknowledge(confirmation: Locator, *doubts: str) -> None:
    """Tick what refuses the plan, until nothing does."""
    move = confirmation.get_by_role("button", name="Move to trash", exact=True)
    expect(move).to_be_disabled()
    for doubt in doubts:
        expect(confirmation).to_contain_text(f"✕ {doubt}")
        confirmation.get_by_role("checkbox", name=doubt).check()
    expect(confirmation).not_to_contain_text("Refused")
    expect(move).to_be_enabled()


def test_orphans_are_ticked_moved_to_the_trash_and_brought_back(
    page: Page, demo: Demo, pictures: Path
) -> None:
    panel = page.locator(".djgc").first
    grid = page.locator(".djgc-grid-root[data-ready]")
    expect(grid).to_be_visible()
    before = digests(demo.stores)
    expect(card(page, "Referenced")).to_contain_text("544 objects")
    expect(card(page, "Orphaned")).to_contain_text("211 objects")
    expect(card(page, "Missing")).to_contain_text("2 rows")
    legend = page.locator(".js-plotly-plot .legend")
    expect(legend.filter(has_text="Orphaned")).to_have_count(1)

    grid.get_by_role("searchbox").fill("superseded")
    expect(grid.get_by_role("status")).to_have_text(
        "rows 1\u20133 of 3 filtered (211 in all)"
    )
    rows = grid.locator("tbody tr")
    rows.nth(0).get_by_role("checkbox").check()
    rows.nth(1).get_by_role("checkbox").check()
    basket = page.locator(".djgc-basket")
    expect(basket).to_contain_text("2 ticked")
    expect(basket).to_contain_text("lab_ephys.recording 2")
    paths = [rows.nth(n).locator("td").last.get_attribute("title") for n in (0, 1)]
    panel.screenshot(path=pictures / "panel-light.png")

    press(page, "Move to trash …")
    confirmation = page.locator(".djgc-confirm")
    expect(confirmation).to_contain_text(
        "store raw: 2 objects, 653 KiB (669,056 bytes)"
    )
    panel.screenshot(path=pictures / "panel-refused.png")
    acknowledge(confirmation, "sole-owner")
    press(page, "Move to trash")
    expect(panel).to_contain_text("Type raw to confirm; got nothing.")
    confirmation.get_by_role("textbox").fill("raw")
    press(page, "Move to trash")

    receipt = page.locator(".djgc-note", has_text="Receipt")
    expect(receipt).to_contain_text("2 moved (653 KiB)")
    expect(card(page, "Orphaned")).to_contain_text("209 objects")
    expect(card(page, "In trash")).to_contain_text("2 objects")
    raw = demo.stores["raw"]
    (trash,) = (raw / "_trash").glob("*/objects")
    swept = digests(demo.stores)
    assert before.keys() - swept.keys() == {f"raw/{path}" for path in paths}
    for path in paths:
        moved = hashlib.sha256((trash / str(path)).read_bytes()).hexdigest()
        assert moved == before[f"raw/{path}"]

    press(page, "Undo")
    expect(receipt).to_contain_text("2 restored (653 KiB)")
    expect(card(page, "Orphaned")).to_contain_text("211 objects")
    assert digests(demo.stores) == before
    # while the chart is redrawn the old drawing is still there: one has to remain
    legend = page.locator(".js-plotly-plot .legend")
    expect(legend.filter(has_text="In trash")).to_have_count(1)

    page.emulate_media(color_scheme="dark")
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    expect(page.locator(".js-plotly-plot")).to_be_visible()
    panel.screenshot(path=pictures / "panel-dark.png")


def test_all_filtered_takes_every_page_and_sorting_keeps_the_ticks(page: Page) -> None:
    grid = page.locator(".djgc-grid-root[data-ready]")
    basket = page.locator(".djgc-basket")

    grid.get_by_role("searchbox").fill("table dropped")
    press(page, "Select all 48 filtered")
    expect(basket).to_contain_text("48 ticked")
    grid.get_by_role("button", name="Path").click()
    expect(grid.locator("th", has_text="Path")).to_have_attribute(
        "aria-sort", "ascending"
    )
    grid.get_by_role("button", name="Next page").click()
    expect(grid.get_by_role("status")).to_contain_text("rows 13\u201324 of 48")

    expect(grid.locator("tbody input:checked")).to_have_count(12)
    grid.get_by_role("searchbox").fill("")
    expect(grid.get_by_role("status")).to_contain_text("rows 1\u201312 of 211")
    expect(basket).to_contain_text("48 ticked")
    press(page, "Clear")
    expect(basket).to_contain_text("Nothing ticked")
