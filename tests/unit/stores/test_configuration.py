"""Which settings mean one location, as far as that is known without asking."""

from typing import Any

import pytest

from djgc_widgets.stores.configuration import _is_one_location


def settings(protocol: str, location: str) -> dict[str, Any]:
    bucket = "container" if protocol == "azure" else "bucket"
    return {"protocol": protocol, bucket: "labs", "location": location}


@pytest.mark.parametrize("protocol", ["azure", "gcs"])
def test_two_spellings_of_a_location_are_never_merged_where_keys_are_exact(
    protocol: str,
) -> None:
    one, same, other = (settings(protocol, each) for each in ("q/b", "q/b", "q//b"))

    assert _is_one_location(one, same)
    assert not _is_one_location(one, other)
