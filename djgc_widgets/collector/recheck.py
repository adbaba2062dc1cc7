"""Which objects rows refer to now: read again whenever something moves."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import datajoint as dj
import pandas as pd

from djgc_widgets.model import (
    FILES,
    STR,
    FileKind,
    Notice,
    Notices,
    SchemaNames,
    Sight,
    Sighting,
    StoreNames,
    SweepRefusedError,
    no_progress,
    stacked,
)
from djgc_widgets.references import (
    PATIENCE,
    KnownPaths,
    Patience,
    ReferenceReading,
    read_references,
)
from djgc_widgets.stores import FileIdentity, LinkFollower, PinnedObject
from djgc_widgets.verdict import (
    RelatedRows,
    entered_objects,
    locate,
    mark,
    prepared_doubt,
    same_servers,
)

_SHOWN_PROBLEMS = 3


@dataclass(frozen=True, slots=True)
class Live:
    """What is live of some objects, and which schemas exist."""

    objects: frozenset[tuple[str, str]]
    """Store and path of objects that a row refers to, or into."""
    schemas: SchemaNames
    """Every schema on the servers."""
    servers: Sequence[Sighting]
    """How the servers looked."""


@dataclass(frozen=True, slots=True)
class Rechecker:
    """Reads the references of all servers again."""

    connections: Sequence[dj.Connection]
    """Every server whose rows may refer into the stores."""
    names: StoreNames
    """The scanned stores and how recorded names lead to them."""
    known: KnownPaths
    """Roots and sections of the stores."""
    judged: Sequence[str]
    """Schemas whose objects may be swept."""
    links: pd.DataFrame
    """The symbolic links that the scan listed: a frame of the files schema."""
    settled: Callable[[], pd.DataFrame]
    """Returns ``store`` and ``path`` of the references whose object the scan met at the
    recorded path."""
    servers: Sequence[Sighting]
    """How the servers looked at the scan."""
    sight: Sight
    """What the account saw at the scan."""
    prepared: Notices = field(default_factory=Notices)
    """Transactions that were prepared at the scan."""
    patience: Patience = PATIENCE
    """How long to wait for a server."""

    def live_among(
        self,
        pinned: Mapping[str, Iterable[PinnedObject]],
        acknowledged: Collection[str] = frozenset(),
        since: Live | None = None,
    ) -> Live:
        """Read which objects (by store) are live, as if each were in the store.

        If not everything that the scan read can be read, or a server is not in a state
        that follows that of the scan and of the reading `since`, `SweepRefusedError` is
        raised, and nothing may move. The same if transactions are prepared, unless that
        is `acknowledged`.
        """
        files, settled = _files_of_pinned(pinned), self.settled()
        listed = stacked([files, self.links])
        paths = pd.concat([listed["path"], files["object"]])
        related = RelatedRows(paths, settled, self.names)
        reading = read_references(
            self.connections, self.known, no_progress, self.patience, related
        )
        follow = LinkFollower(self.names.all_stores).follow
        located = locate(listed, reading.recorded, self.names, follow, settled)
        problems = [*reading.problems, *located.problems]
        servers = self.servers if since is None else since.servers
        self._expect_as_much(problems, reading, servers, acknowledged)
        live = live_objects(files, located.targets, self.names, settled)
        return Live(live, reading.names, tuple(reading.servers))

    def _expect_as_much(
        self,
        problems: Sequence[Notice],
        reading: ReferenceReading,
        servers: Sequence[Sighting],
        acknowledged: Collection[str],
    ) -> None:
        # rows of what is gone may just have been moved to where they were not seen
        every = [*problems, *reading.gone, *reading.hiding_any_of(self.judged)]
        if every:
            text = " ".join(str(problem) for problem in every[:_SHOWN_PROBLEMS])
            raise SweepRefusedError(
                "The references could not be read again, so nothing may be moved. "
                f"{text}"
            )
        if not same_servers(servers, reading.servers):
            named = ", ".join(f"{s.identifier} at {s.address}" for s in reading.servers)
            raise SweepRefusedError(
                "Another database server, or an older state of it, answers than the "
                f"one that was scanned ({named}), so nothing may be moved. Scan again."
            )
        prepared = prepared_doubt(reading.prepared)
        if prepared and prepared.name not in acknowledged:
            raise SweepRefusedError(f"Nothing may be moved. {prepared}")
        lost = reading.sight.lost_since(self.sight)
        if lost:
            raise SweepRefusedError(
                "The account no longer sees everything that it saw at the scan, so "
                f"nothing may be moved: {', '.join(lost)}. Scan again."
            )


def live_objects(
    files: pd.DataFrame, targets: pd.DataFrame, names: StoreNames, settled: pd.DataFrame
) -> frozenset[tuple[str, str]]:
    """Return store and path of the objects that a row refers to, or into.

    Parameters
    ----------
    files : DataFrame
        A frame of the files schema, with ``object``: the path of its object.
    targets : DataFrame
        Where recorded paths may be, from `locate`.
    names : StoreNames
        The scanned stores and how recorded names lead to them.
    settled : DataFrame
        ``store`` and ``path`` at which the scan met an object.
    """
    marked = mark(files[FILES.column_names], targets, names, settled)
    covered = files[marked.coverage.reference >= 0]
    objects = files[["store", "object"]].drop_duplicates()
    # a row may refer to something in a folder that the plan does not know of
    entered = entered_objects(marked, objects.rename(columns={"object": "path"}))
    return frozenset(
        (
            *zip(covered["store"], covered["object"], strict=True),
            *zip(entered["store"], entered["path"], strict=True),
        )
    )


def _files_of_pinned(pinned: Mapping[str, Iterable[PinnedObject]]) -> pd.DataFrame:
    rows = [
        (store, path, *pin, each.path)
        for store, objects in pinned.items()
        for each in objects
        for path, pin in each.files.items()
    ]
    names = ["store", "path", *FileIdentity._fields, "object"]
    frame = pd.DataFrame(rows, columns=names)
    frame = frame.assign(n_files=1, changed_ns=0, device=0, kind=FileKind.FILE.value)
    return FILES.conform(frame).assign(object=frame["object"].astype(STR))
