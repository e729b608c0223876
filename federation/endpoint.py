"""The one door that peers knock on: a POST of a sealed envelope to a secret path.

Whatever cannot be opened gets a bare 404, as does every other address and method, so that a scan
learns nothing. All else is 200 with an envelope; what it means is decided elsewhere.
"""

import asyncio
import hmac
import logging
import traceback
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from federation.door import Door
from keys.envelope import MAX_WIRE

Answer = Callable[[bytes], Awaitable[bytes | None]]
BODY_S = 60

_log = logging.getLogger("parasol.endpoint")
# aiohttp would write every broken request of a stranger into the log, with address and bytes.
_SILENT = logging.getLogger("parasol.endpoint.http")
_SILENT.disabled = True


class Endpoint:
    """Serves `answer` at the secret path until `stop`. `answer` returns None for a bare 404."""

    def __init__(self, host: str, port: int, secret_path: str, answer: Answer) -> None:
        self._host, self._port = host, port
        self._path = f"/{secret_path}".encode()
        self._answer = answer
        self._door: Door | None = None
        self._runner: web.ServerRunner | None = None

    async def start(self) -> None:
        """Listen; OSError if the address is taken."""
        self._door = Door(self._handle, _SILENT)
        self._runner = web.ServerRunner(self._door, handle_signals=False, shutdown_timeout=2)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()

    async def stop(self) -> None:
        """Stop listening; answers under way get two seconds."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        path = request.raw_path.encode("utf-8", "replace")
        if request.method != "POST" or not hmac.compare_digest(path, self._path):
            return _bare(404)
        if request.content_length is not None and request.content_length > MAX_WIRE:
            return _bare(413)
        assert self._door is not None  # noqa: S101  # it is what called
        try:
            async with asyncio.timeout(BODY_S):
                wire = await _body(request)
            if wire is None:
                return _bare(413)
            with self._door.at_work(request):
                answer = await self._answer(wire)
        except TimeoutError:
            return _bare(408)
        except (ConnectionError, HttpProcessingError):
            return _bare(404)  # a body that broke off, or is none
        except Exception as error:  # noqa: BLE001  # ours to mend: the peer tries again later
            frame = traceback.extract_tb(error.__traceback__)[-1]
            _log.error("%s at %s:%s", type(error).__name__, frame.name, frame.lineno)
            return _bare(503)
        if answer is None:
            return _bare(404)
        return web.Response(body=answer, content_type="application/octet-stream", headers=QUIET)


QUIET = {"Server": "", "Cache-Control": "no-store"}


def _bare(status: int) -> web.Response:
    return web.Response(status=status, headers=QUIET)


async def _body(request: web.BaseRequest) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    async for part in request.content.iter_chunked(65536):
        size += len(part)
        if size > MAX_WIRE:
            return None
        parts.append(part)
    return b"".join(parts)
