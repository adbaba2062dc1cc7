"""A MySQL is started, or one that runs already is used."""

import pytest
from services import Services

from djgc_widgets import InputError
from djgc_widgets.lab import EmbeddedServer, start_mysql
from djgc_widgets.lab.mysql import URL_VARIABLE, mysql_answers


@pytest.mark.mysql
def test_a_running_mysql_is_used_and_left_running(
    mysql: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"{mysql.user}:{mysql.password}@{mysql.host}:{mysql.port}"
    monkeypatch.setenv(URL_VARIABLE, f"mysql://{address}")

    with start_mysql() as server:
        folder, answered = server.folder, mysql_answers(server)

    assert answered
    assert server.port == mysql.port
    assert mysql_answers(mysql)
    assert not folder.exists()


@pytest.mark.mysql
def test_options_need_a_mysql_of_their_own(
    services: Services, mysql: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.need("MySQL")
    monkeypatch.setenv(URL_VARIABLE, f"mysql://root@{mysql.host}:{mysql.port}")

    with start_mysql("--require-secure-transport=ON") as server:
        assert server.port != mysql.port
        assert mysql_answers(server)


@pytest.mark.parametrize("url", ["127.0.0.1:3306", "postgresql://a@b", "mysql://host"])
def test_an_address_that_cannot_be_read_is_an_input_error(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(URL_VARIABLE, url)

    with pytest.raises(InputError, match="mysql://USER:PASSWORD@HOST:PORT"):
        start_mysql()
