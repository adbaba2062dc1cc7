"""One piece of work at a time, in a thread: what runs, how far, how to stop it."""

import threading
import time
from collections.abc import Callable

import traitlets

from djgc_widgets.model import Cancelled, InputError, Progress, SweepRefusedError

IDLE = "idle"
_REDRAW_SECONDS = 0.1


class Background(traitlets.HasTraits):
    """Runs one piece of work at a time.

    Attributes
    ----------
    activity : str
        What is being done; ``idle`` if nothing is.
    progress : Progress or None
        Of the activity; changes at most ten times a second.
    listed : Progress or None
        Files and bytes of all stores that were listed so far.
    elapsed_seconds : float
        Since the activity began, as of the latest progress.
    message : str
        Why the latest command failed; empty if it did not.
    closed : bool
        Nothing can be started any more.
    """

    activity = traitlets.Unicode(IDLE)
    progress = traitlets.Any(None, allow_none=True)
    listed = traitlets.Any(None, allow_none=True)
    elapsed_seconds = traitlets.Float(0.0)
    message = traitlets.Unicode("")
    closed = traitlets.Bool(default_value=False)

    def __init__(self) -> None:
        super().__init__()
        self._worker: threading.Thread | None = None
        self._stop = threading.Event()
        self._lock = threading.RLock()
        self._flaw = ""
        self._began = self._reported = 0.0
        self._listings: dict[str, Progress] = {}

    def cancel(self) -> None:
        """Stop what is running at its next page; what was there before stays."""
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

    def start(self, activity: str, work: Callable[[], None]) -> None:
        """Run work in the background, unless something is running.

        Parameters
        ----------
        activity : str
            What a person calls it.
        work : callable
            Reports by `report`, which raises to stop it.
        """
        with self._lock:  # what observes the activity may start or close as well
            if self.closed:
                self.message = "Closed. Make another panel: GCPanel(schema).show()"
                return
            if self.activity != IDLE:
                self.message = (
                    f"Still {self.activity}; cancel it or wait until it is done."
                )
                return
            self._stop.clear()
            self.message = ""
            try:
                self.activity = activity
            except BaseException:  # a redraw failed: nothing runs
                self.activity = IDLE
                raise
            if bool(self.closed):  # by an observer
                self.activity = IDLE
                return
            self._worker = threading.Thread(
                target=self._run, args=(work,), daemon=True, name=f"djgc {activity}"
            )
            self._worker.start()

    def go_on(self) -> None:
        """Do what follows although the first part was stopped."""
        with self._lock:
            if not self.closed:
                self._stop.clear()

    def report(self, progress: Progress) -> None:
        """Take note of progress.

        Raises
        ------
        Cancelled
            If the work is to stop.
        """
        self.expect_no_stop()
        if progress.size_bytes is not None:
            self._listings[progress.step] = progress
        now = time.monotonic()
        if now - self._reported < _REDRAW_SECONDS:
            return
        self._reported = now
        listed = self._listings.values()
        sizes = [each.size_bytes or 0 for each in listed]
        done = sum(each.done for each in listed)
        self._show(
            listed=Progress("listed", done, size_bytes=sum(sizes)),
            elapsed_seconds=now - self._began,
            progress=progress,
        )

    def _show(self, **traits: object) -> None:
        """Set traits; a redraw that fails stops neither the work nor the others."""
        for name, value in traits.items():
            try:
                setattr(self, name, value)
            except Exception as error:  # noqa: BLE001 - told when the work is done
                self._flaw = f"Unexpected {type(error).__name__}: {error}."

    def expect_no_stop(self) -> None:
        """Stop here if that was asked for.

        Raises
        ------
        Cancelled
            If so.
        """
        if self._stop.is_set():
            raise Cancelled

    def _run(self, work: Callable[[], None]) -> None:
        self._began, self._reported, self._listings = time.monotonic(), 0.0, {}
        message, self._flaw = "", ""
        try:
            work()
        except Cancelled:
            message = "Cancelled; what is shown is of before."
        except (InputError, SweepRefusedError) as error:
            message = str(error)
        except Exception as error:  # noqa: BLE001 - a thread has nobody else to tell; the panel shows it
            message = f"Unexpected {type(error).__name__}: {error}. Please report it."
        finally:
            self._show(progress=None, listed=None)
            with self._lock:  # the next command comes after all of it
                self._show(message=message or self._flaw)
                self._show(activity=IDLE)
