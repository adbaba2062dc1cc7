"""Google Cloud as it is: a relay that checks generations, before its emulator."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from http_relay import Asked, HttpRelay, Said, answering

from djgc_widgets.lab import EmbeddedServer

_OBJECT = re.compile(r"/storage/v1/b/([^/]+)/o/([^/]+)")
_REWRITE = re.compile(r"/storage/v1/b/([^/]+)/o/([^/]+)/rewriteTo/b/([^/]+)/o/([^/]+)")
_UPLOAD = re.compile(r"/upload/storage/v1/b/([^/]+)/o")
_TARGET, _SOURCE = "ifGenerationMatch", "ifSourceGenerationMatch"
Key = tuple[str, str]
"""The names of a bucket and of an object, as in a URL."""


@dataclass(slots=True)
class Generations(HttpRelay):
    """Passes on what a client asks if its conditions hold."""

    heeds: bool = True
    """It heeds conditions."""
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://{self.endpoint}"

    def reset(self) -> None:
        """Be an ordinary server again."""
        HttpRelay.reset(self)
        self.heeds = True

    def pass_on(self, asked: Asked) -> Said:
        url = urlsplit(asked.path)
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        expected = {n: query.pop(n) for n in (_TARGET, _SOURCE) if n in query}
        path = url._replace(query=urlencode(query)).geturl()
        with self._one_at_a_time:
            for name, generation in expected.items():
                key = _key_of(url.path, query, of_source=name == _SOURCE)
                if self.heeds and generation != self._generation(key):
                    return refusal(412, "a condition does not hold")
            return HttpRelay.pass_on(self, replace(asked, path=path))

    def _generation(self, key: Key) -> str:
        bucket, name = key
        asked = Asked("GET", f"/storage/v1/b/{bucket}/o/{name}", {}, b"")
        said = HttpRelay.pass_on(self, asked)
        return "0" if said.status == 404 else str(json.loads(said.body)["generation"])


def refusal(status: int, text: str) -> Said:
    error = {"error": {"code": status, "message": text}}
    return Said(status, json.dumps(error).encode(), {"content-type": "text/json"})


def deleted(asked: Asked) -> str:
    """Return the key that is to be deleted; empty if none is."""
    found = _OBJECT.fullmatch(urlsplit(asked.path).path)
    return unquote(found[2]) if found and asked.method == "DELETE" else ""


def copied(asked: Asked) -> str:
    """Return the key that is to be copied; empty if none is."""
    found = _REWRITE.fullmatch(urlsplit(asked.path).path)
    return unquote(found[2]) if found else ""


def _key_of(path: str, query: dict[str, str], *, of_source: bool) -> Key:
    if found := _REWRITE.fullmatch(path):
        return (found[1], found[2]) if of_source else (found[3], found[4])
    if found := _UPLOAD.fullmatch(path):
        return found[1], quote(query["name"], safe="")
    found = _OBJECT.fullmatch(path)
    assert found is not None, path
    return found[1], found[2]


@contextmanager
def generations(server: EmbeddedServer) -> Iterator[Generations]:
    """Relay a free port to the emulator until the end."""
    relay = Generations(server)
    with answering(relay.ask) as relay.port:
        yield relay
