"""The paths that a codec itself reads from its metadata."""

import datajoint as dj
from datajoint.codecs import get_codec
from datajoint.errors import DataJointError

from djgc_widgets.references.recorded_paths import OwnReading


def codec_reading(codec: str) -> OwnReading | None:
    """Return the codec's own reading of its metadata, if it is registered and has one.

    In DataJoint before 2.3 codecs have none.
    """
    default = getattr(dj.Codec, "referenced_paths", None)
    try:
        instance = get_codec(codec)
    except DataJointError:
        return None  # not registered here: its metadata is read without it
    if default is None or type(instance).referenced_paths is default:
        return None

    def read(value: object) -> list[tuple[str, str | None]]:
        try:
            pairs = instance.referenced_paths(value)
            return [(str(path), store) for path, store in pairs]
        except Exception as error:
            raise ValueError(
                f"refused by the codec's own referenced_paths "
                f"({type(error).__name__}: {error})"
            ) from error

    return read
