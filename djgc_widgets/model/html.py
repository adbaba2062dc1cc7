"""HTML that Python makes: tables and lists in which every name is text.

Templates and cells are joined by `markupsafe`, which escapes whatever is not markup
already; control and bidirectional characters are made visible first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from djgc_widgets.model.text import visible


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of a table's column."""

    title: str
    number: bool = False
    """Its cells are numbers: they line up on the right."""


def safe(text: object) -> Markup:
    """Return text that HTML shows as it is and never runs."""
    return text if isinstance(text, Markup) else escape(visible(str(text)))


def html_list(items: Iterable[object]) -> Markup:
    """Return a list with an item per text; empty if there is none."""
    lines = Markup("").join(Markup("<li>{}</li>").format(safe(item)) for item in items)
    return Markup("<ul>{}</ul>").format(lines) if lines else Markup("")


def html_table(
    headings: Sequence[Heading], rows: Iterable[Sequence[object]], style: str = ""
) -> Markup:
    """Return a table.

    Parameters
    ----------
    headings : sequence of Heading
        One per column.
    rows : iterable of sequences
        Cells, as text or as markup.
    style : str, optional
        CSS class of the table.
    """
    kinds = [
        Markup(" class='djgc-number' style='text-align: right'")
        if heading.number
        else Markup(" style='text-align: left'")
        for heading in headings
    ]

    def line(cell: Markup, cells: Iterable[object]) -> Markup:
        joined = Markup("").join(
            cell.format(kind, safe(each))
            for kind, each in zip(kinds, cells, strict=True)
        )
        return Markup("<tr>{}</tr>").format(joined)

    head = line(Markup("<th{}>{}</th>"), (heading.title for heading in headings))
    body = Markup("").join(line(Markup("<td{}>{}</td>"), row) for row in rows)
    return Markup(
        "<table class='{}'><thead>{}</thead><tbody>{}</tbody></table>"
    ).format(style, head, body)
