"""What the cells of the panel's tables say."""

from typing import Any

import pytest

from djgc_widgets.panel.tables import object_table

PATH = "_schema/lab/rec/subject=M014/session=5/voltage_AbCd1234.npy"


@pytest.mark.parametrize(
    ("changed", "shown", "hover"),
    [
        ({}, "lab.rec M014 · 5", "lab.rec subject=M014 session=5"),
        ({"alone": True}, "rec M014 · 5", "lab.rec subject=M014 session=5"),
        ({"table": None}, "lab (hash)", "lab (hash)"),
        ({"schema": None, "table": None}, "(no schema)", "(no schema)"),
        ({"path": "_schema/lab/rec/x_AbCd1234.npy"}, "lab.rec", "lab.rec"),
    ],
)
def test_a_row_shows_its_table_and_the_values_of_its_key(
    changed: dict[str, Any], shown: str, hover: str
) -> None:
    (column,) = [each for each in object_table().columns if each.title == "Table"]
    row = {"schema": "lab", "table": "rec", "path": PATH, "alone": False, **changed}

    assert column.hover is not None
    assert (column.show(row), column.hover(row)) == (shown, hover)
