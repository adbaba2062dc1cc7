"""S3 servers of other kinds, for the tests of stores."""

from collections.abc import Iterator

import pytest
from dialect import Dialect, dialect
from laboratory import Laboratory


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
