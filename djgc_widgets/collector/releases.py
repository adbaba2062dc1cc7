"""Which releases of DataJoint are known to write what this package understands."""

from packaging.version import InvalidVersion, Version

from djgc_widgets.model import Notice, NoticeCode

KNOWN_DATAJOINT = "2.0.2", "2.3.5"
"""The oldest and the newest release whose stores ``make matrix`` scans."""


def release_warnings(installed: str) -> list[Notice]:
    """Return a warning if the installed release of DataJoint is not a known one.

    Another release may write paths or columns of another shape. What is not understood
    is unknown or makes a scan incomplete, so scanning goes on.
    """
    oldest, newest = KNOWN_DATAJOINT
    try:
        known = Version(oldest) <= Version(installed) <= Version(newest)
    except InvalidVersion:
        known = False
    if known:
        return []
    values = {"installed": installed, "oldest": oldest, "newest": newest}
    return [Notice(NoticeCode.RELEASE_UNKNOWN, "DataJoint", values)]
