"""The panel on scans that are made in ranges: what it lists, counts and moves."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from laboratory import Laboratory, every_kind_orphaned

from djgc_widgets import CompleteScan, GCPanel, IncompleteScan, Progress
from djgc_widgets.collector.ranges import bounds
from djgc_widgets.model import Step
from djgc_widgets.panel.state import PanelState


@pytest.fixture
def lab(s3_laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch) -> Laboratory:
    monkeypatch.setattr(bounds, "ROWS", 4)  # thousands take minutes to store
    every_kind_orphaned(s3_laboratory)
    return s3_laboratory


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "scans"


def scanned(lab: Laboratory, **options: Any) -> GCPanel:
    """Return a panel after its first scan."""
    panel = GCPanel(lab.schema, minimum_age=lab.minimum_age, **options)
    panel.refresh()
    panel.wait()
    assert panel.state.message == ""
    return panel


def scans(out: Path) -> list[str]:
    return sorted(path.name for path in out.iterdir())


def without_where(panel: GCPanel) -> dict[str, Any]:
    """Return all that the top of the panel says but when, and where the rest is."""
    varying = ("started_at", "seconds", "unlisted")
    return {k: v for k, v in panel.widget.scan.items() if k not in varying}


def test_says_what_a_panel_in_memory_says_and_lists_what_is_not_live(
    lab: Laboratory, out: Path
) -> None:
    whole, panel = scanned(lab), scanned(lab, out=out)

    assert without_where(panel) == without_where(whole)
    assert panel.widget.usage["total"] == whole.widget.usage["total"] > 0
    shown = panel.state.objects.frame
    others = whole.state.objects.frame
    expected = others[others["status"].ne("live")]
    columns = ["store", "path", "status", "why", "schema", "table", "attribute"]
    assert sorted(
        shown[columns].astype(str).to_records(index=False).tolist()
    ) == sorted(expected[columns].astype(str).to_records(index=False).tolist())
    n_live = int(others["status"].eq("live").sum())
    assert panel.widget.scan["unlisted"] == (
        f"{n_live} objects that rows refer to: counted, and not listed here. All "
        f"objects are as Parquet in {panel.scan.out}/objects."
    )
    assert whole.widget.scan["unlisted"] == ""


def test_sweeps_what_is_ticked_scans_again_and_undoes(
    lab: Laboratory, out: Path
) -> None:
    before = lab.contents()
    panel = scanned(lab, out=out)
    whole = scanned(lab)
    for each in (panel, whole):
        each.state.objects.tick_filtered()
        each.state.make_plan()
        each.wait()
    assert len(panel.widget.plan["lines"]) == 3
    assert panel.widget.plan["lines"] == whole.widget.plan["lines"]
    plan_all(panel.state)
    panel.state.sweep(panel.state.confirmation())
    panel.wait()

    assert panel.state.message == ""
    assert panel.receipt is not None
    assert panel.receipt.count("moved") == 3
    assert len(scans(out)) == 2
    assert panel.scan.orphans.empty
    panel.state.undo()
    panel.wait()
    assert panel.state.message == ""
    assert len(panel.scan.orphans) == 3
    kept = {p: c for p, c in lab.contents().items() if not p.startswith("_trash/")}
    assert kept == before


def plan_all(state: PanelState) -> None:
    for doubt in state.plan.doubts:
        state.acknowledge(doubt.name, lifted=True)


def test_lists_anew_after_a_scan_that_was_stopped(lab: Laboratory, out: Path) -> None:
    panel = GCPanel(lab.schema, minimum_age=lab.minimum_age, out=out)

    def stop(progress: Progress) -> None:
        if progress.step is Step.RECONCILING:
            panel.state.cancel()
        report(progress)

    report, panel.state.report = panel.state.report, stop  # type: ignore[method-assign]
    panel.refresh()
    panel.wait()
    assert "Canceled" in panel.state.message
    panel.state.report = report  # type: ignore[method-assign]
    lab.put("notes/new.txt")
    panel.refresh()
    panel.wait()

    assert "notes/new.txt" in set(panel.state.objects.frame["path"])
    assert len(scans(out)) == 2


def test_details_need_no_folder(lab: Laboratory, out: Path) -> None:
    panel = scanned(lab, out=out)
    shutil.rmtree(out)

    panel.state.objects.open(0)

    assert panel.state.message == ""
    facts = {fact["label"] for fact in panel.widget.objects["facts"]}
    assert {"Why", "Path"} <= facts


def test_lists_anew_after_an_incomplete_scan(lab: Laboratory, out: Path) -> None:
    key, value = 100, {"no": "path"}
    lab.write_row("recording", key, value)
    panel = scanned(lab, out=out)
    assert isinstance(panel.scan, IncompleteScan)
    lab.connection.query(f'DELETE FROM "{lab.name}"."recording" WHERE id = {key}')
    lab.put("notes/new.txt")

    panel.refresh()
    panel.wait()

    assert isinstance(panel.scan, CompleteScan)
    assert "notes/new.txt" in set(panel.state.objects.frame["path"])
    assert len(scans(out)) == 2


@pytest.mark.parametrize("where", ["one", "file", "file/below", "nosuch://a/b"])
def test_says_which_folder_it_cannot_use(
    lab: Laboratory, tmp_path: Path, where: str
) -> None:
    lab.scan(out=tmp_path / "one")
    (tmp_path / "file").write_text("mine")
    before = scans(tmp_path / "one")
    out = where if "://" in where else str(tmp_path / where)
    panel = GCPanel(lab.schema, out=out)
    panel.refresh()
    panel.wait()

    assert panel.state.message.startswith("Expected a folder")
    assert out in panel.state.message
    assert scans(tmp_path / "one") == before
    assert (tmp_path / "file").read_text() == "mine"


def test_says_what_ended_a_scan(lab: Laboratory, out: Path) -> None:
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    panel = GCPanel(lab.schema, out=out, executor=executor)
    panel.refresh()
    panel.wait()

    assert "cannot schedule new futures" in panel.state.message
    assert "Please report" not in panel.state.message
