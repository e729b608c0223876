"""The client behind a SOCKS proxy, as for an onion peer: a real proxy on a real socket."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from federation.client import Client
from federation.errors import Unreachable

ONION = "http://" + "a" * 55 + "d.onion/"
REFUSED = 5  # RFC 1928, section 6: connection refused
Seen = list[tuple[bytes, bytes]]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def served(serve: Serve) -> AsyncIterator[str]:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"socks5://{host}:{port}"
    finally:
        server.close()


def proxy(seen: Seen, reply: int, answer: bytes) -> Serve:
    """A SOCKS5 proxy (RFC 1928, 1929) that notes user and host, and answers as the peer itself."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, methods = await reader.readexactly(2)
        await reader.readexactly(methods)
        writer.write(b"\x05\x02")
        await reader.readexactly(1)
        user = await reader.readexactly((await reader.readexactly(1))[0])
        await reader.readexactly((await reader.readexactly(1))[0])
        writer.write(b"\x01\x00")
        assert await reader.readexactly(4) == b"\x05\x01\x00\x03"  # connect, to a name
        host = await reader.readexactly((await reader.readexactly(1))[0])
        await reader.readexactly(2)
        seen.append((user, host))
        writer.write(bytes([5, reply]) + b"\x00\x01\x00\x00\x00\x00\x00\x00")
        if reply == 0:
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"POST / ")
            length = b"Content-Length: %d\r\n\r\n" % len(answer)
            writer.write(b"HTTP/1.1 200 OK\r\n" + length + answer)
        await writer.drain()
        writer.close()

    return serve


async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(2)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await writer.drain()
    writer.close()


async def asked(address: str, endpoint: str = ONION) -> bytes:
    client = Client(allow_loopback=True, socks_proxy=address)
    try:
        return await client.post(endpoint, b"wire")
    finally:
        await client.close()


async def test_an_onion_peer_is_reached_by_name_through_the_proxy() -> None:
    seen: Seen = []
    async with served(proxy(seen, 0, b"answer")) as address:
        assert await asked(address) == b"answer"
    [(user, host)] = seen
    assert host.decode() in ONION
    assert user not in ONION.encode()


@pytest.mark.parametrize("serve", [proxy([], REFUSED, b""), hang_up, nonsense])
async def test_a_proxy_that_fails_is_a_peer_that_cannot_be_reached(serve: Serve) -> None:
    async with served(serve) as address:
        with pytest.raises(Unreachable) as caught:
            await asked(address)
    assert caught.value.why == "no_connection"
    assert "onion" not in str(caught.value)


async def test_a_proxy_that_is_not_there_is_a_peer_that_cannot_be_reached() -> None:
    async with served(hang_up) as address:
        pass
    with pytest.raises(Unreachable) as caught:
        await asked(address)
    assert caught.value.why == "no_connection"


async def test_an_onion_peer_without_a_proxy_is_never_asked_for_by_name() -> None:
    client = Client(allow_loopback=True)
    with pytest.raises(Unreachable) as caught:
        await client.post(ONION, b"wire")
    await client.close()
    assert caught.value.why == "no_tor"
