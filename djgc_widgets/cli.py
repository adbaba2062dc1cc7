"""The command line: ``djgc demo``."""

import argparse
import shutil
import signal
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from djgc_widgets.demo import LAB_VARIABLE, start_lab
from djgc_widgets.embedded import ServerError

_NOTEBOOK = "01_quickstart.ipynb"
_QUIET = "ignore:No datajoint.json:UserWarning"  # the lab brings its own settings
_PACKAGE = Path(__file__).parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words of the command line; those of the process by default.

    Returns
    -------
    int
        Exit status: 0 if it worked, 1 if not.
    """
    parser = argparse.ArgumentParser(
        prog="djgc", description="Inspect and sweep DataJoint object stores."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    demo = commands.add_parser(
        "demo",
        help="start an embedded lab and open the panel on it",
        description="Start a private PostgreSQL with a small pipeline and garbage in "
        "its stores, and open JupyterLab on the panel. Ctrl-C ends it and leaves "
        "nothing behind.",
    )
    demo.add_argument(
        "--no-browser", action="store_true", help="print the URL instead of opening it"
    )
    demo.set_defaults(run=lambda given: run_demo(open_browser=not given.no_browser))
    given = parser.parse_args(arguments)
    try:
        return int(given.run(given))
    except ServerError as error:
        print(f"djgc: {error}", file=sys.stderr)
        return 1


def run_demo(*, open_browser: bool) -> int:
    """Serve the embedded lab until interrupted.

    Parameters
    ----------
    open_browser : bool
        Open the URL; it is printed in any case.
    """
    try:
        from djgc_widgets.serve import start_jupyterlab  # noqa: PLC0415 - needs the extra "demo"
    except ModuleNotFoundError as error:
        raise ServerError(
            f"Expected the package {error.name}; install it with: pip install "
            '"djgc-widgets[demo]"'
        ) from None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # a shell that starts us in the background lets us ignore interrupts
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        print("Starting the lab …", file=sys.stderr)
        with start_lab() as lab:
            folder = lab.folder / "notebooks"
            shutil.copytree(_notebooks(), folder)
            variables = {LAB_VARIABLE: str(lab.folder), "PYTHONWARNINGS": _QUIET}
            with start_jupyterlab(folder, variables) as server:
                server.execute(_NOTEBOOK)
                print(server.url(_NOTEBOOK), flush=True)
                print(
                    "Press Ctrl-C to end the lab; nothing of it stays.", file=sys.stderr
                )
                if open_browser:
                    webbrowser.open(server.url(_NOTEBOOK))
                server.wait()
    except KeyboardInterrupt:
        print("\nThe lab has ended.", file=sys.stderr)
    return 0


def _notebooks() -> Path:
    # in a checkout the notebooks lie beside the package, in a wheel inside it
    inside = _PACKAGE / "notebooks"
    return inside if inside.is_dir() else _PACKAGE.parent / "notebooks"


if __name__ == "__main__":
    sys.exit(main())
