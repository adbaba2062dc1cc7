"""What a notebook shows of a scan: its totals and its problems."""

import pandas as pd
from markupsafe import Markup

from djgc_widgets.model import (
    STATUS_LABELS,
    Heading,
    Notices,
    Status,
    html_list,
    html_table,
    readable_bytes,
    safe,
)


def scan_html(title: str, summary: pd.DataFrame, problems: Notices) -> Markup:
    """Return a title, a table of a frame of the summary schema, and problems."""
    headings = [
        *map(Heading, ("Store", "Status")),
        *(Heading(text, number=True) for text in ("Objects", "Files", "Size")),
    ]
    rows = [
        (
            *(row["store"], STATUS_LABELS[Status(row["status"])]),
            *(f"{row['n_objects']:,}", f"{row['n_files']:,}"),
            readable_bytes(row["size_bytes"]),
        )
        for row in summary.to_dict("records")
    ]
    bold = Markup("<p><b>{}</b></p>").format(safe(title))
    return bold + html_table(headings, rows) + html_list(problems)
