"""Nodes for benchmarks: made in a folder, acquainted without a word, served as a process."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, func, select

from federation.peers import PeerState
from keys.documents import Documents
from node import control
from node.runtime import Node, now_us
from node.setup import Wishes, init_node
from node.store.peers import Peer, add_peer, set_peer
from node.store.tables import records
from tests.support.processes import free_port

PASSPHRASE = b"a passphrase for a benchmark"
PASSPHRASE_FILE = "bench.passphrase"
ROOT = Path(__file__).parents[2]
START_S = 60


def make_node(folder: Path, name: str = "node", *, reachable: bool = False) -> Path:
    """A new node under the preset that takes everything; `reachable` on a free loopback port."""
    home = folder / name
    address = f"127.0.0.1:{free_port()}"
    init_node(
        home,
        Wishes(
            name.capitalize(), "US-CA", "decriminalised", "America/Los_Angeles",
            listen=address if reachable else None,
            endpoints=(f"http://{address}",) if reachable else (),
            allow_loopback=True,
        ),
        passphrase=PASSPHRASE, recovery_out=folder / f"{name}-words", now=now_us(),
        random=os.urandom,
    )  # fmt: skip
    secret = home / PASSPHRASE_FILE
    secret.write_bytes(PASSPHRASE)
    secret.chmod(0o600)
    return home


def know(connection: Connection, docs: Documents, name: str) -> Peer:
    """Have an organisation as a peer that is trusted and trusts."""
    peer = add_peer(connection, docs, name=name, state=PeerState.TRUSTED, now_us=now_us())
    set_peer(connection, peer.id, they_trust=1)
    return peer


async def acquaint(one: Node, other: Node) -> None:
    """Let two opened nodes trust each other."""
    await one.change(know, other.documents, other.settings.org)
    await other.change(know, one.documents, one.settings.org)


def count(connection: Connection) -> int:
    """How many records are held."""
    return connection.execute(select(func.count()).select_from(records)).scalar_one()


@dataclass(slots=True)
class Serving:
    """`parasol serve` as a process, from entering to leaving; ready once entered."""

    home: Path
    ready_s: float = 0.0
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def __enter__(self) -> Self:
        start = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "serve"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=environment(self.home), cwd=ROOT, start_new_session=True,
        )  # fmt: skip
        while not self._answers():
            if self._process.poll() is not None or time.perf_counter() - start > START_S:
                raise RuntimeError(f"serve did not start: exit {self._process.poll()}")
            time.sleep(0.005)
        self.ready_s = time.perf_counter() - start
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _answers(self) -> bool:
        """Whether the running node says that it is ready; never opens the node here."""
        if not (self.home / control.SOCKET_FILE).exists():
            return False
        try:
            return bool(self.call("status")["ready"])
        except (_NotYet, OSError):
            return False

    @property
    def pid(self) -> int:
        """The serving process."""
        assert self._process is not None
        return self._process.pid

    def call(self, name: str, **args: Any) -> dict[str, Any]:
        """One command through its control socket."""
        return control.call(self.home, _refuse, name, args)


class _NotYet(Exception):
    """The command would have been run here and not by the server."""


def _refuse() -> bytes:
    raise _NotYet


def environment(home: Path) -> dict[str, str]:
    """The variables under which the command line runs on this node."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PARASOL")}
    return kept | {
        "PARASOL_HOME": str(home),
        "PARASOL_PASSPHRASE_FILE": str(home / PASSPHRASE_FILE),
        "PYTHONPATH": str(ROOT),
    }
