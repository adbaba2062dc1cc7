"""Problems and warnings: a code, what it is about, and the words for it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

import pandas as pd

from djgc_widgets.model.arguments import names_among
from djgc_widgets.model.codes import NoticeCode
from djgc_widgets.model.frames import NOTICES
from djgc_widgets.model.html import html_list
from djgc_widgets.model.notice_messages import MESSAGES
from djgc_widgets.model.text import visible


@dataclass(frozen=True, slots=True)
class Notice:
    """A problem, which makes a scan incomplete, or a warning, which does not."""

    code: NoticeCode
    """What it is about."""
    where: str
    """A column, a table, a store, a folder of a store."""
    values: Mapping[str, object] = field(default_factory=dict, hash=False)
    """What the message names."""

    @property
    def message(self) -> str:
        """What was expected and what came."""
        return MESSAGES[self.code][0].format(**self.values)

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return MESSAGES[self.code][1].format(**self.values)

    def __str__(self) -> str:
        return f"{self.where}: {self.message}. {self.remedy}."


class Notices(tuple[Notice, ...]):
    """Problems or warnings, each of them once; prints as sentences."""

    __slots__ = ()

    def __new__(cls, notices: Iterable[Notice] = ()) -> Self:  # noqa: D102 - as a tuple
        return super().__new__(cls, dict.fromkeys(notices))

    def with_code(self, *codes: str) -> "Notices":
        """Return those with one of these codes."""
        names_among(codes, [code.value for code in NoticeCode], "with_code")
        return Notices(notice for notice in self if notice.code in codes)

    def frame(self) -> pd.DataFrame:
        """Return a frame of the notices schema."""
        rows = [(n.code.value, n.where, n.message, n.remedy) for n in self]
        return NOTICES.conform(pd.DataFrame(rows, columns=NOTICES.column_names))

    def __repr__(self) -> str:
        return "\n".join(visible(str(notice)) for notice in self) or "none"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return html_list(self) if self else "<p>none</p>"


def in_store(store: str, path: str = "") -> str:
    """Say where in a store something is."""
    return f"store {store}: {path}" if path else f"store {store}"
