"""A plan that nobody looks at: only what was an orphan for long, and as is usual.

Each store remembers in its trash which orphans the scans of unattended sweeps saw.
"""

import hashlib
import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from djgc_widgets.collector.complete_scan import CompleteScan
from djgc_widgets.collector.lock import StoreLock
from djgc_widgets.collector.marker import write_marker
from djgc_widgets.collector.records import altered_record
from djgc_widgets.model import (
    SEEN_ORPHANS,
    TRASH_FOLDER,
    DoubtCode,
    InputError,
    SweepRefusedError,
    error_text,
    remedy_for,
)
from djgc_widgets.stores import Store
from djgc_widgets.verdict import (
    Brakes,
    Doubt,
    Selection,
    SweepPlan,
    large_tables,
    of_tables,
    rate_doubts,
    remember,
    seen_twice,
    standing_doubts,
)

SEEN_PATH = f"{TRASH_FOLDER}/seen-orphans"
"""A line with the format and the SHA-256 of what follows, which is Parquet."""

_FORMAT = b"djgc-seen 1"


@dataclass(frozen=True, slots=True)
class Held:
    """A table of a store that is left alone as a whole."""

    store: str
    table: str
    """With its schema."""
    doubt: Doubt


@dataclass(frozen=True, slots=True)
class Unattended:
    """What an unattended sweep takes, and what it leaves alone."""

    plan: SweepPlan
    """Of the rest."""
    waiting: pd.DataFrame
    """Orphans that no scan a day earlier saw: a frame of the objects schema."""
    held: tuple[Held, ...]
    held_objects: pd.DataFrame
    """Their orphans that are not waiting: a frame of the objects schema."""
    refused: Mapping[str, str]
    """Stores whose record cannot be read or written, and why."""


def plan_unattended(  # noqa: PLR0913 - each is one fact
    scan: CompleteScan,
    selection: Selection = None,
    *,
    stores: Collection[str],
    acknowledge: Collection[str] = frozenset(),
    brakes: Brakes | None = None,
    dry: bool = False,
) -> Unattended:
    """Plan to sweep what two scans a day apart called orphans, in some stores.

    Tables with their first orphans, with more than is usual or with a large share are
    left alone unless that is acknowledged.

    Parameters
    ----------
    scan : CompleteScan
        It is remembered in the trash of each store.
    selection : DataFrame, Series of bool or list of str, optional
        As for `CompleteScan.plan`: what may be taken; all orphans by default.
    stores : collection of str
        Stores that may be touched.
    acknowledge : collection of str
        Doubts that are lifted, those about a table by its name.
    brakes : Brakes, optional
        What is unusual.
    dry : bool
        Remember nothing: the stores are left as they are.

    Raises
    ------
    InputError
        If a schema is acknowledged to be abandoned: that needs a person.
    """
    brakes = brakes or Brakes()
    gone = [n for n in acknowledge if n.startswith(DoubtCode.ABANDONED_SCHEMA.value)]
    if gone:
        raise InputError(
            "Expected only doubts about orphans in an unattended sweep; got "
            f"{', '.join(sorted(gone))}. Sweep what is left of a schema by hand."
        )
    chosen = scan.plan(selection, acknowledge).objects
    chosen = chosen[chosen["store"].isin(list(stores))]
    ready = pd.Series(data=False, index=chosen.index)
    kept, held, refused = ready.copy(), [], {}
    for store in scan.opened_stores:
        name = store.info.name
        if name not in stores:
            continue
        try:
            seen = _remembered(store, scan, dry=dry)
        except SweepRefusedError as error:  # it stops no other store
            refused[name] = str(error)
            chosen = chosen[chosen["store"].ne(name)]
            ready, kept = ready[chosen.index], kept[chosen.index]
            continue
        here = chosen[chosen["store"].eq(name)]
        twice = seen_twice(seen, scan.started_at)
        ready[here.index] = here["path"].isin(twice["path"])
        due = here[ready[here.index]]
        taken = twice[twice["path"].isin(due["path"])]
        doubts = [
            *rate_doubts(name, seen, taken, brakes),
            *large_tables(due, scan.table_totals(name), brakes),
        ]
        standing = [
            (table, doubt)
            for table, doubt in doubts
            if standing_doubts([doubt], acknowledge)
        ]
        held += [Held(name, ".".join(filter(None, t)), d) for t, d in standing]
        kept[due.index] = of_tables(due, {table for table, _ in standing})
    return Unattended(
        scan.plan(chosen[ready & ~kept], acknowledge, brakes),
        chosen[~ready],
        tuple(held),
        chosen[ready & kept],
        refused,
    )


def _remembered(store: Store, scan: CompleteScan, *, dry: bool) -> pd.DataFrame:
    """Return what a store has seen, this scan included; write it down unless dry."""
    if dry:
        return _remember(store, scan)
    with StoreLock(store, "remember"):
        seen = _remember(store, scan)
        buffer = io.BytesIO()
        table = pa.Table.from_pandas(seen, preserve_index=False)
        pq.write_table(table, buffer, compression="zstd")
        rows = buffer.getvalue()
        try:
            write_marker(store)
            store.write(SEEN_PATH, b"%b %b\n%b" % (_FORMAT, _digest(rows), rows))
        except OSError as error:
            raise SweepRefusedError(
                f"{SEEN_PATH} of store {store.info.name} could not be written "
                f"({error_text(error)}), so nothing was moved. {remedy_for(error)}."
            ) from error
    return seen


def _remember(store: Store, scan: CompleteScan) -> pd.DataFrame:
    seen, name = _read(store), store.info.name
    every = scan.orphans
    orphans = every[every["store"].eq(name)]
    return remember(seen, scan.at_paths(name, seen["path"]), orphans, scan.started_at)


def _read(store: Store) -> pd.DataFrame:
    try:
        data = store.read(SEEN_PATH)
    except FileNotFoundError:
        return SEEN_ORPHANS.empty()
    except OSError as error:
        raise SweepRefusedError(
            f"{SEEN_PATH} of store {store.info.name} could not be read "
            f"({error_text(error)}), so nothing was moved. Check that the store "
            "answers."
        ) from error
    try:
        return _rows_of(data)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise altered_record(store, SEEN_PATH, error) from error


def _rows_of(data: bytes) -> pd.DataFrame:
    head, _, rows = data.partition(b"\n")
    if head != b"%b %b" % (_FORMAT, _digest(rows)):
        raise ValueError("its checksum does not match")
    return SEEN_ORPHANS.conform(pq.read_table(io.BytesIO(rows)).to_pandas())


def _digest(rows: bytes) -> bytes:
    return hashlib.sha256(rows).hexdigest().encode()
