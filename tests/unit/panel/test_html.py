import pandas as pd
import pytest
from builders import files, judge, object_path, recorded

from djgc_widgets.model.frames import RECEIPT
from djgc_widgets.model.notices import Notice, Progress
from djgc_widgets.model.receipt import Receipt
from djgc_widgets.panel import dialog_html as dialogs
from djgc_widgets.panel import html as fragments
from djgc_widgets.panel.basket import Basket
from djgc_widgets.verdict.plan import plan_sweep
from djgc_widgets.verdict.refusals import Circumstances, Refusal

HELD = {"objects": "left_objects", "size_bytes": "left_bytes"}
EVIL = '<img src=x onerror="alert(1)">\'${}\u202e\n'


def test_names_never_become_markup() -> None:
    path = object_path(key=f"name={EVIL}")
    stored = files(path, store="raw")
    plan = plan_sweep(
        judge(stored, recorded()),
        stored,
        None,
        Circumstances(pd.Timestamp.now("UTC")),
        carry_out=print,
    )
    rows = RECEIPT.conform(
        {
            "store": [EVIL],
            "sweep_id": [EVIL],
            "path": [EVIL],
            "files": [1],
            "size_bytes": [1],
            "outcome": ["failed"],
            "detail": [EVIL],
        }
    )
    notice = Notice(EVIL, EVIL, EVIL)

    shown = (
        fragments.notices([notice], [notice])
        + fragments.refusal([notice])
        + fragments.failure(EVIL)
        + fragments.notice(EVIL)
        + dialogs.basket(Basket(1, 1, 1, ((EVIL, 1),)))
        + dialogs.confirmation(plan, EVIL)
        + dialogs.doubt(Refusal(EVIL, EVIL, EVIL, liftable=True), lifted=False)
        + dialogs.purge(EVIL, 1, plan.by_table().rename(columns=HELD))
        + dialogs.receipt(Receipt(EVIL, rows, print, (notice,)))
        + fragments.working("scanning", Progress(EVIL, 1, 2))
    )

    assert "<img" not in shown
    assert "\u202e" not in shown
    assert "&lt;img src=x onerror=&quot;" in shown


def test_nothing_to_say_is_nothing() -> None:
    assert fragments.cards(None) == ""
    assert fragments.missing_total(None) == ""
    assert fragments.trash_total(None) == ""
    assert fragments.refusal([]) == ""
    assert fragments.notice("") == ""
    assert "Everything could be read" in fragments.notices([], [])
    assert fragments.failure("") == ""
    assert fragments.working("idle", None) == ""
    assert "DataJoint" in fragments.bar(None)


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (None, "scanning …"),
        (Progress("listing store raw", 20_000), "listing store raw, 20,000 …"),
        (Progress("reading a.b", 1, 3), "reading a.b, 1 of 3 …"),
        (Progress("x", 1, 3, part=2, parts=9), "x (column 2 of 9), 1 of 3 …"),
    ],
)
def test_progress_says_how_far_it_is(progress: Progress | None, text: str) -> None:
    assert text in fragments.working("scanning", progress)


def test_what_was_listed_and_how_long_it_takes_is_told() -> None:
    listed = Progress("listed", 1200, size_bytes=2048)

    text = fragments.working("scanning", Progress("x", 1), listed, 12.4)

    assert "listed 1,200 files, 2.00 KiB · 12 s" in text
