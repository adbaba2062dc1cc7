"""Files that somebody keeps beside an object: checksums, backups, descriptions.

DataJoint gives each value a token of its own. Another name in the same folder that has
the token of an object, such as ``x_AbCd1234.npy.md5`` or ``x_AbCd1234.json`` beside
``x_AbCd1234.npy``, is not DataJoint's.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.model import TOKEN, folders_and_names

_STEM = re.compile(rf"[A-Za-z_][A-Za-z0-9_]*_{TOKEN}(?=\.|$)")
_FEW = 16


def are_named_after_hashes(keys: pa.Array, hashes: pa.Array) -> pa.Array:
    """Return which keys go on after a hash, like that of its checksum or backup."""
    base = pc.replace_substring_regex(keys, r"(?s)[^/a-z2-7][^/]*$", "")
    # no other key can be one of these
    hashes = hashes.filter(pc.match_substring_regex(hashes, r"(?:^|/)[a-z2-7]*$"))
    return pc.and_(pc.not_equal(base, keys), pc.is_in(base, value_set=hashes))


def are_companions(keys: pa.Array, others: pa.Array) -> npt.NDArray[np.bool_]:
    """Return which objects have the token of another one in the same folder.

    Parameters
    ----------
    keys : Array
        Keys of objects in schema sections that no row refers to.
    others : Array
        Keys of what rows refer to, stored or not, and of what was swept.
    """
    folder, name = folders_and_names(keys)
    other_folder, other_name = folders_and_names(others)
    counts = pc.value_counts(folder)
    beside = pc.is_in(other_folder, value_set=counts.field("values"))
    other_folder, other_name = other_folder.filter(beside), other_name.filter(beside)
    # only folders that hold an unreferenced object and something else
    several = pc.greater(counts.field("counts"), 1)
    with_live = pc.is_in(counts.field("values"), value_set=pc.unique(other_folder))
    shared = counts.field("values").filter(pc.or_(several, with_live))
    live = _names_by_folder(other_folder, other_name)
    members = pc.is_in(folder, value_set=shared)
    free = _names_by_folder(folder.filter(members), name.filter(members))
    taken = {
        folder: _Taken(live.get(folder, ()), names) for folder, names in free.items()
    }
    result = np.zeros(len(keys), dtype=np.bool_)
    for position in np.flatnonzero(members):
        around, own = folder[int(position)].as_py(), name[int(position)].as_py()
        result[position] = taken[around].by_other_than(own)
    return result


class _Taken:
    """The names and tokens of one folder."""

    def __init__(self, live: Collection[str], free: Collection[str]) -> None:
        self._live_names = tuple(name for name in live if not _stem(name))
        self._live: dict[str, set[str]] = defaultdict(set)
        for name in filter(_stem, live):
            self._live[_stem(name)].add(name)
        self._free: dict[str, list[str]] = defaultdict(list)
        for name in free:
            self._free[_stem(name)].append(name)
        self._stems = self._live.keys() | self._free.keys()
        self._lengths = sorted({len(stem) for stem in self._stems})

    def by_other_than(self, name: str) -> bool:
        """Return whether a name without a reference has another one's token."""
        own, stems = _stem(name), set(self._stems_in(name))
        # what was swept may be stored again
        others = (self._live.get(stem, set()) - {name} for stem in stems)
        if any(others):
            return True
        if name.startswith(self._live_names) and any(
            name != each and name.startswith(each) for each in self._live_names
        ):
            return True
        if stems - {own}:
            return True
        alike = self._free[own]
        first = min(alike, key=len)
        # if neither name goes on after the other one, the object could be either
        goes_on = all(each.startswith(first) for each in alike)
        return len(alike) > 1 and (name != first or not goes_on)

    def _stems_in(self, name: str) -> Iterable[str]:
        if len(self._stems) <= _FEW:
            return (stem for stem in self._stems if stem in name)
        return (
            part
            for length in self._lengths
            for start in range(len(name) - length + 1)
            if (part := name[start : start + length]) in self._stems
        )


def _stem(name: str) -> str:
    """Return attribute and token of a name; empty if it does not have DataJoint's."""
    found = _STEM.match(name)
    return found[0] if found else ""


def _names_by_folder(folders: pa.Array, names: pa.Array) -> dict[str, list[str]]:
    inside: dict[str, list[str]] = defaultdict(list)
    for folder, name in zip(folders.to_pylist(), names.to_pylist(), strict=True):
        inside[folder].append(name)
    return inside
