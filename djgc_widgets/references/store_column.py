"""A column that can hold references, and what the server's catalog says of it."""

from dataclasses import dataclass
from typing import NamedTuple

from djgc_widgets.model import TableInfo

PLAIN_CODEC = "json"
"""Codec of a JSON column whose comment names none."""
_BINARY_TYPES = {
    *("binary", "varbinary", "bit", "bytea"),
    *("tinyblob", "blob", "mediumblob", "longblob"),
}


class CatalogRow(NamedTuple):
    """One column of a base table; the catalog query of each dialect selects these."""

    schema: str
    table: str
    attribute: str
    """Empty if the server cannot list the columns of the table."""
    data_type: str
    comment: str
    key_position: int
    """Order within the primary key; negative outside of it."""
    readable: bool
    is_json: bool
    has_parts: bool
    """It is an array or a composite of values."""
    relation_id: int
    """With the attribute's number and the quoted name only on PostgreSQL."""
    attribute_number: int
    quoted_name: str
    relation_kind: str
    """What the server calls this kind of table."""
    engine: str
    """Storage engine of the table; only on MySQL."""

    @property
    def is_binary(self) -> bool:
        """Whether the column holds bytes."""
        return self.data_type in _BINARY_TYPES


ColumnName = tuple[str, str, str]
"""Schema, table and attribute."""


@dataclass(frozen=True, slots=True)
class StoreColumn:
    """A column whose values may record paths."""

    table: TableInfo
    attribute: str
    codec: str
    """Codec that its comment names."""
    store: str
    """Store that its comment names; empty: the default store."""
    must_refer: bool
    """Every value must record a path (``<codec@store>``); otherwise a value may."""
    key: tuple[CatalogRow, ...]
    """The primary key, named as on the server, where a name need not be UTF-8."""
    catalog_row: CatalogRow

    @property
    def is_of_framework(self) -> bool:
        """Whether DataJoint hides the column and fills it with notes of its own."""
        return self.attribute.startswith("_") and self.codec == PLAIN_CODEC

    @property
    def name(self) -> ColumnName:
        """Schema, table and attribute."""
        return self.table.schema, self.table.name, self.attribute

    @property
    def full_name(self) -> str:
        """Schema, table and attribute, as shown to people."""
        return f"{self.table.full_name}.{self.attribute}"
