"""Private servers leave alone what others have on the machine."""

import os
import secrets
from pathlib import Path

import pytest
from services import Services

from djgc_widgets.lab import start_mariadb
from djgc_widgets.lab.server import account_of_servers

_SHARED = Path("/tmp")  # noqa: S108 - the default folder of every server


@pytest.mark.mariadb
def test_a_starting_mariadb_leaves_temporary_tables_of_others(
    services: Services,
) -> None:
    services.need("MariaDB")
    table = _SHARED / f"#sql-temptable-{secrets.token_hex(4)}.MAI"
    table.touch()
    if (account := account_of_servers()) is not None:
        os.chown(table, *account)
    try:
        with start_mariadb():
            assert table.exists()
    finally:
        table.unlink(missing_ok=True)
