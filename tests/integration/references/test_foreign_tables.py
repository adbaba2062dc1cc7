"""Tables of PostgreSQL whose rows are stored elsewhere."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from laboratory import Laboratory, complete

from djgc_widgets import IncompleteScan


@pytest.fixture
def rows(postgresql_laboratory: Laboratory) -> Iterator[Path]:
    """A file with the rows of a foreign table, whose column is a store column."""
    lab = postgresql_laboratory
    run, table = lab.connection.query, lab.quote(lab.name, "elsewhere")
    file = lab.server.folder / f"{lab.name}.csv"
    file.write_text("")
    run("CREATE EXTENSION IF NOT EXISTS file_fdw")
    run(f'CREATE SERVER "{lab.name}" FOREIGN DATA WRAPPER file_fdw')
    run(
        f'CREATE FOREIGN TABLE {table} (id int, data json) SERVER "{lab.name}" '
        f"OPTIONS (filename '{file}', format 'text')"
    )
    run(f"COMMENT ON COLUMN {table}.data IS ':<npy@raw>:'")
    yield file
    run(f'DROP SERVER "{lab.name}" CASCADE')
    file.unlink(missing_ok=True)


def test_rows_of_a_foreign_table_keep_their_objects(
    postgresql_laboratory: Laboratory, rows: Path
) -> None:
    lab = postgresql_laboratory
    live, garbage = (f"_schema/{lab.name}/elsewhere/id={n}/data_abcd.npy" for n in "12")
    lab.put(live)
    lab.put(garbage)
    rows.write_text(f"1\t{json.dumps({'path': live, 'store': 'raw'})}\n")
    lab.age()

    result = complete(lab)

    status = dict(zip(result.objects["path"], result.objects["status"], strict=True))
    assert status == {live: "live", garbage: "orphan"}


def test_a_foreign_table_that_cannot_be_reached_makes_a_scan_incomplete(
    postgresql_laboratory: Laboratory, rows: Path
) -> None:
    rows.unlink()

    result = postgresql_laboratory.scan()

    assert isinstance(result, IncompleteScan)
    assert result.problems.with_code("column-unread")
