"""Real services, stores and schemas for the tests."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from laboratory import Laboratory
from services import EVERY_SERVER, EVERYWHERE, Services, service_table

from djgc_widgets.lab import (
    EmbeddedServer,
    S3Server,
    start_mariadb,
    start_mysql,
    start_postgresql,
    start_s3,
)

# In CI a third of the mutants, another one each day; all with `make mutants`. The
# processes of one run inherit the choice, also at midnight.
_TODAY = str(datetime.now(UTC).toordinal() % 3 + 1)
MUTANTS = os.environ.setdefault("DJGC_MUTANTS", _TODAY if "CI" in os.environ else "all")

_FOLDER_MARKERS = {
    "integration": "integration",
    "browser": "browser",
    "mutants": "integration",
}
# Coverage takes a third of the time of a test; what these run, others run as well.
_SLOWEST = {
    *("browser", "test_failures.py", "test_machine.py", "test_nights.py"),
    *("test_s3_dialects.py", "test_s3_windows.py", "test_recorded_paths.py"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--strict-services",
        action="store_true",
        default=bool(os.environ.get("CI")),
        help="fail, rather than skip, where a service is missing (default if CI set)",
    )
    parser.addoption(
        "--pictures",
        action="store_true",
        help="renew the pictures that the README shows",
    )


def pytest_report_header() -> list[str]:
    third = MUTANTS if MUTANTS == "all" else f"third {MUTANTS} of 3"
    return ["services:", *service_table(), f"mutants: {third} (make mutants: all)"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for folder, marker in _FOLDER_MARKERS.items():
            if folder in item.path.parts:
                item.add_marker(marker)
        is_random = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        if is_random or _SLOWEST.intersection(item.path.parts):
            item.add_marker("no_cover")  # the same lines, hundreds of times


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Measure no coverage in what an unmeasured test starts, either."""
    with pytest.MonkeyPatch.context() as patch:
        if item.get_closest_marker("no_cover"):
            for name in [name for name in os.environ if name.startswith("COVERAGE")]:
                patch.delenv(name)
        return (yield)


@pytest.fixture(scope="session")
def services(pytestconfig: pytest.Config) -> Services:
    return Services(strict=pytestconfig.getoption("--strict-services"))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[EmbeddedServer]:
    with start_postgresql("--max_prepared_transactions=5") as server:
        yield server


@pytest.fixture(scope="session")
def mariadb(services: Services) -> Iterator[EmbeddedServer]:
    services.need("MariaDB")
    with start_mariadb() as server:
        yield server


@pytest.fixture(scope="session")
def mysql(services: Services) -> Iterator[EmbeddedServer]:
    services.need("MySQL")
    with start_mysql() as server:
        yield server


@pytest.fixture(scope="session")
def s3(services: Services) -> Iterator[S3Server]:
    services.need("S3")
    s3 = start_s3()
    with s3.server:
        yield s3


@pytest.fixture(params=EVERY_SERVER)
def backend(request: pytest.FixtureRequest) -> str:
    """Name of the fixture of a server."""
    return str(request.param)


@pytest.fixture
def laboratory(
    backend: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Laboratory]:
    """A schema of its own on each server, and two empty stores."""
    server = request.getfixturevalue(backend)
    with Laboratory.on(server, backend, tmp_path) as laboratory:
        yield laboratory


@pytest.fixture(params=EVERYWHERE)
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Laboratory]:
    """For tests on every server and kind of store."""
    kind, store = request.param
    server = request.getfixturevalue(kind)
    s3 = request.getfixturevalue("s3") if store == "s3" else None
    with Laboratory.on(server, kind, tmp_path, s3) as laboratory:
        yield laboratory


@pytest.fixture
def s3_laboratory(
    postgresql: EmbeddedServer, s3: S3Server, tmp_path: Path
) -> Iterator[Laboratory]:
    """For tests of S3 alone."""
    with Laboratory.on(postgresql, "postgresql", tmp_path, s3) as laboratory:
        yield laboratory


@pytest.fixture
def postgresql_laboratory(
    postgresql: EmbeddedServer, tmp_path: Path
) -> Iterator[Laboratory]:
    """For tests that do not depend on the server."""
    with Laboratory.on(postgresql, "postgresql", tmp_path) as laboratory:
        yield laboratory


@pytest.fixture(scope="session")
def chromium_path(services: Services) -> str:
    services.need("Chromium")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path is not None
    return path
