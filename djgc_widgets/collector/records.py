"""Records in a store's trash: sealed when written, checked when read.

A record is input like any other when it is read: its format, checksum and types are
checked before anything is done with it.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from djgc_widgets.model import SweepRefusedError, error_text
from djgc_widgets.stores import Store

_FORMAT = "djgc-journal 1"


class Record(BaseModel):
    """A record that is read back: nothing is converted, unknown fields are ignored."""

    model_config = ConfigDict(strict=True, frozen=True)

    @classmethod
    def of(cls, content: object) -> Self:
        """Check what was read; in names, what is not text becomes a question mark."""
        text = json.dumps(content, ensure_ascii=False)
        return cls.model_validate_json(text.encode("utf-8", "replace"))


RecordType = TypeVar("RecordType", bound=Record)


class _Sealed(Record):
    format: Literal["djgc-journal 1"]
    checksum: str
    content: dict[str, Any]

    @model_validator(mode="after")
    def _is_intact(self) -> Self:
        if self.checksum != _checksum(self.content):
            raise ValueError("its checksum does not match")
        return self


def seal(content: Mapping[str, object]) -> bytes:
    """Return a record with its format and checksum."""
    record = {"format": _FORMAT, "checksum": _checksum(content), "content": content}
    return json.dumps(record, separators=(",", ":")).encode()


def _checksum(content: Mapping[str, object]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def read_record(store: Store, path: str, kind: type[RecordType]) -> RecordType:
    """Read a record and check all of it."""
    try:
        data = store.read(path)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise SweepRefusedError(
            f"{path} of store {store.info.name} could not be read "
            f"({error_text(error)}). Check that the store answers and that this "
            "account may read its trash."
        ) from error
    try:
        return kind.of(_Sealed.model_validate(json.loads(data)).content)
    except (RecursionError, ValueError) as error:
        raise altered_record(store, path, error) from error


def altered_record(store: Store, path: str, error: Exception) -> SweepRefusedError:
    """Return the error that says that a record cannot be trusted."""
    why = error_text(error)
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        why = ": ".join([*map(str, first["loc"]), first["msg"]])
    return SweepRefusedError(
        f"Expected a record of this program in {path} of store {store.info.name}; got "
        f"one that it did not write, or that was altered ({why}), so nothing of it is "
        "used. Look at the folder by hand."
    )
