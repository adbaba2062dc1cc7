"""Time the grid of orphans in a real browser, beside other grids for notebooks.

Seconds are from the click until the page shows the answer; KB are what the page's
websockets received meanwhile.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from laboratory import Laboratory
from playwright.sync_api import Page, sync_playwright
from playwright.sync_api import TimeoutError as Late

from djgc_widgets.lab.jupyterlab import NotebookServer, start_jupyterlab
from tests.benchmarks.laboratories import fill_arrays, laboratory

_TESTS = Path(__file__).parents[1]
_LIMIT_MS = 120_000
_LINE = "{:44}{:>10,} rows{:>8.2f} s{:>11,.0f} KB"
_FRAME = """\
import numpy as np, pandas as pd
from djgc_widgets.model.frames import OBJECTS
n, random = {rows}, np.random.default_rng(7)
key, token = np.arange(n), random.integers(0, 2**32, n)
table = [f"recording_{{k % 50}}" for k in key]
paths = [
    f"_schema/lab_ephys/{{t}}/subject=M{{k % 97:03d}}/session={{k // 97}}/v_{{x:08x}}"
    for t, k, x in zip(table, key, token)
]
age = pd.to_timedelta(random.integers(0, 10**8, n), unit="s")
modified_at = pd.Timestamp("2026-01-01", tz="UTC") - age
orphans = OBJECTS.conform({{
    "store": np.where(key % 3 == 0, "raw", "derived"), "section": "schema",
    "schema": "lab_ephys", "table": table, "path": paths, "is_dir": False, "n_files": 1,
    "size_bytes": random.integers(1, 2**34, n),
    "modified_at": modified_at, "changed_at": modified_at, "status": "orphan",
    "reason": np.where(key % 7 == 0, "table dropped", "row deleted"),
    "reason_code": "row-deleted", "sibling": None, "n_references": 0,
}})
"""
_OURS = """\
from djgc_widgets.panel.state import PanelState
from djgc_widgets.panel.widget import Drawn, PanelWidget
PanelState.ready = property(lambda _: True)
state = PanelState()
widget = PanelWidget(state)
texts = ("title", "facts", "servers", "seconds", "sum", "missing", "trash", "needed")
lists = ("cards", "problems", "warnings", "unread")
widget.scan = Drawn({
    **dict.fromkeys(texts, ""), **dict.fromkeys(lists, []), "complete": True,
    "started_at": "2026-01-01T00:00:00+00:00", "adds_up": True, "interrupted": 0,
    "stale": False, "overview": {},
}, 1)
state.objects.replace(orphans.assign(
    attribute="v", why=orphans["reason"], alone=True,
    age_days=(pd.Timestamp.now("UTC") - orphans["modified_at"]).dt.days,
))
state.objects.row_filter.prepare()
widget
"""
_PANEL = """\
import sys
from pathlib import Path
sys.path[:0] = {paths}
import datajoint as dj
from laboratory import connect
from djgc_widgets import GCPanel
from djgc_widgets.lab.server import EmbeddedServer
server = EmbeddedServer(Path("."), *{login})
connection = connect(server, "postgresql", server.user, server.password, Path({lab}))
panel = GCPanel(dj.Schema({name}, connection=connection, create_schema=False))
def tell(change):
    scan = change["new"]
    Path("told").write_text(str(scan.started_at.timestamp() + scan.elapsed_seconds))
panel.observe(tell, "scan")
panel.show()
panel.wait()
"""
_ITABLES = """\
import itables
itables.init_notebook_mode(connected=False)
itables.show(orphans, maxBytes=0)
"""
_DATAGRID = """\
from ipydatagrid import DataGrid
DataGrid(orphans.assign(modified_at=orphans["modified_at"].astype(str)))
"""


_OTHERS = {  # the cell that shows it, and an element that exists once it is drawn
    "itables": (_ITABLES, "table.dataTable tbody tr td"),
    "ipydatagrid": (_DATAGRID, ".ipydatagrid canvas, .lm-DataGrid canvas"),
}


@dataclass(slots=True)
class Wire:
    """Bytes that the page's websockets received."""

    received: int = 0

    def watch(self, page: Page) -> None:
        def count(payload: str | bytes) -> None:
            self.received += len(payload)

        page.on("websocket", lambda socket: socket.on("framereceived", count))


@contextmanager
def opened(
    server: NotebookServer, page: Page, name: str, *cells: str
) -> Iterator[Wire]:
    """Run a notebook, then open it in the page."""
    content = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(text) for text in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(content, server.root / f"{name}.ipynb")
    server.execute(f"{name}.ipynb")
    wire = Wire()
    wire.watch(page)
    page.goto(server.url(f"{name}.ipynb").replace("/lab/", f"/lab/workspaces/{name}/"))
    yield wire


def drawn(page: Page, part: str, holds: str) -> Callable[[], object]:
    """Return what waits, from frame to frame, until a part of the page fulfills this.

    (`expect` looks after 0.1, 0.35 and 0.85 s, which would be what is measured.)
    """
    test = f"() => {{ const part = {part}; return part && ({holds}) }}"
    return lambda: page.wait_for_function(test, timeout=_LIMIT_MS)


def timed(wire: Wire, act: Callable[[], object], shown: Callable[[], object]) -> tuple:
    """Return seconds and KB from the act until the page shows its answer."""
    before, start = wire.received, time.perf_counter()
    act()
    shown()
    return time.perf_counter() - start, (wire.received - before) / 1000


def ours(server: NotebookServer, page: Page, rows: int) -> None:
    """Print what each gesture takes."""
    with opened(server, page, f"ours-{rows}", _FRAME.format(rows=rows), _OURS) as wire:
        grid = page.locator(".djgc[data-connection=live] .djgc-list")

        def seen(inside: str, holds: str) -> Callable[[], object]:
            found = f"document.querySelector({f'.djgc-list {inside}'!r})"
            return drawn(page, found, holds)

        def report(
            what: str, act: Callable[[], object], shown: Callable[[], object]
        ) -> None:
            print(_LINE.format(f"ours: {what}", rows, *timed(wire, act, shown)))

        report(
            "page of JupyterLab and first rows",
            lambda: None,
            drawn(
                page, "document.querySelector('.djgc[data-connection=live] td')", "1"
            ),
        )
        for column in ("Table", "Why", "Files", "Age", "Store", "Path", "Size"):
            report(
                f"sort by {column}",
                grid.locator("th", has_text=column).get_by_role("button").click,
                seen("th[aria-sort$=ending]", f"part.innerText.includes({column!r})"),
            )
        status = ".djgc-foot [role=status]"
        report(
            "filter by text",
            lambda: grid.get_by_role("searchbox").fill("recording dropped"),
            seen(status, "part.innerText.includes('filtered')"),
        )
        checked = "part.querySelectorAll('input:checked').length === 12"
        report(
            "select all filtered",
            grid.get_by_role("button", name="Select all").click,
            seen("tbody", checked),
        )
        report(
            "next page",
            grid.get_by_role("button", name="Next page").click,
            seen(status, "part.innerText.includes('rows 13')"),
        )


def paint(server: NotebookServer, page: Page, lab: Laboratory, count: int) -> None:
    """Print what passes from the end of a scan until the page shows its rows."""
    login = lab.server.login
    cell = _PANEL.format(
        paths=[str(_TESTS.parent), str(_TESTS), str(_TESTS / "support")],
        login=[login["port"], login["user"], login["password"]],
        lab=repr(str(lab.folder)),
        name=repr(lab.name),
    )
    time_of = "document.querySelector('.djgc[data-connection=live] .djgc-head time')"
    with opened(server, page, f"panel-{count}", cell) as wire:
        drawn(page, time_of, "1")()
        before = page.evaluate(f"{time_of}.dateTime")
        received = wire.received
        page.get_by_role("button", name="Rescan").click()
        drawn(
            page,
            time_of,
            f"part.dateTime !== {before!r} && document.querySelector('.djgc-row')",
        )()
        painted = time.time()
        page.get_by_role("button", name="Rescan").and_(
            page.locator(":enabled")
        ).wait_for()
        seconds = painted - float((server.root / "told").read_text())
        kb = (wire.received - received) / 1000
        print(
            _LINE.format("ours: first rows after the end of a scan", count, seconds, kb)
        )


def other(server: NotebookServer, page: Page, rows: int, name: str) -> None:
    """Print what another grid takes until its first rows are there."""
    cell, mark = _OTHERS[name]
    with opened(server, page, f"{name}-{rows}", _FRAME.format(rows=rows), cell) as wire:
        shown = drawn(page, f"document.querySelector({mark!r})", "1")
        try:
            seconds, kb = timed(wire, lambda: None, shown)
        except Late:
            print(f"{name:44}{rows:>10,} rows: nothing after {_LIMIT_MS / 1000:.0f} s")
            return
        kb += (server.root / f"{name}-{rows}.ipynb").stat().st_size / 1000
        what = f"{name}: page of JupyterLab and first rows"
        print(_LINE.format(what, rows, seconds, kb))


def main() -> None:
    """Print seconds and what went over the wire, the notebook's outputs included."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    print(f"\n{'in the browser':44}{'':>15}{'seconds':>10}{'on the wire':>14}")
    with (
        tempfile.TemporaryDirectory() as folder,
        start_jupyterlab(Path(folder), os.environ) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        for rows in (1_000, 1_000_000):
            page = browser.new_page()
            ours(server, page, rows)
            page.close()
        for count in (10_000, 100_000):
            with laboratory() as lab:
                fill_arrays(lab, count)
                page = browser.new_page()
                paint(server, page, lab, count)
                page.close()
        for name, rows in (
            ("itables", 1_000),
            ("itables", 20_000),
            ("ipydatagrid", 1_000),
            ("ipydatagrid", 100_000),
        ):
            page = browser.new_page()
            other(server, page, rows, name)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
