"""What most tests of the collector run on."""

import pytest
from laboratory import Laboratory


@pytest.fixture
def lab(postgresql_laboratory: Laboratory) -> Laboratory:
    """For what depends neither on the backend nor on the kind of store."""
    return postgresql_laboratory
