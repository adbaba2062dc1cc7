"""A run as metrics for Prometheus, in a file that its node exporter collects.

Each name, unit and label is documented in `METRICS`.
"""

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime

from djgc_widgets.model import LISTED_STATUSES, Answer, Outcome, ServerError

METRICS = {
    "djgc_run_timestamp_seconds": ("when the command ended, s since 1970", ["command"]),
    "djgc_exit_code": ("how it ended", ["command"]),
    "djgc_troubles": ("what a person has to look at", ["command"]),
    "djgc_scan_complete": ("1 if everything was read, else 0", []),
    "djgc_scan_duration_seconds": ("how long the last scan took", []),
    "djgc_stored_objects": ("stored objects", ["store", "status"]),
    "djgc_stored_bytes": ("physical bytes, each object once", ["store", "status"]),
    "djgc_hidden_bytes": ("bytes that no listing shows", ["store", "kind"]),
    "djgc_missing_references": ("recorded paths without an object", ["store"]),
    "djgc_orphans_waiting": ("orphans that no scan a day earlier saw", []),
    "djgc_orphans_held": ("orphans of tables that have unusually many", []),
    "djgc_objects_processed": ("objects by what became of them", ["outcome"]),
    "djgc_bytes_processed": ("their bytes", ["outcome"]),
}
"""For each metric its meaning and its labels; all are gauges of the last run."""

_Value = tuple[str, tuple[str, ...], float]


def write_metrics(path: str, parsed: argparse.Namespace, answer: Answer) -> None:
    """Write the metrics of a run; what was in the file before is replaced.

    Raises
    ------
    ServerError
        If the package that writes them is not installed.
    OSError
        If the file cannot be written.
    """
    try:
        from prometheus_client import (  # noqa: PLC0415 - needs the extra "metrics"
            CollectorRegistry,
            Gauge,
            write_to_textfile,
        )
    except ModuleNotFoundError as error:
        raise ServerError(
            f"Expected the package {error.name}; install it with: pip install "
            '"djgc-widgets[metrics]"'
        ) from None
    registry = CollectorRegistry()
    gauges = {
        name: Gauge(name, meaning, labels, registry=registry)
        for name, (meaning, labels) in METRICS.items()
    }
    for name, labels, value in _values(parsed.command, answer):
        (gauges[name].labels(*labels) if labels else gauges[name]).set(value)
    for name in METRICS:  # what this run does not tell is absent, not zero
        if name not in {told for told, *_ in _values(parsed.command, answer)}:
            registry.unregister(gauges[name])
    write_to_textfile(path, registry)


def _values(command: str, answer: Answer) -> Iterator[_Value]:
    now = datetime.now(UTC).timestamp()
    yield "djgc_run_timestamp_seconds", (command,), now
    yield "djgc_exit_code", (command,), answer.code
    yield "djgc_troubles", (command,), len(answer.troubles)
    if (scan := answer.scan) is not None:
        yield "djgc_scan_complete", (), scan.complete
        yield "djgc_scan_duration_seconds", (), scan.elapsed_seconds
        summary = scan.summary()
        listed = summary[summary["status"].isin(LISTED_STATUSES)]
        for row in listed.to_dict("records"):
            labels = str(row["store"]), str(row["status"])
            yield "djgc_stored_objects", labels, row["n_objects"]
            yield "djgc_stored_bytes", labels, row["size_bytes"]
        hidden = scan.hidden.groupby(["store", "kind"])["size_bytes"].sum()
        for labels, size in hidden.items():
            yield "djgc_hidden_bytes", labels, int(size)
        missing = scan.missing["store"].value_counts()
        # of a store that is away, all is missing
        for store in scan.stores if scan.complete else ():
            n_missing = missing.get(store.name, 0)
            yield "djgc_missing_references", (store.name,), n_missing
    for name, key in (("waiting", "n_waiting"), ("held", "n_held")):
        if key in answer.data:
            yield f"djgc_orphans_{name}", (), answer.data[key]
    rows = [*answer.data.get("healed", []), *answer.data.get("rows", [])]
    for outcome in Outcome if rows else ():
        own = [row for row in rows if row["outcome"] == outcome.value]
        yield "djgc_objects_processed", (outcome.value,), len(own)
        size = sum(row["size_bytes"] for row in own)
        yield "djgc_bytes_processed", (outcome.value,), size
