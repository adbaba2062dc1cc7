"""One piece of work at a time, in a thread: what runs, how far, how to stop it."""

import threading
import time
from collections.abc import Callable
from enum import StrEnum

import traitlets

from djgc_widgets.model import (
    Cancelled,
    InputError,
    Progress,
    ScanUnfinishedError,
    Step,
    SweepRefusedError,
)


class Activity(StrEnum):
    """What the panel is doing."""

    IDLE = "idle"
    SCANNING = "scanning"
    PLANNING = "planning"
    SWEEPING = "sweeping"
    RESTORING = "restoring"
    RECOVERING = "recovering"
    PURGING = "purging"
    EXPORTING = "exporting"
    ASKING = "asking"


ACTIVITY_LABELS = {activity: activity.value for activity in Activity} | {
    Activity.ASKING: "asking DataJoint's own collector"
}
"""What each activity is called on the screen."""
UNSTOPPABLE = frozenset({Activity.RECOVERING, Activity.EXPORTING, Activity.ASKING})
"""What cannot be canceled."""
_REDRAW_SECONDS = 0.1


class Background(traitlets.HasTraits):
    """Runs one piece of work at a time."""

    activity = traitlets.Enum(list(Activity), Activity.IDLE)
    """What is being done."""
    progress = traitlets.Any(None, allow_none=True)
    """`Progress` of the activity; changes at most ten times a second."""
    listed = traitlets.Any(None, allow_none=True)
    """`Progress` with the files and bytes of all stores that were listed so far."""
    elapsed_seconds = traitlets.Float(0.0)
    """Since the activity began, as of the latest progress."""
    message = traitlets.Unicode("")
    """Why the latest command failed; empty if it did not."""
    notice = traitlets.Unicode("")
    """What the latest command did, if it has no receipt."""
    handler_error = traitlets.Unicode("")
    """What a handler of somebody else raised since the latest command."""
    said_at = traitlets.Unicode("header")
    """Which control the latest command came from: its message belongs beside it."""
    closed = traitlets.Bool(default_value=False)
    """Nothing can be started any more."""

    def __init__(self) -> None:
        super().__init__()
        self._worker: threading.Thread | None = None
        self._stop = threading.Event()
        self._lock = threading.RLock()
        self._redraw_error = ""
        self._began = self._reported = 0.0
        self._listings: dict[str, Progress] = {}  # by store

    @property
    def running(self) -> bool:
        """Whether something is running."""
        return bool(self.activity is not Activity.IDLE)

    def listen_at(self, place: str) -> None:
        """Say that the next command comes from a control; forget earlier messages."""
        self.said_at, self.message, self.notice = place, "", ""

    def cancel(self) -> None:
        """Stop what is running at its next page; the previous results stay."""
        self._stop.set()

    def wait(self) -> None:
        """Wait until nothing is running."""
        worker = self._worker
        if worker is not None and worker is not threading.current_thread():
            worker.join()

    def close(self) -> None:
        """Stop what is running, wait for it, and start nothing any more."""
        with self._lock:
            self.closed = True
        self.cancel()
        self.wait()

    def start(self, activity: Activity, work: Callable[[], None]) -> None:
        """Run work in the background, unless something is running.

        The work calls `report`, which raises `Cancelled` to stop it.
        """
        with self._lock:  # observers of the activity may start or close as well
            if self.closed:
                self.message = "Closed. Make another panel: GCPanel(schema).show()"
                return
            if self.activity is not Activity.IDLE:
                label = ACTIVITY_LABELS[self.activity]
                self.message = f"Still {label}. Cancel it or wait."
                return
            self._stop.clear()
            self.message = self.handler_error = ""
            try:
                self.activity = activity
            except BaseException:  # a redraw failed: nothing runs
                self.activity = Activity.IDLE
                raise
            if bool(self.closed):  # by an observer
                self.activity = Activity.IDLE
                return
            self._worker = threading.Thread(
                target=self._run, args=(work,), daemon=True, name=f"djgc {activity}"
            )
            self._worker.start()

    def clear_cancel(self) -> None:
        """Continue with the rest of the work although its first part was canceled."""
        with self._lock:
            if not self.closed:
                self._stop.clear()

    def report(self, progress: Progress) -> None:
        """Show progress; raise `Cancelled` if the work is to stop."""
        self.check_cancelled()
        if progress.size_bytes is not None:
            self._listings[progress.subject] = progress
        now = time.monotonic()
        if now - self._reported < _REDRAW_SECONDS:
            return
        self._reported = now
        listed = self._listings.values()
        sizes = [each.size_bytes or 0 for each in listed]
        done = sum(each.done for each in listed)
        self._show(
            listed=Progress(Step.LISTING, done, size_bytes=sum(sizes)),
            elapsed_seconds=now - self._began,
            progress=progress,
        )

    def _show(self, **traits: object) -> None:
        """Set traits; a redraw that fails stops neither the work nor the others."""
        for name, value in traits.items():
            try:
                setattr(self, name, value)
            except Exception as error:  # noqa: BLE001 - shown when the work is done
                self._redraw_error = f"Unexpected {type(error).__name__}: {error}."

    def check_cancelled(self) -> None:
        """Raise `Cancelled` if the work is to stop."""
        if self._stop.is_set():
            raise Cancelled

    def _run(self, work: Callable[[], None]) -> None:
        self._began, self._reported, self._listings = time.monotonic(), 0.0, {}
        message, self._redraw_error = "", ""
        try:
            work()
        except Cancelled:
            message = "Canceled. The panel still shows the previous scan."
        except (InputError, ScanUnfinishedError, SweepRefusedError) as error:
            message = str(error)
        except Exception as error:  # noqa: BLE001 - shown in the panel; nothing else sees it in a thread
            message = f"Unexpected {type(error).__name__}: {error}. Please report it."
        finally:
            self._show(progress=None, listed=None)
            with self._lock:  # the next command comes after all of it
                self._show(message=message or self._redraw_error)
                self._show(activity=Activity.IDLE)
