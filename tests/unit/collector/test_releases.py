import pytest

from djgc_widgets.collector.releases import KNOWN_DATAJOINT, release_warnings


def test_known_releases_are_no_warning() -> None:
    between = "2.2.4"

    assert [release_warnings(each) for each in (*KNOWN_DATAJOINT, between)] == [[]] * 3


@pytest.mark.parametrize("installed", ["2.3.6", "2.4rc1", "3.0", "0.0.0+unknown", "?"])
def test_any_other_release_is_a_warning_that_names_it(installed: str) -> None:
    (warning,) = release_warnings(installed)

    assert warning.code == "release-unknown"
    assert installed in warning.message
    assert KNOWN_DATAJOINT[1] in warning.message
