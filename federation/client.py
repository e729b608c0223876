"""Carries one sealed envelope to a peer's endpoint and its answer back. It decides nothing else.

No redirects, no cookies, no compression, no proxy from the environment. An address that a name
resolves to is checked again, so that a card cannot make this node knock on its own network.
"""

import asyncio
import hashlib
import socket
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from federation.errors import Unreachable
from keys.endpoint import check_endpoint, is_loopback, is_public_address
from keys.envelope import MAX_WIRE
from protocol.errors import ProtocolError

CONNECT_S = 60
TOTAL_S = 180
CONTENT_TYPE = "application/octet-stream"


class GuardedResolver(AbstractResolver):
    """Resolves names, and drops every address that is not public."""

    def __init__(self, *, allow_loopback: bool) -> None:
        self._inner = ThreadedResolver()
        self._allow_loopback = allow_loopback

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The public addresses of a name; OSError if it has none."""
        found = await self._inner.resolve(host, port, family)
        good = [row for row in found if self._may_call(row["host"])]
        if not good:
            raise OSError("the name does not resolve to a public address")
        return good

    def _may_call(self, address: str) -> bool:
        return is_public_address(address) or (self._allow_loopback and is_loopback(address))

    async def close(self) -> None:
        """Nothing is held open."""


class Client:
    """Posts wires. One for a node; peers behind a SOCKS proxy get a session each."""

    def __init__(self, *, allow_loopback: bool = False, socks_proxy: str | None = None) -> None:
        self._allow_loopback = allow_loopback
        self._socks_proxy = socks_proxy
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def post(self, endpoint: str, wire: bytes, *, wait_s: int = 0) -> bytes:
        """Send a wire and return the answer's bytes.

        Unreachable where there is no usable answer; `.why` says why, without the address.
        """
        try:
            check_endpoint(endpoint, self._allow_loopback)
        except ProtocolError as error:
            raise Unreachable(
                "bad_endpoint", "its card names an address not to be called"
            ) from error
        if self._socks_proxy is None and (urlsplit(endpoint).hostname or "").endswith(".onion"):
            raise Unreachable("no_tor", "it is an onion service, and socks_proxy is not set")
        timeout = aiohttp.ClientTimeout(total=TOTAL_S + wait_s, connect=CONNECT_S)
        try:
            async with self._session(endpoint).post(
                endpoint, data=wire, timeout=timeout, allow_redirects=False
            ) as response:
                if response.status != 200:
                    raise Unreachable(f"http_{response.status}", "it answered with an error")
                return await _read(response.content)
        except TimeoutError as error:
            raise Unreachable("timeout", "it did not answer in time") from error
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise Unreachable("no_connection", "it cannot be reached") from error
        except Exception as error:
            # The proxy's library is only imported where there is a proxy, its errors likewise.
            if not type(error).__module__.startswith(("aiohttp_socks", "python_socks")):
                raise
            raise Unreachable("no_connection", "the proxy cannot reach it") from error

    def _session(self, endpoint: str) -> aiohttp.ClientSession:
        host = urlsplit(endpoint).hostname or ""
        through_proxy = self._socks_proxy is not None and not is_loopback(host)
        name = host if through_proxy else ""
        session = self._sessions.get(name)
        if session is None:
            session = aiohttp.ClientSession(
                connector=self._connector(host if through_proxy else None),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                headers={"Content-Type": CONTENT_TYPE, "Accept-Encoding": "identity"},
                skip_auto_headers={"User-Agent", "Accept"},
            )
            self._sessions[name] = session
        return session

    def _connector(self, proxied_host: str | None) -> aiohttp.BaseConnector:
        if proxied_host is None or self._socks_proxy is None:
            resolver = GuardedResolver(allow_loopback=self._allow_loopback)
            return aiohttp.TCPConnector(resolver=resolver, limit=64, use_dns_cache=False)
        from aiohttp_socks import ProxyConnector

        # A user name of its own keeps each peer on a Tor circuit of its own; names go unresolved.
        user = hashlib.blake2b(proxied_host.encode(), digest_size=8).hexdigest()
        proxy = urlsplit(self._socks_proxy)
        made: Any = ProxyConnector.from_url(
            f"socks5://{user}:x@{proxy.hostname}:{proxy.port}", rdns=True
        )
        connector: aiohttp.BaseConnector = made
        return connector

    async def close(self) -> None:
        """Close every session."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()


async def _read(stream: aiohttp.StreamReader) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in stream.iter_chunked(65536):
        size += len(part)
        if size > MAX_WIRE:
            raise Unreachable("too_big", "its answer is larger than an envelope")
        parts.append(part)
    return b"".join(parts)
