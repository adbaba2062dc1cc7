"""Where a command writes: streams that anybody may close at any time, or a terminal."""

import os
from collections.abc import Iterable
from typing import TextIO

from djgc_widgets.model import InputError, visible

_COLORS = {"problem": "31", "failed": "31", "refused": "33", "held": "33", "note": "2"}
"""Of lines that begin so, as ANSI codes."""


def show(text: str, stream: TextIO | None) -> None:
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


def text_of(lines: Iterable[str], stream: TextIO | None) -> str:
    """Return lines as text, in color if the stream is a terminal."""
    shown = [visible(line) for line in lines]
    if is_terminal(stream) and not os.environ.get("NO_COLOR"):
        shown = [_colored(line) for line in shown]
    return "".join(f"{line}\n" for line in shown)


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a person sees what is written."""
    return stream is not None and not stream.closed and stream.isatty()


def _colored(line: str) -> str:
    color = _COLORS.get(line.partition(":")[0].partition(" ")[0])
    return f"\x1b[{color}m{line}\x1b[0m" if color else line


def unwritable(option: str, path: str, error: OSError) -> InputError:
    """Return the error of a file that an option names and that cannot be written."""
    return InputError(
        f"Expected a file in {option} that can be written; got {path} "
        f"({error.strerror or error}). Make its folder, or correct the path."
    )
