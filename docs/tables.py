"""Tables that pages show, made from the code itself: ``{{ name }}`` in a page."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

from djgc_widgets.cli.metrics import METRICS
from djgc_widgets.cli.options import COMMANDS, argument_parser
from djgc_widgets.model import DOUBTS, EXPLANATIONS, REASONS, ExitCode, frames
from djgc_widgets.model.frame_schema import FrameSchema
from djgc_widgets.model.messages import DETAILS
from djgc_widgets.model.notice_messages import MESSAGES

_PICTURES = Path(__file__).parents[1] / "tests/browser/pictures"


def on_files(files: Any, config: Any) -> Any:  # noqa: ANN401 - what the site passes
    """Add the pictures that the tests of the panel compare."""
    for path in sorted(_PICTURES.glob("*.png")):
        name = f"pictures/{path.name}"
        files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:  # noqa: ANN401 - what the site passes
    """Put the tables into a page."""
    for name, make in _TABLES.items():
        mark = f"{{{{ {name} }}}}"
        if mark in markdown:
            markdown = markdown.replace(mark, make())
    return markdown


def _table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *([str(c) for c in row] for row in rows)]
    cells = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def _frames() -> str:
    schemas = [each for each in vars(frames).values() if isinstance(each, FrameSchema)]
    parts = []
    for schema in schemas:
        rows = ((f"`{c.name}`", f"`{c.dtype}`", c.meaning) for c in schema.columns)
        table = _table(("Column", "Type", "Meaning"), rows)
        parts.append(f"## {schema.name.capitalize()}\n\n{table}\n")
    return "\n".join(parts)


def _reasons() -> str:
    rows = ((f"`{r}`", text, EXPLANATIONS.get(r, "")) for r, text in REASONS.items())
    return _table(("Code", "Reason", "What it means"), rows)


def _messages(messages: dict[Any, tuple[str, str]]) -> str:
    rows = ((f"`{code}`", *texts) for code, texts in messages.items())
    return _table(("Code", "What is wrong", "What to do"), rows)


def _details() -> str:
    return _table(("Code", "Detail"), ((f"`{c}`", t) for c, t in DETAILS.items()))


def _commands() -> str:
    parser = argument_parser()
    (subparsers,) = (a for a in parser._actions if a.dest == "command")  # noqa: SLF001 - argparse has no public name
    helps = {name: each.format_help() for name, each in subparsers.choices.items()}
    parts = [f"## djgc {name}\n\n```text\n{helps[name]}```\n" for name in COMMANDS]
    return "\n".join([f"```text\n{parser.format_help()}```\n", *parts])


def _metrics() -> str:
    rows = (
        (f"`{name}`", meaning, ", ".join(f"`{label}`" for label in labels))
        for name, (meaning, labels) in METRICS.items()
    )
    return _table(("Metric", "Meaning", "Labels"), rows)


def _exit_codes() -> str:
    rows = ((code.value, code.name.lower().replace("_", " ")) for code in ExitCode)
    return _table(("Code", "Meaning"), rows)


_TABLES = {
    "frames": _frames,
    "reasons": _reasons,
    "doubts": lambda: _messages(DOUBTS),
    "notices": lambda: _messages(MESSAGES),
    "details": _details,
    "commands": _commands,
    "metrics": _metrics,
    "exit codes": _exit_codes,
}
