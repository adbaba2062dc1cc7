"""What a sweep or a restore did: one honest row per object."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pandas as pd

from djgc_widgets.model.export import csv_text
from djgc_widgets.model.frames import RECEIPT
from djgc_widgets.model.vocabulary import (
    InputError,
    Notice,
    ProgressCallback,
    SweepRefusedError,
    no_progress,
)

_OTHERS = "The others were carried out; scan again to see what is left"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a sweep or a restore did: one honest row per object.

    Parameters
    ----------
    sweep_id : str
        Name of the sweep's folder in the trash; empty if there were several.
    rows : DataFrame
        A frame of the receipt schema.
    put_back : callable
        Restores the sweep; bound by whoever made the receipt.
    problems : tuple of Notice
        What of it could not be written to the journal.

    Examples
    --------
    >>> from djgc_widgets import open_lab, scan
    >>> with open_lab() as lab:
    ...     s = scan(lab.schema)
    ...     one = s.orphans.query("store == 'raw'").head(1)
    ...     receipt = s.plan(one, acknowledge={"sole-owner"}).sweep()
    ...     receipt.count("moved"), receipt.restore().count("restored")
    (1, 1)
    """

    sweep_id: str
    rows: pd.DataFrame
    put_back: Callable[[ProgressCallback], "Receipt"] = field(repr=False, compare=False)
    problems: tuple[Notice, ...] = ()

    def restore(self, progress: ProgressCallback = no_progress) -> "Receipt":
        """Bring back what this sweep moved; never overwrites.

        Parameters
        ----------
        progress : callable, optional
            Called before each object; may raise `Cancelled` to leave the rest alone.

        Returns
        -------
        Receipt
            One row per object: restored, or failed and why.
        """
        return self.put_back(progress)

    def count(self, outcome: str) -> int:
        """Return the number of objects with this outcome."""
        return int(self.rows["outcome"].eq(outcome).sum())

    def size_bytes(self, outcome: str) -> int:
        """Return the bytes of the objects with this outcome."""
        return int(self.rows.loc[self.rows["outcome"].eq(outcome), "size_bytes"].sum())

    def to_csv(self, path: str | Path | None = None) -> str:
        """Return the rows as CSV that is safe to open in a spreadsheet.

        Parameters
        ----------
        path : str or Path, optional
            File to write it to as well.
        """
        return csv_text(self.rows, path)


def carry_out_each(commands: Sequence[tuple[str, Callable[[], Receipt]]]) -> Receipt:
    """Carry out commands one after the other; one that fails stops no other.

    Parameters
    ----------
    commands : sequence of (str, callable)
        What each is about, as people call it, and the command.

    Returns
    -------
    Receipt
        The rows of all of them, and what failed.

    Raises
    ------
    SweepRefusedError
        If all of them failed.
    """
    done: list[Receipt] = []
    failed: list[Notice] = []
    for place, command in commands:
        try:
            done.append(command())
        except (InputError, SweepRefusedError) as error:
            failed.append(Notice(place, str(error), _OTHERS))
        except Exception as error:  # noqa: BLE001 - what the others did has to be told
            what = f"unexpected {type(error).__name__}: {error}"
            failed.append(Notice(place, what, _OTHERS))
    if not done:
        raise SweepRefusedError(" ".join(notice.message for notice in failed))
    return Receipt(
        done[0].sweep_id if len(done) == 1 else "",
        RECEIPT.conform(pd.concat([each.rows for each in done])),
        lambda progress: carry_out_each(
            [(each.sweep_id, partial(each.restore, progress)) for each in done]
        ),
        (*(problem for each in done for problem in each.problems), *failed),
    )
