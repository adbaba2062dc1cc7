"""What the panel is doing -> how far it is, how fast, how long it takes. Pure."""

from djgc_widgets.model import plural, readable_bytes, visible
from djgc_widgets.panel.shown import Json
from djgc_widgets.panel.worker import ACTIVITY_LABELS, UNSTOPPABLE, Activity, Background

_MINUTE = 60
_SURE_SECONDS = 2
"""Before, a rate says little."""


def work_shown(work: Background) -> Json:
    """Return what is being done, and how far it is."""
    activity, progress = work.activity, work.progress
    if activity is Activity.IDLE:
        idle = {"activity": "", "text": "", "done": None, "stoppable": False}
        return {**idle, "handler": visible(work.handler_error)}
    label = ACTIVITY_LABELS[activity]
    text, done = f"{label[0].upper()}{label[1:]} …", None
    if progress is not None:
        part = f" (column {progress.part:,} of {progress.parts:,})"
        total = f" of {progress.total:,}" if progress.total is not None else ""
        step = f"{progress}{part if progress.parts else ''}"
        facts = [f"{step[0].upper()}{step[1:]}, {progress.done:,}{total}"]
        if (listed := work.listed) is not None and listed.size_bytes:
            size = readable_bytes(listed.size_bytes)
            facts.append(f"listed {plural(listed.done, 'file')}, {size}")
        facts.append(_duration(work.elapsed_seconds))
        if progress.total and not progress.parts:
            done = min(progress.done / progress.total, 1.0)
            facts += _rate(progress.done, progress.total, work.elapsed_seconds)
        text = " · ".join(facts)
    return {
        "activity": activity.value,
        "text": visible(text),
        "done": done,
        "stoppable": activity not in UNSTOPPABLE,
        "handler": visible(work.handler_error),
    }


def _rate(done: int, total: int, seconds: float) -> list[str]:
    if not done or seconds < _SURE_SECONDS:
        return []
    rate = done / seconds
    speed = f"{rate:,.0f} a second" if rate >= 1 else f"{60 * rate:,.0f} a minute"
    return [speed, f"{_duration((total - done) / rate)} left"]


def _duration(seconds: float) -> str:
    if seconds < 2 * _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < 2 * _MINUTE * _MINUTE:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _MINUTE / _MINUTE:.0f} h"
