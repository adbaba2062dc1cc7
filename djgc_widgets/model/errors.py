"""What the package raises."""


class InputError(ValueError):
    """The caller asked for what cannot be done; nothing was read or changed.

    Examples
    --------
    >>> from djgc_widgets import InputError, scan
    >>> try:
    ...     scan("lab_ephys")
    ... except InputError as error:
    ...     print(str(error)[:62])
    Expected a datajoint Schema or Connection; got str 'lab_ephys'
    """


class SweepRefusedError(RuntimeError):
    """A sweep or restore was refused as a whole; nothing was moved.

    Examples
    --------
    >>> from djgc_widgets import SweepRefusedError, open_lab, scan
    >>> with open_lab() as lab:
    ...     s = scan(lab.schema)
    ...     plan = s.plan(s.orphans.query("store == 'derived'"))
    ...     try:
    ...         plan.sweep()
    ...     except SweepRefusedError:
    ...         print("some doubts have to be acknowledged by name")
    some doubts have to be acknowledged by name
    """


class Cancelled(Exception):  # noqa: N818 - a request by the user, not an error
    """Raised out of a progress callback to stop the work at the next page.

    Examples
    --------
    >>> from djgc_widgets import Cancelled, open_lab, scan
    >>> def stop(progress):
    ...     raise Cancelled
    >>> with open_lab() as lab:
    ...     try:
    ...         scan(lab.schema, progress=stop)
    ...     except Cancelled:
    ...         print("stopped within a page")
    stopped within a page
    """


class ServerError(RuntimeError):
    """A private server could not be started."""
