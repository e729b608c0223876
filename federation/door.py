"""How many connections a listening address keeps, and which one gives way to the next.

Anybody can open connections and say nothing; each costs a file, of which a process has about a
thousand. Invariants: never more than `MOST_OPEN` are kept; one that has not brought a whole
request is closed after `SILENT_S`, and is the first to give way, the longest silent of all; one
that is being answered never does; what cannot be read is answered by a bare status. On the spine:
a socket → (here) → `endpoint`, or the pages.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

MOST_OPEN: Final = 300
SILENT_S: Final = 75.0

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class _Terse(RequestHandler):
    """Says nothing to a broken request: not what was in it, and not what reads it here."""

    __slots__ = ()

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:  # fmt: skip
        super().handle_error(request, status, exc, message)
        bare = web.Response(status=status, headers={"Cache-Control": "no-store", "Server": ""})
        bare.force_close()
        return bare


class Door(web.Server):
    """A server of aiohttp that bounds its connections; the handler says when it is `at_work`."""

    def __init__(self, handler: Handler, log: logging.Logger) -> None:
        """`log` gets what strangers break, so it is a silent one."""
        super().__init__(handler, access_log=None, logger=log)
        self._silent: dict[asyncio.BaseTransport, asyncio.TimerHandle] = {}

    def __call__(self) -> RequestHandler:
        """What reads the requests of one connection."""
        return _Terse(self, loop=self._loop, **self._kwargs)

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Keep a new connection; the longest silent one gives way where there are too many."""
        super().connection_made(handler, transport)
        self._listen_to(transport)
        if len(self._connections) > MOST_OPEN:
            self._cut(next(iter(self._silent)))

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        """Forget a connection that ended."""
        transport = self._connections.get(handler)
        if transport is not None:
            self._attend(transport)
        super().connection_lost(handler, exc)

    @contextmanager
    def at_work(self, request: web.BaseRequest) -> Iterator[None]:
        """Keep the connection of a request that has come whole, for as long as it is answered."""
        transport = request.transport
        if transport is not None:
            self._attend(transport)
        try:
            yield
        finally:
            if transport is not None and not transport.is_closing():
                self._listen_to(transport)

    def hear(self, request: web.BaseRequest, seconds: float) -> None:
        """Let a request bring the rest of itself for so long; meanwhile it gives way like others.

        For a handler that reads what comes bit by bit, and is `at_work` when it has it all.
        """
        if request.transport is not None and not request.transport.is_closing():
            self._listen_to(request.transport, seconds)

    def _listen_to(self, transport: asyncio.Transport, seconds: float | None = None) -> None:
        self._attend(transport)
        wait = SILENT_S if seconds is None else seconds
        later = self._loop.call_later(wait, self._cut, transport)
        self._silent[transport] = later

    def _attend(self, transport: asyncio.BaseTransport) -> None:
        timer = self._silent.pop(transport, None)
        if timer is not None:
            timer.cancel()

    def _cut(self, transport: asyncio.BaseTransport) -> None:
        self._attend(transport)
        if isinstance(transport, asyncio.Transport):
            transport.abort()
