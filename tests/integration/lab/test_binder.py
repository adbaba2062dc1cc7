"""The steps of Binder, performed as an ordinary user in a clean environment."""

import os
import pwd
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from services import Services, lingering
from unprivileged import open_folder

_ROOT = Path(__file__).parents[3]
_BINDER = _ROOT / "binder"
_LIMIT_BYTES = 2 * 2**30
_LEFT_OUT = (".*", "__pycache__", "dist", "build")
_NETWORK = re.compile(r"(?i)^(uv|pip|ssl|requests)_|_proxy$")
_NOTEBOOKS = ("01_quickstart", "05_capacity_analysis")


@dataclass(frozen=True, slots=True)
class Image:
    """What Binder would have built: a checkout, and an environment beside it."""

    folder: Path
    repository: Path

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command to its end as the ordinary user, in the checkout."""
        process = self.start(*command)
        out, error = process.communicate()
        ended = subprocess.CompletedProcess(command, process.returncode, out, error)
        assert ended.returncode == 0, f"{out[-3000:]}\n{error[-3000:]}"
        return ended

    def start(self, *command: str | Path) -> subprocess.Popen[str]:
        nobody = pwd.getpwnam("nobody")
        account = (
            {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            if os.geteuid() == 0
            else {}
        )
        return subprocess.Popen(  # noqa: S603 - our own commands
            command,
            cwd=self.repository,
            env={
                **{k: v for k, v in os.environ.items() if _NETWORK.search(k)},
                "HOME": str(self.folder),
                "TMPDIR": str(self.folder),
                "LC_ALL": "C.UTF-8",
                "LD_LIBRARY_PATH": f"{self.folder}/python/lib",  # of the copy
                "PATH": f"{self.folder}/environment/bin:/usr/bin:/bin",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **account,
        )


def python_of(version: str) -> Path | None:
    """Return a Python of this version: our own, one of pyenv's, or the system's."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return Path(sys.base_prefix) / "bin" / f"python{version}"
    beside = Path(sys.base_prefix).parent.glob(f"{version}.*/bin/python{version}")
    elsewhere = Path(f"/usr/bin/python{version}")
    return next((path for path in (*beside, elsewhere) if path.exists()), None)


@pytest.fixture(scope="module")
def image(services: Services) -> Iterator[Image]:
    version = (_BINDER / "runtime.txt").read_text().strip().removeprefix("python-")
    python = python_of(version)
    if python is None:
        services.miss(f"Python {version}", f"pyenv install {version}")
    assert python is not None
    with open_folder() as folder:
        made = Image(folder, folder / "repository")
        skip = shutil.ignore_patterns(*_LEFT_OUT)
        shutil.copytree(_ROOT, made.repository, ignore=skip)
        shutil.copy(Path(sys.executable).parent / "uv", folder)
        own = python.parents[1]
        if not python.is_relative_to("/usr"):  # its folder may be closed to others
            skip = shutil.ignore_patterns("test", "__pycache__")
            shutil.copytree(own, folder / "python", symlinks=True, ignore=skip)
            python = folder / "python" / "bin" / python.name
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "nobody", folder], check=True)  # noqa: S603, S607
        uv, environment = folder / "uv", folder / "environment"
        made.run(uv, "venv", "-q", "--seed", "-p", python, environment)
        lock = _BINDER.relative_to(_ROOT) / "requirements.txt"
        inside = environment / "bin" / "python"
        made.run(uv, "pip", "install", "-q", "-p", inside, "-r", lock)
        made.run("binder/postBuild")
        yield made


def peak_bytes(image: Image, ended: threading.Event) -> int:
    """Return the highest total memory of the processes of the folder."""
    highest = 0
    while not ended.wait(0.2):  # between two looks
        total = 0
        for process in Path("/proc").glob("[0-9]*"):
            try:
                line = (process / "cmdline").read_bytes()
                if str(image.folder).encode() in line or b"postgres" in line:
                    memory = (process / "smaps_rollup").read_text()
                    total += int(re.search(r"Pss: +(\d+)", memory)[1]) * 1024
            except (OSError, TypeError):  # it has ended
                continue
        highest = max(highest, total)
    return highest


def test_its_notebooks_run_within_two_gigabytes(image: Image) -> None:
    notebooks = [f"notebooks/{name}.ipynb" for name in _NOTEBOOKS]
    execute = ["jupyter", "nbconvert", "--to", "notebook", "--execute", "--inplace"]
    highest: list[int] = []
    ended = threading.Event()
    watcher = threading.Thread(
        target=lambda: highest.append(peak_bytes(image, ended)), daemon=True
    )
    watcher.start()
    try:
        image.run("binder/start", *execute, *notebooks)
    finally:
        ended.set()
        watcher.join()

    assert 0 < highest[0] < _LIMIT_BYTES
    for notebook in notebooks:
        text = (image.repository / notebook).read_text()
        assert '"output_type": "error"' not in text
        assert text.count('"execution_count": null') == 0
    assert lingering(image.folder) == []  # the lab went with the server


def test_the_installed_package_is_not_the_checkout(image: Image) -> None:
    code = "import djgc_widgets; print(djgc_widgets.__file__)"
    assert "site-packages" in image.run("python", "-I", "-c", code).stdout


def test_repo2docker_accepts_it() -> None:
    program = Path(sys.executable).parent / "jupyter-repo2docker"
    build = [program, "--no-build", "--debug", _ROOT]
    ended = subprocess.run(build, capture_output=True, text=True, check=False)  # noqa: S603

    output = ended.stdout + ended.stderr
    assert ended.returncode == 0, output[-3000:]
    for step in (
        'pip install --no-cache-dir -r "binder/requirements.txt"',
        "RUN ./binder/postBuild",
        'ENV R2D_ENTRYPOINT="${REPO_DIR}/binder/start"',
        "install --yes --no-install-recommends mariadb-server",
    ):
        assert step in output


def test_its_lock_is_that_of_the_demonstration() -> None:
    pins = re.compile(r"^([\w.-]+==\S+)", re.MULTILINE)
    binder, tests = (
        set(pins.findall((folder / "requirements.txt").read_text()))
        for folder in (_BINDER, _ROOT / "tests")
    )

    assert binder <= tests
    assert "binder/requirements.txt" in (_ROOT / "Makefile").read_text()
