"""An S3 server of another kind: a relay that changes what is asked and answered."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from djgc_widgets.lab import S3Server

_OF_ONE_WAY = {"authorization", "connection", "content-length", "expect", "host"}
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

    @property
    def lists(self) -> bool:
        return "list-type" in self.query

    @property
    def copies(self) -> bool:
        return "x-amz-copy-source" in self.headers

    @property
    def deletes_many(self) -> list[str]:
        """The keys that are to be deleted in one request."""
        if "delete" not in self.query:
            return []
        return re.findall("<Key>(.*?)</Key>", self.body.decode())


@dataclass(frozen=True, slots=True)
class Said:
    """What a server answers."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def refusal(status: int, code: str) -> Said:
    body = f"<Error><Code>{code}</Code><Message>{code} of the relay</Message></Error>"
    return Said(status, body.encode(), {"content-type": "application/xml"})


@dataclass(slots=True)
class Dialect:
    """Passes on what a client asks, unless it is told otherwise."""

    server: S3Server
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

    def ask(self, asked: Asked) -> Said:
        self.requests.append(asked)
        said = self.instead(asked)
        return said if said is not None else self.changed(asked, self.pass_on(asked))

    def pass_on(self, asked: Asked) -> Said:
        """Ask the server, without the headers that are ignored."""
        without = _OF_ONE_WAY | {"x-amz-date", "x-amz-content-sha256"}
        without |= self.ignored(asked)
        kept = {k: v for k, v in asked.headers.items() if k not in without}
        own = self.server.server
        url = f"http://{self.server.endpoint}{asked.path}"
        request = AWSRequest(asked.method, url, headers=kept, data=asked.body)
        keys = Credentials(own.user, own.password)
        S3SigV4Auth(keys, "s3", "us-east-1").add_auth(request)
        connection = HTTPConnection(own.host, own.port)
        try:
            headers = dict(request.headers.items())
            connection.request(asked.method, asked.path, asked.body, headers)
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Said(answer.status, answer.read(), told)
        finally:
            connection.close()


@contextmanager
def dialect(server: S3Server) -> Iterator[Dialect]:
    """Relay a free port to a server until the end."""
    spoken = Dialect(server)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            said = spoken.ask(Asked(self.command, self.path, headers, body))
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

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any  # noqa: N815 - named by http.server

        def log_message(self, *_: object) -> None:
            """Write no log."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Leave alone what a client that is gone no longer wants."""

    with Server(("127.0.0.1", 0), Handler) as listening:
        spoken.port = listening.server_address[1]
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        try:
            yield spoken
        finally:
            listening.shutdown()
            thread.join()
