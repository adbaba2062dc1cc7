"""What a caller selects: a frame, a mask or paths -> rows of a scan's objects."""

from collections.abc import Iterable

import pandas as pd
from pandas.api.types import is_bool_dtype

from djgc_widgets.model import STR, InputError, shown

INDEX = "object"
"""Name of the index of a scan's objects; another index cannot be taken for it."""

Selection = pd.DataFrame | pd.Series | Iterable[str] | None
"""A frame with ``store`` and ``path``, a mask, paths, or None for all orphans."""


def select_objects(
    objects: pd.DataFrame, candidate: pd.Series, selection: Selection
) -> pd.DataFrame:
    """Return the selected rows of the objects frame; candidates by default.

    Raises
    ------
    InputError
        If the selection names an object that is not in the frame.
    """
    if selection is None:
        return objects[candidate]
    if isinstance(selection, pd.DataFrame):
        absent = {"store", "path"} - set(selection)
        if absent:
            raise InputError(
                "Expected a frame with the columns store and path; it lacks "
                f"{sorted(absent)}."
            )
        wanted = pd.MultiIndex.from_frame(selection[["store", "path"]]).unique()
        return _select_by_key(
            objects, pd.MultiIndex.from_frame(objects[["store", "path"]]), wanted
        )
    if isinstance(selection, pd.Series) and is_bool_dtype(selection):
        chosen = selection.index[selection.fillna(value=False)]
        if selection.index.name != INDEX or not chosen.isin(objects.index).all():
            raise InputError(
                "Expected a mask with the index of scan.objects or scan.orphans; got "
                "another index. Select by a frame with store and path instead."
            )
        return objects.loc[chosen]
    if isinstance(selection, str) or not isinstance(selection, Iterable):
        raise InputError(
            f"Expected a frame, a mask or a list of paths; got {shown(selection)}. Put "
            "paths into a list."
        )
    return _select_by_key(
        objects,
        pd.Index(objects["path"]),
        pd.Index(list(selection), dtype=STR).unique(),
    )


def _select_by_key(
    objects: pd.DataFrame, known: pd.Index, wanted: pd.Index
) -> pd.DataFrame:
    absent = wanted.difference(known)
    if len(absent):
        raise InputError(
            f"Expected objects of this scan; got {len(absent)} that it does not hold, "
            f"the first {absent[0]!r}. "
            "Scan again, or correct the path."
        )
    return objects[known.isin(wanted)]
