"""Tell others of a run: a log, Prometheus, and a person if there is something new."""

import argparse
import json
import shlex
import subprocess
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

from djgc_widgets.cli.metrics import write_metrics
from djgc_widgets.model import Answer, InputError, ServerError, error_text

_TOLD = "told.json"
_PATIENCE_SECONDS = 60


def tell(parsed: argparse.Namespace, answer: Answer) -> None:
    """Add a line to the log, write the metrics, and notify of new trouble.

    Each is tried, whatever becomes of the others.

    Raises
    ------
    OSError, ServerError, InputError
        The first failure.
    """
    failures = []
    for name, write in (
        ("log_file", _log),
        ("metrics", write_metrics),
        ("notify", _notify),
    ):
        if wanted := getattr(parsed, name, None):
            try:
                write(wanted, parsed, answer)
            except (InputError, OSError, ServerError) as error:
                failures.append(error)
    if failures:
        raise failures[0]


def _log(path: str, parsed: argparse.Namespace, answer: Answer) -> None:
    line = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": parsed.command,
        "code": answer.code,
        "changed": answer.changed,
        **answer.data,
    }
    with Path(path).open("a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")


def _notify(target: str, parsed: argparse.Namespace, answer: Answer) -> None:
    """Tell of trouble; with a history, of each trouble once while it lasts."""
    history = getattr(parsed, "history", None)
    told = None if history is None else Path(history) / _TOLD
    before = _told_before(told)
    new = [text for name, text in answer.troubles.items() if name not in before]
    if new:
        head = f"djgc {parsed.command}: {len(new)} to look at (exit code {answer.code})"
        _send(target, "\n".join([head, *(f"- {text}" for text in new), ""]))
    if told is not None and set(before) != set(answer.troubles):
        now = datetime.now(UTC).isoformat(timespec="seconds")
        lasting = {name: before.get(name, now) for name in answer.troubles}
        told.parent.mkdir(parents=True, exist_ok=True)
        told.write_text(json.dumps(lasting, indent=1), encoding="utf-8")


def _told_before(path: Path | None) -> dict[str, str]:
    """Return what was told; what cannot be read was not: better told twice."""
    try:
        known = {} if path is None else json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _send(target: str, message: str) -> None:
    if target.startswith(("http://", "https://")):
        request = urllib.request.Request(  # noqa: S310 - one of these two schemes
            target,
            json.dumps({"text": message}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS):  # noqa: S310 - likewise
            return
    command = shlex.split(target)
    try:
        subprocess.run(  # noqa: S603 - the command that the account configured
            command,
            input=message,
            text=True,
            check=True,
            capture_output=True,
            timeout=_PATIENCE_SECONDS,
        )
    except (IndexError, subprocess.SubprocessError) as error:
        raise ServerError(
            f"Expected a command in --notify that takes a message; got {target!r}, "
            f"which failed ({error_text(error)}). Try it in a shell."
        ) from error
