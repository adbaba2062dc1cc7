"""A plan from an inventory -> one whose pins are those of the store itself."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from djgc_widgets.collector.pinned import pinned_objects_of_plan
from djgc_widgets.model import SweepRefusedError, error_text
from djgc_widgets.stores import FileIdentity, LookedAtStore
from djgc_widgets.verdict import SweepPlan

_NO_SWEEP = "00000000T000000Z-00000000"
_SECOND_NS = 10**9
_PIN = ["modified_ns", "etag"]
_Key = tuple[str, str]


def look_first(plan: SweepPlan, stores: Sequence[LookedAtStore]) -> SweepPlan:
    """Look at each object of a plan in stores that an inventory told of.

    What is still of the size, the date and the ETag that the inventory has is pinned as
    the store has it. What is not keeps its pin, with which nothing moves.

    If a store cannot be asked, `SweepRefusedError` is raised.
    """
    pinned, found = pinned_objects_of_plan(plan, _NO_SWEEP), dict[_Key, FileIdentity]()
    for store in stores:
        name = store.info.name
        try:
            for each, now in store.stored_files(pinned.get(name, [])):
                if now.keys() == each.files.keys():
                    for path, file in now.items():
                        if _is_still(file, each.files[path]):
                            found[name, path] = file
        except OSError as error:
            raise SweepRefusedError(
                f"The objects of store {name} could not be looked at "
                f"({error_text(error)}), and an inventory alone is not enough for a "
                "plan. Check that the store answers, then plan again."
            ) from error
    if not found:
        return plan
    keys = zip(plan.files["store"], plan.files["path"], strict=True)
    given = plan.files[_PIN].itertuples(index=False, name=None)
    pins = [
        (found[key].modified_ns, found[key].etag) if key in found else pin
        for key, pin in zip(keys, given, strict=True)
    ]
    table = pd.DataFrame(pins, columns=_PIN, index=plan.files.index)
    table = table.astype(plan.files[_PIN].dtypes.to_dict())
    return replace(plan, files=plan.files.assign(**{n: table[n] for n in _PIN}))


def _is_still(now: FileIdentity, told: FileIdentity) -> bool:
    """Return whether a file is what an inventory tells: its dates are in seconds."""
    same_size = now.size_bytes == told.size_bytes
    same_date = now.modified_ns // _SECOND_NS == told.modified_ns // _SECOND_NS
    return same_size and same_date and told.etag in {"", now.etag}
