"""A pin: what no filter and no sweep passes, whatever rows say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from djgc_widgets.model.arguments import shown
from djgc_widgets.model.errors import InputError
from djgc_widgets.model.object_paths import is_plain_path


@dataclass(frozen=True, slots=True)
class Pin:
    """Keeps objects of a store that no row refers to.

    A path keeps the object there, all below it, and the object that it is part of; it
    may have ``*``, ``?`` and ``[...]``, of which ``*`` also stands for slashes. A table
    keeps what its paths name, and a schema all of its objects: the paths of hashes name
    no table. A key keeps the objects of a table whose paths have these values.

    Parameters
    ----------
    path : str, optional
        Path relative to the store.
    table : str, optional
        ``schema.table``, or the name of a schema.
    key : mapping of str to object, optional
        Attributes of the table's primary key and their values.
    why : str, optional
        Reason, for whoever finds the pin later.

    Raises
    ------
    InputError
        If there is neither a path nor a table, or both, or a key without a table.

    Examples
    --------
    >>> from djgc_widgets import Pin
    >>> print(Pin(table="lab_ephys.recording", key={"id": 5}, why="for the paper"))
    lab_ephys.recording, id=5 (for the paper)
    """

    path: str = ""
    table: str = ""
    key: Mapping[str, object] = field(default_factory=dict, hash=False)
    why: str = ""

    def __post_init__(self) -> None:
        texts = self.path, self.table, self.why
        if not all(isinstance(text, str) for text in texts) or not _is_key(self.key):
            raise InputError(
                "Expected texts and a key of values by attribute in a pin; got "
                f'{texts} and {shown(self.key)}. Pass for example Pin(table="lab.scan",'
                ' key={"id": 5}).'
            )
        if bool(self.path) == bool(self.table):
            raise InputError(
                "Expected either a path or a table in a pin; got "
                f"{'both' if self.path else 'neither'}. Make a pin of each."
            )
        if self.path and not is_plain_path(self.path):
            raise InputError(
                f"Expected a path relative to the store in a pin; got {self.path!r}. "
                "Leave out the store's own folder, and empty or dotted parts."
            )
        if self.key and "." not in self.table:
            raise InputError(
                "Expected the table that the key of a pin is of; got "
                f"{self.table or self.path!r}. Name it as schema.table."
            )

    def __str__(self) -> str:
        pairs = (f"{name}={value}" for name, value in self.key.items())
        what = ", ".join([self.path or self.table, *pairs])
        return f"{what} ({self.why})" if self.why else what


def _is_key(key: Any) -> bool:  # noqa: ANN401 - what a caller passes
    return isinstance(key, Mapping) and all(isinstance(name, str) for name in key)
