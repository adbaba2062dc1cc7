"""Check what a caller passes; anything else is an `InputError`."""

from math import inf
from numbers import Real
from typing import Any

from djgc_widgets.collector import Scan
from djgc_widgets.model import InputError, shown


def expect_scan(scan: Any) -> None:  # noqa: ANN401 - what a caller passes
    """Raise `InputError` unless a scan was passed."""
    if not isinstance(scan, Scan):
        raise InputError(f"Expected a scan; got {shown(scan)}. Pass scan(schema).")


def expect_quota(quota_bytes: Any) -> None:  # noqa: ANN401 - what a caller passes
    """Raise `InputError` unless a quota is a number above zero."""
    if not isinstance(quota_bytes, Real) or not 0 < float(quota_bytes) < inf:
        raise InputError(
            f"Expected a quota above 0 bytes; got {shown(quota_bytes)}. Pass a number, "
            "for example 10 * 2**40 for 10 TiB."
        )
