"""The frames of a scan, of all that is stored; here of one in memory."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import pandas as pd

from djgc_widgets.model import InputError
from djgc_widgets.verdict import (
    Reconciled,
    added_by_week,
    bytes_by_age,
    bytes_by_place,
    growth_of,
    usage_by_attribute,
)


class Frames(Protocol):
    """The frames of a scan, of all that is stored, in memory or not."""

    def objects(self) -> pd.DataFrame:
        """Return every object: a frame of the objects schema."""

    def references(self) -> pd.DataFrame:
        """Return every recorded path: a frame of the references schema."""

    def files(self) -> pd.DataFrame:
        """Return every file, and in ``object`` the label of its object, or -1."""

    def objects_at(self, store: str, paths: pd.Series) -> pd.DataFrame:
        """Return the objects at paths of a store: a frame of the objects schema."""

    def files_of(self, store: str, path: str) -> pd.DataFrame:
        """Return the files of an object that is not in memory: a frame of files."""

    def usage(self) -> pd.DataFrame:
        """Return a frame of the usage schema."""

    def places(self) -> pd.DataFrame:
        """Return a frame of the places schema."""

    def ages(self) -> pd.DataFrame:
        """Return a frame of the ages schema."""

    def growth(self) -> pd.DataFrame:
        """Return a frame of the growth schema."""


@dataclass(frozen=True, slots=True)
class FramesInMemory:
    """The frames of a verdict on all that is stored."""

    verdict: Reconciled
    listed: pd.DataFrame
    """A frame of the files schema."""
    now: datetime
    """Aware time to which ages are counted."""

    def objects(self) -> pd.DataFrame:
        """Return every object."""
        return self.verdict.objects

    def references(self) -> pd.DataFrame:
        """Return every recorded path."""
        return self.verdict.references

    def files(self) -> pd.DataFrame:
        """Return every file and the label of its object."""
        return self.listed.assign(object=self.verdict.object_of_file.to_numpy())

    def objects_at(self, store: str, paths: pd.Series) -> pd.DataFrame:
        """Return the objects of a store at these paths."""
        objects = self.verdict.objects
        return objects[objects["store"].eq(store) & objects["path"].isin(paths)]

    def files_of(self, store: str, path: str) -> pd.DataFrame:
        """Raise `InputError`: all objects are in memory."""
        raise no_such_object(store, path)

    def usage(self) -> pd.DataFrame:
        """Add up per store column."""
        return usage_by_attribute(self.verdict.objects, self.verdict.references)

    def places(self) -> pd.DataFrame:
        """Add up per place."""
        return bytes_by_place(self.verdict.objects, self.verdict.references)

    def ages(self) -> pd.DataFrame:
        """Add up per age."""
        return bytes_by_age(self.verdict.objects, self.now)

    def growth(self) -> pd.DataFrame:
        """Add up per week."""
        return growth_of([added_by_week(self.verdict.objects)])


def no_such_object(store: str, path: str) -> InputError:
    """Return the error that a scan has no object of this name."""
    return InputError(
        f"Expected an object of this scan; got {path!r} in store {store!r}."
    )
