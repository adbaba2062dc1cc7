"""What a codec itself says of the paths in its metadata."""

import datajoint as dj
from datajoint.codecs import get_codec
from datajoint.errors import DataJointError

from djgc_widgets.references.recorded_paths import Told


def own_reading(codec: str) -> Told | None:
    """Return the codec's own reading of its metadata, if it is registered and has one.

    Releases before 2.3 do not ask codecs.
    """
    default = getattr(dj.Codec, "referenced_paths", None)
    try:
        found = get_codec(codec)
    except DataJointError:
        return None  # not known to this process: its metadata is read all the same
    if default is None or type(found).referenced_paths is default:
        return None

    def read(value: object) -> list[tuple[str, str | None]]:
        try:
            return [(str(path), store) for path, store in found.referenced_paths(value)]
        except Exception as error:
            raise ValueError(
                f"refused by the codec's own referenced_paths "
                f"({type(error).__name__}: {error})"
            ) from error

    return read
