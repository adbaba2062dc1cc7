"""Names of files as text: bytes that are not UTF-8 become characters, and back.

Python writes such a byte as half a character, which no other library takes for text.
Here it becomes one of 128 characters at the end of Unicode that nobody has assigned;
these characters themselves are written byte by byte, so that no two names are one text.
"""

import os
import re

_BYTE_0 = 0x10FF00
_WRITTEN = re.compile("[\udc80-\udcff\U0010ff80-\U0010ffff]")
_READ = re.compile("[\U0010ff80-\U0010ffff]+")


def path_text(path: str) -> str:
    r"""Return a path of the file system, as Python has it, as text.

    Examples
    --------
    >>> path_text("raw/b\udcffd") == "raw/b\U0010ffffd"
    True
    """
    if path.isascii():
        return path
    return _WRITTEN.sub(
        lambda match: "".join(chr(_BYTE_0 + byte) for byte in os.fsencode(match[0])),
        path,
    )


def file_path(text: str) -> str:
    r"""Return the path of the file system that `path_text` made a text of.

    Examples
    --------
    >>> file_path("raw/b\U0010ffffd") == "raw/b\udcffd"
    True
    """
    if text.isascii():
        return text
    return _READ.sub(
        lambda match: os.fsdecode(bytes(ord(c) - _BYTE_0 for c in match[0])), text
    )


def byte_of(character: str) -> int | None:
    """Return the byte that a character of a text stands for; None if for none."""
    return ord(character) - _BYTE_0 if _READ.match(character) else None
