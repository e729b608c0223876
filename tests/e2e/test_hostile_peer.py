"""Whoever knows the secret path: random bytes, replays, floods of them. Nothing changes."""

import http.client
import json
import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.processes import Organisation, befriend, eventually, trust_each_other
from tests.support.recording_proxy import Posted, RecordingProxy

pytestmark = pytest.mark.slow

Make = Callable[..., Organisation]
MAX_WIRE = 512 * 1024  # more than any envelope


@pytest.fixture
def tap() -> Iterator[RecordingProxy]:
    """A wire tap that ends with the test."""
    proxy = RecordingProxy()
    yield proxy
    proxy.close()


def knock(
    node: Organisation, path: str, body: bytes, method: str = "POST", **headers: str
) -> tuple[int, bytes]:
    """One request to the node's endpoint; its status and body."""
    assert node.port is not None
    line = http.client.HTTPConnection("127.0.0.1", node.port, timeout=20)
    try:
        line.request(method, path, body=body, headers=headers)
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        line.close()


def standing(node: Organisation) -> str:
    """All that must not change: alerts, drafts, peers, coverage."""
    status = node.run("status")
    for peer in status["peers"]:
        del peer["last_contact"]
    facts: list[Any] = [
        sorted(node.alerts().items()), status, node.run("peer", "list"),
        node.run("draft", "list"), sorted(node.coverage().items()),
    ]  # fmt: skip
    return json.dumps(facts)


def test_arbitrary_and_replayed_bytes_change_nothing(make: Make, tap: RecordingProxy) -> None:
    one, other = make("Riverside"), make("Harbour", through=tap.port)
    tap.to = other.port
    one.start()
    other.start()
    befriend(one, other)
    trust_each_other(one, other)
    alerts = [one.publish(f"Story {n}: left without paying.") for n in range(3)]
    one.run("alert", "erase", alerts[0])
    one.run("alert", "correct", alerts[1], "--set", "text=-", stdin="He paid.")
    eventually(lambda: set(one.coverage().values()) == {"confirmed"})
    eventually(lambda: other.show(alerts[1])["rev"] == 2)
    time.sleep(0.5)
    wires: list[Posted] = list(tap.posted)
    assert len(wires) >= 5
    path = wires[0].path
    before = standing(other)

    chance = random.Random(1)
    for size in (0, 1, 7, 40, 1000, 16 * 1024, 256 * 1024):
        assert knock(other, path, chance.randbytes(size)) == (404, b"")
    for first in (b"\x01", b"\x02", b"\x03", b"\xff"):
        status, body = knock(other, path, first + chance.randbytes(600))
        assert (status, body) == (404, b""), first
    for wire in wires:
        spoilt = bytearray(wire.body)
        spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
        assert knock(other, path, bytes(spoilt)) == (404, b"")
        assert knock(other, path, wire.body[:-1]) == (404, b"")
        assert knock(one, path, wire.body) == (404, b"")
    assert standing(other) == before

    for _ in range(2):
        for wire in wires:  # replays: sealed refusals at most
            status, body = knock(other, path, wire.body)
            assert status in {200, 404}
            assert status == 404 or len(body) > 500
    assert standing(other) == before
    assert other.alerts().keys() == one.alerts().keys()

    for method in ("GET", "PUT", "HEAD", "DELETE", "OPTIONS"):
        assert knock(other, path, b"", method=method)[0] == 404
    for wrong in ("/", path[:-1], path + "/", path + "?", path.upper(), "/../" + path, "//"):
        assert knock(other, wrong, wires[0].body) == (404, b""), wrong
    assert knock(other, path, bytes(MAX_WIRE))[0] == 413
    assert standing(other) == before

    fresh = one.publish("Afterwards: left without paying.")
    eventually(lambda: other.show(fresh))
    other.stop()
    assert "Traceback" not in other.said()
    assert " error" not in other.said().lower()


def test_slow_endless_and_broken_requests_do_not_keep_others_out(make: Make) -> None:
    one, other = make("Riverside"), make("Harbour")
    one.start()
    other.start()
    befriend(one, other)
    trust_each_other(one, other)
    assert other.port is not None
    settings = (other.home / "settings.toml").read_text()
    path = "/" + settings.split('secret_path = "')[1].split('"')[0]
    post = f"POST {path} HTTP/1.1\r\nHost: x\r\n"
    lines: list[socket.socket] = []
    try:
        for number in range(60):
            line = socket.create_connection(("127.0.0.1", other.port), timeout=5)
            if number % 3 == 0:  # a body that never ends
                head = post + "Content-Length: 5000\r\n\r\nab"
            elif number % 3 == 1:  # chunks, and not of this world
                head = post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"
            else:
                head = ""
            line.sendall(head.encode() or os.urandom(300))
            lines.append(line)
        alert = one.publish("Story: left without paying.")
        eventually(lambda: other.show(alert), within=3)
        eventually(lambda: one.coverage(alert) == {alert: "confirmed"})
        endless = socket.create_connection(("127.0.0.1", other.port), timeout=5)
        lines.append(endless)
        endless.sendall(f"{post}Transfer-Encoding: chunked\r\n\r\n".encode())
        said = b""
        try:
            for _ in range(200):  # ten times what an envelope may hold
                endless.sendall(b"4000\r\n" + bytes(0x4000) + b"\r\n")
            said = endless.recv(200)
        except OSError:
            pass
        assert said == b"" or b" 413 " in said
    finally:
        for line in lines:
            line.close()
    assert other.run("status")["ready"] is True
    other.stop()
    assert "Traceback" not in other.said()
    assert "127.0.0.1" not in other.said()
