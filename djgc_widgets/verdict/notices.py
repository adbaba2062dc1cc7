"""What a person has to know of a verdict: problems and warnings."""

from collections.abc import Collection, Iterator

import pandas as pd

from djgc_widgets.model import (
    Notice,
    NoticeCode,
    Section,
    State,
    StoreInfo,
    in_store,
    interrupted_sweeps,
    parse_trash,
    plural,
    section_of,
)
from djgc_widgets.verdict.reconcile import Reconciled


def notices_of_trash(trash: pd.DataFrame, files: pd.DataFrame) -> list[Notice]:
    """Return notices of interrupted sweeps and of trash that rows refer to again."""
    notices = [
        Notice(
            NoticeCode.SWEEP_INTERRUPTED,
            in_store(store),
            {"sweep_id": sweep_id, "store": store},
        )
        for store, sweep_id in sorted(interrupted_sweeps(files))
    ]
    needed = trash.loc[trash["returnable"], "store"].value_counts().sort_index()
    notices += [
        Notice(
            NoticeCode.NEEDED_AGAIN,
            in_store(str(store)),
            {"objects": plural(n, "object")},
        )
        for store, n in needed.items()
    ]
    return notices


def notices_of_other_stores(
    elsewhere: pd.DataFrame, scanned: Collection[str]
) -> list[Notice]:
    """Return notices of paths that are kept in a store that they do not name."""
    pairs = elsewhere.groupby(["named_store", "store"])["path"].size().reset_index()
    notices = []
    for named, store, n in pairs.itertuples(index=False):
        objects = plural(n, "object")
        if named in scanned:
            values = {"objects": objects, "other": store}
            notices.append(Notice(NoticeCode.STORED_ELSEWHERE, in_store(named), values))
        else:
            values = {"objects": objects, "other": named}
            notices.append(Notice(NoticeCode.KEPT_FOR_STORE, in_store(store), values))
    return notices


def find_empty_stores(
    reconciled: Reconciled,
    files: pd.DataFrame,
    stores: Collection[StoreInfo],
    judged: Collection[str],
) -> Iterator[Notice]:
    """Yield a problem per store or section that is empty, yet rows refer into it.

    An empty mount point or a wrong prefix looks like that. What was swept is in the
    trash, which shows that the store is the right one. Rows of schemas that are not
    judged may mean a store that only shares its name.
    """
    references = reconciled.references
    own = references["schema"].isin(list(judged)) & reconciled.store_known
    referring = references[own]
    for store in stores:
        here = referring[referring["store"].eq(store.name)]
        if here.empty:
            continue
        paths = files.loc[files["store"].eq(store.name), "path"]
        paths = parse_trash(paths)["path"].fillna(paths)
        parts = {section.value: here["section"].eq(section) for section in Section}
        if paths.empty:
            parts = {"": here["store"].notna()}
        for section, inside in parts.items():
            lost = here.loc[inside, "state"].eq(State.MISSING.value)
            listed = section_of(paths, store).eq(section).any()
            if lost.any() and lost.all() and not listed:
                part = f"its {section} section" if section else "it"
                values = {"references": plural(len(lost), "reference"), "part": part}
                where = in_store(store.name)
                yield Notice(NoticeCode.NOTHING_LISTED, where, values)
