"""What a grid shows of a row and of its filters, as text. Pure."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from djgc_widgets.analysis import Bounds, Condition, Facet, short
from djgc_widgets.model import visible

Record = dict[Hashable, Any]
_NAMED = 3  # values that a chip names


@dataclass(frozen=True, slots=True)
class GridColumn:
    """A column of a grid."""

    title: str
    source: str
    """Column of the frame that it sorts by."""
    show: Callable[[Record], str]
    """Text of a cell, from the row as a mapping."""
    hover: Callable[[Record], str] | None = None
    """Text shown on hover; the cell's own by default."""
    kind: str = "text"
    """``text``, ``keyed`` (a name, and after a blank a key that is shown longer),
    ``short``, ``number`` or ``path``; ``time`` and ``age`` have a time in
    ISO 8601 as their text and as their hover, which a page shows in its own zone."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a row's details."""

    label: str
    text: str
    copyable: bool = False
    """Offer to copy the text."""
    time: bool = False
    """The text is a time in ISO 8601."""


def cells_of(columns: Sequence[GridColumn], record: Record) -> dict[str, Any]:
    """Return the texts of a row's cells, and those that are shown on hover."""
    return {
        "cells": [visible(column.show(record)) for column in columns],
        "hovers": [visible(c.hover(record)) if c.hover else None for c in columns],
    }


def chip_text(facet: Facet, condition: Condition) -> str:
    """Say in a few words what a column is filtered by."""
    if isinstance(condition, Bounds):
        return condition.text
    labels = [short(facet.label(value)) for value in condition.among]
    if len(labels) > _NAMED:
        return f"{len(labels):,} chosen"
    return ", ".join(labels)
