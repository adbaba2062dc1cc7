"""What a driver says is shown, and no password."""

from types import SimpleNamespace
from typing import Any

import pytest

from djgc_widgets.references import describe_error


def described(text: str, password: str) -> str:
    connection: Any = SimpleNamespace(conn_info={"passwd": password})
    return describe_error(RuntimeError(text), connection)


@pytest.mark.parametrize(
    "text",
    [
        "invalid dsn: host=db password={} port=1",
        "cannot connect: {{'passwd': '{}', 'port': 1}}",
        'DJ_PASS="{}"',
        "postgresql://lab:{}@db:5432/lab does not answer",
        "syntax error: IDENTIFIED BY '{}'",
        "pwd: {}",
    ],
)
@pytest.mark.parametrize("password", ["hunter2", "lab", "p.w+(d", "a/b@c"])
def test_a_password_is_never_shown(text: str, password: str) -> None:
    assert described(text.format(password), password) == text.format("***")


def test_a_password_in_a_url_is_never_shown() -> None:
    shown = described("no answer: mysql://lab:p%40ss%2Fword@db", "p@ss/word")

    assert shown == "no answer: mysql://lab:***@db"


@pytest.mark.parametrize("password", ["lab", "password", "user", "_hash", "a", "5"])
def test_a_name_that_equals_the_password_is_never_shredded(password: str) -> None:
    text = (
        'FATAL: password authentication failed for user "lab" at 5432; '
        "(1142, \"SELECT command denied to user 'lab'@'a' for table '_hash'\")"
    )

    assert described(text, password) == text
