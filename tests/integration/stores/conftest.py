"""S3 servers of other kinds, Azure and Google Cloud, for the tests of stores."""

from collections.abc import Iterator

import pytest
from clouds import (
    S3,
    Azure,
    Cloud,
    Google,
    new_bucket,
    start_azure,
    start_google,
    start_moto,
)
from dialect import Dialect, dialect
from laboratory import NOW, Laboratory
from services import Services
from webdav import WebDav, start_webdav


@pytest.fixture
def other(
    s3_laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Dialect]:
    """What the stores of the laboratory are on; it never repeats a request."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    assert s3_laboratory.s3 is not None
    with dialect(s3_laboratory.s3) as spoken:
        for name, spec in s3_laboratory.config.stores.items():
            changed = {**spec, "endpoint": spoken.endpoint}
            s3_laboratory.config.stores[name] = changed
        yield spoken


@pytest.fixture(scope="session")
def azure(services: Services) -> Iterator[Azure]:
    services.need("Azure")
    azure = start_azure()
    with azure.server:
        yield azure


@pytest.fixture(scope="session")
def gcs(services: Services) -> Iterator[Google]:
    services.need("Google Cloud")
    with start_google() as google, pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORAGE_EMULATOR_HOST", google.relay.url)
        # it asks another server, which is not here, whether buckets have folders
        patch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
        yield google


@pytest.fixture(scope="session")
def moto() -> Iterator[S3]:
    with start_moto() as moto:
        yield moto


@pytest.fixture(scope="session")
def webdav() -> Iterator[WebDav]:
    with start_webdav() as webdav:
        yield webdav


@pytest.fixture(
    params=[
        pytest.param("azure", marks=pytest.mark.azure),
        pytest.param("gcs", marks=pytest.mark.gcs),
    ]
)
def cloud(request: pytest.FixtureRequest) -> Cloud:
    """A server of each kind."""
    server: Cloud = request.getfixturevalue(request.param)
    return server


@pytest.fixture
def bucket(postgresql_laboratory: Laboratory, cloud: Cloud) -> str:
    return new_bucket(cloud, postgresql_laboratory.name)


@pytest.fixture
def cloud_laboratory(
    postgresql_laboratory: Laboratory, cloud: Cloud, bucket: str
) -> Laboratory:
    """Its only store is in a bucket of its own."""
    lab = postgresql_laboratory
    lab.cloud = cloud
    lab.minimum_age = NOW  # its objects cannot be made older
    lab.config.stores = {"raw": cloud.spec(bucket, "q")}
    return lab
