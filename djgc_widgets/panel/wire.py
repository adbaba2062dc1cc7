"""The protocol between a page and the kernel: what a page may ask, each once.

A page asks ``{do, id, page, …}`` and gets ``{re, page, v, ok, …}``. Messages may be
lost, repeated and reordered on the way (a server drops them when a cell prints a lot),
so a page has one question under way, sends it again until it is answered, and counts
its questions; the kernel answers a question that comes again with the same answer, and
one that is older not at all. ``v`` is the version of the state that the page needs to
have seen: if it has not, it says ``hello``.
"""

import threading
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from djgc_widgets.model import InputError, SweepRefusedError
from djgc_widgets.panel.verbs import Verbs

_PAGES = 64


class Wire:
    """Carries out what pages ask, one question at a time."""

    def __init__(self, verbs: Verbs, version: Callable[[], int]) -> None:
        self._verbs, self._version = verbs, version
        self._lock = threading.Lock()
        self._answered: dict[str, tuple[int, dict[str, Any]]] = {}

    def receive(self, content: object) -> dict[str, Any] | None:
        """Return the answer to a message, or None to what needs none."""
        match content:
            case {"do": str(verb), "id": int(number), "page": str(page), **rest}:
                with self._lock:
                    arguments = {str(name): value for name, value in rest.items()}
                    return self._answer(verb, number, page, arguments)
        return None

    def _answer(
        self, verb: str, number: int, page: str, arguments: dict[str, Any]
    ) -> dict[str, Any] | None:
        latest, answer = self._answered.pop(page, (0, {}))
        if number > latest:
            answer = {"re": number, "page": page, **self._do(verb, arguments)}
            answer["v"] = self._version()
            latest = number
        self._answered[page] = (latest, answer)
        while len(self._answered) > _PAGES:  # the one that asked least recently
            del self._answered[next(iter(self._answered))]
        return answer if number == latest else None

    def _do(self, verb: str, arguments: dict[str, Any]) -> dict[str, Any]:
        command = getattr(self._verbs, verb, None)
        if command is None or not hasattr(command, "raw_function"):  # it is no verb
            return _failure(f"This kernel does not know {verb!r}. Reload the page.")
        try:
            return {"ok": True, "value": command(**arguments)}
        except (InputError, SweepRefusedError) as error:
            return _failure(str(error))
        except ValidationError as error:
            said = "; ".join(each["msg"] for each in error.errors())
            return _failure(f"This kernel expects {verb!r} otherwise: {said}.")
        except Exception as error:  # noqa: BLE001 - shown beside the control; the kernel would only log it
            return _failure(
                f"Unexpected {type(error).__name__}: {error}. Please report it."
            )


def _failure(text: str) -> dict[str, Any]:
    return {"ok": False, "error": text}
