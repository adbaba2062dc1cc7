"""What MySQL sends of two columns of text, as pages of columns.

A driver decodes packet by packet and value by value, which takes longer than all the
rest. Here each row is a packet as it comes, and its values are found by the thousand
("Text Resultset Row" in MySQL's documentation of its protocol).
"""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pymysql
from pymysql.constants import CR
from pymysql.protocol import MysqlPacket

from djgc_widgets.references.raw_text import PAGE_BYTES, PAGE_ROWS, Page, page_of_fields
from djgc_widgets.references.sql import Driver

_HEADER_BYTES = 4
_FULL = 2**24 - 1
"""Length of a packet that goes on in the next one."""
_END, _ERROR = 0xFE, 0xFF
_END_BYTES = 9
"""A packet that begins like the end but is not shorter than this is a row."""
_WIDTHS = np.ones(256, dtype=np.int64)
"""How many bytes say the length of a value, by the first of them; or that is it."""
_WIDTHS[[252, 253, 254]] = 3, 4, 9


def read_packets(driver: Driver, query: bytes, use: Callable[[Page], None]) -> None:
    """Run a query of two columns, none of them null, and hand over its rows."""
    driver.query(query, unbuffered=True)
    result = driver._result  # noqa: SLF001 - the driver has no public way to its packets
    # otherwise the driver would read what is left, even from a lost connection
    result.unbuffered_active, result.connection = False, None
    rows: list[bytes] = []
    size_bytes = 0
    for row in _payloads(driver):
        rows.append(row)
        size_bytes += len(row)
        if len(rows) >= PAGE_ROWS or size_bytes >= PAGE_BYTES:
            use(_page(rows))
            rows, size_bytes = [], 0
    if rows:
        use(_page(rows))


def _payloads(driver: Driver) -> Iterator[bytes]:
    """Yield the packets of a result, each with all its parts, up to its end."""
    read, number, parts = driver._rfile.read, driver._next_seq_id, b""  # noqa: SLF001 - see above
    while True:
        header = read(_HEADER_BYTES)
        length = int.from_bytes(header[:3], "little")
        payload = read(length)
        if len(header) < _HEADER_BYTES or len(payload) < length or header[3] != number:
            driver._force_close()  # noqa: SLF001 - see above
            error = CR.CR_SERVER_LOST, "the connection was lost within a result"
            raise pymysql.err.OperationalError(*error)
        number = (number + 1) % 256
        if length == _FULL:
            parts += payload
            continue
        if parts:
            payload, parts = parts + payload, b""
        elif payload[0] == _ERROR:
            MysqlPacket(payload, driver.encoding).raise_for_error()
        elif payload[0] == _END and length < _END_BYTES:
            return
        yield payload


def _page(rows: list[bytes]) -> Page:
    text = np.frombuffer(b"".join(rows), dtype=np.uint8)
    ends = np.cumsum(np.fromiter(map(len, rows), dtype=np.int64, count=len(rows)))
    starts = np.concatenate([[0], ends[:-1]])
    is_text = np.ones(len(text), dtype=np.bool_)
    lengths = np.empty((len(rows), 2), dtype=np.int64)
    for column in range(2):
        width, lengths[:, column] = _lengths(text, starts)
        for byte in range(int(width.max())):
            is_text[starts[byte < width] + byte] = False
        starts = starts + width + lengths[:, column]
    if not np.array_equal(starts, ends):
        raise ValueError("the server sent rows of another shape than two texts")
    return page_of_fields(text[is_text], lengths.ravel())


def _lengths(
    text: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return how many bytes say the length of each value, and the length."""
    first = text[starts]
    width = _WIDTHS[first]
    length = np.where(width == 1, first, 0).astype(np.int64)
    for byte in range(1, int(width.max())):
        rows = np.flatnonzero(width > byte)
        part = text[starts[rows] + byte].astype(np.int64)
        length[rows] |= part << (8 * (byte - 1))
    return width, length
