"""The path grammar of DataJoint's stores: what a path names.

The rules are those of ``datajoint.storage.build_object_path`` and
``datajoint.hash_registry.build_hash_path`` (DataJoint 2.0 to 2.3):

- hash section: ``{hash_prefix}/{schema}[/{fold}...]/{26 characters a-z2-7}``, where the
  folds spell the beginning of the hash;
- schema section:
  ``{schema_prefix}/[attr=value/...]{schema}/{table}/[attr=value/...]{field}_{token}[.ext]``,
  anything below that path belonging to the same object.
"""

import re
from collections.abc import Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from djgc_widgets.frames import TEXT, arrow_text
from djgc_widgets.model import TRASH_FOLDER, Section, StoreInfo

MANIFEST_SUFFIX = ".manifest.json"
"""Suffix of the sidecar that DataJoint writes beside a folder object."""

_HASH = r"(?P<schema>[^/]+)/(?P<folds>(?:[a-z2-7]+/)*)(?P<hash>[a-z2-7]{26})$"
_PAIR = r"[A-Za-z_][A-Za-z0-9_]*=[^/]*/"
_SCHEMA = (
    rf"(?:{_PAIR})*(?P<schema>[^/=]+)/(?P<table>[^/=]+)/(?:{_PAIR})*"
    r"(?P<name>[A-Za-z_][A-Za-z0-9_]*_[A-Za-z0-9_-]{4,16}(?:\.[^/]*)?)(?P<below>/.*)?$"
)
_SWEEP_ID = "[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}"
_TRASH = rf"(?s)^{TRASH_FOLDER}/(?P<sweep_id>{_SWEEP_ID})/(?P<entry>.+)$"
_TRASHED = "objects/"

SWEEP_ID = re.compile(_SWEEP_ID)
"""Names of the folders in a trash: the time of the sweep and eight random digits."""


def parse_paths(paths: pd.Series, store: StoreInfo) -> pd.DataFrame:
    """Say for each stored path which object it belongs to.

    Parameters
    ----------
    paths : Series of str
        Paths relative to the store.
    store : StoreInfo
        The store's prefixes.

    Returns
    -------
    DataFrame
        Same index, with ``section``, ``schema`` and ``table`` (NA where the path names
        none) and ``object_path`` (the path itself where the grammar does not match).
    """
    path = arrow_text(paths)
    hashed = _extract(path, _anchored(store.hash_prefix, _HASH))
    is_hash = _spells_folds(hashed["hash"], hashed["folds"])
    shaped = _extract(path, _anchored(store.schema_prefix, _SCHEMA))
    is_schema = pc.and_(pc.is_valid(shaped["name"]), pc.invert(is_hash))
    return pd.DataFrame(
        {
            "section": _strings(
                pc.if_else(
                    is_hash, Section.HASH.value, _where(is_schema, Section.SCHEMA.value)
                )
            ),
            "schema": _strings(
                pc.if_else(
                    is_hash, hashed["schema"], _where(is_schema, shaped["schema"])
                )
            ),
            "table": _strings(_where(is_schema, shaped["table"])),
            "object_path": _strings(
                pc.if_else(is_schema, _without(path, shaped["below"]), path)
            ),
        },
        index=paths.index,
    )


def parse_trash(paths: pd.Series) -> pd.DataFrame:
    """Return ``sweep_id`` and former ``path`` of each path in a trash; NA elsewhere.

    A journal has a ``sweep_id`` but no former ``path``.
    """
    trash = _extract(arrow_text(paths), _TRASH)
    is_object = pc.fill_null(pc.starts_with(trash["entry"], _TRASHED), fill_value=False)
    former = _where(is_object, pc.utf8_slice_codeunits(trash["entry"], len(_TRASHED)))
    return pd.DataFrame(
        {"sweep_id": _strings(trash["sweep_id"]), "path": _strings(former)},
        index=paths.index,
    )


def section_of(paths: pd.Series, store: StoreInfo) -> pd.Series:
    """Return the section that each path lies below; NA outside both."""
    path = arrow_text(paths)
    section = pa.nulls(len(path), TEXT)
    for prefix, name in (
        (store.schema_prefix, Section.SCHEMA),
        (store.hash_prefix, Section.HASH),
    ):
        if prefix:
            section = pc.if_else(
                pc.starts_with(path, f"{prefix}/"), name.value, section
            )
    return pd.Series(_strings(section), index=paths.index)


def candidate_prefixes(stores: Sequence[StoreInfo]) -> tuple[str, ...]:
    """Return the prefixes of all sections of these stores."""
    return tuple(
        dict.fromkeys(p for s in stores for p in (s.hash_prefix, s.schema_prefix))
    )


def _anchored(prefix: str, pattern: str) -> str:
    return f"(?s)^{re.escape(prefix)}/{pattern}" if prefix else f"(?s)^{pattern}"


def _extract(path: pa.Array, pattern: str) -> dict[str, pa.Array]:
    groups = pc.extract_regex(path, pattern)
    valid = pc.is_valid(groups)
    null = pa.scalar(None, TEXT)
    return {
        field.name: pc.if_else(valid, groups.field(index), null)
        for index, field in enumerate(groups.type)
    }


def _spells_folds(digest: pa.Array, folds: pa.Array) -> pa.Array:
    if not pc.any(pc.not_equal(folds, "")).as_py():
        return pc.is_valid(digest)
    pairs = zip(digest.to_pylist(), folds.to_pylist(), strict=True)
    return pa.array(
        [d is not None and d.startswith(f.replace("/", "")) for d, f in pairs],
        pa.bool_(),
    )


def _without(path: pa.Array, below: pa.Array) -> pa.Array:
    if not pc.any(pc.not_equal(below, "")).as_py():
        return path
    pairs = zip(path.to_pylist(), below.to_pylist(), strict=True)
    return arrow_text([text[: len(text) - len(rest or "")] for text, rest in pairs])


def _where(condition: pa.Array, value: pa.Array | str) -> pa.Array:
    return pc.if_else(condition, value, pa.scalar(None, TEXT))


def _strings(array: pa.Array) -> pd.api.extensions.ExtensionArray:
    strings: pd.api.extensions.ExtensionArray = pd.array(array, dtype="str")
    return strings
