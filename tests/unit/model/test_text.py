from datetime import timedelta

import pytest

from djgc_widgets.model.errors import InputError
from djgc_widgets.model.text import (
    escaped,
    plural,
    readable_age,
    readable_bytes,
    visible,
)
from djgc_widgets.panel.grid.filters import bytes_of, days_of


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


def test_names_are_data() -> None:
    assert escaped("<img src=x onerror='go()'>\"&") == (
        "&lt;img src=x onerror=&#x27;go()&#x27;&gt;&quot;&amp;"
    )


def test_characters_that_deceive_the_eye_are_shown() -> None:
    assert visible("a\u202egpj.npy\n\x00") == "a\\u202egpj.npy\\u000a\\u0000"
    assert visible("héllo wörld €") == "héllo wörld €"


def test_counts_agree_with_their_noun() -> None:
    assert (plural(1, "row"), plural(1234, "row")) == ("1 row", "1,234 rows")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("12", 12),
        ("12 B", 12),
        ("1k", 1000),
        (" 1.5KiB ", 1536),
        ("2 GB", 2 * 10**9),
        ("1 tib", 1024**4),
    ],
)
def test_sizes_are_read_in_both_kinds_of_units(text: str, size: int) -> None:
    assert bytes_of(text) == size


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("3", 3),
        ("36h", 1.5),
        ("2 weeks", 14),
        ("1 day", 1),
        ("6 months", 182.64),
        ("1 y", 365.25),
    ],
)
def test_ages_are_read(text: str, days: float) -> None:
    assert days_of(text) == pytest.approx(days)


@pytest.mark.parametrize("text", ["", "-1", "1 parsec", "inf", "nan", "1e9", "1,5"])
def test_what_is_no_size_or_age_is_told(text: str) -> None:
    with pytest.raises(InputError, match="Expected a size"):
        bytes_of(text)
    with pytest.raises(InputError, match="Expected an age"):
        days_of(text)
