import pandas as pd
import pytest

from djgc_widgets.model.arrow import arrow_text
from djgc_widgets.model.frames import OBJECTS, REFERENCES, TRASH
from djgc_widgets.model.object_paths import is_plain_path, parent_of


def test_a_conforming_frame_has_exactly_the_columns_and_dtypes() -> None:
    texts = {"path": ["a"], "store": ["raw"], "sweep_id": ["x"]}
    counts = {"n_files": [1.0], "size_bytes": [2]}
    flags = {"referenced": [0], "returnable": [1]}

    frame = TRASH.conform({**texts, **counts, **flags, "more": [1]})

    assert list(frame) == TRASH.column_names
    dtypes = ["str"] * 3 + ["int64"] * 2 + ["bool"] * 2
    assert [str(t) for t in frame.dtypes] == dtypes


def test_an_absent_column_is_named() -> None:
    with pytest.raises(ValueError, match=r"trash needs the columns \['path'\]"):
        TRASH.conform(TRASH.empty().drop(columns="path"))


def test_an_empty_frame_has_its_dtypes_too() -> None:
    assert str(OBJECTS.empty()["modified_at"].dtype) == "datetime64[us, UTC]"
    assert str(REFERENCES.empty()["size_bytes"].dtype) == "Int64"


def test_text_becomes_one_array() -> None:
    joined = pd.concat([pd.Series(["a"], dtype="str"), pd.Series(["b"], dtype="str")])

    assert arrow_text(joined).to_pylist() == ["a", "b"]


@pytest.mark.parametrize("path", ["a", "a/b", "a b/ü=1\n", "..a/.b"])
def test_plain_paths_stay_below_their_folder(path: str) -> None:
    assert is_plain_path(path)


@pytest.mark.parametrize("path", ["", "/a", "a/", "a//b", "..", "a/../b", "./a", "a\0"])
def test_other_paths_are_not_plain(path: str) -> None:
    assert not is_plain_path(path)


def test_the_parent_of_a_path_at_the_root_is_empty() -> None:
    assert (parent_of("a/b/c"), parent_of("a")) == ("a/b", "")
