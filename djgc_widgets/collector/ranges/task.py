"""Judge one range: what a worker does. Everything that it needs is in the dataset."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from multiprocessing import parent_process
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.collector.ranges.dataset import LISTED, RECORDED, Dataset, frame_of
from djgc_widgets.model import (
    FILES,
    FOLDERS,
    Notice,
    NoticeCode,
    StoreInfo,
)
from djgc_widgets.model import RECORDED as RECORDED_FRAME
from djgc_widgets.stores import LinkFollower
from djgc_widgets.verdict import (
    Reconciled,
    World,
    added_by_week,
    bytes_by_age,
    bytes_by_place,
    count_sections,
    locate,
    reconcile,
    stored_at_recorded_path,
    usage_by_attribute,
    withhold_orphans,
)

_FORMAT = 3
"""Changes whenever another verdict, or other columns, come of the same input."""
RESULTS = ("objects", "references", "trash", "files", "met")
"""Datasets of what was judged."""


@dataclass(frozen=True, slots=True)
class RangeTask:
    """What a worker is to do."""

    dataset: Dataset
    number: int
    n_rows: tuple[int, int]
    """How many files and recorded paths it has."""
    world: World
    """Its stores have the prefixes of former times as well."""
    stores: tuple[StoreInfo, ...]
    """The same stores as they are configured."""
    withheld: bool = False
    """Something could not be read, so nothing is called an orphan."""
    looked_up: tuple[tuple[str, str, str], ...] = ()
    """Store, path and state of what was missing, is stored by now, or could not be
    looked at."""

    @property
    def name(self) -> str:
        """How the files of the range are called."""
        return f"{self.number:05d}"


def judge_range(task: RangeTask) -> dict[str, Any]:
    """Judge a range, unless that was done with the same files and references.

    The result is what `finished` of the range says, and whether it was `reused`.
    """
    if parent_process() is not None:  # Arrow's own pools keep much of what is freed
        pa.set_memory_pool(pa.system_memory_pool())
    dataset = task.dataset
    n_files, n_recorded = task.n_rows
    told = [
        dataset.read_table(f"{LISTED}-in-ranges/{task.name}", n_files),
        _renumbered(
            dataset.read_table(f"{RECORDED}-in-ranges/{task.name}", n_recorded)
        ),
    ]
    digest = _digest(task, *told)
    finished = dataset.read_note(f"finished/{task.name}")
    if finished and finished["digest"] == digest:
        return {**finished, "reused": True}
    dataset.remove_note(f"finished/{task.name}")  # it vouches for what is there
    finished = {"digest": digest, **_judge(task, told)}
    dataset.write_note(f"finished/{task.name}", finished)  # the last one to be written
    return {**finished, "reused": False}


def _judge(task: RangeTask, told: list[pa.Table]) -> dict[str, Any]:
    # what is a frame need not be a table any more
    recorded, files = (
        schema.conform(frame_of(table)) if len(table) else schema.empty()
        for schema, table in ((RECORDED_FRAME, told.pop()), (FILES, told.pop()))
    )
    world, names = task.world, task.world.names
    follow = LinkFollower(names.all_stores).follow
    located = locate(files, recorded, names, follow)
    verdict = reconcile(files, FOLDERS.empty(), recorded, located.targets, world)
    verdict = _looked_up(verdict, task)
    if task.withheld:
        verdict = withhold_orphans(verdict)
    _write(task, files, verdict)
    objects, references = verdict.objects, verdict.references
    weeks = added_by_week(objects)
    sums = {
        "summary": verdict.summary,
        "totals": verdict.totals,
        "usage": usage_by_attribute(objects, references),
        "places": bytes_by_place(objects, references),
        "ages": bytes_by_age(objects, world.now),
        "weeks": weeks.assign(week=weeks["week"].dt.strftime("%Y-%m-%d")),
        "sections": count_sections(verdict, files, task.stores, world.scanned),
    }
    return {
        **{name: _records(frame) for name, frame in sums.items()},
        "elsewhere": _records(verdict.elsewhere),
        "n_objects": len(objects),
        "n_files": int(files["n_files"].sum()),
        "n_bytes": int(verdict.counted_bytes.sum()),
        "problems": [note_of(each) for each in located.problems],
        "warnings": [note_of(each) for each in located.warnings],
    }


def _looked_up(verdict: Reconciled, task: RangeTask) -> Reconciled:
    """Return the verdict with the states of what was looked for once more."""
    if not task.looked_up:
        return verdict
    references = verdict.references.copy()
    paths = pd.MultiIndex.from_frame(references[["store", "path"]])
    for state in sorted({state for *_, state in task.looked_up}):
        rows = [(store, path) for store, path, each in task.looked_up if each == state]
        references.loc[paths.isin(rows), "state"] = state
    return replace(verdict, references=references)


def _write(task: RangeTask, files: pd.DataFrame, verdict: Reconciled) -> None:
    dataset, name = task.dataset, task.name
    objects = verdict.objects.assign(
        row=np.arange(len(verdict.objects)), abandoned=verdict.abandoned
    )
    owner = verdict.object_of_file.to_numpy()
    status = objects["status"].reindex(owner).array
    met = stored_at_recorded_path(files, verdict.references, task.world.names)
    for kind, frame in zip(
        RESULTS,
        (
            objects,
            verdict.references.assign(store_known=verdict.store_known),
            verdict.trash,
            files.assign(object=owner, status=status),
            met,
        ),
        strict=True,
    ):
        dataset.write(f"{kind}/{name}", frame)


def _renumbered(recorded: pa.Table) -> pa.Table:
    """Give references numbers that those of other ranges have no say in."""
    if not len(recorded):
        return recorded
    at = recorded.schema.get_field_index("reference")
    encoded = pc.dictionary_encode(recorded["reference"].combine_chunks())
    return recorded.set_column(at, "reference", encoded.indices.cast(pa.int64()))


def _digest(task: RangeTask, *tables: pa.Table) -> str:
    """Return the digest of everything that the verdict on a range depends on."""
    digest = hashlib.blake2b(digest_size=20)
    given = canonical([_FORMAT, task.world, task.stores, task.withheld, task.looked_up])
    digest.update(repr(given).encode("utf-8", "surrogatepass"))
    for table in tables:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema.remove_metadata()) as stream:
            stream.write_table(table.replace_schema_metadata(None).combine_chunks())
        digest.update(sink.getvalue())
    return digest.hexdigest()


def canonical(value: object) -> object:
    """Return a value in an order that every process gives it."""
    if is_dataclass(value) and not isinstance(value, type):
        return [canonical(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, Mapping):
        return sorted((str(k), canonical(v)) for k, v in value.items())
    if isinstance(value, frozenset | set):
        return sorted(map(str, value))
    if isinstance(value, list | tuple):
        return [canonical(each) for each in value]
    return value


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(k): v for k, v in row.items()} for row in plain.to_dict("records")]


def note_of(notice: Notice) -> dict[str, Any]:
    """Return what a note can say of a notice."""
    values = {**notice.values}  # noqa: PD011 - of a notice, not of a frame
    for name, value in values.items():
        values[name] = value if isinstance(value, int | float | str) else str(value)
    return {"code": notice.code.value, "where": notice.where, "values": values}


def notice_of(record: Mapping[str, Any]) -> Notice:
    """Return the notice that was noted."""
    return Notice(NoticeCode(record["code"]), record["where"], record["values"])
