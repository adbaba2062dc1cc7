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


def count_sections(
    reconciled: Reconciled,
    files: pd.DataFrame,
    stores: Collection[StoreInfo],
    judged: Collection[str],
) -> pd.DataFrame:
    """Count what was listed of each section of a store, and what rows refer to there.

    What was swept is in the trash, which shows that the store is the right one. Rows of
    schemas that are not judged may mean a store that only shares its name. The columns
    are ``store``, ``section`` (empty: all of the store), ``n_listed``, ``n_references``
    and ``n_missing``.
    """
    references = reconciled.references
    own = references["schema"].isin(list(judged)) & reconciled.store_known
    referring = references[own]
    rows = []
    for store in stores:
        here = referring[referring["store"].eq(store.name)]
        paths = files.loc[files["store"].eq(store.name), "path"]
        paths = parse_trash(paths)["path"].fillna(paths)
        listed = section_of(paths, store).value_counts()
        rows.append((store.name, "", len(paths), len(here), _count_missing(here)))
        for section in Section:
            inside = here[here["section"].eq(section.value)]
            counts = len(inside), _count_missing(inside)
            n_listed = int(listed.get(section.value, 0))
            rows.append((store.name, section.value, n_listed, *counts))
    columns = ["store", "section", "n_listed", "n_references", "n_missing"]
    return pd.DataFrame(rows, columns=columns)


def _count_missing(references: pd.DataFrame) -> int:
    return int(references["state"].eq(State.MISSING.value).sum())


def find_empty_stores(counts: pd.DataFrame) -> Iterator[Notice]:
    """Yield a problem per store or section that is empty, yet rows refer into it.

    An empty mount point or a wrong prefix looks like that. `counts` are those of
    `count_sections`.
    """
    for store, own in counts.groupby("store", sort=False):
        whole, sections = own[own["section"].eq("")], own[own["section"].ne("")]
        asked = sections if whole["n_listed"].any() else whole
        lost = asked["n_missing"].gt(0) & asked["n_missing"].eq(asked["n_references"])
        for row in asked[lost & asked["n_listed"].eq(0)].to_dict("records"):
            section = row["section"]
            part = f"its {section} section" if section else "it"
            references = plural(row["n_references"], "reference")
            values = {"references": references, "part": part}
            yield Notice(NoticeCode.NOTHING_LISTED, in_store(str(store)), values)
