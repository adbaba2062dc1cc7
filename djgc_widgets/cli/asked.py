"""What commands have in common: they connect, scan, and touch what is confirmed."""

import sys
from argparse import Namespace
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import datajoint as dj
from datajoint.errors import DataJointError
from tqdm import tqdm

from djgc_widgets.analysis import History
from djgc_widgets.cli.terminal import is_terminal
from djgc_widgets.collector import (
    CompleteScan,
    IncompleteScan,
    new_folder,
    scan,
    utc_now,
)
from djgc_widgets.model import (
    MINIMUM_AGE,
    InputError,
    Progress,
    ProgressCallback,
    error_text,
    no_progress,
    visible,
)
from djgc_widgets.references import errors_of_dialects


@contextmanager
def progress_bar() -> Iterator[ProgressCallback]:
    """Show progress on standard error while it is a terminal."""
    if not is_terminal(sys.stderr):
        yield no_progress
        return
    with tqdm(file=sys.stderr, leave=False, unit="", dynamic_ncols=True) as bar:

        def follow(progress: Progress) -> None:
            text, bar.total = visible(str(progress)), progress.total
            if text != bar.desc:
                bar.set_description_str(text)
            bar.update(progress.done - bar.n)

        yield follow


def connect() -> dj.Connection:
    """Connect as DataJoint is configured."""
    try:
        return dj.conn()
    except errors_of_dialects() as error:
        raise ConnectionError(
            f"Expected a database server that accepts the login; got: "
            f"{error_text(error)}. Check host, port, user and password in DataJoint's "
            "configuration."
        ) from None


def asked_scan(arguments: Namespace) -> CompleteScan | IncompleteScan:
    """Scan what the arguments name."""
    connection = connect()
    schemas = [_existing_schema(name, connection) for name in arguments.schema]
    age = MINIMUM_AGE if arguments.minimum_age is None else arguments.minimum_age
    out = arguments.out
    if out is not None:
        out = new_folder(out, utc_now())
    with progress_bar() as progress:
        return scan(
            *(schemas or [connection]),
            stores=arguments.stores or None,
            listing=_inventories(arguments.listing),
            exact=not arguments.recorded_sizes,
            out=out,
            minimum_age=age,
            progress=progress,
        )


def _inventories(given: Sequence[str]) -> dict[str, str] | None:
    """Return where inventories are, by store."""
    pairs = [text.partition("=") for text in given]
    inventories = {store.strip(): where.strip() for store, _, where in pairs}
    if not all(inventories) or not all(inventories.values()):
        raise InputError(
            f"Expected STORE=WHERE in --listing; got {', '.join(given)}. Write for "
            "example raw=inventories/2026-01-01T00-00Z/manifest.json."
        )
    if len(inventories) < len(given):
        raise InputError(
            f"Expected one inventory of each store in --listing; got several of a "
            f"store: {', '.join(given)}. Leave out the others."
        )
    return inventories or None


def recorded(
    arguments: Namespace, result: CompleteScan | IncompleteScan
) -> History | None:
    """Add a scan to the history, if one is asked for, and return that."""
    if arguments.history is None:
        return None
    history = History(arguments.history)
    history.record(result)
    return history


def confirmed_stores(arguments: Namespace, stores: Collection[str]) -> list[str]:
    """Return the stores that are confirmed, of those that may be; none in a dry run."""
    named = named_stores(arguments, stores)
    return [] if arguments.dry_run else named


def named_stores(arguments: Namespace, stores: Collection[str]) -> list[str]:
    """Return the stores that ``--confirm`` names, also in a dry run."""
    given = (name.strip() for text in arguments.confirm for name in text.split(","))
    names = sorted(set(filter(None, given)))
    if unknown := sorted(set(names).difference(stores)):
        raise InputError(
            f"Expected stores of this command in --confirm ({', '.join(stores)}); got "
            f"{', '.join(unknown)}. Correct the name."
        )
    return names


def stores_to_confirm(result: CompleteScan | IncompleteScan) -> list[str]:
    """Return the stores that may be confirmed; those that did not open, too."""
    broken = result.store_names.servers[0].broken
    return [*(store.name for store in result.stores), *sorted(broken)]


def dry_line(arguments: Namespace, stores: Sequence[str]) -> str:
    """Say where nothing was changed, and how to do it."""
    named, dry = arguments.confirm, arguments.dry_run
    where = f" in {', '.join(stores)}" if named and not dry else ""
    how = ["leave out --dry-run"] if dry else []
    how += [] if named and dry else [f"add: --confirm {','.join(stores)}"]
    return f"Nothing was changed{where}. To do it, {' and '.join(how)}"


def _existing_schema(name: str, connection: dj.Connection) -> dj.Schema:
    try:
        return dj.Schema(name, connection=connection, create_schema=False)
    except DataJointError:
        if not connection.is_connected:
            raise
        # what DataJoint says here is how to make one
        raise InputError(
            f"Expected a schema of the server in --schema; got {name!r}, which does "
            "not exist, or not for this account. Correct its name."
        ) from None
