"""`parasol serve`: one process that answers peers and commands, syncs, and keeps house.

Start: lock, open, listen, then sync. Stop: no new calls, end waiting pulls, let effects finish,
close the store. Every effect is one commit, so a kill at any moment loses nothing acknowledged.
"""

import asyncio
import contextlib
import logging
import signal
from pathlib import Path

from federation.client import Client
from federation.endpoint import Endpoint
from node.answering import Answering
from node.control import ControlServer, Lock
from node.errors import NodeError
from node.exchange import Exchange
from node.jobs import Jobs
from node.runtime import Node, open_node
from node.syncing import Syncing
from node.web.server import PagesServer

_log = logging.getLogger("parasol")


class PortTaken(NodeError):
    """The address that settings.toml says to listen on cannot be used."""

    code = "port_taken"


class Server:
    """A node at work: its endpoint, its commands, its syncs and its jobs."""

    def __init__(self, node: Node) -> None:
        settings = node.settings
        self.node = node
        self._client = Client(
            allow_loopback=settings.allow_loopback, socks_proxy=settings.socks_proxy
        )
        positions: dict[int, bytes] = {}
        self.exchange = Exchange(node, self._client)
        self.answering = Answering(node, self.exchange, positions)
        self.syncing = Syncing(node, self.exchange, self.answering, positions)
        self._jobs = Jobs(node, self.syncing)
        self._control = ControlServer(node.home, node.dispatch)
        self.pages = PagesServer(node)
        self._endpoint: Endpoint | None = None

    async def start(self) -> None:
        """Listen, answer commands, sync. PortTaken if the address cannot be used."""
        settings = self.node.settings
        if settings.listen_host is not None:
            self._endpoint = Endpoint(
                settings.listen_host, settings.listen_port, settings.secret_path,
                self.answering.answer,
            )  # fmt: skip
            try:
                await self._endpoint.start()
            except OSError as error:
                raise PortTaken(
                    f"cannot listen on port {settings.listen_port}: {error.strerror or 'taken'};"
                    " change listen_port in settings.toml, or stop what uses it"
                ) from error
        self.node.exchange = self.exchange
        self.node.when_narrowed(self.exchange.narrowed)
        await self._control.start()
        self.syncing.start()
        self._jobs.start()
        await self.pages.start()

    async def stop(self) -> None:
        """Stop in the order in which work arrives; nothing half-done remains."""
        await self.pages.stop()
        await self._control.stop()
        self._jobs.stop()
        self.answering.stop()
        await self.syncing.stop()
        if self._endpoint is not None:
            await self._endpoint.stop()
        await self._client.close()


async def serve(home: Path, passphrase: bytes) -> None:
    """Run the node until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    _log.setLevel(logging.INFO)  # ours says what happens; the libraries only what is wrong
    with Lock(home):
        async with open_node(home, passphrase) as node:
            server = Server(node)
            await server.start()
            _log.info("ready")
            stopping = asyncio.Event()
            loop = asyncio.get_running_loop()
            for name in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(name, stopping.set)
            try:
                await stopping.wait()
            finally:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(10):
                        await server.stop()
    _log.info("stopped")
