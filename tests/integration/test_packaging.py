"""The published package builds, is accepted, and runs the quickstart by itself."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_PROJECT = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]
_PROGRAMS = Path(sys.executable).parent
_WITH_PANDAS_2 = (
    *("tests/unit/verdict", "tests/unit/model", "tests/unit/analysis"),
    "tests/integration/collector/test_session_options.py",
)


def run(*command: str | Path, folder: Path = _ROOT, **further: str) -> str:
    others = ("PYTHONPATH", "DJGC_LAB", "COVERAGE")  # others measure the same lines
    plain = {k: v for k, v in os.environ.items() if not k.startswith(others)}
    ended = subprocess.run(  # noqa: S603 - our own commands
        command,
        cwd=folder,
        env={**plain, **further},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    return ended.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder)
    return folder


def test_what_is_built_is_accepted(dist: Path) -> None:
    built = sorted(dist.iterdir())

    assert [path.suffix for path in built] == [".whl", ".gz"]
    checked = run(_PROGRAMS / "twine", "check", "--strict", *built)
    assert checked.count("PASSED") == 2
    assert f"-{_PROJECT['version']}" in built[0].name


def test_the_wheel_has_all_files_of_the_package(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())

    package = _ROOT / "djgc_widgets"
    static = package.glob("static/*")
    for path in (*package.rglob("*.py"), *static, package / "py.typed"):
        assert path.relative_to(_ROOT).as_posix() in names, path.name
    for path in (_ROOT / "notebooks").glob("*.ipynb"):
        assert f"djgc_widgets/notebooks/{path.name}" in names
    assert not [name for name in names if name.startswith("tests")]


def test_the_wheel_alone_runs_the_quickstart(dist: Path, tmp_path: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    uv, environment = _PROGRAMS / "uv", tmp_path / "environment"
    run(uv, "venv", "-q", "-p", sys.executable, environment)
    inside = environment / "bin" / "python"
    lock = _ROOT / "binder" / "requirements.txt"
    run(uv, "pip", "install", "-q", "-p", inside, "-r", lock)
    run(uv, "pip", "install", "-q", "-p", inside, "--no-deps", wheel)

    notebook = "import djgc_widgets as p; print(p.__path__[0] + '/notebooks')"
    folder = Path(run(inside, "-c", notebook, folder=tmp_path).splitlines()[-1])
    execute = ["-m", "jupyter", "nbconvert", "--to", "notebook", "--execute"]
    source = folder / "01_quickstart.ipynb"
    run(inside, *execute, "--output-dir", tmp_path, source, folder=tmp_path)

    ran = (tmp_path / "01_quickstart.ipynb").read_text()
    assert '"execution_count": null' not in ran
    assert "Traceback" not in ran


def test_with_pandas_2_the_verdict_and_the_frames_are_the_same(tmp_path: Path) -> None:
    pandas = tmp_path / "pandas"
    wanted = ("--no-deps", "--target", pandas, "pandas==2.3.*", "pytz")
    run(_PROGRAMS / "uv", "pip", "install", "-q", "-p", sys.executable, *wanted)
    version = "import pandas; print(pandas.__version__)"
    assert run(sys.executable, "-c", version, PYTHONPATH=str(pandas)).startswith("2.3")

    base = f"--basetemp={tmp_path}/tests"
    said = run(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", base),
        *_WITH_PANDAS_2,
        PYTHONPATH=str(pandas),
    )

    assert " passed" in said.splitlines()[-1]


def test_the_changelog_names_this_version() -> None:
    changelog = (_ROOT / "CHANGELOG.md").read_text()

    assert f"## {_PROJECT['version']}" in changelog


def test_every_link_has_the_address_of_the_project() -> None:
    address = _PROJECT["urls"]["Repository"]
    owner = address.removeprefix("https://github.com/")
    readme = (_ROOT / "README.md").read_text()
    documents = [readme, *(p.read_text() for p in (_ROOT / "notebooks").glob("*"))]

    binder = f"https://mybinder.org/v2/gh/{owner}/HEAD?urlpath=lab/tree/notebooks/"
    assert f"{binder}01_quickstart.ipynb" in readme
    assert f"git clone {address}" in readme
    ours = re.compile(r"https://(?:mybinder\.org/v2|github\.com)/[^\s)\"]+")
    for document in documents:
        assert all(owner in link for link in ours.findall(document))
