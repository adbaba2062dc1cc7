from datetime import timedelta

import pytest

from djgc_widgets.model.text import plural, readable_age, readable_bytes, visible


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (1023, "1023 B"),
        (1024, "1.00 KiB"),
        (10_239, "10.0 KiB"),
        (1_048_575, "1.00 MiB"),
        (5 * 1024**4, "5.00 TiB"),
        (2000 * 1024**6, "2000 EiB"),
    ],
)
def test_sizes_have_three_digits_and_a_unit(size: int, text: str) -> None:
    assert readable_bytes(size) == text


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(seconds=-5), "0 min"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=5), "5 h"),
        (timedelta(days=50), "50 d"),
        (timedelta(days=100), "3 mo"),
        (timedelta(days=800), "2 y"),
    ],
)
def test_ages_are_in_the_largest_fitting_unit(age: timedelta, text: str) -> None:
    assert readable_age(age) == text


def test_characters_that_deceive_the_eye_are_shown() -> None:
    assert visible("a\u202egpj.npy\n\x00") == "a\\u202egpj.npy\\u000a\\u0000"
    assert visible("héllo wörld €") == "héllo wörld €"


def test_counts_agree_with_their_noun() -> None:
    assert (plural(1, "row"), plural(1234, "row")) == ("1 row", "1,234 rows")
