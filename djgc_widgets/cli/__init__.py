"""The command line: ``djgc scan``, ``djgc sweep`` and so on, and ``djgc demo``.

A **program** reads its **options** and **settings**, lets a **command** answer, shows
the **answer** on a **terminal**, and tells others: a log, metrics, a notification.
"""

from djgc_widgets.cli.program import main

__all__ = ["main"]
