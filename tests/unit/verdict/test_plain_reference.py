"""Reconciling and extracting agree with plain implementations, whatever the world.

The plain ones below go through every pair of file and reference and through every
string, with nothing but ``split`` and ``startswith``; they share no code with the
product.
"""

import json
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pandas as pd
from builders import NOW, OLD, files, judge, names, recorded, world
from hypothesis import given, settings
from hypothesis import strategies as st

from djgc_widgets.model.arrow import STR
from djgc_widgets.model.store_names import SameFolder, StoreInfo
from djgc_widgets.references.known_paths import KnownPaths, Listed
from djgc_widgets.references.recorded_paths import recorded_paths

SIDECAR = ".manifest.json"
RAW = StoreInfo("raw", ("raw", "alias"), "/raw")
COLD = StoreInfo("cold", ("cold",), "/raw/cold", (), ("h",), ("x/y",))
FAR = StoreInfo("far", ("far",), "/far")
NESTED = SameFolder("raw", "cold", "cold", "")
Prefixes = dict[str, tuple[list[str], list[str]]]
PREFIXES: Prefixes = {"raw": (["_hash"], ["_schema", ""]), "cold": (["h"], ["x/y", ""])}
KEY, ATTRIBUTES = {"id"}, {"id", "voltage", "voltage_raw"}
TOKEN = re.compile("[A-Za-z0-9_-]{4,16}")
WORD = re.compile("[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Shape:
    """What plain splitting makes of a path."""

    path: str
    schema: str | None = None
    accepted: bool = True
    named: bool = False


def is_pair(segment: str) -> bool:
    name, equals, _ = segment.partition("=")
    return bool(equals) and WORD.fullmatch(name) is not None


def is_name(segment: str) -> bool:
    stem = segment.split(".", 1)[0]
    return any(
        WORD.fullmatch(stem[:cut]) and TOKEN.fullmatch(stem[cut + 1 :])
        for cut, letter in enumerate(stem)
        if letter == "_" and cut
    )


def shape_of(known: Prefixes, store: str, path: str) -> Shape:
    hashes, schemas = known[store]
    for prefix in hashes:
        parts = path.removeprefix(f"{prefix}/").split("/")
        inside = path.startswith(f"{prefix}/") and len(parts) == 2
        if inside and parts[0] and re.fullmatch("[a-z2-7]{26}", parts[1]):
            return Shape(path, parts[0], named=True)
    for prefix in schemas:
        lead = f"{prefix}/" if prefix else ""
        if not path.startswith(lead):
            continue
        segments = path[len(lead) :].split("/")
        start = 0
        while start < len(segments) and is_pair(segments[start]):
            start += 1
        rest = segments[start:]
        if len(rest) < 3 or not rest[0] or not rest[1] or "=" in rest[0] + rest[1]:
            continue
        end = 2
        while end < len(rest) and is_pair(rest[end]):
            end += 1
        if end < len(rest) and is_name(rest[end]):
            own = lead + "/".join(segments[: start + end + 1])
            pairs = {s.split("=")[0] for s in segments if is_pair(s)}
            ours = rest[0] == "lab" and rest[1].lower() == "rec"
            ours &= any(rest[end].startswith(f"{a}_") for a in ATTRIBUTES)
            configured = prefix in {"_schema", "x/y"} & set(PREFIXES[store][1])
            ours &= pairs == KEY
            return Shape(own, rest[0], configured or ours, bool(prefix))
    return Shape(path)


def with_former_prefixes(stored: Any, references: set[tuple[str, str]]) -> Prefixes:
    """Add the prefixes below which stored values of lab.rec are."""
    known = {store: (list(h), list(s)) for store, (h, s) in PREFIXES.items()}
    for store, path in references:
        own = [f"{p}/" for section in PREFIXES[store] for p in section if p]
        present = any(s == store and covers(path, p) for s, p in stored)
        if present and not path.startswith(tuple(own)):
            *lead, last = path.split("/")
            name = last.split(".", 1)[0].removeprefix("voltage_")
            if re.fullmatch("[a-z2-7]{26}", last) and lead[-1:] == ["lab"]:
                known[store][0].append("/".join(lead[:-1]))
            lead = without_pairs(lead)
            is_value = last.startswith("voltage_") and TOKEN.fullmatch(name)
            if is_value and lead[-2:] == ["lab", "rec"]:
                prefix = "/".join(without_pairs(lead[:-2]))
                if not f"/{prefix}/".endswith(tuple(f"/{p}" for p in own)):
                    known[store][1].append(prefix)
    for _, schemas in known.values():
        schemas.sort(key=len, reverse=True)
    return known


def too_wide(stored: Any, known: Prefixes, store: str, path: str) -> bool:
    """Tell whether a guess names a folder of objects, and neither object nor file."""
    if store == "far" or (store, path) in stored:
        return False
    shapes = [shape_of(known, s, p) for s, p in stored if s == store]
    if any(s.schema and s.path != path and covers(path, s.path) for s in shapes):
        return True
    if shape_of(known, store, path).named:
        return False
    sections = [p for section in known[store] for p in section if p]
    touched = any(covers(p, path) or covers(path, p) for p in sections)
    return touched or is_pair(path.rpartition("/")[2])


def without_pairs(segments: list[str]) -> list[str]:
    while segments and is_pair(segments[-1]):
        segments = segments[:-1]
    return segments


def plain_statuses(
    stored: dict[tuple[str, str], bool],
    references: set[tuple[str, str]],
    known: Prefixes,
) -> dict[tuple[str, str], str]:
    """Judge each file; the values of `stored` say whether it is old."""
    own = {(s, shape_of(known, s, p).path) for s, p in stored}
    owner: dict[tuple[str, str], tuple[str, str]] = {}
    for store, path in stored:
        around = [r for s, r in references if s == store and covers(r, path)]
        base = path.removesuffix(SIDECAR)
        if around:
            owner[store, path] = store, min(around, key=len)
        elif base != path and (store, base) in references | own:
            owner[store, path] = store, base
        else:
            owner[store, path] = store, shape_of(known, store, path).path
    shapes = {file: shape_of(known, *file) for file in stored}
    return {f: plain_status(f, owner, stored, references, shapes) for f in stored}


def covers(reference: str, path: str) -> bool:
    return path == reference or path.startswith(f"{reference}/")


def plain_status(
    file: tuple[str, str],
    owner: dict[tuple[str, str], tuple[str, str]],
    stored: dict[tuple[str, str], bool],
    references: set[tuple[str, str]],
    shapes: dict[tuple[str, str], Shape],
) -> str:
    store, path = owner[file]
    if (store, path) in references:
        return "live"
    members = [f for f in stored if owner[f] == (store, path)]
    shaped = (s for f in members if (s := shapes[f]).schema is not None)
    shape = next(shaped, Shape(path))
    if shape.schema != "lab" or not shape.accepted:
        return "unknown"
    free = {o for o in owner.values() if o not in references}
    if is_name(path.rpartition("/")[2]) and is_companion(store, path, references, free):
        return "unknown"
    if any(s == store and covers(path, r) for s, r in [*references, ("raw", "cold")]):
        return "unknown"
    return "orphan" if all(stored[f] for f in members) else "young"


def is_companion(
    store: str,
    path: str,
    references: set[tuple[str, str]],
    free: set[tuple[str, str]],
) -> bool:
    folder, _, name = path.rpartition("/")
    needed, alone = (
        [
            p.rpartition("/")[2]
            for s, p in those
            if (s, p.rpartition("/")[0]) == (store, folder)
        ]
        for those in (references, free)
    )
    alone = [each for each in alone if is_name(each)]
    stem = name.partition(".")[0]
    for each in [*needed, *alone]:
        other = each.partition(".")[0] if is_name(each) else ""
        if other != stem and other and other in name:
            return True
        if each in needed and (other == stem or (not other and name.startswith(each))):
            return True
    alike = [each for each in alone if each.partition(".")[0] == stem]
    first = min(alike, key=len)
    return len(alike) > 1 and (
        name != first or any(first not in each for each in alike)
    )


HASHES = [
    f"{p}/{s}/{d * 26}" for p in ("_hash", "h") for s in ("lab", "gone") for d in "ab"
]
OBJECTS = [
    f"{prefix}{schema}/{table}/{key}{name}"
    for prefix in ("_schema/", "x/y/", "", "_schema/day=1/")
    for schema in ("lab", "gone")
    for table in ("rec", "Rec")
    for key in ("", "id=1/", "id=1/trial=2/")
    for name in ("voltage_abcd", "voltage_efgh.npy", "notes_2024.txt", "plain")
]
TAILS = ["", "", "/0", "/0/1", SIDECAR, f"{SIDECAR}/0", ".x"]
PATHS = st.builds(
    lambda lead, base, tail: lead + base + tail,
    st.sampled_from(["", "", "", "cold/"]),
    st.sampled_from([*HASHES, *OBJECTS, "README.txt", "_schema/lab", "_hash"]),
    st.sampled_from(TAILS),
)
FOLDERS = [path.rsplit("/", cut)[0] for path in OBJECTS for cut in (1, 2, 3)]
GUESSES = PATHS | st.sampled_from([f for f in FOLDERS if f])
NAMED_STORES = st.sampled_from(["raw", "alias", "cold", "far", "lost", None])
STORE_PATHS = st.tuples(st.sampled_from(["raw", "cold"]), PATHS)


def reached(store: str, path: str) -> set[tuple[str, str]]:
    """Return the store paths that a reference means: cold is inside raw."""
    if store == "raw" and covers("cold", path):
        return {("raw", path), ("cold", path[5:])} if path[5:] else {("raw", path)}
    return {(store, path)}


@settings(max_examples=150, deadline=None)
@given(
    stored=st.dictionaries(STORE_PATHS, st.booleans(), max_size=8),
    references=st.lists(st.tuples(NAMED_STORES, PATHS), max_size=6),
    guesses=st.lists(st.tuples(NAMED_STORES, GUESSES), max_size=3),
)
def test_statuses_are_those_of_the_plain_implementation(
    stored: dict[tuple[str, str], bool],
    references: list[tuple[str | None, str]],
    guesses: list[tuple[str | None, str]],
) -> None:
    # the content of the inner store is listed there
    outer = {file for file in stored if (file[0], file[1][:5]) == ("raw", "cold/")}
    stored = {f: old for f, old in stored.items() if f not in outer}
    stored = {f: old for f, old in stored.items() if not is_folder(f, stored)}
    listing = [
        files(path, store=store, at=OLD if old else NOW - timedelta(hours=1))
        for (store, path), old in stored.items()
    ]
    both = [*references, *guesses]
    rows = recorded(*(path for _, path in both), store=None, codec="own")
    rows["named_store"] = pd.array([store for store, _ in both], dtype=STR)
    rows["guessed"] = rows["reference"].ge(len(references))
    each_meant = list(map(meanings, references))
    meant = {each for own in each_meant for each in own if each[0] != "far"}

    listed = pd.concat([files(), *listing], ignore_index=True)
    known_names = names(RAW, COLD, same=(NESTED,), elsewhere=(FAR,))
    verdict = judge(listed, rows, world(known_names))

    known = with_former_prefixes(stored, meant)
    each_guess = [
        {guess for guess in meanings(each) if not too_wide(stored, known, *guess)}
        for each in guesses
    ]
    every = [*each_meant, *each_guess]
    more = similar(
        stored, each_guess, every, {own for each in each_guess for own in each}
    )
    more |= fuller(stored, each_guess, every)
    meant |= {guess for guess in more if not too_wide(stored, known, *guess)}
    meant |= similar(stored, each_meant, every) | fuller(stored, each_meant, every)
    meant |= {guess for own in each_guess for guess in own if guess[0] != "far"}
    statuses = verdict.objects["status"].reindex(verdict.object_of_file)
    expected = plain_statuses(stored, meant, known)
    assert dict(zip(stored, statuses, strict=True)) == expected


def meanings(reference: tuple[str | None, str]) -> set[tuple[str, str]]:
    store, path = reference
    stores = {"alias": ["raw"], "lost": ["raw", "cold"], None: ["raw"]}
    own = (reached(each, path) for each in stores.get(store, [str(store)]))
    return set().union(*own)


def is_covered(store: str, path: str, references: set[tuple[str, str]]) -> bool:
    around = any(s == store and covers(r, path) for s, r in references)
    return around or (store, path.removesuffix(SIDECAR)) in references


def is_stored(reference: tuple[str, str], stored: Any) -> bool:
    return any(s == reference[0] and covers(reference[1], p) for s, p in stored)


def similar(
    stored: Any,
    some: list[set[tuple[str, str]]],
    every: list[set[tuple[str, str]]],
    guessed: Collection[tuple[str, str]] = (),
) -> set[tuple[str, str]]:
    """Return what missing references may mean if case and store do not count.

    That one was met is never known by a guess.
    """
    references = set().union(*every)
    missing = {each for own in some for each in own if not is_stored(each, stored)}
    for own in some:
        if own <= missing or own <= set(guessed):
            for _, path in own:
                missing |= reached("raw", path) | reached("cold", path)
    return {
        (store, "/".join(path.split("/")[: reference.count("/") + 1]))
        for store, reference in missing
        for other, path in stored
        if other == store and not is_covered(store, path, references)
        if covers(reference.lower(), path.lower())
        if store in {"raw", "cold"}
    }


def fuller(
    stored: Any, some: list[set[tuple[str, str]]], every: list[set[tuple[str, str]]]
) -> set[tuple[str, str]]:
    """Return where another store has more files at a path than the one it names."""
    references = set().union(*every)
    present = [{r for r in own if is_stored(r, stored)} for own in some]
    paths = {p for own in every for s, p in own if is_stored((s, p), stored)}
    free = [(s, p) for s, p in stored if not is_covered(s, p, references)]
    there = Counter((store, outermost(path, paths)) for store, path in free)
    held = {path for _, path in there}
    here = Counter((store, outermost(path, held)) for store, path in stored)
    return {
        (store, path)
        for own in present
        for (store, path), n in there.items()
        if path in {p for _, p in own}
        if n > max(here[s, p] for s, p in own if p in held)
    }


def outermost(path: str, among: Any) -> str:
    """Return the outermost of some paths that covers a path; empty if none does."""
    base = path.removesuffix(SIDECAR)
    around = [a for a in among if a and covers(a, path)]
    return min(around, key=len, default=base if base in among else "")


def is_folder(file: tuple[str, str], stored: Any) -> bool:
    return any(s == file[0] and p.startswith(f"{file[1]}/") for s, p in stored)


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.text('ab/_.:{["', max_size=6),
    PATHS,
    st.builds(lambda path: path.replace("/rec/", "/#rec/"), PATHS),
    st.builds(lambda path: f"{path}?v=1#x", PATHS),
    st.builds(lambda path: f"s3://bucket/{path}", PATHS),
    st.builds(lambda path: f"/root//{path}/", PATHS),
    st.builds(lambda path: json.dumps({"path": path}), PATHS),
)
KEYS = st.sampled_from(["path", "url", "store", "file", "_schema/lab/x"])
VALUES = st.recursive(
    LEAVES,
    lambda v: st.lists(v, max_size=3) | st.dictionaries(KEYS, v, max_size=3),
    max_leaves=8,
)
LISTED = [f"{OBJECTS[-1]}/0", "former/folder/x"]


def plain_paths(value: Any) -> set[str]:
    """Collect what may be a path from every string of a value."""
    if isinstance(value, dict):
        inner = [*value.keys(), *value.values()]
        key = next((k for k in ("path", "url") if plain_spellings(value.get(k))), None)
        own = plain_spellings(value[key]) if key else set()
        return own.union(*map(plain_paths, inner)) if inner else own
    if isinstance(value, list):
        return set().union(*map(plain_paths, value))
    if not isinstance(value, str):
        return set()
    if value[:1] in {"{", "[", '"'}:
        try:
            return plain_paths(json.loads(value))
        except json.JSONDecodeError:
            pass
    paths = plain_spellings(value) if "/" in value else set()
    if any(path.startswith(("_schema/", "_hash/")) for path in paths):
        return paths
    parts = [path.split("/") for path in LISTED]
    stored = {"/".join(p[:depth]) for p in parts for depth in range(1, len(p) + 1)}
    return {f"{p}{path}" for path in paths for p in ("", "_hash/", "_schema/")} & stored


def _leads(path: str) -> bool:
    return path.startswith(("/", "../")) or "/../" in path


def plain_spellings(text: Any) -> set[str]:
    if not isinstance(text, str):
        return set()
    scheme = re.match("[A-Za-z][A-Za-z0-9+.-]*:/+", text)
    rest = text[scheme.end() :] if scheme else text
    segments = [s for s in rest.split("/") if s not in {"", "."}]
    resolved: list[str] = []
    for segment in segments:
        if segment != "..":
            resolved.append(segment)
        elif resolved:
            resolved.pop()
    paths = {"/".join(segments), "/".join(resolved)}
    if scheme or text.startswith("/"):
        roots = ("root/", "bucket/")
        paths |= {path.removeprefix(root) for path in paths for root in roots}
    return paths - {""}


@settings(max_examples=150, deadline=None)
@given(VALUES, st.integers(0, 2))
def test_paths_are_those_of_the_plain_implementation(value: Any, times: int) -> None:
    text = json.dumps(value)
    for _ in range(times):
        text = json.dumps(text)
    known = KnownPaths(("/root", "bucket"), ("_hash", "_schema"), Listed(LISTED))

    paths = {p for each in recorded_paths(text, known) for p in each.spellings}

    plain = plain_paths(value)
    assert plain <= paths
    # any other path is one to be followed, or the end of a plain one
    assert {p for p in paths - plain if not _leads(p)} <= {
        "/".join(p.split("/")[start:])
        for p in paths
        for start in range(p.count("/") + 1)
    }
