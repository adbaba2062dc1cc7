"""A small neuroscience pipeline with every built-in codec, rows and garbage."""

import io
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import datajoint as dj
import numpy as np
from datajoint.errors import DataJointError

from djgc_widgets.model import InputError

SCHEMA = "lab_ephys"
STORES = ("raw", "derived")

_SUBJECTS = ("M009", "M011", "M014", "M017", "M021", "M022")
_SESSIONS = range(1, 9)
_UNITS = range(1, 6)
_SEED = 20_260_101
_YOUNGEST_DAYS, _OLDEST_DAYS = 9, 420

TABLES = {
    "Subject": """
        subject : varchar(8)
        ---
        species : varchar(32)
        """,
    "Session": """
        -> Subject
        session : int32
        ---
        session_date : date
        protocol : <attach@raw>       # signed protocol
        """,
    "Recording": """
        -> Session
        ---
        voltage : <npy@raw>           # channels x samples, uV
        probe : <blob@raw>            # geometry of the probe
        """,
    "Unit": """
        -> Recording
        unit : int32
        ---
        spike_times : <npy@derived>   # s
        waveform : <blob@derived>     # uV
        """,
    "Stack": """
        -> Session
        ---
        frames : <object@raw>         # a folder of chunks
        preview : <object@raw>        # one image file
        thumbnail : <hash@derived>
        """,
    "Video": """
        -> Session
        ---
        video : <filepath@raw>        # written by the camera, not by DataJoint
        """,
    "OldSorting": """
        -> Recording
        ---
        result : <npy@derived>
        labels : <blob@derived>
        """,
}
"""Definitions of the lab's tables, parents first."""

Tables = Mapping[str, Any]


def fill(connection: dj.Connection, stores: Mapping[str, Path], incoming: Path) -> None:
    """Write rows and garbage; only DataJoint's random tokens differ from run to run.

    The folders of the stores, and `incoming` for the files to upload, must not exist.
    Raises `InputError` if the schema or a store exists, or if the connection's
    configuration names other stores.
    """
    _refuse_strangers(connection, stores)
    random = np.random.default_rng(_SEED)
    for folder in (*stores.values(), incoming):
        folder.mkdir(parents=True)
    schema = dj.Schema(SCHEMA, connection=connection)
    context: dict[str, Any] = {}
    for name, definition in TABLES.items():
        table = type(name, (dj.Manual,), {"definition": definition})
        context[name] = schema(table, context=context)
    tables = {name: table() for name, table in context.items()}
    for subject in _SUBJECTS:
        tables["Subject"].insert1({"subject": subject, "species": "Mus musculus"})
        for session in _SESSIONS:
            key = {"subject": subject, "session": session}
            _record(tables, stores["raw"], incoming, random, key)
    _make_garbage(tables, stores, random)
    _set_dates(stores, random)
    _fail_to_insert(tables, {"subject": "M022", "session": 61}, random)  # young garbage


def _refuse_strangers(connection: dj.Connection, stores: Mapping[str, Path]) -> None:
    """Refuse a database or store that is not the lab's own and empty."""
    specs = connection._config.stores  # noqa: SLF001 - no public API
    configured = {name: spec["location"] for name, spec in specs.items()}
    if configured != {name: str(folder) for name, folder in stores.items()}:
        raise InputError(
            f"Expected a connection with the stores {', '.join(stores)} of the lab; "
            f"got {', '.join(configured) or 'none'}. Let start_lab make the connection."
        )
    there = [str(folder) for folder in stores.values() if folder.exists()]
    there += [name for name in dj.list_schemas(connection=connection) if name == SCHEMA]
    if there:
        raise InputError(
            f"Expected a new database and stores; {', '.join(there)} exists already. "
            "The lab only changes what it made itself."
        )


def _record(
    tables: Tables,
    raw: Path,
    incoming: Path,
    random: np.random.Generator,
    key: dict[str, Any],
) -> None:
    """Insert the data of one session."""
    subject, session = key["subject"], key["session"]
    number = _SUBJECTS.index(subject) * len(_SESSIONS) + session
    protocol = incoming / f"protocol_{subject}_{session}.txt"
    protocol.write_text(f"Protocol of {subject}, session {session}\n" * 20)
    day = date(2025, 9, 1) + timedelta(days=7 * number)
    tables["Session"].insert1({**key, "session_date": day, "protocol": protocol})
    voltage = random.normal(0, 40, (16, 2_000 + 150 * number)).astype("float32")
    tables["Recording"].insert1(
        {**key, "voltage": voltage, "probe": np.arange(48.0).reshape(16, 3)}
    )
    tables["Unit"].insert(
        {
            **key,
            "unit": unit,
            "spike_times": np.sort(random.uniform(0, 600, 200 + 20 * unit)),
            "waveform": random.normal(0, 60, (16, 40)).astype("float32"),
        }
        for unit in _UNITS
    )
    if session % 2:
        frames = incoming / f"frames_{number}"
        frames.mkdir()
        for chunk in range(6):
            (frames / f"chunk_{chunk}.raw").write_bytes(random.bytes(24_000))
        preview = incoming / f"preview_{number}.tif"
        preview.write_bytes(random.bytes(9_000))
        row = {**key, "frames": frames, "preview": preview}
        tables["Stack"].insert1({**row, "thumbnail": random.bytes(3_000)})
    if session == 1:
        clip = Path("camera") / subject / "session_1.avi"
        (raw / clip).parent.mkdir(parents=True)
        (raw / clip).write_bytes(random.bytes(60_000))
        tables["Video"].insert1({**key, "video": clip.as_posix()})
    sorting = random.normal(size=(40, 60))
    labels = random.integers(0, 9, 500)
    tables["OldSorting"].insert1({**key, "result": sorting, "labels": labels})


def _make_garbage(
    tables: Tables, stores: Mapping[str, Path], random: np.random.Generator
) -> None:
    # a subject is withdrawn: its rows go, its objects stay
    (tables["Subject"] & {"subject": "M011"}).delete(prompt=False)
    # a sorter is replaced: the table is dropped, its objects stay
    tables["OldSorting"].drop(prompt=False)
    # recordings are filtered again: the new value is stored beside the old one
    for session in (2, 5, 6):
        voltage = random.normal(0, 35, (16, 3_000)).astype("float32")
        key = {"subject": "M014", "session": session}
        tables["Recording"].update1({**key, "voltage": voltage})
    # a session is recorded before its row exists: only the upload succeeds
    for session in (51, 52):
        _fail_to_insert(tables, {"subject": "M017", "session": session}, random)
    # somebody cleans up by hand: two rows have lost their object
    for session in (3, 4):
        unit = {"subject": "M021", "session": session, "unit": 1}
        folder = stores["derived"] / "_schema" / SCHEMA / "unit"
        folder /= "/".join(f"{name}={value}" for name, value in unit.items())
        next(folder.glob("spike_times_*")).unlink()
    # a file that is not DataJoint's, and an object of a schema that was dropped
    readme = "Raw data of the lab. Ask before you delete.\n"
    (stores["raw"] / "README.txt").write_text(readme)
    buffer = io.BytesIO()
    np.save(buffer, random.normal(size=5_000))
    old = stores["raw"] / "_schema/lab_pilot/pilot/subject=P001/trace_Qm3x81bd.npy"
    old.parent.mkdir(parents=True)
    old.write_bytes(buffer.getvalue())


def _fail_to_insert(
    tables: Tables, key: dict[str, Any], random: np.random.Generator
) -> None:
    voltage, probe = random.normal(size=(16, 1_500)), random.normal(size=(16, 3))
    with suppress(DataJointError):
        tables["Recording"].insert1({**key, "voltage": voltage, "probe": probe})
        raise AssertionError("the insert of a recording without a session must fail")


def _set_dates(stores: Mapping[str, Path], random: np.random.Generator) -> None:
    """Spread the files over the past year, as if the lab had worked since then."""
    now = time.time()
    for folder in stores.values():
        for path in sorted(folder.rglob("*"), key=_without_token):
            days = random.uniform(_YOUNGEST_DAYS, _OLDEST_DAYS)
            if path.suffix == ".npy" and "=" not in path.parent.name:
                days = _YOUNGEST_DAYS  # an update, which is later than its original
            os.utime(path, (now - days * 86_400,) * 2)


def _without_token(path: Path) -> tuple[str, ...]:
    # tokens are random; the rest of the name and the size give a steady order
    parts = path.parts[:-1] if path.is_file() else path.parts
    return (
        *(part.rpartition("_")[0] or part for part in parts),
        str(path.lstat().st_size),
    )
