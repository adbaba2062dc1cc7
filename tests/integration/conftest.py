"""The command line."""

from pathlib import Path

import pytest
from command_line import CommandLine, Own
from laboratory import Laboratory


@pytest.fixture
def djgc(laboratory: Laboratory, tmp_path: Path) -> CommandLine:
    """Run a command in a process of its own, configured as DataJoint is."""
    return CommandLine.of(laboratory, tmp_path / "work")


@pytest.fixture
def own(laboratory: Laboratory) -> Own:
    """Arguments that select the laboratory's schema."""
    return "--schema", laboratory.name
