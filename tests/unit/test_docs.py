"""The documents agree with the code."""

import ast
import inspect
import json
import re
from pathlib import Path

import pytest

import djgc_widgets
from djgc_widgets.cli import main

_ROOT = Path(__file__).parents[2]
_NOTEBOOKS = sorted((_ROOT / "notebooks").glob("*.ipynb"))
_MOST_CELLS = 10
_DOCUMENTS = [_ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]


def python_blocks(document: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", document.read_text(), re.DOTALL)


@pytest.mark.parametrize("name", djgc_widgets.__all__)
def test_every_public_name_is_documented(name: str) -> None:
    public = getattr(djgc_widgets, name)

    assert inspect.getdoc(public)
    if inspect.isclass(public):
        for member, value in vars(public).items():
            if not member.startswith("_") and callable(value):
                assert inspect.getdoc(value), member


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda path: path.name)
def test_every_link_of_a_document_exists(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", document.read_text())

    for link in links:
        assert link.startswith("https://") or (_ROOT / link).exists(), link


def test_the_code_that_the_readme_shows_is_valid() -> None:
    blocks = python_blocks(_ROOT / "README.md")

    assert len(blocks) >= 2
    for block in blocks:
        ast.parse(block)
    names = re.search(r"from djgc_widgets import (.+)", blocks[0])
    assert names is not None
    assert set(names[1].split(", ")) <= set(djgc_widgets.__all__)


def test_every_room_of_the_house_is_shown() -> None:
    house = djgc_widgets.__doc__ or ""
    top = {path.stem for path in (_ROOT / "djgc_widgets").glob("*.py")}
    faces = (_ROOT / "djgc_widgets").glob("*/__init__.py")
    rooms = [face.parent.name for face in faces]

    assert top == {"__init__"}
    assert len(rooms) == 9
    for room in rooms:
        assert re.search(rf"\b{room}\b", house), room


def test_every_command_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])

    assert ended.value.code == 0
    text, readme = capsys.readouterr().out, (_ROOT / "README.md").read_text()
    commands = re.findall(r"^    (\w+) ", text, re.MULTILINE)
    assert len(commands) == 12
    for command in commands:
        assert f"djgc {command}" in readme
    assert "2 usage error" in " ".join(text.split())


@pytest.mark.parametrize("notebook", _NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_a_short_story_that_ends_with_asserts(notebook: Path) -> None:
    cells = json.loads(notebook.read_text())["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    sources = ["".join(cell["source"]) for cell in code]

    assert len(code) < _MOST_CELLS
    assert all(cell["outputs"] == [] for cell in code)
    assert all(cell["execution_count"] is None for cell in code)
    assert any("assert " in source for source in sources[-2:])
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and "djgc" in str(node.module):
                assert node.module == "djgc_widgets"
                assert {name.name for name in node.names} <= set(djgc_widgets.__all__)
    assert f"notebooks/{notebook.name}" in (_ROOT / "README.md").read_text()


def test_every_import_that_is_shown_runs() -> None:
    for document in _DOCUMENTS:
        for block in python_blocks(document):
            for node in ast.walk(ast.parse(block)):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    exec(ast.unparse(node), {})  # noqa: S102 - our own documents
