"""The command line: ``djgc scan``, ``djgc sweep`` and so on, and ``djgc demo``."""

import argparse
import json
import logging
import os
import sys
import textwrap
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, NoReturn, TextIO

from djgc_widgets.model import (
    MINIMUM_AGE,
    OLDEST,
    RETENTION,
    Answer,
    ExitCode,
    InputError,
    ServerError,
    SweepRefusedError,
    expect_age,
    visible,
)


def _run_demo(arguments: argparse.Namespace) -> Answer:
    try:
        from djgc_widgets.lab.jupyterlab import run_demo  # noqa: PLC0415 - needs the extra "demo"
    except ModuleNotFoundError as error:
        raise ServerError(
            f"Expected the package {error.name}; install it with: pip install "
            '"djgc-widgets[demo]"'
        ) from None
    return Answer(run_demo(open_browser=not arguments.no_browser))


def _age(text: str) -> timedelta:
    try:
        age = timedelta(days=float(text))
        expect_age(age)
    except (OverflowError, ValueError):
        raise argparse.ArgumentTypeError(
            f"expected a number of days from 0 to {OLDEST.days:,}; got {text!r}"
        ) from None
    return age


def _days_option(default: timedelta, text: str) -> dict[str, Any]:
    shown = f"{text} ({default / timedelta(days=1):g})"
    return {"type": _age, "default": default, "metavar": "DAYS", "help": shown}


_WIDTH = 80
_FLAG = {"action": "store_true"}
_LIST = {"action": "append", "default": []}
_OPTIONS: dict[str, dict[str, Any]] = {
    "--json": {**_FLAG, "help": "print JSON"},
    "--schema": {**_LIST, "help": "schema to judge; repeatable; all by default"},
    "--stores": {
        **_LIST,
        "metavar": "STORE",
        "help": "store to scan; repeatable; all by default",
    },
    "--minimum-age": _days_option(MINIMUM_AGE, "younger objects are never orphans"),
    "--history": {
        "metavar": "FOLDER",
        "help": "add this scan to the history in a folder, and draw the growth",
    },
    "--store": {"required": True, "help": "name of the store"},
    "sweep_id": {"help": "name of the sweep"},
    "paths": {"nargs": "*", "help": "objects; all by default"},
    "--break-lock": {**_FLAG, "help": "take the lock even if its owner may still run"},
    "--older-than": _days_option(RETENTION, "age of a sweep, in days"),
    "--acknowledge": {
        **_LIST,
        "metavar": "NAME",
        "help": "doubt to lift, such as large-sweep; repeatable",
    },
    "--confirm": {
        **_LIST,
        "metavar": "STORE[,STORE]",
        "help": "do it, in these stores; without it nothing is changed",
    },
    "--filter": {
        "metavar": "NAME",
        "help": "sweep only what a saved filter shows (djgc-filters.json, here)",
    },
    "--table": {**_LIST, "help": "sweep only objects of this table; repeatable"},
    "--reason": {
        **_LIST,
        "metavar": "CODE",
        "help": "sweep only orphans for this reason, such as row-deleted; repeatable",
    },
    "--larger-than": {
        "metavar": "SIZE",
        "help": "sweep only larger objects, for example 10MB",
    },
    "--dry-run": {**_FLAG, "help": "change nothing in any case"},
    "--no-browser": {**_FLAG, "help": "print the URL instead of opening it"},
}
_OPTIONS_OF = {
    ("sweep", "--older-than"): {
        "metavar": "AGE",
        "help": "sweep only objects that last changed before, for example 90d",
    },
}
"""What an option is to one command alone."""
_SCAN = ("--json", "--schema", "--stores", "--minimum-age")
_CONFIRM = ("--confirm", "--dry-run")
_TRASH = ("--json", "--store")
_REPORT = (*_SCAN, "--history")
_HEAL = _SCAN + _CONFIRM
_FILTERS = ("--table", "--reason", "--larger-than", "--older-than", "--filter")
_SWEEP = (*_HEAL, *_FILTERS, "--acknowledge")
_RESTORE = (*_TRASH, "sweep_id", "paths", *_CONFIRM)
_RECOVER = (*_TRASH, "--break-lock", *_CONFIRM)
_PURGE = (*_TRASH, "--older-than", "--acknowledge", *_CONFIRM)
_COMMANDS = {
    "scan": ("add up what the stores hold", _SCAN),
    "report": ("write a page about the stores", _REPORT),
    "sweep": ("move orphans to the trash, all by default", _SWEEP),
    "heal": ("restore from the trash what rows need", _HEAL),
    "trash": ("list the sweeps of a store", _TRASH),
    "restore": ("restore what a sweep moved", _RESTORE),
    "recover": ("finish or undo interrupted sweeps", _RECOVER),
    "purge": ("delete old sweeps for good", _PURGE),
    "demo": ("open the panel on a demo that Ctrl-C ends", ("--no-browser",)),
}
"""For each command its help and its options."""
_EXAMPLES = {
    "scan": ("djgc scan --schema lab_ephys", "djgc scan --stores raw --json"),
    "report": ("djgc report --history store-history",),
    "sweep": (
        "djgc sweep --schema lab_ephys  # says what it would move",
        "djgc sweep --schema lab_ephys --confirm raw --acknowledge sole-owner",
        "djgc sweep --table old_sorting --older-than 90d --confirm raw,derived",
    ),
    "heal": ("djgc heal --confirm raw",),
    "trash": ("djgc trash --store raw",),
    "restore": ("djgc restore --store raw 20260101T030000Z-0a1b2c3d --confirm raw",),
    "recover": ("djgc recover --store raw --confirm raw",),
    "purge": ("djgc purge --store raw --older-than 60 --confirm raw",),
    "demo": ("djgc demo --no-browser",),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; by default that of this process.

    With ``--json`` exactly one line goes to standard output, whatever happens.
    """
    given = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in given
    try:
        parsed = _argument_parser().parse_args(given)
        answer = _run(parsed)
    except SweepRefusedError as error:
        answer = Answer(ExitCode.REFUSED, [str(error)], {"refused": str(error)})
    except InputError as error:
        answer = _failure(ExitCode.USAGE_ERROR, error)
    except _expected_errors() as error:
        answer = _failure(ExitCode.ERROR, error)
    except Exception as error:
        if as_json:
            _show(_json_line(_failure(ExitCode.ERROR, error)), sys.stdout)
        raise
    lines = "".join(f"{visible(line)}\n" for line in answer.lines)
    try:
        _show(_json_line(answer) if as_json else lines, sys.stdout)
    except OSError as error:
        answer = _failure(ExitCode.ERROR, error)
    return int(answer.code)


def _run(parsed: argparse.Namespace) -> Answer:
    if parsed.command == "demo":
        return _run_demo(parsed)
    from djgc_widgets import commands  # noqa: PLC0415 - with all that they need

    for handler in logging.getLogger("datajoint").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(sys.stderr)  # standard output is for programs, too
    run: Callable[[argparse.Namespace], Answer]
    run = getattr(commands, f"run_{parsed.command}")
    return run(parsed)


def _expected_errors() -> tuple[type[Exception], ...]:
    """Return what may fail; DataJoint may not even be loaded."""
    datajoint = sys.modules.get("datajoint.errors")
    own = (OSError, ServerError)
    return (*own, datajoint.DataJointError) if datajoint else own


def _failure(code: ExitCode, error: Exception) -> Answer:
    text = str(error) or type(error).__name__
    _show(f"djgc: {visible(text)}\n", sys.stderr)
    return Answer(code, data={"error": text})


def _json_line(answer: Answer) -> str:
    return json.dumps({"code": answer.code, **answer.data}) + "\n"


def _show(text: str, stream: TextIO | None) -> None:
    """Write to a stream; whether anybody reads it changes nothing."""
    if stream is None:  # it was closed before this process began
        return
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        # what is left in the buffer must not fail once more when Python ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if not isinstance(error, BrokenPipeError):
            raise


class _Parser(argparse.ArgumentParser):
    """A parser whose errors and help end like every other command."""

    def error(self, message: str) -> NoReturn:
        usage = " ".join(self.format_usage().split())
        raise InputError(f"{message} ({usage})")

    def _print_message(self, message: str, file: Any = None) -> None:  # noqa: ANN401 - argparse passes streams
        _show(message, file)


class _ShowVersion(argparse.Action):
    """Shows the version of the installed package."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version  # noqa: PLC0415 - no other command needs it

        _show(f"djgc-widgets {version('djgc-widgets')}\n", sys.stdout)
        parser.exit()


def _argument_parser() -> argparse.ArgumentParser:
    names = (f"{code.value} {code.name.lower().replace('_', ' ')}" for code in ExitCode)
    codes = textwrap.fill(f"exit codes: {', '.join(names)}", _WIDTH)
    every = "\n".join(f"  {lines[0]}" for lines in _EXAMPLES.values())
    parser = _Parser(
        prog="djgc",
        description=textwrap.fill(
            "Inspect and sweep DataJoint object stores. The connection and the stores "
            "are those of DataJoint's own configuration. No command changes a store "
            "unless --confirm names it.",
            _WIDTH,
        ),
        epilog=f"examples:\n{every}\n\n{codes}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action=_ShowVersion, nargs=0, help="show the version and exit"
    )
    subparsers = parser.add_subparsers(required=True, dest="command", metavar="command")
    for name, (text, options) in _COMMANDS.items():
        examples = "\n".join(f"  {line}" for line in _EXAMPLES[name])
        command = subparsers.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            epilog=f"examples:\n{examples}\n\n{codes}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        for option in options:
            own = _OPTIONS_OF.get((name, option))
            command.add_argument(option, **(own or _OPTIONS[option]))
    return parser


if __name__ == "__main__":
    sys.exit(main())
