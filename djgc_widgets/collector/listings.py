"""List the stores of a scan: each by its own listing, or as an inventory tells."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from djgc_widgets.model import (
    FILES,
    FOLDERS,
    InputError,
    ProgressCallback,
    in_store,
    readable_minimum_age,
    stacked,
)
from djgc_widgets.stores import (
    HiddenListing,
    Listing,
    ReadsInventories,
    Store,
    list_hidden,
)


def list_stores(
    stores: Sequence[Store],
    report: ProgressCallback,
    inventories: Mapping[str, str],
    oldest: datetime,
    minimum_age: timedelta,
) -> Listing:
    """List every store, one after the other, into one listing.

    `inventories` has where that of a store is; one from before `oldest`, when objects
    are old enough to be orphans, is an `InputError`.
    """
    listings = []
    for store in stores:
        where = inventories.get(store.info.name)
        if where is None:
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
    unread = {problem.where for problem in listed.problems}
    asked = [
        store
        for store in stores
        if store.info.name not in inventories
        and in_store(store.info.name) not in unread
    ]
    return list_hidden(asked, report)
