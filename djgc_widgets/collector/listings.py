"""List the stores of a scan: each by its own listing, or as an inventory tells."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pandas as pd

from djgc_widgets.model import (
    FILES,
    FOLDERS,
    FileKind,
    InputError,
    ProgressCallback,
    State,
    StoreNames,
    candidate_prefixes,
    former_paths,
    readable_minimum_age,
    stacked,
)
from djgc_widgets.references import KnownPaths, Listed
from djgc_widgets.stores import (
    FolderSize,
    HiddenListing,
    JumpingStore,
    Listing,
    LookUp,
    OpenStores,
    ReadsInventories,
    Store,
    list_hidden,
)
from djgc_widgets.verdict import Reconciled


def list_stores(  # noqa: PLR0913 - each says of some stores how they are listed
    stores: Sequence[Store],
    report: ProgressCallback,
    inventories: Mapping[str, str],
    *,
    jumped: Mapping[str, Mapping[str, FolderSize]],
    oldest: datetime,
    minimum_age: timedelta,
) -> Listing:
    """List every store, one after the other, into one listing.

    `inventories` has where that of a store is; one from before `oldest`, when objects
    are old enough to be orphans, is an `InputError`. `jumped` has folders that may be
    jumped past, by store and path.
    """
    listings = []
    for store in stores:
        where, known = inventories.get(store.info.name), jumped.get(store.info.name)
        if where is None:
            if known and isinstance(store, JumpingStore):
                listings.append(store.list_past(known, report))
            else:
                listings.append(store.list_files(report))
            continue
        if not isinstance(store, ReadsInventories):
            raise InputError(
                f"Expected an inventory of a store in a bucket; got one of store "
                f"{store.info.name}, which is a folder. Leave it out."
            )
        inventory = store.open_inventory(where)
        if inventory.made_at < oldest:
            raise InputError(
                f"Expected an inventory of store {store.info.name} that is younger "
                f"than the minimum age of {readable_minimum_age(minimum_age)}; got one "
                f"of {inventory.made_at:%Y-%m-%d %H:%M} UTC. Name a newer one, or scan "
                "with a greater minimum_age."
            )
        listings.append(store.list_inventory(inventory, report))
    files = [FILES.empty(), *(listing.files for listing in listings)]
    folders = [FOLDERS.empty(), *(listing.folders for listing in listings)]
    return Listing(
        stacked(files),
        stacked(folders),
        tuple(problem for listing in listings for problem in listing.problems),
        tuple(warning for listing in listings for warning in listing.warnings),
        frozenset().union(*(listing.unread for listing in listings)),
    )


def list_hidden_of(
    stores: Sequence[Store],
    listed: Listing,
    inventories: Mapping[str, str],
    report: ProgressCallback,
) -> HiddenListing:
    """List what the buckets of stores keep beside their objects.

    A store that could not be listed is not asked once more, and one of which an
    inventory tells is so big that it would take as long as a listing.
    """
    left_out = listed.unread.union(inventories)
    asked = [store for store in stores if store.info.name not in left_out]
    return list_hidden(asked, report)


def symbolic_links(files: pd.DataFrame) -> pd.DataFrame:
    """Return the symbolic links that were listed."""
    return files[files["kind"].eq(FileKind.SYMLINK.value)]


def known_paths(files: pd.DataFrame, names: StoreNames) -> KnownPaths:
    """Return what helps to read recorded paths."""
    paths = pd.concat([files["path"], former_paths(files)])
    return known_names(names, paths, symbolic_links(files)["path"])


def known_names(
    names: StoreNames, paths: Iterable[str], links: Iterable[str] = ()
) -> KnownPaths:
    """Return what helps to read recorded paths, given those that were listed."""
    leading = [*links, *(folder.path for folder in names.same)]
    roots = (spelling for info in names.all_stores for spelling in info.spellings)
    listed = Listed(paths, leading)
    prefixes = candidate_prefixes(names.all_stores)
    return KnownPaths(tuple(dict.fromkeys(roots)), prefixes, listed)


def look_up_missing(
    reconciled: Reconciled, opened: OpenStores, listed: Listing
) -> tuple[Reconciled, list[LookUp]]:
    """Look for what is missing: it may have been written since its store was listed.

    None of it is known of a store that did not open, or could not be listed.
    """
    references, again = reconciled.references.copy(), []
    missing = references[references["state"].eq(State.MISSING.value)]
    unread = missing["store"].isin(listed.unread)
    if opened.problems:
        unread |= ~reconciled.store_known.loc[missing.index]
    references.loc[missing.index[unread], "state"] = State.UNKNOWN.value
    missing = missing[~unread]
    for store in opened.stores:
        here = missing[missing["store"].eq(store.info.name)]
        if here.empty:
            continue
        found = store.look_up(list(here["path"].unique()))
        again.append(found)
        for paths, state in (
            (found.stored, State.PRESENT),
            (found.unread, State.UNKNOWN),
        ):
            rows = here.index[here["path"].isin(list(paths))]
            references.loc[rows, "state"] = state.value
    return replace(reconciled, references=references), again
