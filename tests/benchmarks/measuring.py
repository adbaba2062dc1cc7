"""What a piece of work costs: seconds, CPU seconds and memory, in a process of its own.

Each line of the table stands beside others that were measured in the same run: those of
DataJoint's collector, and the limit of what the machine can do.
"""

import gc
import os
import pickle
import resource
import statistics
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HEAD = (
    f"{'':52}{'dj.gc':>9}{'limit':>9}{'ours':>9}{'x dj.gc':>9}{'x limit':>9}"
    f"{'CPU':>9}{'memory':>10}{'of dj.gc':>10}"
)
REPEATS = int(os.environ.get("REPEATS", "3"))
QUICK = bool(os.environ.get("QUICK"))
_KB = 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """The median of some runs."""

    seconds: float
    cpu_seconds: float
    memory_mb: float
    """Most of what was in memory at once, beyond what was there before."""
    answer: Any


def cost(work: Callable[[], Any], repeats: int = REPEATS) -> Cost:
    """Run something several times, each time in a process that is then gone."""
    gc.collect()
    runs = [_run_apart(work) for _ in range(1 if QUICK else repeats)]
    medians = (
        statistics.median(column) for column in list(zip(*runs, strict=True))[:3]
    )
    return Cost(*medians, answer=runs[-1][3])


def _run_apart(work: Callable[[], Any]) -> tuple[float, float, float, Any]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        code = 1
        try:
            with os.fdopen(writing, "wb") as line:
                pickle.dump(measured(work), line)
            code = 0
        except BaseException:  # noqa: BLE001 - it ends here in any case
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as line:
        told = line.read()
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError("the work failed; its error stands above")
    answer: tuple[float, float, float, Any] = pickle.loads(told)  # noqa: S301 - our own process
    return answer


def measured(work: Callable[[], Any]) -> tuple[float, float, float, Any]:
    """Return seconds, CPU seconds, memory in MB, and what the work returned."""
    before = _resident_mb()
    wall, cpu = time.perf_counter(), sum(os.times()[:4])
    answer = work()
    seconds, cpu_seconds = time.perf_counter() - wall, sum(os.times()[:4]) - cpu
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KB
    return seconds, cpu_seconds, max(most - before, 0), answer


def _resident_mb() -> float:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / _KB**2


def report(
    work: str, ours: Cost, theirs: Cost | None = None, limit: Cost | None = None
) -> None:
    """Print a line of the table."""
    cells = [_seconds(theirs), _seconds(limit), _seconds(ours)]
    for other, larger in ((theirs, theirs), (limit, ours)):
        smaller = ours if larger is theirs else limit
        if other is None or larger is None or smaller is None:
            cells.append(f"{'':>9}")
        else:
            cells.append(f"{larger.seconds / smaller.seconds:>8.1f}x")
    cells.append(f"{ours.cpu_seconds:>7.2f} s")
    cells.append(f"{ours.memory_mb:>7.0f} MB")
    cells.append(f"{theirs.memory_mb:>7.0f} MB" if theirs and theirs.memory_mb else "")
    print(f"{work:52}{''.join(cells)}", flush=True)


def _seconds(each: Cost | None) -> str:
    return f"{'':>9}" if each is None else f"{each.seconds:>7.2f} s"
