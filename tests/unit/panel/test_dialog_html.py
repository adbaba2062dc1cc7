"""What the panel asks and tells."""

import pandas as pd
from builders import files, hash_path, judge, object_path, recorded

from djgc_widgets.model.frames import RECEIPT
from djgc_widgets.model.notices import Notice
from djgc_widgets.model.receipt import Receipt
from djgc_widgets.panel import dialog_html as dialogs
from djgc_widgets.panel.basket import Basket, BasketScale
from djgc_widgets.verdict.plan import SweepPlan, plan_sweep
from djgc_widgets.verdict.refusals import Circumstances


def plan(stored: pd.DataFrame) -> SweepPlan:
    seen = Circumstances(pd.Timestamp.now("UTC"))
    verdict = judge(stored, recorded())
    return plan_sweep(verdict, stored, None, seen, carry_out=print)


def receipt(count: int, detail: str) -> Receipt:
    rows = RECEIPT.conform(
        {
            "store": "raw",
            "sweep_id": "s",
            "path": [f"p{n}" for n in range(count)],
            "files": 1,
            "size_bytes": 1024,
            "outcome": "failed",
            "detail": detail,
        }
    )
    return Receipt("s1", rows, lambda _: receipt(0, ""), (Notice("a", "b", "c"),))


def test_the_basket_counts_objects_bytes_and_files() -> None:
    paths = [object_path(table=f"t{n}") for n in range(5)]
    objects = judge(files(*paths, hash_path(), size=1024), recorded()).objects

    ticked = BasketScale(objects).weigh(objects["path"].ne("nothing").to_numpy())

    text = dialogs.basket(ticked)
    assert "6 ticked · 6.00 KiB · 6 files" in text
    assert "and 3 more tables" in text
    assert "Nothing ticked" in dialogs.basket(Basket(0, 0, 0, ()))


def test_the_basket_names_the_tables_with_most_objects_first() -> None:
    paths = [object_path(table="b", key=f"id={n}") for n in range(2)]
    objects = judge(files(object_path(table="a"), *paths), recorded()).objects

    weighed = BasketScale(objects).weigh(objects["table"].notna().to_numpy())

    assert weighed.tables == (("lab.b", 2), ("lab.a", 1))


def test_a_plan_is_told_in_plain_words() -> None:
    wanted = plan(files(object_path(), hash_path(), size=1024))

    text = dialogs.confirmation(wanted, "raw")

    assert "Move 2 objects to the trash?" in text
    assert "store <b>raw</b>: 2 objects, 2.00 KiB (2,048 bytes)" in text
    assert "lab.(hash)" in text
    assert "Refused" in text
    lifted = wanted.acknowledging({"large-sweep", "no such doubt"})
    assert lifted.allowed
    assert "Type <b>raw</b> to confirm" in dialogs.confirmation(lifted, "raw")
    doubt = wanted.doubts[0]
    assert "✕ refused: large-sweep" in dialogs.doubt(doubt, lifted=False)
    assert "✓ acknowledged: large-sweep" in dialogs.doubt(doubt, lifted=True)


def test_many_tables_are_counted() -> None:
    wanted = plan(files(*(object_path(table=f"t{n}") for n in range(23))))

    assert "and 3 more tables" in dialogs.confirmation(wanted, "raw")


def test_a_purge_says_that_it_is_for_good() -> None:
    old = pd.DataFrame({"left_objects": [1, 2], "left_bytes": [1024, 1024]})

    text = dialogs.purge("raw", 3, old)

    assert "Delete 3 objects for good?" in text
    assert "2 of 3 ticked sweeps are as old as that" in text
    assert "2.00 KiB (2,048 bytes)" in text


def test_a_receipt_tells_what_did_not_go_as_planned() -> None:
    text = dialogs.receipt(receipt(10, "why"))

    assert "10 failed (10.0 KiB)" in text
    assert "<li>p0: failed: why</li>" in text
    assert "and 2 more: panel.receipt.rows" in text
    assert "<b>a</b>: b. c." in text
    assert "nothing to do" in dialogs.receipt(receipt(0, ""))


def test_nothing_to_ask_or_tell_is_nothing() -> None:
    assert dialogs.receipt(None) == ""
    assert dialogs.confirmation(None, "") == ""
