"""Makes one photo anew from its pixels: a program of its own, which reads and writes pipes.

What it reads may be made to break it, so it runs with little memory and time, writes no file, and
its end ends nothing else (`node.pictures`). Its size is looked at before anything is decoded; no
byte of the original is copied, so that no place, camera or preview travels along.
Exit 3: no photo that is taken here.
"""

import io
import resource
import sys
from typing import Final

from PIL import Image, ImageOps

FORMATS: Final = ("JPEG", "PNG", "WEBP")
MOST_BYTES: Final = 8 * 1024 * 1024
MEMORY: Final = 640 * 1024 * 1024
CPU_S: Final = 15
SIDE: Final = 20_000
PIXELS: Final = {"JPEG": 64_000_000, "MPO": 64_000_000}  # decoded at a fraction of their size
PIXELS_OTHER: Final = 24_000_000
SIZES: Final = (1280, 960, 640)
QUALITIES: Final = (75, 60, 45, 30)
TARGET: Final = 60_000
NO_PHOTO: Final = 3


def limit() -> None:
    """Take from this process what a photo does not need."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, CPU_S), (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        resource.setrlimit(what, (most, most))


def rebuild(data: bytes) -> bytes:
    """A photo as WebP, at most 1280 pixels wide or high. ValueError where it is none."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as found:
        width, height = found.size
        most = PIXELS.get(found.format or "", PIXELS_OTHER)
        if not (0 < width <= SIDE and 0 < height <= SIDE and width * height <= most):
            raise ValueError("too many pixels")
        found.draft("RGB", (SIZES[0], SIZES[0]))
        found.load()
        seen = ImageOps.exif_transpose(found)
        seen.thumbnail((SIZES[0], SIZES[0]))
        if seen.mode in {"RGBA", "LA", "PA"} or "transparency" in seen.info:
            seen = seen.convert("RGBA")
            bare = Image.new("RGB", seen.size, "white")
            bare.paste(seen, mask=seen.getchannel("A"))
        else:
            bare = Image.new("RGB", seen.size)
            bare.paste(seen.convert("RGB"))
    return _small(bare)


def _small(picture: Image.Image) -> bytes:
    """The best that fits; where nothing does, the smallest."""
    body = b""
    for size in SIZES:
        picture.thumbnail((size, size))
        for quality in QUALITIES:
            out = io.BytesIO()
            picture.save(out, "WEBP", quality=quality, method=4)
            body = out.getvalue()
            if len(body) <= TARGET:
                return body
    return body


def main() -> int:
    """Read a photo, write it anew."""
    limit()
    Image.MAX_IMAGE_PIXELS = None  # `rebuild` has a bound of its own for each format
    data = sys.stdin.buffer.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        return NO_PHOTO
    try:
        body = rebuild(data)
    except Exception:  # noqa: BLE001 - whatever a decoder stumbles over, it is no photo
        return NO_PHOTO
    sys.stdout.buffer.write(body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
