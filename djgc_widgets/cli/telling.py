"""Tell others of a run: a log, Prometheus, and a person if there is something new."""

import argparse
import json
import shlex
import subprocess
import urllib.request
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path

from djgc_widgets.cli.metrics import write_metrics
from djgc_widgets.cli.terminal import unwritable
from djgc_widgets.model import Answer, InputError, ServerError, error_text

_TOLD = "told.json"
_PATIENCE_SECONDS = 60


def tell(parsed: argparse.Namespace, answer: Answer) -> None:
    """Add a line to the log, write the metrics, and notify of new trouble.

    Each is tried, whatever becomes of the others.

    Raises
    ------
    ServerError, InputError
        The first failure.
    """
    failures: list[InputError | ServerError] = []
    for name, write in (
        ("log_file", _log),
        ("metrics", write_metrics),
        ("notify", _notify),
    ):
        if wanted := getattr(parsed, name, None):
            try:
                write(wanted, parsed, answer)
            except OSError as error:
                # what was told is remembered in the history
                option = "history" if name == "notify" else name
                path = str(getattr(parsed, option))
                shown = f"--{option.replace('_', '-')}"
                failures.append(unwritable(shown, path, error))
            except (InputError, ServerError) as error:
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
    path = None if history is None else Path(history) / _TOLD
    told = _told_before(path)
    # another command, or one over other stores, sees other troubles
    which = " ".join([parsed.command, *sorted(getattr(parsed, "stores", None) or [])])
    before = told.get(which, {})
    new = [text for name, text in answer.troubles.items() if name not in before]
    if new:
        head = f"djgc {parsed.command}: {len(new)} to look at (exit code {answer.code})"
        _send(target, "\n".join([head, *(f"- {text}" for text in new), ""]))
    now = datetime.now(UTC).isoformat(timespec="seconds")
    lasting = {name: before.get(name, now) for name in answer.troubles}
    if answer.scan is None:  # who did not look does not know what is over
        lasting = {**before, **lasting}
    if path is not None and lasting != before:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({**told, which: lasting}, indent=1)
        path.write_text(text, encoding="utf-8")


def _told_before(path: Path | None) -> dict[str, dict[str, str]]:
    """Return what was told; what cannot be read was not: better told twice."""
    try:
        known = {} if path is None else json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    fits = isinstance(known, dict) and all(isinstance(v, dict) for v in known.values())
    return known if fits else {}


def _send(target: str, message: str) -> None:
    try:
        if target.startswith(("http://", "https://")):
            _post(target, message)
        else:
            subprocess.run(  # noqa: S603 - the command that the account configured
                shlex.split(target),
                input=message,
                text=True,
                check=True,
                capture_output=True,
                timeout=_PATIENCE_SECONDS,
            )
    except (
        *(OSError, ValueError, IndexError),
        *(subprocess.SubprocessError, HTTPException),
    ) as error:
        raise ServerError(
            f"Expected a command or URL in --notify that takes a message; got "
            f"{target!r}, which failed ({error_text(error)}). A command runs without a "
            "shell; one that needs it is sh -c '...'."
        ) from error


def _post(url: str, message: str) -> None:
    request = urllib.request.Request(  # noqa: S310 - http or https
        url,
        json.dumps({"text": message}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS):  # noqa: S310 - likewise
        pass
