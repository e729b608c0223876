"""A wire tap on loopback: carries HTTP between two nodes and keeps what was posted through it."""

import contextlib
import socket
import threading
from dataclasses import dataclass, field

from tests.support.processes import free_port


@dataclass(frozen=True, slots=True)
class Posted:
    """One request that went through."""

    path: str
    body: bytes = field(repr=False)


class RecordingProxy:
    """Listens on `port` and carries everything to `to`, which may be set later."""

    def __init__(self) -> None:
        self.port = free_port()
        self.to: int | None = None
        self.posted: list[Posted] = []
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        where = ("127.0.0.1", self.to or 0)
        with contextlib.suppress(OSError), client, socket.create_connection(where) as server:
            back = threading.Thread(target=_copy, args=(server, client), daemon=True)
            back.start()
            self._listen(client, server)
            back.join(60)

    def _listen(self, client: socket.socket, server: socket.socket) -> None:
        pending = b""
        while data := client.recv(65536):
            server.sendall(data)
            pending = self._keep(pending + data)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _keep(self, pending: bytes) -> bytes:
        """Take whole requests off the front; returns what is not whole yet."""
        while b"\r\n\r\n" in pending:
            head, _, rest = pending.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines[1:])
            size = int(headers.get("content-length", "0"))
            if len(rest) < size:
                return pending
            self.posted.append(Posted(lines[0].split(" ")[1], rest[:size]))
            pending = rest[size:]
        return pending

    def close(self) -> None:
        """Carry nothing more."""
        self._listener.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
