import pandas as pd
import pytest
from builders import files, hash_path, judge, object_path, recorded

from djgc_widgets import fragments
from djgc_widgets.frames import RECEIPT
from djgc_widgets.model import Notice, Progress
from djgc_widgets.plan import Circumstances, plan_sweep
from djgc_widgets.receipt import Receipt

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
    selected = plan.objects.assign(table=EVIL)
    notice = Notice(EVIL, EVIL, EVIL)

    shown = (
        fragments.notices([notice], [notice])
        + fragments.failure(EVIL)
        + fragments.basket(selected)
        + fragments.confirmation(plan, EVIL)
        + fragments.receipt(Receipt(EVIL, rows, lambda: None))
        + fragments.working("scanning", Progress(EVIL, 1, 2))
    )

    assert "<img" not in shown
    assert "\u202e" not in shown
    assert "&lt;img src=x onerror=&quot;" in shown


def test_the_basket_counts_objects_bytes_and_files() -> None:
    stored = files(
        *(object_path(table=f"t{n}") for n in range(5)), hash_path(), size=1024
    )
    objects = judge(stored, recorded()).objects

    text = fragments.basket(objects)

    assert "6 ticked · 6.00 KiB · 6 files" in text
    assert "and 3 more tables" in text
    assert "Nothing ticked" in fragments.basket(objects.head(0))


def test_nothing_to_say_is_nothing() -> None:
    assert fragments.cards(None) == ""
    assert fragments.missing(None) == ""
    assert fragments.receipt(None) == ""
    assert fragments.confirmation(None, "") == ""
    assert fragments.notices([], []) == ""
    assert fragments.failure("") == ""
    assert fragments.working("idle", None) == ""
    assert "DataJoint" in fragments.bar(None)


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (None, "scanning …"),
        (Progress("listing store raw", 20_000), "listing store raw, 20,000 …"),
        (Progress("reading a.b", 1, 3), "reading a.b, 1 of 3 …"),
    ],
)
def test_progress_says_how_far_it_is(progress: Progress | None, text: str) -> None:
    assert text in fragments.working("scanning", progress)
