"""Abort uploads that nobody finished: a plan that is a value, a journal, a receipt.

No row can refer to what was never finished, so no references are read. What has to be
sure is that nobody still works on it: the age of an upload is that of its latest part,
by the store's clock, and is asked for again just before it is aborted.
"""

import secrets
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from markupsafe import Markup

from djgc_widgets.collector.clock import Clock
from djgc_widgets.collector.journal import account_name, host_name
from djgc_widgets.collector.lock import StoreLock
from djgc_widgets.collector.marker import write_marker
from djgc_widgets.collector.records import seal
from djgc_widgets.model import (
    FREED,
    HIDDEN,
    RECEIPT,
    TRASH_FOLDER,
    Cancelled,
    Detail,
    Heading,
    HiddenKind,
    InputError,
    Notice,
    NoticeCode,
    Notices,
    Outcome,
    Progress,
    ProgressCallback,
    Receipt,
    Step,
    SweepRefusedError,
    Undo,
    error_text,
    html_table,
    in_store,
    json_rows,
    no_progress,
    plural,
    readable_bytes,
    readable_minimum_age,
    remedy_for,
    safe,
)
from djgc_widgets.stores import Result, Store, UploadStore, failed_result
from djgc_widgets.verdict import VALIDITY

_YOUNGEST = timedelta(days=1)
"""No younger upload is aborted, whatever minimum age a scan was told."""
_AT_ONCE = 32
_KEY = ["store", "path", "version"]
_CANCELED = Result(Outcome.SKIPPED, Detail.CANCELED)


@dataclass(frozen=True, slots=True, repr=False)
class UploadPlan:
    """Which unfinished uploads would be aborted. Nothing undoes that.

    Examples
    --------
    >>> from djgc_widgets import open_lab, scan
    >>> with open_lab() as lab:
    ...     plan = scan(lab.schema).plan_uploads()
    >>> plan  # the stores of this lab are folders, which have none
    UploadPlan: 0 unfinished uploads (0 B)
    """

    uploads: pd.DataFrame
    """A frame of the hidden schema: what was selected."""
    created_at: datetime
    expires_at: datetime
    """Aware UTC time until which the plan may be carried out."""
    minimum_age: timedelta
    """Uploads with a younger part are left alone, by the store's clock."""
    _carry_out: Callable[["UploadPlan", ProgressCallback], Receipt] = field(
        compare=False
    )

    @property
    def size_bytes(self) -> int:
        """Bytes of the parts of all selected uploads."""
        return int(self.uploads["size_bytes"].sum())

    def abort(self, progress: ProgressCallback = no_progress) -> Receipt:
        """Abort the uploads of the plan, and nothing else: their parts are deleted.

        Parameters
        ----------
        progress : callable, optional
            Called now and then; may raise `Cancelled` to leave the rest alone.

        Returns
        -------
        Receipt
            One row per upload: purged, skipped or failed, and why.

        Raises
        ------
        SweepRefusedError
            If the plan has expired, a store is locked, or the journal cannot be
            written; nothing was aborted then in that store.
        """
        return self._carry_out(self, progress)

    def __repr__(self) -> str:
        n_uploads = plural(len(self.uploads), "unfinished upload")
        return f"{type(self).__name__}: {n_uploads} ({readable_bytes(self.size_bytes)})"

    def _repr_html_(self) -> str:
        headings = [
            *(Heading("Store"), Heading("Path"), Heading("Size", number=True)),
            Heading("Latest part"),
        ]
        rows = [
            (
                *(row["store"], row["path"], readable_bytes(row["size_bytes"])),
                f"{row['written_at']:%Y-%m-%d}",
            )
            for row in self.uploads.to_dict("records")
        ]
        title = Markup("<p><b>{}</b></p>").format(safe(repr(self)))
        return title + html_table(headings, rows)


def select_uploads(
    hidden: pd.DataFrame, selection: pd.DataFrame | None, now: datetime, age: timedelta
) -> pd.DataFrame:
    """Return the selected uploads; by default all that are old enough.

    Raises
    ------
    InputError
        If anything else is selected.
    """
    uploads = hidden[hidden["kind"].eq(HiddenKind.UPLOAD.value)]
    uploads = uploads[uploads["size_bytes"].notna()]  # its parts could be listed
    old = uploads[uploads["written_at"] <= now - age]
    if selection is None:
        return HIDDEN.conform(old)
    HIDDEN.expect(selection, *_KEY)
    wanted = pd.MultiIndex.from_frame(selection[_KEY]).unique()
    wrong = wanted.difference(pd.MultiIndex.from_frame(old[_KEY]))
    if len(wrong):
        store, path, _ = wrong[0]
        raise InputError(
            f"Expected unfinished uploads of this scan whose latest part is older than "
            f"{readable_minimum_age(age)}; got {len(wrong)} others, the first "
            f"{path!r} in store {store}. Take them out of the selection."
        )
    chosen = pd.MultiIndex.from_frame(old[_KEY]).isin(wanted)
    return HIDDEN.conform(old[chosen])


def plan_uploads(
    hidden: pd.DataFrame,
    selection: pd.DataFrame | None,
    minimum_age: timedelta,
    stores: Sequence[Store],
    clock: Clock,
) -> UploadPlan:
    """Pin the selected uploads."""
    now, age = clock(), max(minimum_age, _YOUNGEST)
    return UploadPlan(
        select_uploads(hidden, selection, now, age),
        now,
        now + VALIDITY,
        age,
        lambda plan, progress: _abort(plan, stores, clock, progress),
    )


def _abort(
    plan: UploadPlan, stores: Iterable[Store], clock: Clock, progress: ProgressCallback
) -> Receipt:
    now = clock()
    if not plan.created_at <= now <= plan.expires_at:
        raise SweepRefusedError(
            f"The plan has expired: it was valid from {plan.created_at} to "
            f"{plan.expires_at}. Scan again and make a new plan."
        )
    name = f"uploads-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
    wanted = {str(at): uploads for at, uploads in plan.uploads.groupby("store")}
    rows, problems, canceled = list[tuple[Any, ...]](), list[Notice](), False
    with ExitStack() as locks:
        work = []
        # in one order, so that two of them cannot wait for each other
        for store in sorted(stores, key=lambda each: each.info.address):
            if isinstance(store, UploadStore) and store.info.name in wanted:
                lock = locks.enter_context(
                    StoreLock(store, "abort uploads", clock=clock)
                )
                before = lock.store_time() - plan.minimum_age
                work.append((store, lock, before, wanted[store.info.name]))
        for store, *_, uploads in work:
            _write_plan(store, name, now, uploads)
        for store, lock, before, uploads in work:
            results = list[Result]()
            try:
                if not canceled:
                    for result in _results(store, lock, before, uploads, progress):
                        results.append(result)
            except Cancelled:
                canceled = True
            results += [_CANCELED] * (len(uploads) - len(results))
            own = list(map(_row, uploads.to_dict("records"), results))
            problems += _write_results(store, name, clock(), own)
            rows += own
    table = RECEIPT.conform(pd.DataFrame(rows, columns=RECEIPT.column_names))
    return Receipt("", table, Notices(problems), _freed(table))


def _row(upload: dict[Hashable, Any], result: Result) -> tuple[Any, ...]:
    """Return a row of the receipt schema."""
    return (
        *(upload["store"], "", upload["path"], 0, upload["size_bytes"]),
        *(result.outcome.value, result.detail and result.detail.value),
        *(result.text, result.in_doubt),
    )


def _results(
    store: UploadStore,
    lock: StoreLock,
    before: datetime,
    uploads: pd.DataFrame,
    progress: ProgressCallback,
) -> Iterator[Result]:
    """Yield what became of each upload; some are aborted at once."""

    def aborted(upload: tuple[str, str]) -> Result:
        try:
            return store.abort_upload(*upload, before)
        except OSError as error:
            return failed_result(error)

    left = list(uploads[["path", "version"]].itertuples(index=False, name=None))
    total = len(left)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while left:
            progress(Progress(Step.PURGING, total - len(left), total))
            if lost := lock.lost():
                yield from [lost] * len(left)
                return
            batch, left = left[:_AT_ONCE], left[_AT_ONCE:]
            yield from list(pool.map(aborted, batch))


def _write_plan(
    store: UploadStore, name: str, now: datetime, uploads: pd.DataFrame
) -> None:
    record = {
        "created_at": now.isoformat(),
        "account": account_name(),
        "host": host_name(),
        "uploads": json_rows(uploads),
    }
    try:
        write_marker(store)
        store.write(f"{TRASH_FOLDER}/{name}.json", seal(record))
    except OSError as error:
        raise SweepRefusedError(
            f"Nothing was aborted in store {store.info.name}, because the journal "
            f"could not be written ({error_text(error)}). {remedy_for(error)}."
        ) from error


def _write_results(
    store: UploadStore, name: str, now: datetime, rows: Sequence[tuple[Any, ...]]
) -> list[Notice]:
    """Write what was done; what was done is done, so a failure is a notice."""
    told = pd.DataFrame(rows, columns=RECEIPT.column_names)
    record = {"written_at": now.isoformat(), "uploads": json_rows(told)}
    try:
        store.write(f"{TRASH_FOLDER}/{name}-aborted.json", seal(record))
    except OSError as error:
        values = {"record": f"{name}-aborted", "error": error_text(error)}
        where = in_store(store.info.name)
        return [Notice(NoticeCode.RECORD_UNWRITTEN, where, values)]
    return []


def _freed(rows: pd.DataFrame) -> pd.DataFrame:
    gone = rows[rows["outcome"].eq(Outcome.PURGED.value)]
    sizes = gone.groupby("store")["size_bytes"].sum()
    freed = [
        (store, size, 0, 0, Undo.NOTHING.value, None) for store, size in sizes.items()
    ]
    return FREED.conform(pd.DataFrame(freed, columns=FREED.column_names))
