from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from builders import NOW, files, hash_path, judge, names, object_path, recorded, world

from djgc_widgets.model.codes import DoubtCode, NoticeCode, Reason, Step
from djgc_widgets.model.errors import InputError
from djgc_widgets.model.frames import RECEIPT
from djgc_widgets.model.messages import REASONS
from djgc_widgets.model.notices import Notice, Notices
from djgc_widgets.model.progress import Progress, ProgressCallback
from djgc_widgets.model.receipt import Receipt, SweepReceipt
from djgc_widgets.model.store_names import StoreInfo
from djgc_widgets.verdict.doubts import Circumstances
from djgc_widgets.verdict.plan import SweepPlan, plan_sweep
from djgc_widgets.verdict.reconcile import Reconciled
from djgc_widgets.verdict.selection import Selection

ZARR = object_path("voltage_AbCd1234.zarr")
STORED = files(hash_path("a"), hash_path("b"), f"{ZARR}/0", f"{ZARR}/1", "README.txt")
VERDICT = judge(STORED, recorded(hash_path("a")))


def make(
    selection: Selection = None,
    *acknowledged: str,
    verdict: Reconciled = VERDICT,
    stored: pd.DataFrame = STORED,
    **circumstances: Any,
) -> SweepPlan:
    def carry_out(plan: SweepPlan, progress: ProgressCallback) -> SweepReceipt:
        progress(Progress(Step.MOVING, 0, len(plan.objects)))
        result = {"sweep_id": "id", "outcome": "moved", "detail": "", "in_doubt": False}
        rows = RECEIPT.conform(plan.objects.assign(detail_code=None, **result))
        back = Receipt("back", rows.head(0))
        return SweepReceipt("id", rows, _restore=lambda _: back)

    lifted = frozenset(acknowledged or ["large-sweep"])
    seen = Circumstances(NOW, lifted, **circumstances)
    return plan_sweep(verdict, stored, selection, seen, carry_out=carry_out)


def test_without_a_selection_every_orphan_is_planned() -> None:
    plan = make()

    assert sorted(plan.objects["path"]) == sorted([hash_path("b"), ZARR])
    assert plan.allowed
    assert plan.size_bytes == 30
    assert plan.totals() == [("raw", 2, 30)]


def test_a_plan_shows_itself_in_one_line_and_in_full() -> None:
    plan = make()

    assert plan.headline() == "2 objects (30 B), valid until 13:00 UTC, allowed"
    assert repr(plan) == f"SweepPlan: {plan.headline()}"
    assert str(plan) == (
        f"Sweep of {plan.headline()}\n"
        "  store raw: lab.rec: 1 object, 20 bytes, 2026-05-02 to 2026-05-02\n"
        "  store raw: lab (hash): 1 object, 10 bytes, 2026-05-02 to 2026-05-02\n"
        "acknowledged: large-sweep"
    )
    refused = make(interrupted=frozenset({("raw", "sweep")}))
    assert repr(refused).endswith("UTC, refused: interrupted-sweep")


def test_a_notebook_shows_the_tables_and_refusals_of_a_plan_as_text() -> None:
    script = "<script>"
    schemas = {"lab", script}
    stored = files(object_path(table=script), hash_path("b", script), store=script)
    known = names(StoreInfo(script, (script,), "/s"))
    around = world(known, schemas=schemas, scanned=schemas)
    verdict = judge(stored, recorded(), around)
    plan = make(None, "minimum-age", verdict=verdict, stored=stored, unseen=UNSEEN)

    html = plan._repr_html_()

    assert script not in html
    for cell in ("lab.&lt;script&gt;", "&lt;script&gt; (hash)", "10 B", "2026-05-02"):
        assert f">{cell}</td>" in html
    assert html.count("<li>large-sweep: ") == html.count("<li>unseen-schemas:my") == 1


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
    assert [doubt.code for doubt in plan.refusals] == [DoubtCode.EMPTY]
    assert "refused: empty: nothing is selected." in str(plan)


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ([hash_path("a")], f"the first '{hash_path()}' in store raw, which is live."),
        (["README.txt"], rf"which is unknown \({REASONS[Reason.NOT_DATAJOINT]}\)"),
        (["no/such/path"], "got 1 that it does not hold, the first 'no/such/path'"),
        (ZARR, f"list of paths; got '{ZARR}'"),
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


UNSEEN = Notices([Notice(NoticeCode.SCHEMAS_HIDDEN, "mysql://host")])


def test_what_cannot_be_seen_has_to_be_acknowledged() -> None:
    refused = make(None, unseen=UNSEEN)
    name = "unseen-schemas:mysql://host"
    lifted = make(None, name, "large-sweep", unseen=UNSEEN)

    assert [doubt.code for doubt in refused.refusals] == [DoubtCode.UNSEEN_SCHEMAS]
    assert "mysql://host" in str(refused)
    assert lifted.allowed
    assert lifted.acknowledged == {name, "large-sweep"}


def test_what_cannot_be_seen_later_is_asked_about_again() -> None:
    more = Notices([*UNSEEN, Notice(NoticeCode.DATABASE_CLOSED, "pg://host/new")])

    plan = make(None, "unseen-schemas:mysql://host", "large-sweep", unseen=more)

    assert [doubt.name for doubt in plan.refusals] == ["unseen-schemas:pg://host/new"]
    with pytest.raises(InputError, match="unseen-schemas:WHERE"):
        make(None, "unseen-schemas", unseen=more)


ABANDONED = hash_path("a", "gone"), hash_path("b", "gone"), "_hash/gone/README"
GONE = files(*ABANDONED, hash_path("a", "other"), hash_path("a"))


def test_an_abandoned_schema_has_to_be_acknowledged_by_name() -> None:
    verdict = judge(GONE, recorded(hash_path("b", "gone")))

    def paths(*acknowledged: str) -> set[str]:
        plan = make(None, *acknowledged, verdict=verdict, stored=GONE)
        return set(plan.objects["path"])

    assert paths() == {hash_path("a")}
    assert paths("abandoned-schema:gone") == {hash_path("a"), hash_path("a", "gone")}
    with pytest.raises(InputError, match="which is unknown"):
        make([hash_path("a", "gone")], verdict=verdict, stored=GONE)


def test_young_objects_of_an_abandoned_schema_are_no_candidates() -> None:
    young = files(hash_path("a", "gone"), at=NOW)
    verdict = judge(young, recorded())

    with pytest.raises(InputError, match="Expected acknowledgments among"):
        make(None, "abandoned-schema:gone", verdict=verdict, stored=young)


@pytest.mark.parametrize(
    "name", ["abandoned-schema:lab", "unseen", "abandoned-schema:"]
)
def test_only_what_is_in_doubt_can_be_acknowledged(name: str) -> None:
    with pytest.raises(InputError, match="got " + name):
        make(None, name, verdict=judge(GONE, recorded()), stored=GONE)
