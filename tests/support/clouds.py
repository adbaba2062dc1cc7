"""Private emulators: Azurite of Azure, fake-gcs-server of Google Cloud, moto of S3.

Their clients are imported where they are used: that takes seconds, and most tests need
none.
"""

import base64
import os
import secrets
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from typing import Any, Protocol

from generations import Generations, generations
from http_relay import Asked, HttpRelay, Said
from services import command_of, contents_of, read_once

from djgc_widgets.lab import EmbeddedServer, S3Server
from djgc_widgets.lab.server import ServerCommands, free_port, private_folder, supervise

_ACCOUNT = "lab"


class Cloud(Protocol):
    """A server that is seen without any of the code under test."""

    def make_bucket(self, name: str) -> None: ...

    def spec(self, bucket: str, location: str) -> dict[str, Any]:
        """Describe a store as DataJoint's configuration does."""

    def contents(self, bucket: str, start: str = "") -> dict[str, bytes]:
        """Return every object of a bucket whose key begins like that, by its key."""

    def put(self, bucket: str, key: str, data: bytes) -> None: ...

    def remove(self, bucket: str, key: str) -> None: ...


@dataclass(slots=True)
class Azure:
    """An account whose containers are its buckets."""

    server: EmbeddedServer

    @property
    def connection_string(self) -> str:
        parts = {
            "DefaultEndpointsProtocol": "http",
            "AccountName": self.server.user,
            "AccountKey": self.server.password,
            "BlobEndpoint": f"{_url_of(self.server)}/{self.server.user}",
        }
        return ";".join(f"{name}={value}" for name, value in parts.items())

    def signed(self, permissions: str, through: HttpRelay | None = None) -> str:
        """Return a connection that may do only this, without the key of the account.

        Its requests are not signed one by one, so that a relay may change them.
        """
        from azure.storage.blob import generate_account_sas  # noqa: PLC0415 - as above

        signature = generate_account_sas(
            *(self.server.user, self.server.password, "sco", permissions),
            datetime.now(UTC) + timedelta(days=1),
            protocol="https,http",
        )
        endpoint = f"{_url_of(self.server)}/{self.server.user}"
        if through is not None:
            endpoint = f"http://{through.endpoint}/{self.server.user}"
        return f"BlobEndpoint={endpoint};SharedAccessSignature={signature}"

    def client(self) -> Any:
        from azure.storage.blob import BlobServiceClient  # noqa: PLC0415 - as above

        account = self.connection_string
        return BlobServiceClient.from_connection_string(account, retry_total=0)

    @contextmanager
    def retention(self, days: int) -> Iterator[None]:
        """Keep for some days what is deleted, until the end."""
        from azure.storage.blob import RetentionPolicy  # noqa: PLC0415 - as above

        with self.client() as client:
            kept = RetentionPolicy(enabled=True, days=days)
            client.set_service_properties(delete_retention_policy=kept)
            try:
                yield
            finally:
                client.set_service_properties(
                    delete_retention_policy=RetentionPolicy(enabled=False)
                )

    def make_bucket(self, name: str) -> None:
        with self.client() as client:
            client.create_container(name)

    def spec(self, bucket: str, location: str) -> dict[str, str]:
        return {
            "protocol": "azure",
            "connection_string": self.connection_string,
            "container": bucket,
            "location": location,
        }

    def contents(self, bucket: str, start: str = "") -> dict[str, bytes]:
        def read(key: str) -> bytes:
            content: bytes = container.download_blob(key).readall()
            return content

        with self.client() as client, client.get_container_client(bucket) as container:
            return {
                blob.name: read_once(
                    read, blob.name, self.server.port, bucket, blob.etag
                )
                for blob in container.list_blobs(name_starts_with=start or None)
            }

    def put(self, bucket: str, key: str, data: bytes) -> None:
        with self.client() as client, client.get_blob_client(bucket, key) as blob:
            blob.upload_blob(data, overwrite=True)

    def remove(self, bucket: str, key: str) -> None:
        with self.client() as client, client.get_blob_client(bucket, key) as blob:
            blob.delete_blob()


@dataclass(slots=True)
class AzureRelay(HttpRelay):
    """Passes on what a client asks of Azure; see `Azure.signed`."""

    def pass_on(self, asked: Asked) -> Said:
        """Ask the server, which copies nothing that another one seems to have."""
        given = asked.headers.get("x-ms-copy-source", "")
        own = given.replace(self.endpoint, f"{self.server.host}:{self.server.port}")
        headers = {**asked.headers, **({"x-ms-copy-source": own} if given else {})}
        return HttpRelay.pass_on(self, replace(asked, headers=headers))


@dataclass(slots=True)
class Google:
    """A project that asks for no account."""

    server: EmbeddedServer
    relay: Generations
    """What clients talk to if its address is in the variable STORAGE_EMULATOR_HOST."""

    @property
    def url(self) -> str:
        return _url_of(self.server)

    def client(self) -> Any:
        from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415 - as above
        from google.cloud.storage import Client  # noqa: PLC0415 - likewise

        options = {"api_endpoint": self.url}
        return Client(_ACCOUNT, AnonymousCredentials(), client_options=options)

    def make_bucket(self, name: str) -> None:
        self.client().create_bucket(name)

    def spec(self, bucket: str, location: str) -> dict[str, str]:
        return {
            "protocol": "gcs",
            "token": "anon",
            "project": _ACCOUNT,
            "bucket": bucket,
            "location": location,
        }

    def contents(self, bucket: str, start: str = "") -> dict[str, bytes]:
        def read(key: str) -> bytes:
            content: bytes = self.blob(bucket, key).download_as_bytes()
            return content

        return {
            blob.name: read_once(
                read,
                blob.name,
                self.server.port,
                bucket,
                blob.generation,
                blob.md5_hash,
            )
            for blob in self.client().list_blobs(bucket, prefix=start or None)
        }

    def blob(self, bucket: str, key: str) -> Any:
        return self.client().bucket(bucket).blob(key)

    def put(self, bucket: str, key: str, data: bytes) -> None:
        self.blob(bucket, key).upload_from_string(data)

    def remove(self, bucket: str, key: str) -> None:
        self.blob(bucket, key).delete()


@dataclass(slots=True)
class S3:
    """An S3 server, seen like the others.

    A bucket is a part of its only one: SeaweedFS has no room for many.
    """

    s3: S3Server

    @property
    def server(self) -> EmbeddedServer:
        return self.s3.server

    def make_bucket(self, name: str) -> None:
        """Do nothing: a prefix need not be made."""

    def spec(self, bucket: str, location: str) -> dict[str, Any]:
        within = f"{bucket}/{location}" if location else bucket
        return {**self.s3.spec(self.s3.bucket), "location": within}

    def contents(self, bucket: str, start: str = "") -> dict[str, bytes]:
        found = contents_of(self.s3, bucket, start.removesuffix("/"))
        return {f"{start}{path}": data for path, data in found.items()}

    def put(self, bucket: str, key: str, data: bytes) -> None:
        self.s3.client().put_object(Bucket=bucket, Key=key, Body=data)

    def remove(self, bucket: str, key: str) -> None:
        self.s3.client().delete_object(Bucket=bucket, Key=key)


def new_bucket(cloud: Cloud, lab: str) -> str:
    """Make a bucket for a laboratory, and return its name."""
    name = lab.replace("_", "-")
    cloud.make_bucket(name)
    return name


def start_azure() -> Azure:
    """Start an Azurite, which npm has put beside Python."""
    key = base64.b64encode(secrets.token_bytes(64)).decode()
    server = EmbeddedServer(private_folder("djgc-azure-"), free_port(), _ACCOUNT, key)
    serve = [
        *(command_of("Azure") or ()),
        *("--blobHost", server.host, "--blobPort", str(server.port)),
        *("--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck"),
        "--silent",
    ]
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "AZURITE_ACCOUNTS": f"{server.user}:{server.password}",
    }
    _supervise(server, serve, environment)
    return Azure(server)


@contextmanager
def start_google() -> Iterator[Google]:
    """Start the fake-gcs-server of a wheel, and a relay that checks generations."""
    server = EmbeddedServer(private_folder("djgc-google-"), free_port(), "", "")
    url = _url_of(server)
    serve = [
        *(command_of("Google Cloud") or ()),
        *("-scheme", "http", "-host", server.host, "-port", str(server.port)),
        *("-external-url", url, "-public-host", url.partition("//")[2]),
        *("-backend", "memory"),
    ]
    _supervise(server, serve)
    with server, generations(server) as relay:
        yield Google(server, relay)


@contextmanager
def start_moto() -> Iterator[S3]:
    """Start a moto, which heeds no condition of a copy and deletes many on none."""
    folder = private_folder("djgc-moto-")
    server = EmbeddedServer(folder, free_port(), _ACCOUNT, secrets.token_urlsafe(24))
    where = ("-H", server.host, "-p", str(server.port))
    _supervise(server, [sys.executable, "-m", "moto.server", *where])
    moto = S3(S3Server(server, "", ""))
    with server:
        moto.s3.client().create_bucket(Bucket=moto.s3.bucket)
        yield moto


def _supervise(
    server: EmbeddedServer,
    serve: Sequence[str],
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run a server under this account: it may be the only one that sees the program."""
    commands = ServerCommands(
        serve, signal.SIGKILL, environment=environment, as_caller=True
    )
    supervise(server, commands, lambda: _answers(server))


def _answers(server: EmbeddedServer) -> bool:
    connection = HTTPConnection(server.host, server.port, timeout=10)
    try:
        connection.request("GET", "/")
        connection.getresponse()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True


def _url_of(server: EmbeddedServer) -> str:
    return f"http://{server.host}:{server.port}"
