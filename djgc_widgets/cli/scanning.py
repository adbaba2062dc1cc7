"""Commands that only look: ``djgc scan`` and ``djgc report``."""

from argparse import Namespace
from pathlib import Path

from djgc_widgets.analysis import report_html
from djgc_widgets.cli.answers import (
    state_code,
    summary_data,
    summary_lines,
    troubles_of,
)
from djgc_widgets.cli.asked import asked_scan, recorded
from djgc_widgets.model import Answer, json_rows, write_new_file


def run_scan(arguments: Namespace) -> Answer:
    """Scan, and add up the bytes of each store and status."""
    result = asked_scan(arguments)
    recorded(arguments, result)
    return Answer(
        state_code(result),
        list(summary_lines(result)),
        summary_data(result),
        frame=result.summary(),
        troubles=troubles_of(result),
        scan=result,
    )


def run_report(arguments: Namespace) -> Answer:
    """Scan, and write a page; as JSON or CSV print the frames instead."""
    result = asked_scan(arguments)
    history = recorded(arguments, result)
    lines = list(summary_lines(result))
    if arguments.format == "table":
        page = report_html(result, history).encode()
        stem = f"djgc-report-{result.started_at:%Y%m%d-%H%M%S}"
        lines.append(
            f"Report written to {write_new_file(page, Path.cwd(), stem, 'html')}"
        )
    data = {
        **summary_data(result),
        "orphans": json_rows(result.orphans),
        "missing": json_rows(result.missing),
        "trash": json_rows(result.trash),
        "usage": json_rows(result.usage()),
    }
    return Answer(
        state_code(result),
        lines,
        data,
        frame=result.orphans,
        troubles=troubles_of(result),
        scan=result,
    )
