"""A session's options change neither a verdict nor a frame."""

import decimal
from collections.abc import Iterator
from contextlib import AbstractContextManager

import numpy as np
import pandas as pd
import pytest
from laboratory import Laboratory, array, complete, orphaned, planned

from djgc_widgets import CompleteScan

_CHANGED = {
    "future.infer_string": False,
    "future.no_silent_downcasting": True,
    "future.distinguish_nan_and_na": True,
    "future.python_scalars": True,
    "mode.chained_assignment": "raise",
    "mode.copy_on_write": False,
    "mode.string_storage": "python",
    "mode.use_inf_as_na": True,
    "compute.use_bottleneck": False,
    "compute.use_numexpr": False,
}


def option(name: str) -> AbstractContextManager[None]:
    return pd.option_context(name, _CHANGED[name])


def settings() -> Iterator[tuple[str, AbstractContextManager[object]]]:
    for name in _CHANGED:
        try:
            pd.get_option(name)
        except KeyError:  # this release of pandas does not have it
            continue
        yield name, option(name)
    yield "numpy", np.errstate(all="raise")
    yield "decimal", decimal.localcontext(decimal.ExtendedContext)


def frames(result: CompleteScan) -> dict[str, pd.DataFrame]:
    plan = planned(result)
    return {
        "objects": result.objects,
        "references": result.references,
        "orphans": result.orphans,
        "missing": result.missing,
        "trash": result.trash,
        "files": result.files,
        "summary": result.summary(),
        "usage": result.usage(),
        "places": result.places(),
        "planned": plan.objects,
        "pinned": plan.files,
        "by_table": plan.by_table(),
    }


@pytest.mark.filterwarnings("ignore:.*deprecated")
def test_no_option_of_the_session_changes_what_a_scan_says(
    laboratory: Laboratory,
) -> None:
    orphaned(laboratory)
    other = laboratory.declare("id : int32\n---\ndata : <npy@derived>\n", "Other")
    other.insert({"id": key, "data": array(key)} for key in range(3))
    planned(complete(laboratory)).sweep()
    (other & "id = 0").delete()
    laboratory.put("README.txt")
    needed = complete(laboratory).references.query("store == 'raw'")
    laboratory.remove(needed["path"].iloc[0])
    laboratory.age()
    plain = frames(complete(laboratory))

    for name, setting in settings():
        with setting:
            changed = frames(complete(laboratory))

        for title, frame in plain.items():
            same = pd.testing.assert_frame_equal
            what = f"{title} under {name}"
            same(frame, changed[title], check_column_type=False, obj=what)
    assert not [title for title, frame in plain.items() if frame.empty]


def test_what_is_done_to_a_frame_changes_no_verdict(
    postgresql_laboratory: Laboratory,
) -> None:
    orphaned(postgresql_laboratory)
    result = complete(postgresql_laboratory)
    before = result.references.copy(), result.objects.copy()

    references, objects = result.references, result.objects
    references.loc[:, "path"] = "elsewhere"
    objects.loc[:, "status"] = "orphan"

    pd.testing.assert_frame_equal(result.references, before[0])
    pd.testing.assert_frame_equal(result.objects, before[1])
