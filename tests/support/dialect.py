"""An S3 server of another kind: a relay that changes what is asked and answered."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from http_relay import Asked, HttpRelay, Said, answering, pass_on

from djgc_widgets.lab import S3Server

_OF_ONE_WAY = {"authorization", "connection", "content-length", "expect", "host"}


def refusal(status: int, code: str) -> Said:
    body = f"<Error><Code>{code}</Code><Message>{code} of the relay</Message></Error>"
    return Said(status, body.encode(), {"content-type": "application/xml"})


@dataclass(slots=True)
class Dialect(HttpRelay):
    """A server whose requests are signed again, since they are changed."""

    def pass_on(self, asked: Asked) -> Said:
        """Ask the server, without the headers that are ignored."""
        without = _OF_ONE_WAY | {"x-amz-date", "x-amz-content-sha256"}
        without |= self.ignored(asked)
        kept = {k: v for k, v in asked.headers.items() if k not in without}
        own = self.server
        url = f"http://{own.host}:{own.port}{asked.path}"
        request = AWSRequest(asked.method, url, headers=kept, data=asked.body)
        keys = Credentials(own.user, own.password)
        S3SigV4Auth(keys, "s3", "us-east-1").add_auth(request)
        return pass_on(asked, own.host, own.port, dict(request.headers.items()))


def lists(asked: Asked) -> bool:
    return "list-type" in asked.query


def copies(asked: Asked) -> bool:
    return "x-amz-copy-source" in asked.headers


def deletes_many(asked: Asked) -> list[str]:
    """Return the keys that are to be deleted in one request."""
    if "delete" not in asked.query:
        return []
    return re.findall("<Key>(.*?)</Key>", asked.body.decode())


@contextmanager
def dialect(server: S3Server) -> Iterator[Dialect]:
    """Relay a free port to a server until the end."""
    spoken = Dialect(server.server)
    with answering(spoken.ask) as spoken.port:
        yield spoken
