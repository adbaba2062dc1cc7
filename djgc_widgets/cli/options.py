"""What every command is called, does and takes; how its arguments are read."""

import argparse
import sys
import textwrap
from datetime import timedelta
from typing import Any, NoReturn

from djgc_widgets.cli.terminal import show
from djgc_widgets.model import (
    MINIMUM_AGE,
    OLDEST,
    RETENTION,
    ExitCode,
    InputError,
    expect_age,
    parse_age,
)


def _age(text: str) -> timedelta:
    try:
        age = timedelta(days=parse_age(text))
        expect_age(age, "days")
    except (OverflowError, ValueError):
        raise argparse.ArgumentTypeError(
            f"expected an age from 0 to {OLDEST.days:,} days, such as 7, 36h or 2w; "
            f"got {text!r}"
        ) from None
    return age


def _age_option(text: str, default: timedelta | None = None) -> dict[str, Any]:
    shown = f"{text} ({default.days}d)" if default else text
    return {"type": _age, "metavar": "AGE", "help": shown}


_WIDTH = 80
_FLAG = {"action": "store_true"}
_LIST = {"action": "append", "default": []}
_OPTIONS: dict[str, dict[str, Any]] = {
    "--format": {
        "choices": ["table", "csv", "json"],
        "default": "table",
        "help": "what is printed; json is one line, whatever happens",
    },
    "--json": {
        "action": "store_const",
        "dest": "format",
        "const": "json",
        "help": "the same as --format json",
    },
    "-o": {
        "dest": "output",
        "metavar": "FILE",
        "help": "write there what would be printed",
    },
    "--config": {
        "metavar": "FILE",
        "help": "configuration (djgc.toml or pyproject.toml, here)",
    },
    "--log-file": {"metavar": "FILE", "help": "add a line of JSON about this run"},
    "--notify": {
        "metavar": "COMMAND|URL",
        "help": "tell of trouble: on the command's standard input, or by a POST",
    },
    "--metrics": {"metavar": "FILE", "help": "write metrics for Prometheus there"},
    "--schema": {**_LIST, "help": "schema to judge; repeatable; all by default"},
    "--stores": {
        **_LIST,
        "metavar": "STORE",
        "help": "store to scan; repeatable; all by default",
    },
    "--listing": {
        **_LIST,
        "metavar": "STORE=WHERE",
        "help": "inventory that is read instead of listing a bucket; repeatable",
    },
    "--recorded-sizes": {
        "action": argparse.BooleanOptionalAction,
        "help": "take sizes of live folders in buckets from rows, and list less",
    },
    "--out": {
        "metavar": "FOLDER",
        "help": "scan in ranges of keys, in a new folder in this one, as Parquet; for "
        "more than fits into memory",
    },
    "--minimum-age": _age_option("younger objects are never orphans", MINIMUM_AGE),
    "--history": {
        "metavar": "FOLDER",
        "help": "add this scan to the history in a folder",
    },
    "--store": {**_LIST, "help": "name of a store; repeatable; all by default"},
    "sweep_id": {"help": "name of the sweep"},
    "paths": {"nargs": "*", "default": [], "help": "objects; all by default"},
    "--break-lock": {**_FLAG, "help": "take the lock even if its owner may still run"},
    "--retention": _age_option("keep what was swept more recently", RETENTION),
    "--oldest-backup": _age_option(
        "age of the oldest backup of the database that may be restored; kept in mind"
    ),
    "--acknowledge": {
        **_LIST,
        "metavar": "NAME",
        "help": "doubt to lift, as a refusal names it; repeatable",
    },
    "--confirm": {
        **_LIST,
        "metavar": "STORE[,STORE]",
        "help": "do it, in these stores; without it nothing is changed",
    },
    "--dry-run": {**_FLAG, "help": "change nothing in any case"},
    "--unattended": {
        **_FLAG,
        "help": "take only what scans a day apart called orphans, and only as many of "
        "each table as is usual",
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
    "--older-than": {
        "metavar": "AGE",
        "help": "sweep only objects that last changed before, for example 90d",
    },
    "--path": {"metavar": "PATH", "help": "object, folder or pattern to keep"},
    "--key": {
        **_LIST,
        "metavar": "NAME=VALUE",
        "help": "keep only what has this in its path; repeatable",
    },
    "--why": {"default": "", "help": "reason, for whoever finds the pin"},
    "number": {"type": int, "help": "number of the pin, as djgc pins lists it"},
    "--no-browser": {**_FLAG, "help": "print the URL instead of opening it"},
}
_OPTIONS_OF: dict[tuple[str, str], dict[str, Any]] = {
    ("pin", "--table"): {"help": "schema.table, or schema, to keep"},
    ("pin", "--store"): {"required": True, "help": "name of the store"},
    ("unpin", "--store"): {"required": True, "help": "name of the store"},
}
"""What an option is to one command alone."""
_SHOW = ("--format", "--json", "-o", "--config", "--log-file", "--notify")
_SCAN = (
    *(*_SHOW, "--metrics", "--schema", "--stores", "--listing", "--recorded-sizes"),
    *("--out", "--minimum-age", "--history"),
)
_CONFIRM = ("--confirm", "--dry-run")
_TRASH = (*_SHOW, "--store")
_HEAL = _SCAN + _CONFIRM
_FILTERS = ("--table", "--reason", "--larger-than", "--older-than", "--filter")
_SWEEP = (*_HEAL, *_FILTERS, "--unattended", "--acknowledge")
_RESTORE = (*_TRASH, "sweep_id", "paths", *_CONFIRM)
_RECOVER = (*_TRASH, "--break-lock", *_CONFIRM)
_PURGE = (*_TRASH, "--retention", "--oldest-backup", "--acknowledge", *_CONFIRM)
_PIN = (*_TRASH, "--path", "--table", "--key", "--why", *_CONFIRM)
COMMANDS = {
    "scan": ("add up what the stores hold", _SCAN),
    "report": ("write a page about the stores", _SCAN),
    "sweep": ("move orphans to the trash, all by default", _SWEEP),
    "heal": ("restore from the trash what rows need", _HEAL),
    "trash": ("list the sweeps of the stores", _TRASH),
    "restore": ("restore what a sweep moved", _RESTORE),
    "recover": ("finish or undo interrupted sweeps", _RECOVER),
    "purge": ("delete old sweeps for good", _PURGE),
    "pins": ("list what somebody keeps although no row needs it", _TRASH),
    "pin": ("keep what no row needs: a path, a table or a key of it", _PIN),
    "unpin": ("keep something no longer", (*_TRASH, "number", *_CONFIRM)),
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
        "djgc sweep --unattended --confirm raw  # for cron",
    ),
    "heal": ("djgc heal --confirm raw",),
    "trash": ("djgc trash --store raw", "djgc trash --format csv -o sweeps.csv"),
    "restore": ("djgc restore 20260101T030000Z-0a1b2c3d --confirm raw",),
    "recover": ("djgc recover --store raw --confirm raw",),
    "purge": (
        "djgc purge --store raw --retention 60 --confirm raw",
        "djgc purge --oldest-backup 14 --confirm raw,derived",
    ),
    "pins": ("djgc pins --store raw",),
    "pin": (
        "djgc pin --store raw --path _schema/lab_ephys/scan/id=5 --confirm raw",
        "djgc pin --store raw --table lab_ephys.scan --key id=5 --confirm raw",
    ),
    "unpin": ("djgc unpin --store raw 0 --confirm raw",),
    "demo": ("djgc demo --no-browser",),
}


class _Parser(argparse.ArgumentParser):
    """A parser whose errors and help end like every other command."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}. See: {self.prog} --help")

    def _print_message(self, message: str, file: Any = None) -> None:  # noqa: ANN401 - argparse passes streams
        show(message, file)


class _ShowVersion(argparse.Action):
    """Shows the version of the installed package."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version  # noqa: PLC0415 - no other command needs it

        show(f"djgc-widgets {version('djgc-widgets')}\n", sys.stdout)
        parser.exit()


class _ShowCompletion(argparse.Action):
    """Shows a script that completes commands and options in a shell."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        _namespace: argparse.Namespace,
        values: Any,  # noqa: ANN401 - what argparse has read
        _option: str | None = None,
    ) -> None:
        import shtab  # noqa: PLC0415 - no other command needs it

        show(f"{shtab.complete(parser, values)}\n", sys.stdout)
        parser.exit()


def argument_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
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
    parser.add_argument(
        "--completion",
        action=_ShowCompletion,
        choices=["bash", "zsh", "tcsh"],
        help="show a script that completes words in this shell, and exit",
    )
    subparsers = parser.add_subparsers(required=True, dest="command", metavar="command")
    for name, (text, options) in COMMANDS.items():
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
