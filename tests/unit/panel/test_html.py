"""What the panel says of scans, plans and receipts; names never become markup."""

import pandas as pd
import pytest
from builders import files, hash_path, judge, object_path, recorded

from djgc_widgets.analysis import SecondOpinion
from djgc_widgets.model.codes import DoubtCode, NoticeCode, Step
from djgc_widgets.model.frames import OPINIONS, RECEIPT
from djgc_widgets.model.notices import Notice, Notices
from djgc_widgets.model.progress import Progress
from djgc_widgets.model.receipt import Receipt
from djgc_widgets.panel.basket import Basket, BasketCounter
from djgc_widgets.panel.dialog_html import (
    basket_html,
    doubt_html,
    plan_html,
    purge_html,
    receipt_html,
)
from djgc_widgets.panel.html import (
    activity_html,
    cards_html,
    failure_html,
    header_html,
    incomplete_html,
    missing_html,
    notice_html,
    notices_html,
    opinion_html,
    trash_html,
)
from djgc_widgets.panel.worker import Activity
from djgc_widgets.verdict.doubts import Circumstances, Doubt
from djgc_widgets.verdict.plan import SweepPlan, plan_sweep

EVIL = '<img src=x onerror="alert(1)">\'${}\u202e\n'


def plan(stored: pd.DataFrame) -> SweepPlan:
    seen = Circumstances(pd.Timestamp.now("UTC"))
    reconciled = judge(stored, recorded())
    return plan_sweep(reconciled, stored, None, seen, carry_out=print)


def receipt(count: int, detail: str, name: str = "p") -> Receipt:
    paths = {"path": [f"{name}{n}" for n in range(count)], "store": "raw"}
    counts = {"n_files": 1, "size_bytes": 1024}
    failed = {"outcome": "failed", "detail_code": "error", "detail": detail}
    rows = RECEIPT.conform(
        paths | counts | failed | {"sweep_id": name, "in_doubt": False}
    )
    unwritten = {"record": name, "error": detail}
    notice = Notice(NoticeCode.RECORD_UNWRITTEN, name, unwritten)
    return Receipt(name, rows, Notices([notice]))


def test_names_never_become_markup() -> None:
    wanted = plan(files(object_path(key=f"name={EVIL}")))
    old = pd.DataFrame({"n_left": [1], "left_bytes": [1]})
    problems = Notices([Notice(NoticeCode.COLLECTOR_GAVE_UP, EVIL, {"error": EVIL})])
    doubt = Doubt(DoubtCode.SOLE_OWNER, {"store": EVIL, "servers": EVIL})
    opinion = SecondOpinion(EVIL, OPINIONS.empty(), problems, (EVIL,))
    progress = Progress(Step.LISTING, 1, 2, subject=EVIL)

    shown = [
        notices_html(problems, problems),
        incomplete_html(problems),
        failure_html(EVIL),
        notice_html(EVIL),
        opinion_html(opinion),
        activity_html(Activity.SCANNING, progress),
        basket_html(Basket(1, 1, 1, ((EVIL, 1),))),
        plan_html(wanted, EVIL),
        doubt_html(doubt, lifted=False),
        purge_html(EVIL, 1, old),
        receipt_html(receipt(1, EVIL, EVIL)),
    ]

    for html in map(str, shown):
        assert "<img" not in html
        assert "\u202e" not in html
    named = ["&lt;img src=x onerror=&#34;" in html for html in shown]
    assert named.count(False) == 2  # a refusal and a plan name no object


def test_without_a_scan_a_plan_or_a_receipt_nothing_is_shown() -> None:
    for show in (cards_html, missing_html, trash_html, receipt_html):
        assert show(None) == ""
    for tell in (notice_html, failure_html):
        assert tell("") == ""
    assert plan_html(None, "") == incomplete_html([]) == ""
    assert "Everything was read" in notices_html([], [])
    assert activity_html(Activity.IDLE, None) == ""
    assert "DataJoint" in header_html(None)


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (None, "scanning …"),
        (Progress(Step.LISTING, 20_000, subject="raw"), "listing store raw, 20,000 …"),
        (Progress(Step.READING, 1, 3, subject="a.b"), "reading a.b, 1 of 3 …"),
        (
            Progress(Step.READING, 1, 3, part=2, parts=9, subject="a.b"),
            "reading a.b (column 2 of 9), 1 of 3 …",
        ),
    ],
)
def test_progress_says_how_far_it_is(progress: Progress | None, text: str) -> None:
    assert text in activity_html(Activity.SCANNING, progress)


def test_progress_counts_what_was_listed_and_the_seconds() -> None:
    listed = Progress(Step.LISTING, 1200, size_bytes=2048)
    progress = Progress(Step.RECONCILING, 1)

    text = activity_html(Activity.SCANNING, progress, listed, 12.4)

    assert "listed 1,200 files, 2.00 KiB · 12 s" in text


def test_the_basket_counts_objects_bytes_and_files() -> None:
    paths = [object_path(table=f"t{n}") for n in range(5)]
    objects = judge(files(*paths, hash_path(), size=1024), recorded()).objects

    ticked = BasketCounter(objects).count(objects["path"].ne("nothing").to_numpy())

    text = basket_html(ticked)
    assert "6 ticked · 6.00 KiB · 6 files" in text
    assert "and 3 more tables" in text
    assert "Nothing ticked" in basket_html(Basket(0, 0, 0, ()))


def test_the_basket_names_the_tables_with_most_objects_first() -> None:
    paths = [object_path(table="b", key=f"id={n}") for n in range(2)]
    objects = judge(files(object_path(table="a"), *paths), recorded()).objects

    counted = BasketCounter(objects).count(objects["table"].notna().to_numpy())

    assert counted.tables == (("lab.b", 2), ("lab.a", 1))


def test_a_plan_says_what_is_moved_and_what_is_in_doubt() -> None:
    wanted = plan(files(object_path(), hash_path(), size=1024))

    text = plan_html(wanted, "raw")

    assert "Move 2 objects to the trash?" in text
    assert "store <b>raw</b>: 2 objects, 2.00 KiB (2,048 bytes)" in text
    assert "lab (hash)" in text
    assert "Refused" in text
    lifted = wanted.acknowledging({"large-sweep", "no such doubt"})
    assert lifted.allowed
    assert "Type <b>raw</b> to confirm" in plan_html(lifted, "raw")
    doubt = wanted.doubts[0]
    assert "✕ refused: large-sweep" in doubt_html(doubt, lifted=False)
    assert "✓ acknowledged: large-sweep" in doubt_html(doubt, lifted=True)


def test_many_tables_are_counted() -> None:
    wanted = plan(files(*(object_path(table=f"t{n}") for n in range(23))))

    assert "and 3 more tables" in plan_html(wanted, "raw")


def test_a_purge_says_that_it_is_for_good() -> None:
    old = pd.DataFrame({"n_left": [1, 2], "left_bytes": [1024, 1024]})

    text = purge_html("raw", 3, old)

    assert "Delete 3 objects for good?" in text
    assert "2 of 3 ticked sweeps are that old" in text
    assert "2.00 KiB (2,048 bytes)" in text


def test_a_receipt_names_what_did_not_go_as_planned() -> None:
    text = receipt_html(receipt(10, "why"))

    assert "10 objects failed (10.0 KiB)" in text
    assert "<li>p0: failed: why</li>" in text
    assert "and 2 more: panel.receipt.rows" in text
    assert "<b>p</b>: the journal" in text
    assert "nothing to do" in receipt_html(receipt(0, ""))
