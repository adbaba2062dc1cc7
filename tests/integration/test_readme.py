"""Every example of the README runs, as a reader would run it: one after the other."""

import re
import subprocess
import sys
from pathlib import Path

_README = Path(__file__).parents[2] / "README.md"
_EXAMPLES = re.findall(r"```python\n(.*?)```", _README.read_text(), re.DOTALL)
_LAB = """\
import datajoint as dj
import plotly.io
from djgc_widgets import open_lab

plotly.io.renderers.default = "json"  # a figure that is shown opens no browser
lab = open_lab()
dj.instance._singleton_connection = lab.connection  # as if it were configured
"""
_CHECK = """\
assert receipt.count("moved") == len(superseded) > 0, receipt
assert scan(schema).orphans["path"].isin(superseded["path"]).sum() == len(superseded)
assert len(s.stores) == s.schemas_read == 2
assert stats["schema_paths_orphaned"] > 0
lab.close()
"""


def test_the_examples_run_in_their_order(tmp_path: Path) -> None:
    # the first sweep of this lab is a large one, and two of its rows miss their object
    examples = "\n".join(_EXAMPLES).replace(
        'acknowledge={"sole-owner"}',
        'acknowledge={"sole-owner", "large-sweep", "missing-objects"}',
    )
    assert len(_EXAMPLES) >= 4

    done = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", f"{_LAB}\n{examples}\n{_CHECK}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "store-history").is_dir()
