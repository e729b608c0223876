"""The control socket: one writer, the same command with a serve and without one."""

import asyncio
import json
import os
import socket
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from node.control import (
    GREETING,
    AnsweredError,
    ControlServer,
    Lock,
    call,
)
from node.errors import BadField, NodeBusy, NodeStopped, NoNodeHere
from tests.support.control_node import played_node


def no_passphrase() -> bytes:
    raise AssertionError("asked for a passphrase although a serve is running")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "node"
    home.mkdir(mode=0o700)
    (home / "settings.toml").touch()
    return home


def test_a_command_is_answered_by_the_running_node_without_a_passphrase(home: Path) -> None:
    with played_node(home, {"status": {"ready": True}}) as node:
        assert call(home, no_passphrase, "status", {"a": 1}) == {"ready": True}
        assert node.asked == [("status", {"a": 1})]


def test_an_error_of_the_running_node_keeps_its_code_and_sentence(home: Path) -> None:
    answers = {"draft_new": BadField("codes: one of …")}
    with played_node(home, answers), pytest.raises(AnsweredError) as caught:
        call(home, no_passphrase, "draft_new", {})
    assert caught.value.code == "bad_field"
    assert str(caught.value) == "codes: one of …"


def test_an_unforeseen_error_tells_its_kind_and_place_and_not_its_message(home: Path) -> None:
    with played_node(home, {}), pytest.raises(AnsweredError) as caught:
        call(home, no_passphrase, "+14155550142", {})
    assert caught.value.code == "internal"
    assert "KeyError at control_node.py" in str(caught.value)
    assert "4155550142" not in str(caught.value)


def test_the_socket_is_for_its_owner_only(home: Path) -> None:
    with played_node(home, {}):
        assert stat.S_IMODE((home / "control.sock").stat().st_mode) == 0o600
    assert not (home / "control.sock").exists()


def test_a_folder_with_a_long_name_has_a_socket_too(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 40)
    with played_node(home, {"status": {"ready": True}}):
        assert call(home, no_passphrase, "status", {}) == {"ready": True}


def test_a_socket_left_by_a_killed_node_is_replaced(home: Path) -> None:
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(home / "control.sock"))
    stale.close()
    with played_node(home, {"status": {}}):
        assert call(home, no_passphrase, "status", {}) == {}


def test_an_import_of_many_megabytes_passes_the_socket(home: Path) -> None:
    content = "A" * 20_000_000
    with played_node(home, {"import_list": {"rows": 1}}) as node:
        assert call(home, no_passphrase, "import_list", {"content": content}) == {"rows": 1}
    assert len(node.asked[0][1]["content"]) == len(content)


def test_a_call_that_is_too_large_is_refused_before_it_is_sent(home: Path) -> None:
    with played_node(home, {"import_list": {}}) as node, pytest.raises(AnsweredError) as caught:
        call(home, no_passphrase, "import_list", {"content": "A" * (64 << 20)})
    assert caught.value.code == "too_big"
    assert node.asked == []


def test_without_a_node_the_error_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NoNodeHere, match="parasol init"):
        call(tmp_path, no_passphrase, "status", {})


def test_the_lock_is_held_by_one_at_a_time(home: Path) -> None:
    first, second = Lock(home), Lock(home, wait=0.1)
    assert first.acquire()
    assert not second.acquire()
    with pytest.raises(NodeBusy, match=f"process {os.getpid()}"), second:
        pass
    first.release()
    assert second.acquire()
    second.release()


def test_a_command_waits_for_a_node_that_is_just_starting(home: Path) -> None:
    found: list[Any] = []
    waiting = threading.Thread(target=lambda: found.append(call(home, no_passphrase, "status", {})))
    with Lock(home) as lock:  # a node has the lock a moment before it has its socket
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
        with played_node(home, {"status": {"ready": True}}, lock=lock):
            waiting.join(10)
    assert found == [{"ready": True}]


def test_a_node_waits_for_a_short_command_to_end(home: Path) -> None:
    short = Lock(home)
    assert short.acquire()
    threading.Timer(0.2, short.release).start()
    with Lock(home) as lock:
        assert lock.acquire()


def test_the_lock_is_free_while_a_passphrase_is_typed(home: Path) -> None:
    def typed() -> bytes:
        with Lock(home, wait=0):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call(home, typed, "status", {})


@pytest.mark.parametrize(
    "line",
    [b"\n", b"nothing\n", b"[]\n", b'{"call": 1, "args": {}}\n', b'{"call": "status"}\n'],
)
def test_a_malformed_call_is_answered_as_one(home: Path, line: bytes) -> None:
    with played_node(home, {"status": {}}) as node:
        answer = raw_exchange(home, line)
    assert answer["error"]["code"] == "malformed"
    assert node.asked == []


def test_a_node_that_stops_finishes_the_call_under_way(home: Path) -> None:
    async def story() -> dict[str, Any]:
        begun = asyncio.Event()

        async def dispatch(_name: str, _args: dict[str, Any]) -> dict[str, Any]:
            begun.set()
            await asyncio.sleep(0.1)
            return {"done": True}

        server = ControlServer(home, dispatch)
        await server.start()
        asked = asyncio.to_thread(call, home, no_passphrase, "status", {})
        waiting = asyncio.ensure_future(asked)
        await begun.wait()
        await server.stop()
        return await waiting

    assert asyncio.run(story()) == {"done": True}


def test_a_caller_that_did_not_ask_yet_is_told_that_the_node_stops(home: Path) -> None:
    async def story() -> bytes:
        async def dispatch(_name: str, _args: dict[str, Any]) -> dict[str, Any]:
            return {}

        server = ControlServer(home, dispatch)
        await server.start()
        reader, writer = await asyncio.open_unix_connection(home / "control.sock")
        assert json.loads(await reader.readline()) == GREETING
        await server.stop()
        line = await reader.readline()
        writer.close()
        await writer.wait_closed()
        return line

    assert json.loads(asyncio.run(story())) == {"stopping": True}


def test_a_node_killed_in_the_middle_of_a_call_is_reported_and_not_asked_twice(home: Path) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(home / "control.sock"))
    listener.listen()
    calls = []

    def killed() -> None:
        connection, _ = listener.accept()
        connection.sendall(json.dumps(GREETING).encode() + b"\n")
        calls.append(connection.recv(65536))
        connection.close()

    thread = threading.Thread(target=killed)
    thread.start()
    with pytest.raises(NodeStopped, match="status"):
        call(home, no_passphrase, "draft_new", {})
    thread.join()
    listener.close()
    assert len(calls) == 1


def raw_exchange(home: Path, line: bytes) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(home / "control.sock"))
        with connection.makefile("rb") as lines:
            assert json.loads(lines.readline()) == GREETING
            connection.sendall(line)
            found: dict[str, Any] = json.loads(lines.readline())
            return found
