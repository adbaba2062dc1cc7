"""Bring back what sweeps moved."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress

import pandas as pd

from djgc_widgets.collector.clock import Clock
from djgc_widgets.collector.journal import Journal
from djgc_widgets.collector.lock import StoreLock
from djgc_widgets.collector.operation import (
    Operation,
    begin,
    skip_rest,
)
from djgc_widgets.collector.receipts import receipt_parts
from djgc_widgets.collector.steps import Steps
from djgc_widgets.model import (
    Cancelled,
    Detail,
    InputError,
    Notice,
    NoticeCode,
    Notices,
    ProgressCallback,
    Receipt,
    Step,
    SweepRefusedError,
    in_store,
    no_progress,
)
from djgc_widgets.stores import PinnedObject, Store


def restore_sweep(
    stores: Iterable[Store],
    sweep_id: str,
    paths: Collection[str] | None = None,
    *,
    clock: Clock,
    progress: ProgressCallback = no_progress,
) -> Receipt:
    """Bring back objects of a sweep, by default all that it moved in these stores."""
    operations = [
        restore({sweep_id: paths}, store, clock=clock, progress=progress)
        for store in stores
    ]
    return Receipt(sweep_id, *receipt_parts(operations))


def restore_returnable(
    trash: pd.DataFrame,
    stores: Iterable[Store],
    *,
    clock: Clock,
    progress: ProgressCallback,
) -> Receipt:
    """Bring back what is returnable of a frame of the trash schema.

    A journal that cannot be trusted stops no other; if all fail, `SweepRefusedError` is
    raised.
    """
    needed = trash[trash["returnable"]]
    operations: list[Operation] = []
    failures: list[Notice] = []
    for store in stores:
        here = needed[needed["store"].eq(store.info.name)]
        for sweep_id, paths in here.groupby("sweep_id")["path"]:
            wanted = {str(sweep_id): list(paths)}
            try:
                operation = restore(wanted, store, clock=clock, progress=progress)
            except (InputError, SweepRefusedError) as error:
                where = f"{in_store(store.info.name)}, sweep {sweep_id}"
                values = {"error": str(error)}
                failures.append(Notice(NoticeCode.COMMAND_FAILED, where, values))
            else:
                operations.append(operation)
    if failures and not operations:
        raise SweepRefusedError(" ".join(notice.message for notice in failures))
    rows, problems, freed = receipt_parts(operations)
    return Receipt("", rows, Notices([*problems, *failures]), freed)


def restore(
    wanted: Mapping[str, Collection[str] | None],
    store: Store,
    *,
    clock: Clock,
    progress: ProgressCallback = no_progress,
) -> Operation:
    """Bring back objects of several sweeps of one store; never overwrites.

    `wanted` has paths by sweep; None stands for all that it moved. A locked store or a
    journal that cannot be trusted is a `SweepRefusedError`, a path that the sweep did
    not move an `InputError`.
    """
    with StoreLock(store, "restore", clock=clock) as lock:
        operation = Operation(store, lock)
        objects = [
            pinned
            for sweep_id, paths in wanted.items()
            for pinned in _objects_to_restore(store, sweep_id, paths)
        ]
        end = begin(operation, "restoring", objects, clock())
        steps = Steps(Step.RESTORING, len(objects), progress)
        with suppress(Cancelled):  # the rows of the receipt say what was left alone
            operation.run(operation.from_trash, objects, steps)
        skip_rest([(operation, objects)])
        named = {sweep_id for sweep_id, paths in wanted.items() if paths is not None}
        operation.forget(
            lambda pinned, result: (
                result.detail is Detail.NOT_IN_TRASH and pinned.sweep_id not in named
            )
        )
        operation.record(end, clock(), wanted)
    return operation


def _objects_to_restore(
    store: Store, sweep_id: str, paths: Collection[str] | None
) -> list[PinnedObject]:
    planned = Journal(store, sweep_id).read_plan()
    if paths is None:
        return list(planned.objects)
    owners = planned.owners
    unknown = sorted(set(paths) - owners.keys())
    if unknown:
        raise InputError(
            f"Expected objects of sweep {sweep_id} in store {store.info.name}; got "
            f"{unknown[0]!r}, which it did not move. scan(...).trash lists them."
        )
    wanted = {owners[path].path: owners[path] for path in paths}
    return list(wanted.values())
