"""A server of the network says that a change failed although it happened."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from services import Services, with_shim

_SCRIPT = Path(__file__).parents[2] / "support" / "misreported_moves.py"


@pytest.mark.parametrize("flags", [{}, {"WITHOUT_RENAME_FLAGS": "1"}])
def test_what_moves_is_never_lost_whatever_a_server_answers(
    services: Services, tmp_path: Path, flags: dict[str, str]
) -> None:
    services.need("C compiler")
    (tmp_path / "moves").mkdir()

    ended = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-W", "ignore", _SCRIPT, tmp_path / "moves"],
        env=with_shim(tmp_path, **flags),
        capture_output=True,
        text=True,
        check=True,
    )

    moves = [json.loads(line) for line in ended.stdout.splitlines()]
    assert len(moves) >= 16  # both moves, of a file and a folder, in four ways
    for each in moves:
        places = {place for place in ("source", "target") if each[place] == "content"}
        assert places, each
        if not each["raised"]:
            assert places == {"target"}, each
    if flags:  # in place of one flagged rename come changes that can be looked at
        silent = {each["move"] for each in moves if not each["raised"]}
        assert {"publish-file-EEXIST-1", "take-folder-EIO-1"} <= silent
