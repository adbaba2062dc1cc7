"""Read the arguments, let a command answer, show the answer, and tell others."""

import argparse
import json
import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from itertools import pairwise
from pathlib import Path

from djgc_widgets.cli.options import argument_parser
from djgc_widgets.cli.terminal import show, text_of, unwritable
from djgc_widgets.model import (
    Answer,
    ExitCode,
    InputError,
    ScanUnfinishedError,
    ServerError,
    SweepRefusedError,
    visible,
)

_ROOMS = {
    "sweep": "sweeping",
    "scan": "scanning",
    "report": "scanning",
    **dict.fromkeys(("pins", "pin", "unpin"), "pinning"),
}
"""Where a command is; all others are about trashes."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; by default that of this process.

    With ``--json`` exactly one line goes to standard output, whatever happens.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    parsed = argparse.Namespace(
        format="json" if _wants_json(given) else "table", command=" ".join(given[:1])
    )
    unexpected = None
    try:
        parsed = argument_parser().parse_args(given)
        answer = _run(parsed)
    except SweepRefusedError as error:
        answer = Answer(
            ExitCode.REFUSED,
            [str(error)],
            {"refused": str(error)},
            troubles={f"refused {error}": str(error)},
        )
    except InputError as error:
        answer = _failure(ExitCode.USAGE_ERROR, error)
    except _expected_errors() as error:
        answer = _failure(ExitCode.ERROR, error)
    except Exception as error:  # noqa: BLE001 - it is raised again, when it was told
        answer, unexpected = _failure(ExitCode.ERROR, error), error
    for tell in (_tell, _print):  # what was done is told whatever becomes of the other
        try:
            tell(parsed, answer, quiet=unexpected is not None)
        except (InputError, OSError, ServerError) as error:
            failed = _failure(ExitCode.ERROR, error)
            told = {**failed.data, **answer.data}  # the first error counts
            answer = replace(answer, code=failed.code, data=told)
        except Exception as error:  # noqa: BLE001 - likewise, after the first one
            unexpected = unexpected or error
    if unexpected is not None:
        raise unexpected
    return int(answer.code)


def _wants_json(given: Sequence[str]) -> bool:
    """Return whether JSON is asked for, whatever else is wrong."""
    pairs = pairwise(given)
    return (
        not {"--json", "--format=json"}.isdisjoint(given)
        or ("--format", "json") in pairs
    )


def _run(parsed: argparse.Namespace) -> Answer:
    if parsed.command == "demo":
        return _run_demo(parsed)
    import_module("djgc_widgets.cli.settings").fill(parsed)
    # with all that it needs
    room = import_module(f"djgc_widgets.cli.{_ROOMS.get(parsed.command, 'trashes')}")
    for handler in logging.getLogger("datajoint").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(sys.stderr)  # standard output is for programs, too
    run: Callable[[argparse.Namespace], Answer]
    run = getattr(room, f"run_{parsed.command}")
    return run(parsed)


def _run_demo(arguments: argparse.Namespace) -> Answer:
    try:
        run = import_module("djgc_widgets.lab.jupyterlab").run_demo
    except ModuleNotFoundError as error:
        raise ServerError(
            f"Expected the package {error.name}; install it with: pip install "
            '"djgc-widgets[demo]"'
        ) from None
    return Answer(run(open_browser=not arguments.no_browser))


def _expected_errors() -> tuple[type[Exception], ...]:
    """Return what may fail; DataJoint may not even be loaded."""
    datajoint = sys.modules.get("datajoint.errors")
    own = (OSError, ScanUnfinishedError, ServerError)
    return (*own, datajoint.DataJointError) if datajoint else own


def _failure(code: ExitCode, error: Exception) -> Answer:
    text = str(error) or type(error).__name__
    with suppress(OSError):  # if nobody can read this, the exit code is left to tell
        show(f"djgc: {visible(text)}\n", sys.stderr)
    return Answer(code, data={"error": text}, troubles={f"error {text}": text})


def _print(parsed: argparse.Namespace, answer: Answer, *, quiet: bool) -> None:
    """Write the answer to standard output, or to a file."""
    kind = getattr(parsed, "format", "table")
    path = getattr(parsed, "output", None)
    if quiet and kind != "json":
        return
    if kind == "json":
        text = _json_line(answer)
    elif kind == "csv":
        frame = answer.frame
        csv_text = import_module("djgc_widgets.model.export").csv_text
        text = "" if frame is None else csv_text(frame)
        # no table of an answer that has none, and no table says what is wrong
        told = answer.lines if frame is None else list(answer.troubles.values())
        if told:
            show(text_of(told, sys.stderr), sys.stderr)
    else:
        text = text_of(answer.lines, sys.stdout if path is None else None)
    if path is None:
        show(text, sys.stdout)
    else:
        try:
            Path(path).write_text(text, encoding="utf-8")
        except OSError as error:
            raise unwritable("-o", path, error) from None


def _tell(parsed: argparse.Namespace, answer: Answer, *, quiet: bool) -> None:  # noqa: ARG001 - trouble is told in any case
    """Add to a log, write metrics, notify."""
    if not hasattr(parsed, "notify"):  # the arguments could not even be read
        import_module("djgc_widgets.cli.settings").fill_channels(parsed)
    wanted = [getattr(parsed, n, None) for n in ("log_file", "metrics", "notify")]
    if any(wanted):
        import_module("djgc_widgets.cli.telling").tell(parsed, answer)


def _json_line(answer: Answer) -> str:
    line = {"code": answer.code, "changed": answer.changed, **answer.data}
    return json.dumps(line) + "\n"
