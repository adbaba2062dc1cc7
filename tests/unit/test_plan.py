from datetime import timedelta

import pandas as pd
import pytest
from builders import NOW, files, hash_path, judge, object_path, recorded

from djgc_widgets.model import InputError, Progress
from djgc_widgets.plan import Receipt, Selection, SweepPlan, plan_sweep, receipt_rows

ZARR = object_path("voltage_AbCd1234.zarr")
STORED = files(hash_path("a"), hash_path("b"), f"{ZARR}/0", f"{ZARR}/1", "README.txt")
VERDICT = judge(STORED, recorded(hash_path("a")))


def make(selection: Selection = None) -> SweepPlan:
    def carry_out(plan: SweepPlan, report) -> Receipt:
        report(Progress("moving", 0, len(plan.objects)))
        outcomes = dict.fromkeys(
            zip(plan.objects["store"], plan.objects["path"], strict=True), ("moved", "")
        )
        rows = receipt_rows(plan.objects, outcomes)
        return Receipt("id", rows, lambda: Receipt("back", rows.head(0), put_back))

    def put_back() -> Receipt:
        raise AssertionError

    return plan_sweep(VERDICT, STORED, selection, now=NOW, carry_out=carry_out)


def test_without_a_selection_every_orphan_is_planned() -> None:
    plan = make()

    assert sorted(plan.objects["path"]) == sorted([hash_path("b"), ZARR])
    assert plan.allowed
    assert plan.size_bytes == 30
    assert plan.totals() == [("raw", 2, 30)]
    assert str(plan) == "Sweep of 2 objects (30 bytes) in store raw; allowed"


def test_the_identity_of_each_file_is_pinned() -> None:
    plan = make([ZARR])

    assert list(plan.files["path"]) == [f"{ZARR}/0", f"{ZARR}/1"]
    assert list(plan.files["object"]) == [ZARR, ZARR]
    assert list(plan.files["inode"]) == [2, 3]


def test_a_plan_expires_after_an_hour() -> None:
    assert make().expires_at == NOW + timedelta(hours=1)


def test_frames_masks_and_paths_select_the_same() -> None:
    orphans = VERDICT.objects[VERDICT.objects["status"].eq("orphan")]
    mask = orphans.rename_axis("object")["path"].eq(ZARR)

    for selection in (orphans[mask], mask, [ZARR], iter([ZARR, ZARR])):
        assert list(make(selection).objects["path"]) == [ZARR]


def test_nothing_selected_is_a_refusal() -> None:
    plan = make([])

    assert not plan.allowed
    assert str(plan).startswith("Sweep of nothing; refused: plan: nothing is selected.")


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (
            [hash_path("a")],
            f"the first '{hash_path('a')}' in store raw, which is live.",
        ),
        (["README.txt"], r"which is unknown \(not DataJoint's shape\)"),
        (["no/such/path"], "got 1 that it does not hold, the first 'no/such/path'"),
        (ZARR, "got one string"),
        (pd.DataFrame({"path": [ZARR]}), r"it lacks \['store'\]"),
        (pd.Series([True], index=[99]), "got another index"),
        (pd.Series([True], index=[0]), "got another index"),
    ],
)
def test_a_wrong_selection_is_an_error_that_names_it(
    selection: Selection, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        make(selection)


def test_a_plan_is_carried_out_by_what_it_was_bound_to() -> None:
    seen: list[Progress] = []

    receipt = make([ZARR]).sweep(seen.append)

    assert (receipt.count("moved"), receipt.size_bytes("moved")) == (1, 20)
    assert (receipt.count("failed"), receipt.size_bytes("failed")) == (0, 0)
    assert receipt.restore().sweep_id == "back"
    assert [step.total for step in seen] == [1]
    assert make([ZARR]).sweep().sweep_id == "id"
