"""An HTTP server on loopback that answers as it is told."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from djgc_widgets.lab import EmbeddedServer

_OF_THE_WIRE = {"connection", "content-length", "date", "server", "transfer-encoding"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client asks for."""

    method: str
    path: str
    headers: dict[str, str]
    """By names in lower case."""
    body: bytes

    @property
    def key(self) -> str:
        """Of the object, with the name of its bucket."""
        return unquote(urlsplit(self.path).path)

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query, keep_blank_values=True)


@dataclass(frozen=True, slots=True)
class Said:
    """What a server answers."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class HttpRelay:
    """Passes on to a server what a client asks, unless it is told otherwise."""

    server: EmbeddedServer
    port: int = 0
    ignored: Callable[[Asked], set[str]] = lambda _: set()
    """Which headers, in lower case, the server does not know."""
    instead: Callable[[Asked], Said | None] = lambda _: None
    """What is answered without asking the server."""
    changed: Callable[[Asked, Said], Said] = lambda _, said: said
    """What becomes of an answer."""
    requests: list[Asked] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.port}"

    def reset(self) -> None:
        """Be an ordinary server again."""
        self.requests.clear()
        self.ignored, self.instead = lambda _: set(), lambda _: None
        self.changed = lambda _, said: said

    def ask(self, asked: Asked) -> Said:
        self.requests.append(asked)
        said = self.instead(asked)
        return said if said is not None else self.changed(asked, self.pass_on(asked))

    def pass_on(self, asked: Asked) -> Said:
        """Ask the server, without the headers that are ignored."""
        without = self.ignored(asked) | {"host"}
        headers = {k: v for k, v in asked.headers.items() if k not in without}
        return pass_on(asked, self.server.host, self.server.port, headers)


def pass_on(asked: Asked, host: str, port: int, headers: Mapping[str, str]) -> Said:
    """Ask a server the same, with these headers."""
    connection = HTTPConnection(host, port)
    try:
        connection.request(asked.method, asked.path, asked.body, dict(headers))
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Said(answer.status, answer.read(), told)
    finally:
        connection.close()


@contextmanager
def answering(answer: Callable[[Asked], Said]) -> Iterator[int]:
    """Answer at a free port, which is yielded, until the end."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # a body would wait 40 ms for an acknowledgment

        def handle_any(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            said = answer(Asked(self.command, self.path, headers, body))
            self.send_response(said.status)
            for name, value in said.headers.items():
                if name not in _OF_THE_WIRE:
                    self.send_header(name, value)
            if self.command == "HEAD":
                size = said.headers.get("content-length", "0")
            else:
                size = str(len(said.body))
            self.send_header("Content-Length", size)
            self.end_headers()
            self.wfile.write(said.body)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_PATCH = handle_any  # noqa: N815 - named by http.server

        def log_message(self, *_: object) -> None:
            """Write no log."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Leave alone what a client that is gone no longer wants."""

    with Server(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        try:
            yield listening.server_address[1]
        finally:
            listening.shutdown()
            thread.join()
