"""Every name that a file can have is one text, and the text leads back to the file."""

import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from djgc_widgets.model import file_path, path_text, visible

NAMES = st.binary().map(lambda data: data.replace(b"\0", b"")).map(os.fsdecode)


@given(NAMES)
@example(os.fsdecode(b"a\xff/b\xc3\xa9"))
@example("\U0010ffff")
@example(os.fsdecode("\U0010ff80".encode() + b"\x80"))
def test_every_name_is_a_text_that_leads_back_to_it(name: str) -> None:
    text = path_text(name)

    assert file_path(text) == name
    text.encode()  # no half characters, which other libraries refuse


@pytest.mark.parametrize("name", ["plain", "größe", "数据", "a\\xff", "😀"])
def test_a_name_that_is_text_is_itself(name: str) -> None:
    assert path_text(name) == file_path(name) == name


def test_bytes_in_a_name_can_be_seen() -> None:
    assert visible(path_text(os.fsdecode(b"lab/b\xffd\xe9"))) == "lab/b\\xffd\\xe9"
