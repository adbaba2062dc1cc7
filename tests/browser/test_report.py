"""The report for a group meeting, opened as a file."""

from pathlib import Path

import pytest
from laboratory import Laboratory, complete, orphaned
from playwright.sync_api import Browser, ConsoleMessage, Request, expect

from browser.test_manners import EVIL
from djgc_widgets import report_html
from djgc_widgets.model import readable_bytes

_BARS, _SMALL = 3, 100_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_asks_no_host_and_runs_no_name(
    scheme: str, postgresql_laboratory: Laboratory, browser: Browser, tmp_path: Path
) -> None:
    laboratory = postgresql_laboratory
    orphaned(laboratory)
    laboratory.put(f"_schema/{laboratory.name}/recording/id={EVIL}/data_AbCd1234.npy")
    laboratory.put("_schema/<script>window.evil=1<!--/a/id=1/data_AbCd1234.npy")
    laboratory.age()
    page_file = tmp_path / "report.html"
    result = complete(laboratory)
    page_file.write_text(report_html(result))
    assert page_file.stat().st_size < _SMALL
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": 900, "height": 700}
    )
    asked, complaints = list[str](), list[str]()

    def note(request: Request) -> None:
        if request.url != page_file.as_uri():
            asked.append(request.url)

    def complain(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    page = context.new_page()
    page.on("request", note)
    page.on("console", complain)
    page.goto(page_file.as_uri())

    expect(page.locator("table.bars")).to_have_count(_BARS)
    expect(page.locator(".part").first).to_be_visible()
    expect(page.get_by_role("img", name="Bytes over time")).to_be_visible()
    assert page.locator("script").count() == 0
    freed = readable_bytes(int(result.orphans["size_bytes"].sum()))
    expect(page.get_by_text(f"{freed} can be freed")).to_be_visible()
    expect(page.get_by_text("<img src=x onerror=").first).to_be_visible()
    assert page.evaluate("window.evil") is None
    assert page.locator("[onerror], img, iframe").count() == 0
    wider = page.evaluate("document.body.scrollWidth - document.body.clientWidth")
    assert wider <= 0
    page.screenshot(path=tmp_path / f"report-{scheme}.png", full_page=True)
    context.close()
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == []
    assert complaints == []
