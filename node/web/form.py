"""What a browser sent: fields and files, read into memory whole, within limits.

Files never touch the disk here: a photo on disk in clear would outlive its erasure. What people
typed is taken without characters that nobody can see (`node.typed`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from node.errors import BadField
from node.typed import clean_line, clean_text
from node.web.room import Lease

FIELDS_MOST = 400
LINE_MOST = 300
TEXT_MOST = 10_000
FILE_MOST = 8 * 1024 * 1024
FILES_MOST = 5
TEXTS_MOST = 1024 * 1024  # bytes of all fields beside files
TEXTS_FREE = 64 * 1024  # of them, what every form may have however many are sent at once


class TooBig(BadField):
    """What was sent is larger than this page takes."""

    code = "too_big"


@dataclass(frozen=True, slots=True)
class Upload:
    """One file as it was sent; neither its name nor its type is believed."""

    data: bytes = field(repr=False)
    whole: bool = True  # else it was larger than any file may be, and nothing of it was kept


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of one form, in order, and its files."""

    fields: tuple[tuple[str, str], ...] = field(repr=False, default=())
    uploads: tuple[tuple[str, Upload], ...] = field(repr=False, default=())

    def line(self, name: str, most: int = LINE_MOST) -> str:
        """One line of text, cleaned; "" where there is none. BadField where it is too long."""
        return _within(name, clean_line(self.raw(name)), most)

    def text(self, name: str, most: int = TEXT_MOST) -> str:
        """A text of several lines, cleaned; "" where there is none. BadField where too long."""
        return _within(name, clean_text(self.raw(name)), most)

    def raw(self, name: str) -> str:
        """A field exactly as sent: for secrets."""
        return next((value for key, value in self.fields if key == name), "")

    def every(self, name: str) -> list[str]:
        """All values of a field that can be given several times, each one line."""
        return [_within(name, clean_line(v), LINE_MOST) for k, v in self.fields if k == name]

    def has(self, name: str) -> bool:
        """Whether a box was ticked, or a button of that name was used."""
        return any(key == name for key, _ in self.fields)

    def files(self, name: str) -> list[bytes]:
        """The files of a field that are not empty."""
        return [upload.data for key, upload in self.uploads if key == name and upload.data]

    def cut(self, name: str) -> bool:
        """Whether a file of this field was too large, or one too many, and was not kept."""
        return any(key == name and not upload.whole for key, upload in self.uploads)

    def names(self) -> Iterable[str]:
        """The names of the fields that were sent, each once."""
        return dict.fromkeys(key for key, _ in self.fields)


def _within(name: str, text: str, most: int) -> str:
    if len(text) > most:
        raise BadField(f"{name}: at most {most} characters")
    return text


async def read_form(
    request: web.BaseRequest, most: int, lease: Lease, files: int = FILES_MOST
) -> Form:
    """Read a form of at most `most` bytes, within `lease`. BadField where it is none; TooBig.

    Of its files at most `files` are kept, none that is too large, and none for which there is no
    room: the words beside them are worth more than a refusal.
    """
    kind = request.content_type
    plain = kind == "application/x-www-form-urlencoded"
    most = min(most, TEXTS_MOST) if plain else most
    if request.content_length is not None and request.content_length > most:
        raise TooBig(TooBig.__doc__)
    try:
        if plain:
            return _urlencoded(await _body(request, most, lease))
        if kind == "multipart/form-data":
            return await _multipart(request, most, lease, files)
    except (
        ValueError, AssertionError, LookupError, RuntimeError, HttpProcessingError,
        web.RequestPayloadError,
    ):  # fmt: skip
        raise BadField("the form could not be read; send it again") from None
    raise BadField("the form could not be read; send it again")


def _room_for_words(lease: Lease, texts: int, more: int) -> None:
    """Hold `more` bytes of words after `texts` of them. TooBig where there is no room."""
    if texts + more > TEXTS_MOST or (texts + more > TEXTS_FREE and not lease.take(more)):
        raise TooBig(TooBig.__doc__)


async def _body(request: web.BaseRequest, most: int, lease: Lease) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.content.iter_chunked(65536):
        _room_for_words(lease, size, len(part))
        size += len(part)
        if size > most:
            raise TooBig(TooBig.__doc__)
        parts.append(part)
    return b"".join(parts)


def _urlencoded(body: bytes) -> Form:
    text = body.decode("ascii")
    return Form(
        tuple(
            parse_qsl(
                text, keep_blank_values=True, encoding="utf-8", errors="replace",
                max_num_fields=FIELDS_MOST,
            )
        )
    )  # fmt: skip


async def _multipart(request: web.BaseRequest, most: int, lease: Lease, files: int) -> Form:
    fields: list[tuple[str, str]] = []
    uploads: list[tuple[str, Upload]] = []
    size = texts = 0
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader) or len(fields) + len(uploads) >= FIELDS_MOST:
            raise BadField("the form could not be read; send it again")
        data, whole, is_file = bytearray(), True, part.filename is not None
        while chunk := await part.read_chunk(65536):
            size += len(chunk)
            if size > most:
                raise TooBig(TooBig.__doc__)
            if not is_file:
                _room_for_words(lease, texts, len(chunk))
                texts += len(chunk)
                data += chunk
            elif whole and _room_for_file(lease, files, len(data), len(chunk)):
                data += chunk
            else:
                lease.give_back(len(data))
                data, whole = bytearray(), False
        name = part.name or ""
        if is_file:
            uploads.append((name, Upload(bytes(data), whole)))
            files -= bool(data)
        else:
            fields.append((name, data.decode("utf-8", "replace")))
    return Form(tuple(fields), tuple(uploads))


def _room_for_file(lease: Lease, files: int, size: int, more: int) -> bool:
    """Whether a file may grow from `size` by `more` bytes, which are held then."""
    return files > 0 and size + more <= FILE_MOST and lease.take(more)
