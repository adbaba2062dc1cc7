"""What the package raises."""


class InputError(ValueError):
    """The caller asked for what cannot be done; nothing was read or changed."""


class ScanUnfinishedError(RuntimeError):
    """A scan in ranges ended before its last range; what is finished is kept."""


class SweepRefusedError(RuntimeError):
    """A sweep, restore or purge was refused as a whole; nothing was moved."""


class Cancelled(Exception):  # noqa: N818 - a request by the user, not an error
    """Raised out of a progress callback to stop the work at the next page."""


class ServerError(RuntimeError):
    """A private server could not be started."""
