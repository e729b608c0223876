"""The pages' own address: it listens apart from the peers' endpoint, and fails apart from it.

Where the address is taken, the node goes on without pages, says so in `status` and `doctor`, and
tries again.
"""

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from aiohttp import web

from federation.door import Door
from node.runtime import Node

if TYPE_CHECKING:
    from node.web.gate import Gate

RETRY_S = 30
_log = logging.getLogger("parasol.web")
# aiohttp would write every broken request of a stranger into the log, with address and bytes.
_SILENT = logging.getLogger("parasol.web.http")
_SILENT.disabled = True


class PagesServer:
    """Serves the pages of a node from `start` to `stop`."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._runner: web.ServerRunner | None = None
        self._retry: asyncio.Task[None] | None = None
        self._gate: Gate | None = None
        self._door: Door | None = None

    async def start(self) -> None:
        """Listen where the settings say; nothing where they name no address."""
        if self._node.settings.web_host is None:
            return
        self._door = Door(self._answer, _SILENT)
        self._runner = web.ServerRunner(self._door, handle_signals=False, shutdown_timeout=2)
        await self._runner.setup()
        if not await self._listen(self._runner):
            self._retry = asyncio.create_task(self._listen_later(self._runner))

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if self._gate is None:
            # Templates and languages weigh 15 MB: a node whose pages nobody opens does without.
            from node.web.gate import Gate

            assert self._door is not None  # noqa: S101  # it is what called
            self._gate = Gate(self._node, self._door)
        return await self._gate.answer(request)

    async def _listen(self, runner: web.ServerRunner) -> bool:
        settings = self._node.settings
        site = web.TCPSite(runner, settings.web_host, settings.web_port)
        try:
            await site.start()
        except OSError as error:
            why = self._node.pages_trouble = error.strerror or "taken"
            _log.error("no pages: cannot listen on port %s: %s", settings.web_port, why)
            return False
        self._node.pages_trouble = ""
        return True

    async def _listen_later(self, runner: web.ServerRunner) -> None:
        while True:
            await asyncio.sleep(RETRY_S)
            if await self._listen(runner):
                return

    async def stop(self) -> None:
        """Take no more requests; answers under way get two seconds."""
        if self._retry is not None:
            self._retry.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._retry
        if self._runner is not None:
            await self._runner.cleanup()
