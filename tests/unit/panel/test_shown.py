"""What a page shows of plans, receipts, shares and progress."""

import json
from string import Formatter

import pandas as pd
import pytest
from builders import files, hash_path, judge, object_path, recorded

from djgc_widgets.analysis import SecondOpinion
from djgc_widgets.model import DOUBTS, InputError
from djgc_widgets.model.codes import DoubtCode, NoticeCode, Step
from djgc_widgets.model.frames import OPINIONS, RECEIPT
from djgc_widgets.model.notices import Notice, Notices
from djgc_widgets.model.progress import Progress
from djgc_widgets.model.receipt import Receipt
from djgc_widgets.panel.basket import BasketCounter
from djgc_widgets.panel.progress import work_shown
from djgc_widgets.panel.questions import (
    QUESTIONS,
    plan_lines,
    plan_shown,
    purge_shown,
    questions,
)
from djgc_widgets.panel.shown import (
    notices_shown,
    opinion_shown,
    percent,
    receipt_shown,
)
from djgc_widgets.panel.trash_verbs import named_doubt
from djgc_widgets.panel.worker import Activity, Background
from djgc_widgets.verdict.doubt import (
    LIFTABLE,
    LIFTABLE_IN_PURGE,
    UNATTENDED,
    Doubt,
)
from djgc_widgets.verdict.doubts import Circumstances
from djgc_widgets.verdict.plan import SweepPlan, plan_sweep
from djgc_widgets.verdict.reconcile import Reconciled

HIDDEN = "a\u202eb\n"


def plan(stored: pd.DataFrame) -> tuple[SweepPlan, Reconciled]:
    seen = Circumstances(pd.Timestamp.now("UTC"))
    reconciled = judge(stored, recorded())
    return plan_sweep(reconciled, stored, None, seen, carry_out=print), reconciled


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


def test_hidden_characters_of_names_are_seen() -> None:
    wanted, verdict = plan(files(object_path(table=f"rec{HIDDEN}")))
    problems = Notices(
        [Notice(NoticeCode.COLLECTOR_GAVE_UP, HIDDEN, {"error": HIDDEN})]
    )
    doubt = Doubt(DoubtCode.SOLE_OWNER, {"store": HIDDEN, "servers": HIDDEN}, HIDDEN)
    opinion = SecondOpinion(HIDDEN, OPINIONS.empty(), problems, (HIDDEN,))
    work = Background()
    work.activity = Activity.SCANNING
    work.progress = Progress(Step.LISTING, 1, 2, subject=HIDDEN)

    shown = [
        notices_shown(problems),
        opinion_shown(opinion),
        work_shown(work),
        plan_shown(wanted, plan_lines(wanted, verdict.totals), HIDDEN),
        questions([doubt], [doubt]),
        receipt_shown(receipt(1, HIDDEN, HIDDEN)),
    ]

    for part in map(json.dumps, shown):
        assert "a\\\\u202eb" in part
        assert "\\u202eb" not in part.replace("\\\\u202eb", "")


@pytest.mark.parametrize("code", sorted((LIFTABLE | LIFTABLE_IN_PURGE) - UNATTENDED))
def test_what_can_be_lifted_is_a_question_of_the_same_facts(code: DoubtCode) -> None:
    asked, message = QUESTIONS[code], "".join(DOUBTS[code])
    named = {name for _, name, *_ in Formatter().parse(asked.text + asked.why) if name}

    assert asked.text.endswith("?")
    assert named <= {name for _, name, *_ in Formatter().parse(message) if name}


def test_what_cannot_be_lifted_comes_first_and_says_what_to_do() -> None:
    large = Doubt(DoubtCode.LARGE_SWEEP, {"share": 0.25, "shares": "all"})
    store = Doubt(DoubtCode.OTHER_DEVICE, {"store": "raw", "path": "mount"})

    first, second = questions([large, store], [store])

    assert not first["liftable"]
    assert "something is mounted at mount" in first["text"]
    assert "Take the objects below mount out" in first["why"]
    assert (second["text"], second["lifted"]) == ("May this much go?", True)
    assert "more than 25%" in second["why"]


def test_what_one_answer_lifts_is_one_question() -> None:
    """A sweep of two stores may be the first of both."""
    values = {"servers": "a server"}
    first, second = (
        Doubt(DoubtCode.SOLE_OWNER, {**values, "store": store})
        for store in ("raw", "derived")
    )
    mounted = [{"store": store, "path": "mount"} for store in ("a", "b")]
    refused = [Doubt(DoubtCode.OTHER_DEVICE, values) for values in mounted]

    asked = questions([first, second, *refused], [first, second, *refused])
    lifted = questions([first, second], [])

    assert len(asked) == 3
    assert "use store raw and derived?" in asked[-1]["text"]
    assert not asked[-1]["lifted"]
    assert [question["lifted"] for question in lifted] == [True]
    assert named_doubt([first, second], "sole-owner") == "sole-owner"
    with pytest.raises(InputError, match="no longer asked"):
        named_doubt([first], "large-sweep")


def test_a_plan_says_how_much_of_each_table_and_store_it_is() -> None:
    stored = files(object_path(), object_path(key="id=2"), hash_path(), size=1024)
    reconciled = judge(stored, recorded())
    seen = Circumstances(pd.Timestamp.now("UTC"))
    orphans = reconciled.objects[reconciled.objects["path"].ne(object_path())]
    wanted = plan_sweep(reconciled, stored, orphans, seen, carry_out=print)

    of = plan_lines(wanted, reconciled.totals)

    shown = plan_shown(wanted, of, "raw")

    assert shown["title"] == "Move 2 objects, 2.00 KiB, to the trash?"
    lines = {line["table"]: line for line in shown["lines"]}
    assert lines["lab.rec"]["of_table"] == "50 % of the table"
    assert lines["lab (hash)"]["of_table"] == "all of the table"
    assert lines["lab.rec"]["of_store"] == "33 % of the store"
    assert [each["name"] for each in shown["questions"]] == ["large-sweep"]
    assert not shown["questions"][0]["lifted"]
    lifted = wanted.acknowledging({"large-sweep"})
    again = plan_shown(lifted, of, "raw")
    assert again["questions"][0]["lifted"]


def test_many_tables_are_counted() -> None:
    wanted, verdict = plan(files(*(object_path(table=f"t{n}") for n in range(23))))

    shown = plan_shown(wanted, plan_lines(wanted, verdict.totals), "raw")

    assert len(shown["lines"]) == 20
    assert shown["more"] == "and 3 more tables"


def test_a_purge_says_that_it_is_for_good() -> None:
    old = pd.DataFrame({"n_left": [1, 2], "left_bytes": [1024, 1024]})
    asked = [{"lifted": False}]

    shown = purge_shown(3, old, asked, "raw")

    assert shown["title"] == "Delete 3 objects, 2.00 KiB, for good?"
    assert "2 of 3 ticked sweeps" in shown["text"]
    assert shown["questions"] == asked
    assert not shown["nothing"]
    assert purge_shown(3, old.iloc[:0], [], "raw")["nothing"]


def test_a_receipt_names_what_did_not_go_as_planned() -> None:
    shown = receipt_shown(receipt(10, "why"))

    assert shown is not None
    assert shown["headline"] == "10 objects failed (10.0 KiB)"
    assert shown["lines"][0] == "p0: failed: why"
    assert shown["lines"][-1] == "and 2 more: panel.receipt.rows"
    assert shown["problems"][0]["where"] == "p"
    assert receipt_shown(None) is None


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        *((0, 0, "0 %"), (0, 9, "0 %"), (1, 1000, "under 1 %"), (1, 2, "50 %")),
        *((999, 1000, "99 %"), (9, 9, "100 %")),
    ],
)
def test_a_share_is_never_rounded_to_nothing_or_all(
    part: int, whole: int, text: str
) -> None:
    assert percent(part, whole) == text


@pytest.mark.parametrize(
    ("progress", "text", "done"),
    [
        (None, "Scanning …", None),
        (
            Progress(Step.LISTING, 20_000, subject="raw"),
            "Listing store raw, 20,000",
            None,
        ),
        (Progress(Step.READING, 1, 4, subject="a.b"), "Reading a.b, 1 of 4", 0.25),
        (
            Progress(Step.READING, 1, 3, part=2, parts=9, subject="a.b"),
            "Reading a.b (column 2 of 9), 1 of 3",
            None,
        ),
    ],
)
def test_progress_says_how_far_it_is(
    progress: Progress | None, text: str, done: float | None
) -> None:
    work = Background()
    work.activity, work.progress = Activity.SCANNING, progress

    shown = work_shown(work)

    assert shown["text"].startswith(text)
    assert (shown["done"], shown["stoppable"]) == (done, True)


def test_progress_counts_what_was_listed_the_rate_and_what_is_left() -> None:
    work = Background()
    work.activity = Activity.SWEEPING
    work.progress = Progress(Step.MOVING, 300, 1200)
    work.listed = Progress(Step.LISTING, 1200, size_bytes=2048)
    work.elapsed_seconds = 3.0

    text = work_shown(work)["text"]

    assert text == (
        "Moving to the trash, 300 of 1,200 · listed 1,200 files, 2.00 KiB · 3 s · "
        "100 a second · 9 s left"
    )
    work.elapsed_seconds = 1800.0
    assert "30 min · 10 a minute · 90 min left" in work_shown(work)["text"]


def test_the_basket_names_the_tables_with_most_objects_first() -> None:
    paths = [object_path(table="b", key=f"id={n}") for n in range(2)]
    objects = judge(files(object_path(table="a"), *paths), recorded()).objects

    counted = BasketCounter(objects).count(objects["table"].notna().to_numpy())

    assert counted.tables == (("lab.b", 2), ("lab.a", 1))
    assert (counted.n_objects, counted.n_files, counted.size_bytes) == (3, 3, 30)
