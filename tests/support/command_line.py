"""Runs ``djgc`` in a process of its own, configured as DataJoint is."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laboratory import Laboratory

# files of a laboratory are dated back, which their inodes cannot be
_DJGC = """
import sys
import datajoint
datajoint.Connection.made_up_dates = True
from djgc_widgets.cli import main
sys.exit(main())
"""
Run = Callable[..., tuple[int, Any]]
Own = tuple[str, str]
ALL = ("--acknowledge", "large-sweep", "--acknowledge", "sole-owner")


@dataclass(frozen=True, slots=True)
class CommandLine:
    laboratory: Laboratory
    folder: Path
    """Where the commands run; their configuration is there."""

    @classmethod
    def of(cls, laboratory: Laboratory, folder: Path) -> "CommandLine":
        server = laboratory.server
        address = {"host": server.host, "port": server.port, "user": server.user}
        database = {**address, "backend": laboratory.backend, "use_tls": False}
        config = {"database": database, "stores": dict(laboratory.config.stores)}
        folder.mkdir()
        (folder / "datajoint.json").write_text(json.dumps(config))
        return cls(laboratory, folder)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "DJ_PASS": self.laboratory.server.password}

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", _DJGC, *arguments]
        defaults = {"cwd": self.folder, "env": self.environment, "text": True}
        return subprocess.Popen(command, **{**defaults, **options})  # noqa: S603 - our own

    def __call__(self, *arguments: str, **changed: str) -> tuple[int, Any]:
        """Return the exit code, and what it said: JSON, or all of its output."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = self.start(*arguments, env={**self.environment, **changed}, **pipes)
        output, errors = process.communicate()
        assert "Traceback" not in errors, errors
        assert self.laboratory.server.password not in output + errors
        if "--json" in arguments:
            (line,) = output.splitlines(keepends=True)
            data = json.loads(line)
            assert line.endswith("\n")
            assert data["code"] == process.returncode
            return process.returncode, data
        return process.returncode, output + errors
