"""A connection that can be cut: a relay between a client and a server, on loopback."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_CHUNK = 65_536
_LIMIT_SECONDS = 120


@dataclass(slots=True)
class Relay:
    """Passes on what both sides say until it is told to cut.

    Parameters
    ----------
    target : (str, int)
        Host and port of the server.
    cut_at : int, optional
        The piece of talk, of either side, at which every connection is cut, and from
        which on no other one is let through.
    cut_after_bytes : int, optional
        The same, by the bytes that the server said.
    """

    target: tuple[str, int]
    cut_at: int | None = None
    port: int = 0
    pieces: int = 0
    size_bytes: int = 0
    cut_after_bytes: int | None = None
    delay_seconds: float = 0.0
    """How late a server answers."""
    swallows: bool = False
    """Nothing that either side says arrives any more, and no connection is cut."""
    requests: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _open: list[socket.socket] = field(default_factory=list)
    _lost: list[socket.socket] = field(default_factory=list)

    def arm(
        self, cut_at: int | None = None, *, cut_after_bytes: int | None = None
    ) -> None:
        """Count anew, and cut at this piece or after so many bytes."""
        with self._lock:
            self.cut_at, self.cut_after_bytes = cut_at, cut_after_bytes
            self.pieces = self.size_bytes = 0
            self.requests.clear()

    def swallow(self) -> None:
        """Drop whatever is said from now on, without a word."""
        self.swallows = True
        self._end_at_last()

    def lose(self) -> None:
        """Drop whatever is said over the connections of now; others work."""
        with self._lock:
            self._lost += self._open
        self._end_at_last()

    def _end_at_last(self) -> None:
        """Let a client that waits for ever fail, rather than hang."""
        timer = threading.Timer(_LIMIT_SECONDS, self.close)
        timer.daemon = True
        timer.start()

    @property
    def was_cut(self) -> bool:
        by_piece = self.cut_at is not None and self.pieces >= self.cut_at
        limit = self.cut_after_bytes
        return by_piece or (limit is not None and self.size_bytes > limit)

    def serve(self, listener: socket.socket) -> None:
        """Take connections until the listener is closed."""
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            if self.was_cut:
                client.close()
                continue
            server = socket.create_connection(self.target)
            for end in (client, server):  # a piece waits for no acknowledgment
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open += [client, server]
            for source, sink in ((client, server), (server, client)):
                said = {"from_client": source is client}
                threading.Thread(
                    target=self._pass, args=(source, sink), kwargs=said, daemon=True
                ).start()

    def close(self) -> None:
        with self._lock:
            self._end_all()

    def _end_all(self) -> None:
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._open.clear()

    def _pass(
        self, source: socket.socket, sink: socket.socket, *, from_client: bool
    ) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                with self._lock:
                    self.pieces += 1
                    if from_client:
                        self.requests += _requests(data)
                    else:
                        self.size_bytes += len(data)
                    cut = self.was_cut
                if cut:
                    break
                if from_client:
                    time.sleep(self.delay_seconds)  # as a server that is far away
                if not self.swallows and source not in self._lost:
                    sink.sendall(data)
        with self._lock:  # not once it is armed anew, for other connections
            if self.was_cut:
                self._end_all()
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def _requests(data: bytes) -> list[str]:
    """Return the request lines of HTTP in what a client said."""
    lines = data.split(b"\r\n")
    return [line.decode() for line in lines if line.endswith(b" HTTP/1.1")]


@contextmanager
def relay(host: str, port: int) -> Iterator[Relay]:
    """Relay a free port to a server until the end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = Relay((host, port), port=listener.getsockname()[1])
        thread = threading.Thread(target=found.serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield found
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            found.close()
