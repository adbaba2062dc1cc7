"""The panel in each host: reloads under load, a laptop's screen, a kernel that goes."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, expect

from browser.conftest import PANEL, Demo, Journey, in_every_host
from browser.test_journey import digests, sweep
from djgc_widgets.lab.demo_lab import LAB_VARIABLE

LAST_LINE = PANEL.replace("panel.show()", "panel")
_RELOADS = 10
_LAPTOP = {"width": 1400, "height": 860}
_SEEN = """\
panel => {
  const bar = panel.querySelector(".djgc-basket"), box = bar.getBoundingClientRect()
  const at = panel.getRootNode().elementFromPoint(box.x + 20, box.bottom - 8)
  return bar.contains(at)
}"""
_DRAWN = """\
() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"""
_PART = """\
panel => {
  const box = panel.getBoundingClientRect()
  const area = document.querySelector(".jp-WindowedPanel-outer").getBoundingClientRect()
  return Math.min(box.bottom, area.bottom) - Math.max(box.top, area.top)
}"""


@in_every_host
@pytest.mark.usefixtures("load")
def test_after_every_reload_the_panel_answers(host: str, journey: Journey) -> None:
    journey.open(f"reload-{host}", LAST_LINE, frontend=host)
    journey.ready()

    for n in range(_RELOADS):
        journey.page.reload()
        journey.card("Unknown").click()
        expect(journey.status()).to_contain_text("rows 1\u20133 of 3 filtered")
        journey.tab("Missing")
        expect(journey.status("missing")).to_have_text("rows 1\u20132 of 2")
        journey.tab("Objects")
        journey.card("Orphaned").click()
        box = journey.grid().locator(".djgc-row input").nth(n % 3)
        box.click()
        expect(journey.basket).to_contain_text("1 object · ")
        box.click()
        expect(journey.basket).to_contain_text("Nothing is ticked")


def test_on_a_laptop_the_basket_is_in_sight_wherever_the_page_is_scrolled(
    start: Callable[..., Journey], shoot: Callable[[Journey, str], None]
) -> None:
    journey = start(**_LAPTOP)
    journey.open("laptop", LAST_LINE, "\n".join(["print(1)"] * 60))
    journey.ready()
    grid = journey.grid()
    grid.locator(".djgc-row input").first.check()
    expect(journey.basket).to_contain_text("1 object · ")
    grid.locator(".djgc-row .djgc-link").nth(1).click()
    expect(grid.get_by_role("group", name="Details")).to_be_visible()
    scrolled = journey.page.locator(".jp-WindowedPanel-outer").first

    for top in range(0, 1400, 100):
        scrolled.evaluate(f"area => {{ area.scrollTop = {top} }}")
        journey.page.evaluate(_DRAWN)
        if journey.panel.evaluate(_PART) > 250:
            journey.page.wait_for_function(
                f"({_SEEN})(document.querySelector('.djgc'))"
            )
    scrolled.evaluate("area => { area.scrollTop = 60 }")
    shoot(journey, "laptop")


def test_two_pages_show_the_same_and_each_question_is_answered_once(
    journey: Journey, start: Callable[..., Journey], demo: Demo
) -> None:
    journey.open("twice", LAST_LINE)
    journey.ready()
    before = digests(demo.stores)
    other = start()
    other.frontend, other.notebook = journey.frontend, journey.notebook
    other.page.goto(demo.address("lab", journey.notebook).replace("twice/", "two/"))
    other.ready()

    journey.grid().get_by_role("searchbox").fill("superseded")
    expect(other.status()).to_contain_text("of 3 filtered")
    other.press("Select all 3")
    expect(journey.basket).to_contain_text("3 objects · ")
    journey.press("Move to trash …")
    expect(other.confirmation).to_contain_text("Move 3 objects")
    journey.press("Keep everything")
    expect(other.confirmation).to_have_count(0)
    expect(sweep(other, "raw")).to_contain_text("3 objects moved")
    expect(journey.receipt).to_contain_text("3 objects moved")
    journey.press("Undo")
    expect(other.receipt).to_contain_text("3 objects restored")
    assert digests(demo.stores) == before


@pytest.mark.parametrize("how", ["restarted", "killed"])
def test_a_kernel_that_is_gone_is_told_and_the_cell_brings_it_back(
    how: str, journey: Journey
) -> None:
    pid = (
        "import os\nfrom pathlib import Path\nPath('pid').write_text(str(os.getpid()))"
    )
    journey.open(f"gone-{how}", LAST_LINE, pid)
    journey.ready()

    if how == "killed":
        os.kill(int((journey.demo.notebooks / "pid").read_text()), signal.SIGKILL)
        answer = journey.page.get_by_role("dialog").get_by_role("button", name="Ok")
    else:
        journey.page.locator("[data-command='notebook:restart-kernel']").click()
        answer = journey.page.get_by_role("button", name="Confirm Kernel Restart")
    answer.click()

    expect(journey.panel.get_by_role("alert").first).to_contain_text(
        "The kernel was restarted or has died"
    )
    rescan = journey.panel.get_by_role("button", name="Rescan")
    expect(rescan).to_be_disabled()
    journey.run_all()
    journey.ready()
    expect(journey.panel).to_have_count(1)


def test_nbconvert_saves_the_totals_of_a_finished_scan(
    demo: Demo, tmp_path: Path, browser: Browser
) -> None:
    content = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(LAST_LINE)])
    nbformat.write(content, tmp_path / "saved.ipynb")
    done = subprocess.run(  # noqa: S603 - ours
        [
            *(sys.executable, "-m", "jupyter", "nbconvert", "--execute"),
            *("--to", "html", "saved.ipynb"),
        ],
        cwd=tmp_path,
        env={**os.environ, LAB_VARIABLE: str(demo.lab_folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "saved.html").read_text()
    saved = text[text.index("djgc-saved") :]

    assert "was not finished" not in saved
    assert re.search(r"2\d\.\d MiB", saved)
    assert "Orphaned" in saved

    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto((tmp_path / "saved.html").as_uri())
    totals = page.locator(".djgc-saved")
    expect(totals).to_be_visible()
    expect(totals).to_contain_text(re.compile(r"2\d\.\d MiB"))
    page.screenshot(path=tmp_path / "saved.png", full_page=True)
    context.close()


def test_what_is_ticked_arrives_while_a_cell_prints_a_lot(journey: Journey) -> None:
    flood = "for n in range(20_000):\n    print(n, 'x' * 200)"
    journey.open("flood", LAST_LINE, "", flood)
    journey.ready()

    # the server drops messages of a kernel that sends too many
    journey.choose("Run", "Run All Cells")
    journey.ready()
    journey.grid().get_by_role("searchbox").fill("superseded")
    expect(journey.status()).to_contain_text("of 3 filtered")
    journey.press("Select all 3")

    expect(journey.basket).to_contain_text("3 objects · ")
    expect(journey.panel.locator(".djgc-head [role=alert]:visible")).to_have_count(0)


def test_where_the_page_lacks_anywidget_one_sentence_says_what_to_do(
    journey: Journey,
) -> None:
    journey.open("text", LAST_LINE)
    journey.ready()
    outputs = json.loads(journey.file.read_text())["cells"][0]["outputs"]

    (plain,) = (
        output["data"]["text/plain"]
        for output in outputs
        if "application/vnd.jupyter.widget-view+json" in output.get("data", {})
    )

    assert "install djgc-widgets where its Jupyter server runs" in "".join(plain)
