"""Which addresses a card may send us to: public https, or an onion service over http.

Decides from the text of the URL alone, without asking a name server. The client must check the
address that a name resolves to with `is_public_address` again, or a name could point inwards.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from protocol.errors import malformed

MAX_URL = 512
_ONION = re.compile(r"[a-z2-7]{56}\.onion")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_URL = re.compile(r"[!-~]+")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_V4_COMPATIBLE = ipaddress.IPv6Network("::/96")
_PRIVATE_SUFFIXES = (
    ".localhost", ".local", ".internal", ".lan", ".home", ".corp", ".intranet", ".private",
    ".home.arpa", ".arpa", ".test", ".invalid", ".localdomain", ".alt",
)  # fmt: skip


def is_public_address(text: str) -> bool:
    """Whether an IP address in text form lies in the public internet, in IPv4 or IPv6.

    IPv4 hidden inside IPv6 (mapped, 6to4, NAT64, Teredo) counts as the IPv4 address that it hides.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            hidden = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address.teredo is not None or address in _V4_COMPATIBLE:
            return False
        if hidden is not None and not is_public_address(str(hidden)):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def check_endpoint(url: str, allow_loopback: bool = False) -> None:
    """Refuse an endpoint that we must not call; ProtocolError MALFORMED says why.

    Allowed: `https://` and a public name or address, or `http://` and an onion name, each with a
    path. With `allow_loopback` (development on one machine) also http or https to this machine.
    """
    if len(url) > MAX_URL or not _URL.fullmatch(url) or "\\" in url:
        raise malformed("an endpoint is a plain ASCII address of at most 512 characters")
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").lower()
    except ValueError:
        raise malformed("an endpoint that is no web address") from None
    if "@" in parts.netloc or "#" in url or "?" in url:
        raise malformed("an endpoint with credentials, a query or a fragment")
    if not host or port == 0:
        raise malformed("an endpoint without a host or a port")
    if not parts.path.startswith("/"):
        raise malformed("an endpoint needs a path")
    if allow_loopback and parts.scheme in {"http", "https"} and is_loopback(host):
        return
    _check_public(parts, host)


def is_loopback(host: str) -> bool:
    """Whether a host, as text, is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_public(parts: SplitResult, host: str) -> None:
    if host.endswith(".onion"):
        if parts.scheme != "http" or not _ONION.fullmatch(host.split(".", host.count(".") - 1)[-1]):
            raise malformed("an onion endpoint is http:// and a version 3 name")
        return
    if parts.scheme != "https":
        raise malformed("an endpoint is https://, or http:// with an onion name")
    if _is_address(host):
        if not is_public_address(host):
            raise malformed("an endpoint at a private address")
        return
    _check_name(host)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _check_name(host: str) -> None:
    labels = host.removesuffix(".").split(".")
    if len(host) > 253 or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise malformed("an endpoint whose host is no public name")
    # A last label of digits or 0x… is an address in disguise: 127.1, 0x7f.1, 2130706433.
    if not re.fullmatch(r"[a-z][a-z0-9-]*", labels[-1]):
        raise malformed("an endpoint whose host is an address in disguise")
    if ("." + ".".join(labels)).endswith(_PRIVATE_SUFFIXES):
        raise malformed("an endpoint at a private name")
