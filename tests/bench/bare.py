"""The least that a POST can cost: an aiohttp server that answers with as many bytes as it is told.

Run as a process: `python -m tests.bench.bare PORT BYTES`.
"""

import asyncio
import sys

from aiohttp import web


async def serve(port: int, answer_bytes: int) -> None:
    """Answer every request until the process ends."""
    answer = bytes(answer_bytes)

    async def handle(request: web.BaseRequest) -> web.Response:
        await request.read()
        return web.Response(body=answer, content_type="application/octet-stream")

    runner = web.ServerRunner(web.Server(handle, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
