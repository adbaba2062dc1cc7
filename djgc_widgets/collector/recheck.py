"""Which objects rows refer to at this moment: asked whenever something moves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import datajoint as dj
import pandas as pd

from djgc_widgets.model import (
    FILES,
    Notice,
    Sight,
    StoreNames,
    SweepRefusedError,
    no_progress,
)
from djgc_widgets.references import Places, ReferenceReading, read_references
from djgc_widgets.stores import Follower, Parcel
from djgc_widgets.verdict import entered_objects, locate, mark

Key = tuple[str, str]
"""Store and path of an object."""


@dataclass(frozen=True, slots=True)
class Live:
    """What was read: the live ones among the objects, and whose rows were read.

    Parameters
    ----------
    objects : frozenset of (str, str)
        Store and path of objects that a row refers to, or into.
    schemas : frozenset of str
        Every schema on the servers.
    """

    objects: frozenset[Key]
    schemas: frozenset[str]


@dataclass(frozen=True, slots=True)
class LiveReader:
    """Reads the references of all servers again.

    Parameters
    ----------
    connections : sequence of datajoint.Connection
        Every server whose rows may refer into the stores.
    names : StoreNames
        The scanned stores and how recorded names lead to them.
    places : Places
        Roots and sections of the stores.
    judged : sequence of str
        Schemas whose objects may be swept.
    links : DataFrame
        A frame of the files schema: the symbolic links that the scan listed.
    settled : DataFrame
        ``store`` and ``path`` of the references that the scan found in their place.
    servers : mapping of str to str
        Identifiers and addresses of the servers, as the scan found them.
    sight : Sight
        What the account saw at the scan.
    """

    connections: Sequence[dj.Connection]
    names: StoreNames
    places: Places
    judged: Sequence[str]
    links: pd.DataFrame
    settled: pd.DataFrame
    servers: Mapping[str, str]
    sight: Sight

    def live_among(self, parcels: Mapping[str, Iterable[Parcel]]) -> Live:
        """Read which objects are live, as if each were at its place.

        Parameters
        ----------
        parcels : mapping of str to iterable of Parcel
            Objects by store.

        Raises
        ------
        SweepRefusedError
            If not everything that the scan read can be read; then nothing may move.
        """
        files = _files(parcels)
        reading = read_references(self.connections, self.places, no_progress)
        listed = pd.concat([files, self.links], ignore_index=True)
        follow = Follower((*self.names.stores, *self.names.elsewhere)).places
        located = locate(listed, reading.recorded, self.names, follow, self.settled)
        self._expect_as_much([*reading.problems, *located.problems], reading)
        marked = mark(files[FILES.names], located.targets, self.names)
        met = files[marked.coverage.reference >= 0]
        objects = files[["store", "object"]].drop_duplicates()
        # a row may refer to something in a folder that the plan does not know of
        entered = entered_objects(marked, objects.rename(columns={"object": "path"}))
        keys = {
            *zip(met["store"], met["object"], strict=True),
            *zip(entered["store"], entered["path"], strict=True),
        }
        return Live(frozenset(keys), frozenset(reading.schemas))

    def _expect_as_much(
        self, problems: Sequence[Notice], reading: ReferenceReading
    ) -> None:
        found = [*problems, *reading.hiding_any_of(self.judged)]
        if found:
            told = " ".join(str(problem) for problem in found[:3])
            raise SweepRefusedError(
                "The references could not be read again, so nothing may be moved. "
                f"{told}"
            )
        if dict(reading.servers) != dict(self.servers):
            raise SweepRefusedError(
                "Another database server answers than the one that was scanned "
                f"({', '.join(sorted(reading.servers))}), so nothing may be moved. "
                "Scan again."
            )
        lost = reading.sight.lost_since(self.sight)
        if lost:
            raise SweepRefusedError(
                "The account no longer sees everything that it saw at the scan, so "
                f"nothing may be moved: {', '.join(lost)}. Scan again."
            )


def _files(parcels: Mapping[str, Iterable[Parcel]]) -> pd.DataFrame:
    rows = [
        (store, path, *pin, "file", parcel.path)
        for store, here in parcels.items()
        for parcel in here
        for path, pin in parcel.files.items()
    ]
    names = [*FILES.names, "object"]
    frame = pd.DataFrame(rows, columns=names)
    return FILES.conform(frame).assign(object=frame["object"].astype("str"))
