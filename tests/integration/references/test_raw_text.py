"""Values arrive as the database holds them, whatever they consist of."""

import pytest
from laboratory import Laboratory

from djgc_widgets.references import copied_rows, packets
from djgc_widgets.references.catalog import read_catalog
from djgc_widgets.references.raw_text import Page, key_text, value_text
from djgc_widgets.references.silence import PATIENCE
from djgc_widgets.references.snapshot import open_session

ODD = [
    *("", " ", "a", "\\", "\\N", "\\n", "\\\\", "\\.", '{"path": "a\\/b"}', "\\x41"),
    *("\t", "\n", "\r", "\r\n", "\b\f\v", "a\tb\nc\\d", "é", "𝄞", "\x7f", "\x01"),
    *("x" * length for length in (250, 251, 252, 255, 256, 65_535, 65_536)),
    *("é" * 130, "\\" * 300, "\t" * 70_000),
]
KEYS = [f'{number}"\\\t\n é' for number in range(len(ODD))]


@pytest.mark.parametrize("n_rows", [1, 3, 10_000])
def test_texts_of_every_kind_arrive_unchanged(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch, n_rows: int
) -> None:
    for module in (copied_rows, packets):
        monkeypatch.setattr(module, "PAGE_ROWS", n_rows)
    values = read(laboratory, dict(zip(KEYS, ODD, strict=True)))

    assert sorted(values.values()) == sorted(ODD)
    assert len(values) == len(KEYS)


def test_plain_texts_arrive_as_columns(laboratory: Laboratory) -> None:
    plain = {f"M{number}": f'{{"path": "a/{number}"}}' for number in range(50)}

    values = read(laboratory, plain)

    assert values == {f'{{"id": "{key}"}}': text for key, text in plain.items()}


def test_a_page_ends_when_it_is_large(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (copied_rows, packets):
        monkeypatch.setattr(module, "PAGE_BYTES", 1_000)
    sizes: list[int] = []

    read(laboratory, {str(key): "x" * 400 for key in range(10)}, sizes)

    assert sum(sizes) == 10
    assert max(sizes) <= 3


def test_a_value_of_many_megabytes_arrives_whole(laboratory: Laboratory) -> None:
    # more than fits into a packet; MariaDB's server takes no more in a statement
    size = 2**23 if laboratory.kind == "mariadb" else 2**24 + 2**20
    text = "0123456789abcdef" * (size // 16)

    values = read(laboratory, {"a": "x", "b": text, "c": "y"})

    assert list(map(len, values.values())) == [1, size, 1]
    assert list(values.values())[1] == text


def read(
    laboratory: Laboratory, rows: dict[str, str], sizes: list[int] | None = None
) -> dict[str, str]:
    """Write rows into a table of texts, and return what a snapshot reads of it."""
    table = laboratory.quote(laboratory.name, "texts")
    if laboratory.backend == "postgresql":
        columns = "id varchar(99) PRIMARY KEY, data text"
        laboratory.connection.query(f"CREATE TABLE {table} ({columns})")
        comment = f"COMMENT ON COLUMN {table}.data IS ':<hash@raw>:'"
        laboratory.connection.query(comment)
    else:
        columns = "id varchar(99) PRIMARY KEY, data longtext COMMENT ':<hash@raw>:'"
        kind = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
        laboratory.connection.query(f"CREATE TABLE {table} ({columns}) {kind}")
    with laboratory.connection._conn.cursor() as cursor:  # noqa: SLF001 - no public name
        for row in rows.items():
            cursor.execute(f"INSERT INTO {table} VALUES (%s, %s)", row)
    found: dict[str, str] = {}

    def use(page: Page) -> None:
        keys = [key_text(key) for key in page.keys]
        found.update(zip(keys, map(value_text, page.values), strict=True))
        if sizes is not None:
            sizes.append(len(keys))

    with open_session(laboratory.connection, None, PATIENCE) as snapshot:
        snapshot.begin()
        (column,) = (
            each
            for each in read_catalog(snapshot).columns
            if each.table.name == "texts" and each.table.schema == laboratory.name
        )
        assert snapshot.count_values(column) == len(rows)
        snapshot.read_values(column, use)
        assert snapshot.count_values(column) == len(rows)  # it can be used further
    return found
