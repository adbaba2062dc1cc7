"""Commands about pins; dry unless confirmed.

Each command takes the parsed arguments and returns an `Answer`.
"""

from argparse import Namespace
from collections.abc import Callable

import pandas as pd

from djgc_widgets.cli.answers import listed
from djgc_widgets.cli.asked import (
    confirmed_stores,
    connect,
    dry_line,
    progress_bar,
)
from djgc_widgets.cli.trashes import opened_trashes, with_away
from djgc_widgets.collector import Pins, scan
from djgc_widgets.model import (
    PINS,
    Answer,
    ExitCode,
    InputError,
    Pin,
    json_rows,
    plural,
    readable_bytes,
    stacked,
)
from djgc_widgets.verdict import are_pinned


def run_pins(arguments: Namespace) -> Answer:
    """List the pins of the stores."""
    connection, stores, away = opened_trashes(arguments)
    frames = [PINS.empty(), *(Pins(connection, store).frame for store in stores)]
    numbered = stacked([frame.reset_index(names="number") for frame in frames])
    return with_away(listed("pins", "pins", numbered), away)


def run_pin(arguments: Namespace) -> Answer:
    """Keep what a path, a table or a key of it says, if confirmed."""
    pairs = [text.partition("=") for text in arguments.key]
    if wrong := [name for name, equals, _ in pairs if not equals]:
        raise InputError(
            f"Expected NAME=VALUE in --key; got {wrong[0]!r}. Pass for example "
            "--key id=5"
        )
    named = [name for name, *_ in pairs]
    if twice := sorted({name for name in named if named.count(name) > 1}):
        raise InputError(
            f"Expected each attribute once in --key; got {twice[0]} several times. "
            "Make a pin for each value."
        )
    pin = Pin(
        arguments.path or "",
        arguments.table or "",
        {name: value for name, _, value in pairs},
        arguments.why,
    )
    kept = _kept_by(pin, arguments.store)
    size = readable_bytes(int(kept["size_bytes"].sum()))
    text = f"pinned: {pin}, which keeps {plural(len(kept), 'object')} ({size})"
    warning = [] if len(kept) else ["note: nothing that is stored now is kept by it"]
    return _pinned(arguments, lambda pins: pins.add(pin), text, *warning)


def _kept_by(pin: Pin, store: str) -> pd.DataFrame:
    """Return what of a store a pin would keep from a sweep."""
    with progress_bar() as progress:
        objects = scan(connect(), stores=[store], progress=progress).objects
    free = objects[objects["n_references"].eq(0)]
    return free[are_pinned(free, [pin])]


def run_unpin(arguments: Namespace) -> Answer:
    """Keep something no longer, if confirmed."""
    text = f"no longer pinned: number {arguments.number}"
    pins = Pins(connect(), arguments.store).frame
    pin = pins[pins.index == arguments.number]
    if pin.empty:
        raise InputError(
            f"Expected the number of a pin of store {arguments.store}; got "
            f"{arguments.number}. List them with: djgc pins --store {arguments.store}"
        )
    named = listed("pin", "pin", pin).lines
    return _pinned(arguments, lambda pins: pins.remove(arguments.number), text, *named)


def _pinned(
    arguments: Namespace, do: Callable[[Pins], None], done: str, *notes: str
) -> Answer:
    store = arguments.store
    pins = Pins(connect(), store)
    if not confirmed_stores(arguments, [store]):
        lines = [f"would be {done}", *notes, dry_line(arguments, [store])]
        return Answer(ExitCode.DONE, lines)
    do(pins)
    return Answer(
        ExitCode.DONE,
        [done, *notes],
        {"pins": json_rows(pins.frame)},
        pins.frame,
        changed=True,
    )
