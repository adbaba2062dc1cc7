"""The frames of a scan in ranges: what is live is read when somebody asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds

from djgc_widgets.collector.ranges.dataset import Dataset
from djgc_widgets.collector.scan_frames import no_such_object
from djgc_widgets.model import (
    AGES,
    FILES,
    OBJECTS,
    PLACES,
    REFERENCES,
    SUMMARY,
    TRASH,
    USAGE,
    FrameSchema,
    State,
    Status,
    stacked,
)
from djgc_widgets.verdict import (
    WEEKS,
    Reconciled,
    add_places,
    add_up,
    add_usage,
    growth_of,
)

_ROW = ["schema", "table", "attribute", "row_key"]
_ELSEWHERE = ["named_store", "store", "path"]
_TOTALS = ["store", "schema", "table", "n_objects", "size_bytes"]
_SECTIONS = ["store", "section", "n_listed", "n_references", "n_missing"]
_NOT_LIVE = (ds.field("status") != Status.LIVE.value) | ds.field("status").is_null()
_NOT_PRESENT = ds.field("state") != State.PRESENT.value


@dataclass(frozen=True)
class FramesOfRanges:
    """The frames of ranges that were judged."""

    dataset: Dataset
    ranges: Mapping[str, Mapping[str, Any]]
    """For the name of each range what it says when it is finished."""
    several: pd.DataFrame
    """The rows that record several paths: ``schema``, ``table``, ``attribute`` and
    ``row_key``."""

    def objects(self) -> pd.DataFrame:
        """Return every object."""
        return OBJECTS.conform(self._read("objects", OBJECTS))

    def references(self) -> pd.DataFrame:
        """Return every recorded path."""
        return REFERENCES.conform(self._read("references", REFERENCES))

    def files(self) -> pd.DataFrame:
        """Return every file and the label of its object."""
        files = self._files(None)
        return FILES.conform(files).assign(object=files["object"].to_numpy())

    def objects_at(self, store: str, paths: pd.Series) -> pd.DataFrame:
        """Return the objects of a store at these paths."""
        here = ds.field("store") == store
        at = here & ds.field("path").isin(pa.array(paths.drop_duplicates()))
        return OBJECTS.conform(self._read("objects", OBJECTS, at))

    def files_of(self, store: str, path: str) -> pd.DataFrame:
        """Return the files of an object."""
        at = (ds.field("store") == store) & (ds.field("path") == path)
        for name in self.ranges:
            found = self.dataset.read(f"objects/{name}", at)
            if len(found):
                own = ds.field("object") == int(found["row"].iloc[0])
                return FILES.conform(self.dataset.read(f"files/{name}", own))
        raise no_such_object(store, path)

    def usage(self) -> pd.DataFrame:
        """Add up per store column."""
        usage = add_usage(self._sums("usage", USAGE))
        columns = ["store", "schema", "table", "attribute", "codec"]
        parts = [
            read.merge(self.several, on=_ROW)[[*columns, "row_key"]].drop_duplicates()
            for name in self.ranges
            if len(self.several)
            for read in [self.dataset.read(f"references/{name}")]
        ]
        if parts:
            counted = stacked(parts)
            twice = counted[counted.duplicated()].groupby(columns).size()
            at = pd.MultiIndex.from_frame(usage[columns])
            usage["n_rows"] -= twice.reindex(at, fill_value=0).to_numpy()
        return usage

    def places(self) -> pd.DataFrame:
        """Add up per place."""
        return add_places(self._sums("places", PLACES))

    def ages(self) -> pd.DataFrame:
        """Add up per age."""
        return AGES.conform(add_up(self._sums("ages", AGES), ["age", "status"]))

    def growth(self) -> pd.DataFrame:
        """Add up per week."""
        weeks = self._records("weeks", WEEKS)
        return growth_of(
            [each.assign(week=pd.to_datetime(each["week"], utc=True)) for each in weeks]
        )

    def sections(self) -> pd.DataFrame:
        """Add up what was listed of each section, and what rows refer to there."""
        return add_up(self._records("sections", _SECTIONS), _SECTIONS[:2])

    def settled(self) -> pd.DataFrame:
        """Return ``store`` and ``path`` at which an object was met."""
        met = [self.dataset.read(f"met/{name}") for name in self.ranges]
        return stacked(met).drop_duplicates(ignore_index=True)

    def verdict(self) -> Reconciled:
        """Return what is not live, what is missing, and the sums of all."""
        objects = self._read("objects", OBJECTS, _NOT_LIVE)
        labels = objects["row"].to_numpy() + self._offsets(objects)
        abandoned = pd.Series(objects["abandoned"].to_numpy(dtype=bool), index=labels)
        references = self._read("references", REFERENCES, _NOT_PRESENT)
        files = self._files(_NOT_LIVE)
        return Reconciled(
            OBJECTS.conform(objects).set_index(labels),
            REFERENCES.conform(references),
            TRASH.conform(self._read("trash", TRASH)),
            SUMMARY.conform(
                add_up(self._sums("summary", SUMMARY), ["store", "status"])
            ),
            add_up(self._records("totals", _TOTALS), _TOTALS[:3]),
            files["object"],
            files["size_bytes"],
            abandoned,
            references["store_known"].astype(bool),
            stacked(self._records("elsewhere", _ELSEWHERE)),
        )

    def files_not_live(self) -> pd.DataFrame:
        """Return the files of what is not live, and of the trash."""
        files = self._files(_NOT_LIVE)
        return FILES.conform(files).set_index(files.index)

    def total(self, name: str) -> int:
        """Return the sum of a number of all ranges."""
        return sum(int(each[name]) for each in self.ranges.values())

    def _files(self, where: ds.Expression | None) -> pd.DataFrame:
        files = self._read("files", FILES, where)
        labels = files["object"].to_numpy() + self._offsets(files)
        return files.assign(object=np.where(files["object"] < 0, -1, labels))

    def _read(
        self, kind: str, schema: FrameSchema, where: ds.Expression | None = None
    ) -> pd.DataFrame:
        """Return rows of all ranges, with the number of their range."""
        parts = [
            self.dataset.read(f"{kind}/{name}", where).assign(range=number)
            for number, name in enumerate(self.ranges)
        ]
        return stacked(parts) if parts else schema.empty()

    def _offsets(self, rows: pd.DataFrame) -> npt.NDArray[np.int64]:
        """Return per row how many objects the ranges before its own have."""
        counts = [int(each["n_objects"]) for each in self.ranges.values()]
        before: npt.NDArray[np.int64] = np.cumsum([0, *counts], dtype=np.int64)
        return np.take(before, rows["range"].to_numpy(dtype=np.int64))

    def _sums(self, name: str, schema: FrameSchema) -> list[pd.DataFrame]:
        return [*map(schema.conform, self._records(name, schema.column_names))]

    def _records(self, name: str, columns: list[str]) -> list[pd.DataFrame]:
        """Return a frame of each range."""
        return [
            pd.DataFrame(each[name], columns=columns) for each in self.ranges.values()
        ]
