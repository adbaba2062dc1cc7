"""What became of an object that was to be moved: a code, why, and what is uncertain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from djgc_widgets.model import Detail, Notice, Outcome, detail_text, error_text


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an object, and why."""

    outcome: Outcome
    detail: Detail | None = None
    """Why; None for a plain success."""
    values: Mapping[str, object] = field(default_factory=dict, hash=False)
    """What the detail names."""
    in_doubt: bool = False
    """Some of the object may be in the trash although it was not moved."""
    size_bytes: int | None = field(default=None, compare=False)
    """Bytes of what was deleted, if it may be less than the object."""
    notices: tuple[Notice, ...] = field(default=(), compare=False)
    """What came back otherwise than it was."""

    @property
    def text(self) -> str:
        """Why, in words; empty for a plain success."""
        return detail_text(self.detail, self.values, in_doubt=self.in_doubt)

    def doubted(self) -> "Result":
        """Return the same result of an object that may be in the trash in part."""
        return replace(self, in_doubt=True)


MOVED, RESTORED, PURGED = map(Result, (Outcome.MOVED, Outcome.RESTORED, Outcome.PURGED))
GONE = Result(Outcome.SKIPPED, Detail.GONE)
NOT_IN_TRASH = Result(Outcome.SKIPPED, Detail.NOT_IN_TRASH)
PATH_TAKEN = Result(Outcome.FAILED, Detail.PATH_TAKEN)


def changed_result(paths: Sequence[str]) -> Result:
    """Return the result of an object whose files differ from what was pinned."""
    return Result(Outcome.SKIPPED, Detail.CHANGED, {"path": paths[0]})


def archived_result(storage_class: str) -> Result:
    """Return the result of an object that an archive has to give back first."""
    values = {"storage_class": storage_class or "an archive"}
    return Result(Outcome.SKIPPED, Detail.ARCHIVED, values)


def locked_result(lock: str) -> Result:
    """Return the result of an object that its bucket locks."""
    return Result(Outcome.SKIPPED, Detail.LOCKED, {"lock": lock})


def failed_result(error: Exception) -> Result:
    """Return the result of an object that stays where it is because of an error."""
    return Result(Outcome.FAILED, Detail.ERROR, {"error": error_text(error)})


def kept_in_trash_result(error: Exception) -> Result:
    """Return the result of an object that stays in the trash because of an error."""
    return Result(Outcome.FAILED, Detail.STAYS_IN_TRASH, {"error": error_text(error)})


def torn_result(n_left: int, n_planned: int) -> Result:
    """Return the result of an object in the trash that lacks some of its files."""
    values = {"n_left": n_left, "n_planned": n_planned}
    return Result(Outcome.FAILED, Detail.TORN, values)
