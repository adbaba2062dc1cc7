"""Every example of the documents runs as a reader would run it, one after the other."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from djgc_widgets.cli.options import argument_parser

_ROOT = Path(__file__).parents[2]
_README = _ROOT / "README.md"
_PAGES = sorted((_ROOT / "docs/pages").rglob("*.md"), key=lambda p: p.parent.name)
_LAB = """\
import datajoint as dj
import plotly.io
from djgc_widgets import open_lab

plotly.io.renderers.default = "json"  # a figure that is shown opens no browser
lab = open_lab()
dj.instance._singleton_connection = lab.connection  # as if it were configured
"""
_CHECK = """\
assert receipt.count("moved") == len(superseded) > 0, receipt
assert scan(schema).orphans["path"].isin(superseded["path"]).sum() == len(superseded)
assert len(s.stores) == s.schemas_read == 2
assert stats["schema_paths_orphaned"] > 0
"""


def examples_of(*documents: Path) -> list[str]:
    texts = (document.read_text() for document in documents)
    return [e for t in texts for e in re.findall(r"```python\n(.*?)```", t, re.DOTALL)]


def run(folder: Path, *examples: str) -> None:
    done = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", "\n".join([_LAB, *examples, "lab.close()"])],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_examples_of_the_readme_run_in_their_order(tmp_path: Path) -> None:
    # the first sweep of this lab is a large one, and two of its rows miss their object
    examples = "\n".join(examples_of(_README)).replace(
        'acknowledge={"sole-owner"}',
        'acknowledge={"sole-owner", "large-sweep", "missing-objects"}',
    )
    run(tmp_path, examples, _CHECK)

    assert (tmp_path / "store-history").is_dir()


def test_the_examples_of_the_pages_run_in_their_order(tmp_path: Path) -> None:
    first, *others = sorted(_PAGES, key=lambda page: page.stem != "five-minutes")
    examples = examples_of(first, *others)
    assert len(examples) >= 4

    run(tmp_path, *examples, "assert len(pins.frame) == 2 and not plan.allowed")


@pytest.mark.parametrize("document", [_README, *_PAGES], ids=lambda path: path.stem)
def test_the_commands_of_a_document_are_understood(document: Path) -> None:
    text = document.read_text()
    lines = re.findall(r"(?:^\$ |&& |`)(djgc [^\n`]+)", text, re.MULTILINE)
    commands = [line.partition(" >>")[0] for line in lines]
    parser = argument_parser()

    for command in commands:
        _, *words = shlex.split(command, comments=True)
        if len(words) > 1 and "…" not in words and not words[0].startswith("--"):
            assert parser.parse_args(words).command == words[0]
