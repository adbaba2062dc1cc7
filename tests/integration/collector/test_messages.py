"""Nothing is decided on words: with other words, the same things happen."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from laboratory import (
    ACKNOWLEDGED,
    AT_ONCE,
    HASH,
    Laboratory,
    complete,
    planned,
    with_folders,
)

from djgc_widgets import Progress, Receipt, SweepRefusedError, Trash
from djgc_widgets.lab.server import EmbeddedServer
from djgc_widgets.model import doubt_messages, messages, notices
from djgc_widgets.panel import worker
from djgc_widgets.panel.state import PanelState
from djgc_widgets.stores.file.folder import OpenPath, StoreFolder

NEVER = timedelta(0)
_VARYING = {
    r"lab_[0-9a-f]{12}": "SCHEMA",
    r"data_[\w-]{8}": "data_TOKEN",
    r"\d{8}T\d{6,12}Z(-[0-9a-f]{8})?": "TIME",
}


def reworded(template: Any) -> Any:
    """Reverse the text between placeholders, and add a full stop."""
    if isinstance(template, tuple):
        return tuple(map(reworded, template))
    parts = re.split(r"(\{[^}]*\})", template)
    return "".join(p if p.startswith("{") else p[::-1] for p in parts) + "."


@contextmanager
def other_words() -> Iterator[None]:
    """Reword every template, and every label of a code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(messages, "IN_DOUBT", reworded(messages.IN_DOUBT))
        for module in (messages, doubt_messages, notices, worker):
            for name, templates in vars(module).items():
                if name.isupper() and isinstance(templates, dict):
                    for code, template in templates.items():
                        patch.setitem(templates, code, reworded(template))
        yield


@dataclass
class Run:
    """What happens in one laboratory, without what differs from one to the next."""

    lab: Laboratory
    facts: list[Any] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def same(self, path: str) -> str:
        for pattern, name in _VARYING.items():
            path = re.sub(pattern, name, path)
        return path

    def note(self, what: str, *facts: object) -> None:
        files = self.lab.contents().items()
        stored = sorted((self.same(p), c if "_hash/" in p else b"") for p, c in files)
        self.facts.append((what, *facts, stored))

    def note_receipt(self, what: str, receipt: Receipt) -> None:
        columns = ["path", "outcome", "detail_code", "in_doubt"]
        rows = receipt.rows[columns].fillna("").itertuples(index=False, name=None)
        same = sorted((self.same(path), *codes) for path, *codes in rows)
        self.note(what, same, [problem.code for problem in receipt.problems])
        self.texts += [*receipt.rows["detail"], receipt.headline()]

    def note_scan(self, what: str) -> Any:
        result = self.lab.scan()
        columns = ["path", "status", "reason_code"]
        rows = result.objects[columns].fillna("").itertuples(index=False, name=None)
        same = sorted((self.same(path), *codes) for path, *codes in rows)
        every = [*result.problems, *result.warnings]
        interrupted, missing = len(result.interrupted), len(result.missing)
        codes = [notice.code for notice in every]
        self.note(what, type(result), same, codes, interrupted, missing)
        self.texts += [*map(str, every), *result.objects["reason"].dropna()]
        return result

    def note_plan(self, what: str, plan: Any) -> None:
        names = [doubt.name for doubt in plan.doubts]
        self.note(what, names, [doubt.name for doubt in plan.refusals], plan.allowed)
        self.texts += map(str, plan.doubts)

    def note_refused(self, what: str, command: Any) -> None:
        with pytest.raises(SweepRefusedError) as refused:
            command()
        self.note(what)
        self.texts.append(str(refused.value))


class Failing(StoreFolder):
    """Moves a folder, fails at its manifest, and fails to move the folder back."""

    failures = 2

    def move(self, source: str, target: str, *starts: OpenPath) -> None:
        undoing = source.startswith("_trash/") or source.endswith(".manifest.json")
        if undoing and self.failures:
            self.failures -= 1
            raise OSError(errno.EIO, "no answer")
        super().move(source, target, *starts)


class Interrupted(StoreFolder):
    """Ends with the first move."""

    def move(self, source: str, target: str, *starts: OpenPath) -> None:
        super().move(source, target, *starts)
        raise KeyboardInterrupt


def fill(lab: Laboratory) -> None:
    """Store six hashes, four of them garbage, and a folder that is garbage."""
    hashes = lab.declare(HASH)
    hashes.insert({"id": key, "data": b"%d" % key} for key in range(6))
    (hashes & "id < 4").delete()
    folders = lab.declare("id : int32\n---\ndata : <object@raw>\n", "Folder")
    source = lab.folder / "source"
    source.mkdir()
    (source / "chunk").touch()
    folders.insert1({"id": 0, "data": source})
    folders.delete()
    lab.age()


def refer_to(lab: Laboratory, path: str) -> None:
    table = "folder" if path.startswith("_schema") else "recording"
    lab.write_row(table, 9, {"path": path, "store": "raw", "hash": path[-26:]})


def forget(lab: Laboratory, table: str) -> None:
    lab.connection.query(f"DELETE FROM {lab.quote(lab.name, table)} WHERE id = 9")


def act(run: Run) -> None:
    """Do everything that the collector does, and most of what may go wrong."""
    lab, trash = run.lab, Trash(run.lab.schema, "raw")
    fill(lab)
    result = run.note_scan("scan")
    lab.write_row("recording", 9, {})
    run.note_scan("incomplete scan")
    forget(lab, "recording")
    plan = result.plan()
    run.note_plan("plan", plan)
    run.note_refused("sweep in doubt", plan.sweep)

    plan = planned(result)
    folder = next(p for p in plan.objects["path"] if p.startswith("_schema"))
    revived, changed, *_ = sorted(p for p in plan.objects["path"] if p != folder)
    lab.put(changed, data=b"changed")

    def become_live(progress: Progress) -> None:
        if progress.done == 0:
            refer_to(lab, revived)
            refer_to(lab, folder)

    receipt = with_folders(plan, result, Failing).sweep(become_live)
    run.note_receipt("sweep", receipt)
    run.note_receipt("restore", receipt.restore())
    forget(lab, "recording")
    forget(lab, "folder")
    lab.age()

    result = complete(lab)
    with pytest.raises(KeyboardInterrupt):
        with_folders(planned(result, [folder]), result, Interrupted).sweep()
    run.note("interrupted", sorted(trash.sweeps["state"]))
    run.note_plan(
        "plan in between",
        run.note_scan("scan in between").plan(acknowledge=ACKNOWLEDGED),
    )
    run.note_refused("purge in between", lambda: trash.purge(NEVER, AT_ONCE))
    run.note_receipt("recover", trash.recover())

    planned(complete(lab)).sweep()
    refer_to(lab, revived)
    run.note_receipt("heal", run.note_scan("scan of what is needed").heal())
    run.note_receipt("purge", trash.purge(NEVER, AT_ONCE))
    forget(lab, "recording")
    act_in_panel(run)


def act_in_panel(run: Run) -> None:
    state = PanelState(run.lab.schema)

    def note(what: str) -> None:
        state.wait()
        run.note(what, state.activity, bool(state.message), state.can_sweep)

    state.start_scan()
    note("panel: scan")
    state.objects.tick_filtered()
    state.make_plan()
    note("panel: plan")
    run.note_plan("panel: doubts", state.plan)
    state.sweep(state.confirmation())
    note("panel: sweep in doubt")
    run.texts.append(state.message)
    for doubt in state.plan.doubts:
        state.acknowledge(doubt.name, lifted=True)
    run.note_plan("panel: acknowledged", state.plan)
    state.sweep(state.confirmation())
    note("panel: sweep")
    run.note_receipt("panel: swept", state.receipt)
    state.undo()
    note("panel: undo")
    run.note_receipt("panel: undone", state.receipt)
    state.close()


def test_nothing_is_decided_on_words(
    postgresql: EmbeddedServer, tmp_path: Path
) -> None:
    runs = []
    for name in ("plain", "reworded"):
        folder = tmp_path / name
        folder.mkdir()
        with Laboratory.on(postgresql, "postgresql", folder) as lab:
            runs.append(Run(lab))
            if name == "plain":
                act(runs[-1])
            else:
                with other_words():
                    act(runs[-1])
    plain, other = runs

    for expected, fact in zip(plain.facts, other.facts, strict=True):
        assert fact == expected
    for text, altered in zip(plain.texts, other.texts, strict=True):
        assert not text or plain.same(text) != other.same(altered)
