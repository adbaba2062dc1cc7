"""The configuration file: what every run of a lab has in common, checked.

``djgc.toml``, or the table ``[tool.djgc]`` of ``pyproject.toml``, in the folder where a
command runs. What the command line says wins. No file can confirm that a store may be
changed.
"""

import argparse
import re
import sys
import tomllib
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from djgc_widgets.cli.terminal import is_terminal
from djgc_widgets.model import OLDEST, InputError, shown

FILE_NAME = "djgc.toml"
_PROJECT = Path("pyproject.toml")
_Days = Annotated[float, Field(ge=0, le=OLDEST.days)]


def _as_written(name: str) -> str:
    return name.replace("_", "-")


class _Table(BaseModel):
    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", alias_generator=_as_written
    )


class BrakeSettings(_Table):
    """What is unusual."""

    large_sweep: Annotated[float, Field(gt=0, le=1)] = 0.25
    more_orphans: Annotated[float, Field(ge=1)] = 2.0


class Settings(_Table):
    """What the file may say; each key is the long name of an option."""

    schema_: list[str] = Field(default=[], alias="schema")
    stores: list[str] = []
    listing: list[str] = []
    recorded_sizes: bool = False
    out: str | None = None
    minimum_age: _Days | None = None
    retention: _Days | None = None
    oldest_backup: _Days | None = None
    acknowledge: list[str] = []
    filter: str | None = None
    history: str | None = None
    metrics: str | None = None
    notify: str | None = None
    log_file: str | None = None
    brakes: BrakeSettings = BrakeSettings()


def fill(parsed: argparse.Namespace) -> None:
    """Give options that were not typed the values of the configuration file.

    Raises
    ------
    InputError
        If the file cannot be read, or says something else than what is expected; the
        error names the line.
    """
    try:
        settings = _read(parsed.config)
    except InputError:
        fill_channels(parsed)
        raise
    for name, value in settings:
        option = name.rstrip("_")
        if name == "brakes" or not hasattr(parsed, option):
            continue
        typed = getattr(parsed, option)
        if option == "acknowledge" and parsed.command != "sweep":
            continue  # what a sweep may, a purge asks anew
        if value is not None and (typed is None or typed == []):
            days = option in {"minimum_age", "retention", "oldest_backup"}
            setattr(parsed, option, timedelta(days=value) if days else value)
    parsed.brakes = settings.brakes


def fill_channels(parsed: argparse.Namespace) -> None:
    """Set where to tell of a run whose arguments or settings cannot be read.

    Whoever types at a terminal sees it there.
    """
    if is_terminal(sys.stderr):
        return
    path = None
    # what cannot be read here is the error that is about to be told
    with suppress(OSError):
        path = _found()
    content: Any = {}
    with suppress(OSError, ValueError):
        content = {} if path is None else _content(path, path.read_text())
    for name in ("notify", "log_file", "metrics", "history"):
        said = content.get(_as_written(name))
        typed = getattr(parsed, name, None)
        setattr(parsed, name, typed or (said if isinstance(said, str) else None))


def _content(path: Path, text: str) -> Any:  # noqa: ANN401 - what the file says
    content = tomllib.loads(text)
    in_project = path.name == _PROJECT.name
    return content.get("tool", {}).get("djgc", {}) if in_project else content


def _read(given: str | None) -> Settings:
    path = _found() if given is None else Path(given)
    if path is None:
        return Settings()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"Expected a configuration file that can be read; got {path} ({error}). "
            "Correct its name, or its permissions."
        ) from None
    try:
        content = _content(path, text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"Expected TOML in {path}; got: {error}. Correct that line."
        ) from None
    try:
        return Settings.model_validate(content)
    except ValidationError as error:
        raise InputError(_message(error, path, text)) from None


def _found() -> Path | None:
    """Return the file in this folder, if there is one."""
    own = Path(FILE_NAME)
    if own.exists():
        return own
    is_ours = _PROJECT.exists() and "djgc" in _PROJECT.read_text(errors="replace")
    return _PROJECT if is_ours else None


def _message(error: ValidationError, path: Path, text: str) -> str:
    first = error.errors(include_url=False)[0]
    *_, key = [part for part in first["loc"] if isinstance(part, str)] or ["schema"]
    if first["type"] == "extra_forbidden":
        table = BrakeSettings if "brakes" in first["loc"][:-1] else Settings
        names = (field.alias or "" for field in table.model_fields.values())
        what, came = f"one of the keys {', '.join(names)}", repr(key)
    else:
        what = first["msg"].removeprefix("Input should be ")
        came = shown(first["input"])
    return (
        f"Expected {what} in {path}, {_line_of(key, text)}; got {came}. Correct it, or "
        "remove the line."
    )


def _line_of(key: str, text: str) -> str:
    pattern = re.compile(rf"""\s*(?:\[+.*)?["']?\b{re.escape(key)}["']?\s*[\]=.]""")
    lines = text.split("\n")
    tables = [n for n, line in enumerate(lines) if re.match(r"\s*\[tool.*djgc", line)]
    start = tables[0] if tables else 0
    numbers = (
        n for n, line in enumerate(lines, 1) if n > start and pattern.match(line)
    )
    return f"line {next(numbers, 1)} ({key})"
