import pytest

from djgc_widgets.model import InputError
from djgc_widgets.panel.grid.filters import parse_age, parse_size


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
    assert parse_size(text) == size


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
    assert parse_age(text) == pytest.approx(days)


@pytest.mark.parametrize("text", ["", "-1", "1 parsec", "inf", "nan", "1e9", "1,5"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="Expected a size"):
        parse_size(text)
    with pytest.raises(InputError, match="Expected an age"):
        parse_age(text)
