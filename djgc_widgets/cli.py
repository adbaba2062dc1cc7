"""The command line: ``djgc scan``, ``djgc sweep`` and so on, and ``djgc demo``."""

import argparse
import json
import logging
import sys
from collections.abc import Callable, Sequence

from datajoint.errors import DataJointError

from djgc_widgets import commands
from djgc_widgets.commands import FAILED, REFUSED, Answer
from djgc_widgets.model import InputError, ServerError, SweepRefusedError, visible

_EPILOG = """exit codes: 0 clean or done, 1 error, 2 wrong words, 3 orphans found,
4 scan incomplete, 5 refused, 6 done in part"""

Command = Callable[[argparse.Namespace], Answer]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words of the command line; those of the process by default.

    Returns
    -------
    int
        Exit status: one of the codes of `djgc_widgets.commands`.
    """
    given = _parser().parse_args(arguments)
    for handler in logging.getLogger("datajoint").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(sys.stderr)  # what we print is for programs, too
    try:
        answer = given.run(given)
    except SweepRefusedError as error:
        answer = Answer(REFUSED, [str(error)], {"refused": str(error)})
    except (DataJointError, InputError, OSError, ServerError) as error:
        print(f"djgc: {visible(str(error))}", file=sys.stderr)
        return FAILED
    if getattr(given, "json", False):
        print(json.dumps({"code": answer.code, **answer.told}, indent=1))
    else:
        print("".join(f"{visible(line)}\n" for line in answer.lines), end="")
    return int(answer.code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="djgc",
        description="Inspect and sweep DataJoint object stores. The connection and the "
        "stores are those of DataJoint's own configuration. No command changes a store "
        "unless --confirm names it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    found = parser.add_subparsers(required=True, metavar="command")

    def add(name: str, run: Command, text: str) -> argparse.ArgumentParser:
        command = found.add_parser(name, help=text, description=text, epilog=_EPILOG)
        command.add_argument("--json", action="store_true", help="print JSON")
        command.set_defaults(run=run)
        return command

    _scanning(add("scan", commands.run_scan, "say how much the stores hold, of what"))
    report = add("report", commands.run_report, "write a page about the stores")
    _scanning(report)
    report.add_argument(
        "--history",
        metavar="FOLDER",
        help="add this scan to the history in a folder, and draw the growth",
    )
    sweep = add("sweep", commands.run_sweep, "move all orphans to the trash")
    _scanning(sweep)
    _acknowledging(sweep)
    heal = add("heal", commands.run_heal, "bring back what rows need from the trash")
    _scanning(heal)
    trash = add("trash", commands.run_trash, "list the sweeps of a store")
    restore = add("restore", commands.run_restore, "bring back what a sweep moved")
    recover = add("recover", commands.run_recover, "finish or undo interrupted sweeps")
    recover.add_argument(
        "--break-lock",
        action="store_true",
        help="take the lock even if it is not certain that its holder has ended",
    )
    purge = add("purge", commands.run_purge, "delete old sweeps for good")
    purge.add_argument(
        "--older-than",
        type=float,
        default=30,
        metavar="DAYS",
        help="age of a sweep, in days (30)",
    )
    _acknowledging(purge)
    for command in (trash, restore, recover, purge):
        command.add_argument("--store", required=True, help="name of the store")
    restore.add_argument("sweep_id", help="name of the sweep")
    restore.add_argument("paths", nargs="*", help="objects; all by default")
    for command in (sweep, heal, restore, recover, purge):
        command.add_argument(
            "--confirm",
            default="",
            metavar="STORE[,STORE]",
            help="do it, in these stores; without it nothing is changed",
        )
        command.add_argument(
            "--dry-run", action="store_true", help="change nothing in any case"
        )
    demo = found.add_parser(
        "demo",
        help="start an embedded lab and open the panel on it",
        description="Start a private PostgreSQL with a small pipeline and garbage in "
        "its stores, and open JupyterLab on the panel. Ctrl-C ends it and leaves "
        "nothing behind.",
    )
    demo.add_argument(
        "--no-browser", action="store_true", help="print the URL instead of opening it"
    )
    demo.set_defaults(run=_demo)
    return parser


def _demo(given: argparse.Namespace) -> Answer:
    try:
        from djgc_widgets.lab.jupyterlab import run_demo  # noqa: PLC0415 - needs the extra "demo"
    except ModuleNotFoundError as error:
        raise ServerError(
            f"Expected the package {error.name}; install it with: pip install "
            '"djgc-widgets[demo]"'
        ) from None
    return Answer(run_demo(open_browser=not given.no_browser))


def _scanning(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--schema",
        action="append",
        default=[],
        help="schema whose objects are judged; may be repeated; all by default",
    )
    command.add_argument(
        "--stores",
        action="append",
        default=[],
        metavar="STORE",
        help="store to scan; may be repeated; all by default",
    )
    command.add_argument(
        "--minimum-age",
        type=float,
        default=7,
        metavar="DAYS",
        help="younger objects are never orphans (7)",
    )


def _acknowledging(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--acknowledge",
        action="append",
        default=[],
        metavar="NAME",
        help="refusal to lift, such as large-sweep; may be repeated",
    )


if __name__ == "__main__":
    sys.exit(main())
