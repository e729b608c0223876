"""Photos as they are taken in: each made anew from its pixels by a program that can harm nothing.

The program (`node.picture_worker`) has its own memory and time; a photo that breaks it is refused,
and the node goes on. Nothing is written to disk on the way.
"""

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Final

from node.errors import BadField

MOST_BYTES: Final = 8 * 1024 * 1024
WAIT_S: Final = 30
_WORKER: Final = Path(__file__).with_name("picture_worker.py")
_HEADS: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")


class BadPicture(BadField):
    """This is no photo that can be taken: JPEG, PNG or WebP, at most 8 MB."""

    code = "bad_picture"


class Darkroom:
    """Makes photos anew, one at a time: each may take much of a small machine."""

    def __init__(self) -> None:
        self._one = asyncio.Lock()

    async def develop(self, data: bytes) -> bytes:
        """A photo without anything but its pixels, as WebP. BadPicture."""
        if len(data) > MOST_BYTES or not data.startswith(_HEADS):
            raise BadPicture(BadPicture.__doc__)
        async with self._one:
            body = await _run(data)
        if body is None:
            raise BadPicture(BadPicture.__doc__)
        return body


async def _run(data: bytes) -> bytes | None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", str(_WORKER), stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, cwd="/", env={},
    )  # fmt: skip
    try:
        async with asyncio.timeout(WAIT_S):
            body, _ = await process.communicate(data)
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return body if process.returncode == 0 and body else None
