"""What MySQL sends of two columns of text, as pages of columns.

A driver decodes packet by packet and value by value, which takes longer than all the
rest. Here the bytes of the connection are taken as they come, and what they hold is
found by the thousand ("MySQL Packets" and "Text Resultset Row" in MySQL's documentation
of its protocol).
"""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pymysql
from pymysql.constants import CR
from pymysql.protocol import MysqlPacket

from djgc_widgets.references.raw_text import PAGE_BYTES, PAGE_ROWS, Page, page_of_fields
from djgc_widgets.references.sql import Driver

_AT_ONCE = 2**20
"""Most of the bytes that are taken from the connection at once."""
_HEADER_BYTES = 4
_FULL = 2**24 - 1
"""Length of a packet that goes on in the next one."""
_END, _ERROR = 0xFE, 0xFF
_END_BYTES = 9
"""A packet that begins like the end but is not shorter than this is a row."""
_WIDTHS = np.ones(256, dtype=np.int64)
"""How many bytes say the length of a value, by the first of them; or that is it."""
_WIDTHS[[252, 253, 254]] = 3, 4, 9

_Bytes = npt.NDArray[np.uint8]
_Numbers = npt.NDArray[np.int64]


def read_packets(driver: Driver, query: bytes, use: Callable[[Page], None]) -> None:
    """Run a query of two columns, none of them null, and hand over its rows."""
    driver.query(query, unbuffered=True)
    result = driver._result  # noqa: SLF001 - the driver has no public way to its packets
    # otherwise the driver would read what is left, even from a lost connection
    result.unbuffered_active, result.connection = False, None
    for data, begins in _pages_of_packets(driver):
        use(_page(np.frombuffer(data, dtype=np.uint8), np.array(begins)))


def _pages_of_packets(driver: Driver) -> Iterator[tuple[bytearray, list[int]]]:
    """Yield the rows of a result, and where their packets begin, up to its end."""
    take, number = driver._rfile.read1, driver._next_seq_id  # noqa: SLF001 - see above
    data, begins, end = bytearray(), list[int](), 0
    while True:
        is_full, end = _find_packets(data, begins, end)
        is_last = _is_last(data, begins, end)
        if is_full or is_last:
            numbers = np.frombuffer(data, dtype=np.uint8)[np.array(begins) + 3]
            expected = (number + np.arange(len(begins))) % 256
            if not np.array_equal(numbers, expected):
                raise _lost(driver)
            number += len(begins)
            if is_last:
                end = begins.pop()
                _expect_no_error(bytes(data[end + _HEADER_BYTES :]), driver)
            if begins:
                yield data[:end], begins
            if is_last:
                return
            del data[:end]
            begins, end = [], 0
        elif more := take(_AT_ONCE):
            data += more
        else:
            raise _lost(driver)


def _find_packets(data: bytearray, begins: list[int], end: int) -> tuple[bool, int]:
    """Add where whole packets begin, after the end of those that are known.

    The result is whether they fill a page, and where they end.
    """
    while end + _HEADER_BYTES <= len(data):
        length = int.from_bytes(data[end : end + 3], "little")
        after = end + _HEADER_BYTES + length
        if after > len(data):
            break
        begins.append(end)
        end = after
        if (len(begins) >= PAGE_ROWS or end >= PAGE_BYTES) and length < _FULL:
            return True, end
    return False, end


def _is_last(data: bytearray, begins: list[int], end: int) -> bool:
    """Return whether the last of these packets is not a row but ends the result."""
    lengths = np.diff([*begins[-2:], end]) - _HEADER_BYTES
    if not len(lengths) or not lengths[-1] or _FULL in lengths[:-1]:
        return False
    kind = data[begins[-1] + _HEADER_BYTES]
    return kind == _ERROR or (kind == _END and bool(lengths[-1] < _END_BYTES))


def _expect_no_error(payload: bytes, driver: Driver) -> None:
    if payload[0] == _ERROR:
        MysqlPacket(payload, driver.encoding).raise_for_error()


def _lost(driver: Driver) -> pymysql.err.OperationalError:
    driver._force_close()  # noqa: SLF001 - see above
    error = CR.CR_SERVER_LOST, "the connection was lost within a result"
    return pymysql.err.OperationalError(*error)


def _page(data: _Bytes, begins: _Numbers) -> Page:
    """Return the values of rows that consist of these packets."""
    text, bounds = _without_headers(data, begins)
    starts, ends = bounds[:-1], bounds[1:]
    is_text = np.ones(len(text), dtype=np.bool_)
    lengths = np.empty((len(starts), 2), dtype=np.int64)
    for column in range(2):
        width, lengths[:, column] = _lengths(text, starts)
        for byte in range(int(width.max())):
            is_text[starts[byte < width] + byte] = False
        starts = starts + width + lengths[:, column]
    if not np.array_equal(starts, ends):
        raise ValueError("the server sent rows of another shape than two texts")
    return page_of_fields(text[is_text], lengths.ravel())


def _without_headers(data: _Bytes, begins: _Numbers) -> tuple[_Bytes, _Numbers]:
    """Return the payloads, one after the other, and where each row begins and ends."""
    is_payload = np.ones(len(data), dtype=np.bool_)
    is_payload[begins[:, None] + np.arange(_HEADER_BYTES)] = False
    lengths = np.diff(begins, append=len(data)) - _HEADER_BYTES
    is_end = lengths < _FULL  # all others go on in the next packet
    ends = np.cumsum(lengths)[is_end]
    return data[is_payload], np.concatenate([[0], ends])


def _lengths(text: _Bytes, starts: _Numbers) -> tuple[_Numbers, _Numbers]:
    """Return how many bytes say the length of each value, and the length."""
    first = text[starts]
    width = _WIDTHS[first]
    length = np.where(width == 1, first, 0).astype(np.int64)
    for byte in range(1, int(width.max())):
        rows = np.flatnonzero(width > byte)
        part = text[starts[rows] + byte].astype(np.int64)
        length[rows] |= part << (8 * (byte - 1))
    return width, length
