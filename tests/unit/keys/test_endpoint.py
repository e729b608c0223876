"""A malicious card must not make this node knock on doors of its own network."""

from __future__ import annotations

import pytest

from keys.endpoint import check_endpoint, is_public_address
from protocol.errors import ErrorNumber, ProtocolError

ONION = "http://" + "a" * 55 + "d.onion"


@pytest.mark.parametrize(
    "url",
    [
        "https://node.example.org/s/abc",
        "https://node.example.org:8443/s/abc",
        "https://xn--bcher-kva.example/s",
        "https://93.184.215.14/s",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/s",
        ONION + "/s/abc",
        ONION + ":8080/s",
    ],
)
def test_a_public_endpoint_is_allowed(url: str) -> None:
    check_endpoint(url, allow_loopback=False)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/s/abc",
        "https://node.example.org",
        "https:///s",
        "http://node.example.org/s",
        "ftp://node.example.org/s",
        "file:///etc/passwd",
        "https://user:word@node.example.org/s",
        "https://@node.example.org/s",
        "https://node.example.org/s?x=1",
        "https://node.example.org/s#x",
        "https://node.example.org:0/s",
        "https://node.example.org:99999/s",
        "https://node.example.org:x/s",
        "https://node.example.org\\@10.0.0.1/s",
        "https://node.example.org/s\r\nHost: x",
        "https://bücher.example/s",
        "https://localhost/s",
        "https://printer/s",
        "https://printer.local/s",
        "https://db.internal/s",
        "https://db.internal./s",
        "https://a.localhost/s",
        "https://127.0.0.1/s",
        "https://127.1/s",
        "https://2130706433/s",
        "https://0x7f.0.0.1/s",
        "https://0177.0.0.0x1/s",
        "https://0.0.0.0/s",
        "https://10.0.0.1/s",
        "https://172.16.0.1/s",
        "https://192.168.1.1/s",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/s",
        "https://224.0.0.1/s",
        "https://255.255.255.255/s",
        "https://[::1]/s",
        "https://[::]/s",
        "https://[fe80::1]/s",
        "https://[fe80::1%25eth0]/s",
        "https://[fd00::1]/s",
        "https://[::ffff:10.0.0.1]/s",
        "https://[::127.0.0.1]/s",
        "https://[64:ff9b::a00:1]/s",
        "https://[2002:a00:1::1]/s",
        "https://[2001:0:7f00:1::1]/s",
        "https://-a.example.org/s",
        "https://a..example.org/s",
        "https://" + "a" * 64 + ".example.org/s",
        "https://example.org/" + "s" * 500,
        ONION.replace("http:", "https:") + "/s",
        "http://short.onion/s",
        "http://evil.onion/s",
        ONION,
    ],
)
def test_any_other_endpoint_is_refused(url: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        check_endpoint(url, allow_loopback=False)
    assert caught.value.number is ErrorNumber.MALFORMED


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8701/s", "https://localhost/s", "http://[::1]:8701/s", "http://127.1.2.3/s"],
)
def test_loopback_is_allowed_in_development_only(url: str) -> None:
    check_endpoint(url, allow_loopback=True)
    with pytest.raises(ProtocolError):
        check_endpoint(url, allow_loopback=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/s",
        "http://node.example.org/s",
        "gopher://127.0.0.1/s",
        "http://u@127.0.0.1/s",
    ],
)
def test_development_allows_nothing_but_loopback(url: str) -> None:
    with pytest.raises(ProtocolError):
        check_endpoint(url, allow_loopback=True)


def test_a_name_is_no_address() -> None:
    assert not is_public_address("node.example.org")
    assert is_public_address("93.184.215.14")
