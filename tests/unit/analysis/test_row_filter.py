"""What a person types as a size or an age."""

import pytest

from djgc_widgets.analysis.bounds import parse_bounds
from djgc_widgets.model import InputError, parse_age, parse_size


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


@pytest.mark.parametrize(
    ("unit", "typed", "comparisons", "shown"),
    [
        ("size", "> 1 GB", [(">", 1e9)], "> 1 GB"),
        ("size", "512", [(">=", 512)], ">= 512 B"),
        ("size", "≤1kib", [("<=", 1024)], "<= 1kib"),
        ("size", "> 1 kB < 2 kB", [(">", 1000), ("<", 2000)], "> 1 kB and < 2 kB"),
        ("size", "1 kB to 2 kB", [(">=", 1e3), ("<=", 2e3)], ">= 1 kB and <= 2 kB"),
        ("age", "older", None, "an age"),
        ("age", "90", [(">=", 90)], ">= 90 days"),
        ("age", "<  2  weeks", [("<", 14)], "< 2 weeks"),
        ("age", "> 3 months", [(">", 91.32)], "> 3 months"),
        ("age", ">> 3", None, "an age"),
        ("age", "> 3 d and < 5 d", [(">", 3), ("<", 5)], "> 3 d and < 5 d"),
        ("size", "", None, "a size"),
        ("size", ">", None, "a size"),
        ("size", "1 kB to", None, "a size"),
    ],
)
def test_bounds_are_read_as_a_person_types_them(
    unit: str, typed: str, comparisons: list[tuple[str, float]] | None, shown: str
) -> None:
    if comparisons is None:
        with pytest.raises(InputError, match=f"Expected {shown}"):
            parse_bounds(unit, typed)
        return

    bounds = parse_bounds(unit, typed)

    assert [sign for sign, _ in bounds.comparisons] == [s for s, _ in comparisons]
    assert [n for _, n in bounds.comparisons] == pytest.approx(
        [n for _, n in comparisons]
    )
    assert bounds.text == shown
