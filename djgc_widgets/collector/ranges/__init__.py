r"""Scan range by range of keys, each in a worker, with Parquet between the steps.

Files and references are written as they arrive, in parts that are sorted by key. Then
the **ranges** are laid so that nothing in one matters to another, and each is judged as
if it were all there is. A range that was judged is finished: its inputs have a digest,
and as long as that stays the same, it is not judged again.

::

    listing -> listed/    \\
                            ranges -> objects/ references/ files/ met/ -> scan
    reading -> recorded/  /
"""

from djgc_widgets.collector.ranges.folders import new_folder
from djgc_widgets.collector.ranges.gather import gather_in_ranges

__all__ = ["gather_in_ranges", "new_folder"]
