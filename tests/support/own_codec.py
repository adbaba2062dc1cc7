"""A codec with a reading of its own, as a lab could register one."""

from typing import Any

import datajoint as dj

_KEEP: list[type] = []


def register_codec(name: str, own_paths: Any) -> None:
    """Register a codec with a reading of its own."""

    class Own(dj.Codec):  # type: ignore[misc]
        def get_dtype(self, *, is_store: bool) -> str:
            del is_store
            return "json"

        def encode(self, value: Any, **_: Any) -> Any:
            return value

        def decode(self, stored: Any, **_: Any) -> Any:
            return stored

        def referenced_paths(self, stored: Any) -> list[tuple[str, str | None]]:
            return list(own_paths(stored))

    Own.__name__ = name
    instance = Own()
    instance.name = name
    dj.codecs._codec_registry[name] = instance  # noqa: SLF001 - as a class statement does
    _KEEP.append(Own)
