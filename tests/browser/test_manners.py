"""The panel's manners: keyboard, dark, narrow, and names that are only data."""

import json
import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Demo, Journey, in_every_host
from browser.test_journey import choose, sweep
from djgc_widgets.lab.demo_lab import DemoLab

TABS = (
    *("Overview", "Objects", "Missing", "References", "Trash", "Problems"),
    "Second opinion",
)
_FOCUSED = """\
() => {
  let here = document.activeElement
  while (here.shadowRoot?.activeElement) here = here.shadowRoot.activeElement
  return here.getAttribute("aria-label") ?? here.textContent
}"""
_WITHIN = """\
menu => {
  const own = menu.getBoundingClientRect()
  const panel = menu.closest(".djgc").getBoundingClientRect()
  return own.left >= panel.left && own.right <= panel.right
}"""
ASK = "Ask DataJoint's own collector"
_RUNNING = "[onload], [onerror], [src=x]"
RUN = "window.evil=1"
EVIL = f"<img src=x onerror={RUN}>\"'${{{RUN}}}\n\u202e"
LONG = "/".join(f"k{n}={'x' * 240}" for n in range(15))
EVIL_PANEL = """\
import datajoint as dj
from djgc_widgets import GCPanel, open_lab
lab = open_lab()
evil = dj.Schema("lab_evil", connection=lab.connection, create_schema=False)
panel = GCPanel(evil)
panel.show()
"""


def walk(page: Page, name: str) -> None:
    """Press Tab until the element of this name has the focus."""
    for _ in range(80):
        name_of_focus = page.evaluate(_FOCUSED)
        if name_of_focus.startswith(name):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the keyboard does not come to {name!r}")


@in_every_host
def test_everything_is_done_by_keyboard_and_no_shortcut_leaks(
    host: str, journey: Journey
) -> None:
    journey.open(f"keyboard-{host}", frontend=host)
    journey.ready()
    page, grid = journey.page, journey.grid()
    boxes = grid.locator(".djgc-row input")
    cells = page.locator(".jp-Notebook .jp-Cell")  # none in Voila and in marimo
    before = cells.count()
    journey.panel.get_by_role("button", name="Rescan").focus()

    walk(page, "Search in objects")
    page.keyboard.type("superseded")
    expect(journey.status()).to_contain_text("of 3 filtered")
    walk(page, "Tick _schema")
    page.keyboard.press("Space")
    expect(boxes.nth(0)).to_be_checked()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(boxes.nth(2)).to_be_focused()
    page.keyboard.press("Shift+Space")
    expect(journey.basket).to_contain_text("3 objects · ")
    expect(boxes.nth(2)).to_be_focused()  # although the page was drawn again
    for key in ("d", "d", "x", "a", "b", "Control+a", "Shift+Enter"):
        page.keyboard.press(key)
    assert cells.count() == before
    expect(boxes.nth(2)).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(grid.get_by_role("group", name="Details")).to_contain_text("Why")

    walk(page, "Move to trash …")
    page.keyboard.press("Enter")
    plan = journey.confirmation
    expect(plan.locator("input:focus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(plan).to_have_count(0)
    move = journey.panel.get_by_role("button", name="Move to trash …")
    expect(move).to_be_focused()
    page.keyboard.press("Enter")
    expect(plan.locator("input:focus")).to_have_count(1)
    while not plan.get_by_role("textbox").evaluate("e => e.matches(':focus')"):
        if plan.locator("input[type=checkbox]:focus").count():
            page.keyboard.press("Space")
        page.keyboard.press("Tab")
    page.keyboard.type("raw")
    page.keyboard.press("Enter")
    expect(journey.receipt).to_contain_text("3 objects moved")
    # the field that had the focus is gone: the next control has it
    expect(journey.panel.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(journey.receipt).to_contain_text("3 objects restored")


def test_the_notebook_is_saved_from_the_panel_by_its_own_shortcut(
    journey: Journey,
) -> None:
    journey.open("shortcut")
    journey.ready()
    journey.run_all()
    journey.ready()
    unsaved = journey.page.locator(".jp-mod-dirty")
    expect(unsaved).not_to_have_count(0)

    journey.panel.get_by_role("button", name="Rescan").focus()
    journey.page.keyboard.press("Control+s")

    expect(unsaved).to_have_count(0)
    saved = json.loads(journey.file.read_text())
    assert "djgc-saved" in json.dumps(saved["cells"])
    assert "widgets" not in saved["metadata"]  # the state of none


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1360, 450])  # the panel has 420 px then
@pytest.mark.usefixtures("axe")
def test_every_tab_fits_and_can_be_read(
    width: int,
    scheme: str,
    start: Callable[..., Journey],
    shoot: Callable[[Journey, str], None],
) -> None:
    journey = start(width, scheme)
    frontend = "lab" if width > 1000 else "voila"  # nothing beside the panel there
    journey.open(f"look-{width}-{scheme}", frontend=frontend)
    journey.ready()
    if frontend == "lab" and scheme == "dark":
        body = journey.page.locator("body")
        expect(body).to_have_attribute("data-jp-theme-light", "false")
    grid = journey.grid()
    boxes = grid.locator(".djgc-row input")
    boxes.nth(0).check()
    expect(sweep(journey, "raw")).to_contain_text("1 object moved")
    expect(journey.basket).to_contain_text("Nothing is ticked")
    boxes.nth(0).check()
    boxes.nth(1).check()
    expect(journey.basket).to_contain_text("2 objects · ")
    grid.locator(".djgc-row .djgc-link").first.click()
    expect(grid.get_by_role("group", name="Details")).to_contain_text("Why")
    size = "wide" if width > 1000 else "narrow"
    serious = {}

    for tab in TABS:
        journey.tab(tab)
        if tab == "Overview":
            figures = journey.panel.locator(".js-plotly-plot .legend")
            expect(figures).to_have_count(2)
        if tab == "Second opinion":
            journey.press(ASK)
            expect(journey.status("opinions")).to_contain_text("rows 1")
        serious[tab] = journey.violations()
        shoot(journey, f"{tab.lower().replace(' ', '-')}-{size}-{scheme}")
        wider = journey.panel.evaluate("panel => panel.scrollWidth - panel.clientWidth")
        assert wider <= 0, tab
    journey.tab("Objects")
    for name in ("Add a filter", "Saved filters", "Change the filter", "Export"):
        grid.get_by_role("button", name=name).click()
        assert journey.panel.locator(".djgc-menu").evaluate(_WITHIN), name
        serious[name] = journey.violations()
        journey.page.keyboard.press("Escape")
    journey.press("Move to trash …")
    expect(journey.confirmation).to_be_visible()
    serious["plan"] = journey.violations()
    shoot(journey, f"plan-{size}-{scheme}")
    journey.tab("Objects")
    journey.press("Keep everything")
    journey.press("Undo")
    expect(journey.receipt).to_contain_text("1 object restored")

    assert {tab: seen for tab, seen in serious.items() if seen} == {}


@pytest.fixture
def evil(lab: DemoLab, demo: Demo) -> Iterator[list[str]]:
    """A schema and a store full of names that are markup, code and worse."""
    query = lab.connection.query
    query("CREATE SCHEMA lab_evil")
    query("CREATE TABLE lab_evil.rec (name text PRIMARY KEY, voltage jsonb)")
    query("COMMENT ON COLUMN lab_evil.rec.voltage IS ':<npy@raw>:'")
    section = "_schema/lab_evil"
    table = "<svg onload='window.evil=1'>".replace("=", ":")
    paths = [
        f"{section}/rec/name={EVIL}/voltage_AbCd1234.npy",
        f"{section}/{table}/id=1/voltage_AbCd1234.npy",
        f"{section}/rec/{LONG}/voltage_AbCd1234.npy",
    ]
    for path in paths:
        file = demo.stores["raw"] / path
        file.parent.mkdir(parents=True)
        file.write_bytes(b"x" * 100)
        os.utime(file, (1, 1))
    gone = {"path": f"{section}/rec/name={EVIL}/voltage_gonegone.npy", "store": "raw"}
    row = "INSERT INTO lab_evil.rec VALUES (%s, %s)"
    query(row, args=(EVIL, json.dumps(gone)))
    yield paths
    query("DROP SCHEMA lab_evil CASCADE")
    shutil.rmtree(demo.stores["raw"] / section)


def test_names_are_shown_and_never_run(journey: Journey, evil: list[str]) -> None:
    journey.open("evil", EVIL_PANEL)
    expect(journey.card("Orphaned")).to_contain_text(f"{len(evil)} objects")
    grid = journey.grid()
    rows = grid.locator(".djgc-row")
    expect(rows.filter(has_text="<img src=x onerror=")).to_have_count(1)
    expect(rows.filter(has_text="\\u202e")).to_have_count(1)

    for n in range(len(evil)):
        details = grid.get_by_role("group", name="Details")
        rows.nth(n).locator(".djgc-link").click()
        expect(details).to_contain_text("Why")
        rows.nth(n).locator(".djgc-link").click()
        expect(details).to_have_count(0)  # the rows below move up
    choose(journey, "Table", "rec", "<svg.*")
    expect(grid.locator(".djgc-chip")).to_have_count(2)
    grid.get_by_role("searchbox").fill("<img src")
    expect(journey.status()).to_contain_text("of 1 filtered")
    journey.press("Select all 1")
    journey.press("Move to trash …")
    expect(journey.confirmation).to_contain_text("1 object")
    for tab in TABS:
        journey.tab(tab)
    journey.press(ASK)
    expect(journey.status("opinions")).to_contain_text("rows 1")
    journey.tab("Missing")
    missing = journey.grid("missing")
    missing.get_by_role("searchbox").fill("lab_evil")
    expect(journey.status("missing")).to_contain_text("of 1 filtered")
    missing.locator(".djgc-row .djgc-link").first.click()
    details = missing.get_by_role("group", name="Details")
    expect(details).to_contain_text("<img src=x onerror=")

    assert journey.page.evaluate("window.evil") is None
    running = journey.page.locator(".djgc, .djgc-saved").locator(_RUNNING)
    assert running.count() == 0
    journey.tab("Objects")
    journey.press("Keep everything")
