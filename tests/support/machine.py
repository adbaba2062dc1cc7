"""A laboratory that does whatever laboratories do, in any order, and never loses data.

Whatever the sequence: every file of every committed row is in the store, byte for byte,
or in the trash, from where the next scan returns it; a sweep touches nothing outside of
its plan; and the sums add up. `HAPPENED` counts how often each thing really happened.
"""

import json
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import datajoint as dj
import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from laboratory import AT_ONCE, Laboratory, connect

from djgc_widgets import CompleteScan, Progress, SweepPlan, SweepRefusedError, Trash
from djgc_widgets.stores.file.folder import StoreFolder
from djgc_widgets.stores.file.store import FileStore
from djgc_widgets.stores.remote import base_path
from djgc_widgets.stores.s3.requests import S3Bucket
from djgc_widgets.stores.s3.store import S3Store

CODECS = {"hash": "<hash@raw>", "npy": "<npy@raw>", "object": "<object@raw>"}
ACKNOWLEDGED = frozenset({"sole-owner", "large-sweep", "minimum-age"})
_DAY = timedelta(days=1)

WEIGHTS = {
    "insert": 5,
    "update": 3,
    "delete": 4,
    "drop_table": 1,
    "copy_rows": 2,
    "abort": 1,
    "insert_in_the_other_session": 2,
    "end_the_other_session": 2,
    "let_time_pass": 2,
    "let_our_clock_jump": 1,
    "look": 2,
    "choose": 3,
    "sweep": 4,
    "crash_inside_a_sweep": 2,
    "recover": 1,
    "need_again_and_heal": 1,
    "restore": 1,
    "purge": 8,
}
"""How likely a laboratory does what."""
_N_OF_LABORATORY = list(WEIGHTS).index("let_time_pass")
"""So many of these come first and are no sweeps, nor what surrounds them."""

HAPPENED: Counter[str] = Counter()
"""How often each thing really happened, over all runs of this process."""


class LossError(AssertionError):
    """A committed row has lost its object."""


class _Crash(BaseException):
    """The process ends here: whatever it still does no longer reaches the store."""


def _crashing(kind: type, calls: list[int], names: tuple[str, ...]) -> type:
    """Make a class whose verbs stop working for good after some calls."""

    def dying(name: str) -> Callable[..., Any]:
        def verb(self: Any, *args: Any, **options: Any) -> Any:
            calls[0] -= 1
            if calls[0] < 0:
                raise _Crash
            return getattr(super(crashing, self), name)(*args, **options)

        return verb

    crashing = type(f"Crashing{kind.__name__}", (kind,), {n: dying(n) for n in names})
    return crashing


class Machine(RuleBasedStateMachine):
    """Rows come and go, and what they leave behind is swept."""

    open_laboratory: ClassVar[Callable[[Path], Any]]
    weights: ClassVar[dict[str, int]] = WEIGHTS
    """Opens a laboratory in a folder; set by whoever runs the machine."""

    def __init__(self) -> None:
        super().__init__()
        self.random = Random(0)  # noqa: S311 - no secret
        self._stack = ExitStack()
        folder = Path(self._stack.enter_context(TemporaryDirectory()))
        self.lab: Laboratory = self._stack.enter_context(
            type(self).open_laboratory(folder)
        )
        self.lab.minimum_age = timedelta(0)
        self.other = self._second_session(folder)
        self.clock_jump = timedelta(0)
        self.rows: dict[tuple[str, int], dict[str, bytes]] = {}
        self.uncommitted: dict[tuple[str, int], dict[str, bytes]] = {}
        self.plan: SweepPlan | None = None
        self.scan: CompleteScan | None = None
        self.copies = dj.Schema(
            f"{self.lab.name}_copies", connection=self.lab.connection
        )
        self._stack.callback(self.copies.drop, prompt=False)
        self.tables: dict[str, Any] = {}
        for kind in CODECS:
            self._declare(kind)
            self.lab.declare(self._definition(kind), kind.title(), self.copies)

    def teardown(self) -> None:
        self._end_other(commit=False)
        self.other.close()
        self._stack.close()

    @initialize(days=st.sampled_from([0, 0, 7]))
    def agree_on_the_minimum_age(self, days: int) -> None:
        if self.lab.s3 is None:  # what lies on S3 cannot be made older
            self.lab.minimum_age = days * _DAY

    @rule(number=st.integers(0, 2**32))
    def go_on(self, number: int) -> None:
        """Do something; which and to what follows from the number.

        There is one rule, since Hypothesis leaves out rules at random, and most chains
        that end in a loss need many of them.
        """
        self.random = Random(f"{number} {self.random.random()}")  # noqa: S311 - no secret
        (action,) = self.random.choices(
            [getattr(self, name) for name in self.weights], list(self.weights.values())
        )
        action()

    # what a laboratory does

    def insert(self) -> None:
        self._let_others_finish()
        kind, key = self._some_key()
        if self._is_free(kind, key):
            self._insert(kind, key, self._content())

    def _insert(self, kind: str, key: int, content: int) -> None:
        self.tables[kind].insert1({"id": key, "data": self._data(kind, content)})
        self.rows[kind, key] = self._files(kind, key, self.lab.connection)
        HAPPENED["inserted"] += 1

    def update(self) -> None:
        self._let_others_finish()
        kind, key = self._some_row()
        data = self._data(kind, self._content())
        self.tables[kind].update1({"id": key, "data": data})
        self.rows[kind, key] = self._files(kind, key, self.lab.connection)
        HAPPENED["updated"] += 1

    def delete(self) -> None:
        self._let_others_finish()
        kind, key = self._some_row()
        del self.rows[kind, key]
        (self.tables[kind] & {"id": key}).delete()
        HAPPENED["deleted"] += 1

    def drop_table(self) -> None:
        if self.uncommitted:
            return  # it waits for them
        kind, _ = self._some_key()
        self.tables[kind].drop(prompt=False)
        for row in [row for row in self.rows if row[0] == kind]:
            del self.rows[row]
        self._declare(kind)
        HAPPENED["dropped"] += 1

    def copy_rows(self) -> None:
        """As ``B.insert(A)`` does: the copied rows keep the recorded paths."""
        self._let_others_finish()
        kind, _ = self._some_key()
        target = self.lab.quote(str(self.copies.database), kind)
        source = self.lab.quote(self.lab.name, kind)
        self.lab.connection.query(f"DELETE FROM {target}")
        self.lab.connection.query(f"INSERT INTO {target} SELECT * FROM {source}")
        for row in [row for row in self.rows if row[0] == f"copy {kind}"]:
            del self.rows[row]
        for (name, key), files in list(self.rows.items()):
            if name == kind:
                self.rows[f"copy {kind}", key] = files
                HAPPENED["copied"] += 1

    def abort(self) -> None:
        self._let_others_finish()
        kind, key = self._some_key()
        if self._is_free(kind, key):
            with suppress(ZeroDivisionError), self.lab.connection.transaction:
                row = {"id": key, "data": self._data(kind, self._content())}
                self.tables[kind].insert1(row)
                raise ZeroDivisionError
            HAPPENED["aborted"] += 1

    def insert_in_the_other_session(self) -> None:
        """The upload is done, the row is not committed yet."""
        kind, key = self._some_key()
        if not self._is_free(kind, key):
            return
        if not self.other.in_transaction:
            self.other.start_transaction()
        schema = dj.Schema(self.lab.name, connection=self.other, create_schema=False)
        table = dj.FreeTable(self.other, f"{schema.database}.{kind}")
        table.insert1({"id": key, "data": self._data(kind, self._content())})
        self.uncommitted[kind, key] = self._files(kind, key, self.other)
        HAPPENED["left uncommitted"] += 1

    def end_the_other_session(self) -> None:
        self._end_other(commit=self.random.random() < 0.7)

    # time

    def let_time_pass(self) -> None:
        self.lab.age()
        HAPPENED["aged"] += 1

    def let_our_clock_jump(self) -> None:
        self.clock_jump = self.random.choice([-60, 0, 0, 60]) * _DAY
        self.plan = None  # it has expired, or is not good yet
        HAPPENED["clock jumped"] += 1

    # what this package does

    def look(self) -> None:
        result = self.lab.scan(clock=self._now)
        assert result.adds_up()
        self.plan = self.scan = None
        if not isinstance(result, CompleteScan):
            raise AssertionError(result.problems)  # noqa: TRY004 - the claim that is tested
        live = set(result.objects.query("status == 'live'")["path"])
        for files in self.rows.values():
            main = min(files, key=len)
            is_live = any(main == p or main.startswith(f"{p}/") for p in live)
            assert is_live or main not in self._stored(), f"{main} is not live"
        self.scan = result
        HAPPENED["scanned"] += 1

    def choose(self) -> None:
        if self.scan is None:
            self.look()
        assert self.scan is not None
        paths = sorted(self.scan.orphans["path"])
        if paths:
            count = self.random.choice([len(paths), self.random.randint(1, len(paths))])
            chosen = self.random.sample(paths, count)
            self.plan = self.scan.plan(chosen, ACKNOWLEDGED)
            HAPPENED["planned"] += 1

    def sweep(self) -> None:
        """Sweep, perhaps while the same content is inserted again."""
        if not self._planned():
            return
        content = self.random.choice([None, self._content()])
        assert self.plan is not None
        before = self._stored()

        def insert_amid(progress: Progress) -> None:
            if content is not None and progress.done == (progress.total or 0) - 1:
                key = next((k for k in range(5, 9) if self._is_free("hash", k)), None)
                if key is not None:
                    self._insert("hash", key, content)

        try:
            receipt = self.plan.sweep(insert_amid)
        except SweepRefusedError:
            HAPPENED["refused"] += 1
            self.plan = self.scan = None
            self.recover()  # a crash left its lock
            return
        after = self._stored()
        moved = receipt.rows[receipt.rows["outcome"].eq("moved")]
        for path in before.keys() - after.keys():
            assert _is_below(path, set(moved["path"])), f"{path} was not planned"
        for path in before.keys() & after.keys():
            assert before[path] == after[path], f"{path} was changed"
        assert set(receipt.rows["path"]) == set(self.plan.objects["path"])
        for outcome, count in receipt.rows["outcome"].value_counts().items():
            HAPPENED[{"moved": "swept"}.get(str(outcome), str(outcome))] += int(count)
        self.plan = self.scan = None

    def crash_inside_a_sweep(self) -> None:
        if not self._planned():
            return
        assert self.plan is not None
        assert self.scan is not None
        calls = [self.random.randint(0, 25)]
        plan = _carried_out_by(self.plan, self.scan, calls)
        try:
            plan.sweep()
        except _Crash:
            HAPPENED["crashed"] += 1
            self.nothing_is_lost()
            if self.random.random() < 0.7:
                self.plan = self.scan = None
                self.recover()
        except SweepRefusedError:
            HAPPENED["refused"] += 1
        self.plan = self.scan = None

    def recover(self) -> None:
        rows = self._trash().recover(break_lock=True).rows
        HAPPENED["recovered"] += len(rows)

    def need_again_and_heal(self) -> None:
        """Refer to what was swept, as rows do that are copied from elsewhere."""
        self._fill_trash()
        trash = _in_trash(self.lab.contents())
        hashes = sorted(p for p in trash if p.startswith("_hash/"))
        key = next((k for k in range(9, 30) if self._is_free("hash", k)), None)
        if hashes and key is not None:
            path = self.random.choice(hashes)
            digest = path.rpartition("/")[2]
            metadata = {"hash": digest, "path": path, "store": "raw"}
            self.lab.write_row("hash", key, metadata)
            self.rows["hash", key] = {path: trash[path][0]}
        result = self.lab.scan(clock=self._now)
        with suppress(SweepRefusedError):  # a crash left its lock
            HAPPENED["healed"] += result.heal().count("restored")

    def restore(self) -> None:
        self._fill_trash()
        trash = self._trash()
        sweeps = sorted(trash.sweeps["sweep_id"])
        if sweeps:
            chosen = self.random.choice(sweeps)
            with suppress(SweepRefusedError):  # a crash left its lock
                rows = trash.restore(chosen)
                HAPPENED["restored"] += rows.count("restored")

    def purge(self) -> None:
        """No row stays uncommitted for as long as the retention period."""
        self.end_the_other_session()
        self._fill_trash()
        with suppress(SweepRefusedError):
            receipt = self._trash().purge(timedelta(0), AT_ONCE)
            HAPPENED["purged"] += receipt.count("purged")
            HAPPENED["purges"] += receipt.count("purged") > 0
            HAPPENED["healed"] += receipt.count("restored")

    @invariant()
    def nothing_is_lost(self) -> None:
        HAPPENED["steps"] += 1
        stored = self._stored()
        trash = _in_trash(self.lab.contents())
        for row, files in self.rows.items():
            for path, data in files.items():
                if stored.get(path) != data and data not in trash.get(path, ()):
                    raise LossError(f"{row} has lost {path}")

    # helpers

    def _let_others_finish(self) -> None:
        if self.lab.backend == "mysql":  # their locks on gaps would block what follows
            self._end_other(commit=True)

    def _own_rows(self) -> list[tuple[str, int]]:
        return sorted(row for row in self.rows if row[0] in CODECS)

    def _some_key(self) -> tuple[str, int]:
        return self.random.choice(sorted(CODECS)), self.random.randint(1, 4)

    def _content(self) -> int:
        return self.random.randrange(4)

    def _some_row(self) -> tuple[str, int]:
        """Choose a row; insert one if there is none."""
        while not self._own_rows():
            self._end_other(commit=True)
            self.insert()
        return self.random.choice(self._own_rows())

    def _planned(self) -> bool:
        """Return whether there is a plan; perhaps an old one, else make one."""
        if self.plan is None:
            self.choose()
        if self.plan is None:
            self.delete()
            self.lab.age()
            self.scan = None
            self.choose()
        return self.plan is not None and self.plan.allowed

    def _fill_trash(self) -> None:
        """Sweep something if nothing was swept."""
        if not _in_trash(self.lab.contents()):
            self.sweep()

    def _trash(self) -> Trash:
        return Trash(self.lab.schema, "raw", clock=self._now)

    def _now(self) -> datetime:
        return datetime.now(UTC) + self.clock_jump

    def _is_free(self, kind: str, key: int) -> bool:
        return (kind, key) not in self.rows and (kind, key) not in self.uncommitted

    def _declare(self, kind: str) -> None:
        self.tables[kind] = self.lab.declare(self._definition(kind), kind.title())

    def _definition(self, kind: str) -> str:
        return f"id : int32\n---\ndata : {CODECS[kind]}\n"

    def _data(self, kind: str, content: int) -> Any:
        if kind == "hash":
            return b"content %d" % content
        if kind == "npy":
            return np.full(3, content)
        source = self.lab.folder / f"source {content}"
        source.mkdir(exist_ok=True)
        for number in range(2):
            (source / str(number)).write_text(f"{content} {number}")
        return source

    def _files(self, kind: str, key: int, session: Any) -> dict[str, bytes]:
        """Return the files behind a row, as they are just after its insert."""
        text = "data::text" if self.lab.backend == "postgresql" else "data"
        table = self.lab.quote(self.lab.name, kind)
        query = f"SELECT {text} FROM {table} WHERE id = {key}"
        path = json.loads(session.query(query).fetchone()[0])["path"]
        stored = self._stored()
        return {p: c for p, c in stored.items() if _is_below(p, {path})}

    def _stored(self) -> dict[str, bytes]:
        files = self.lab.contents()
        return {p: c for p, c in files.items() if not p.startswith("_trash/")}

    def _second_session(self, folder: Path) -> Any:
        server = self.lab.server
        session = connect(
            server, self.lab.backend, server.user, server.password, folder
        )
        session._config.stores = self.lab.config.stores  # noqa: SLF001 - DataJoint has no public name
        return session

    def _end_other(self, *, commit: bool) -> None:
        if not self.other.in_transaction:
            return
        if commit:
            self.other.commit_transaction()
            self.rows |= self.uncommitted
            HAPPENED["committed late"] += len(self.uncommitted)
        else:
            self.other.cancel_transaction()
        self.uncommitted.clear()


class CollectorMachine(Machine):
    """The same laboratory, swept by the installed collector of DataJoint alone."""

    weights: ClassVar[dict[str, int]] = dict(list(WEIGHTS.items())[:_N_OF_LABORATORY])

    @rule()
    def collect(self) -> None:
        collector = dj.gc.GarbageCollector(self.lab.schema, store="raw")
        collector.collect(dry_run=False)
        HAPPENED["collected"] += 1


def _carried_out_by(
    plan: SweepPlan, result: CompleteScan, calls: list[int]
) -> SweepPlan:
    sweeper = result._sweeper  # noqa: SLF001 - to give it stores that crash
    verbs = ("move", "write", "rewrite", "remove", "read", "prune", "sync")
    folder = _crashing(StoreFolder, calls, verbs)
    bucket = _crashing(S3Bucket, calls, ("copy", "put", "delete", "remove", "read"))
    stores: list[Any] = []
    for store in sweeper.stores:
        if isinstance(store, S3Store):
            backend = store._backend  # noqa: SLF001 - as above
            own = bucket(backend.fs, base_path(backend), store.text_of)
            stores.append(S3Store(store.info, backend, {}, own, conditional=True))
        else:
            stores.append(FileStore(store.info, folder=folder(store.info.address)))
    return replace(plan, _carry_out=replace(sweeper, stores=stores).carry_out)


def _is_below(path: str, objects: set[str]) -> bool:
    return any(
        path in {own, f"{own}.manifest.json"} or path.startswith(f"{own}/")
        for own in objects
    )


def _in_trash(files: dict[str, bytes]) -> dict[str, list[bytes]]:
    trash: dict[str, list[bytes]] = {}
    for path, data in files.items():
        if path.startswith("_trash/") and "/objects/" in path:
            trash.setdefault(path.partition("/objects/")[2], []).append(data)
    return trash
