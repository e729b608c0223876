"""Who may write to a node's folder, and how a short command reaches the one that does.

A node has one writer: whoever holds the lock on `HOME/lock`. `parasol serve` holds it for as long
as it runs and answers commands on `HOME/control.sock`; without a serve, a command takes the lock
itself and runs the very same dispatch in its own process. `call` is the command line's only door,
so a command behaves alike in both cases.

The socket speaks one JSON object a line. The server greets first, so that a caller can tell a node
that stopped *before* it took the call (safe to try again) from one that stopped in the middle:
    server: {"parasol": 1}
    caller: {"call": "alert_show", "args": {"alert": "…"}}
    server: {"ok": {…}}  or  {"error": {"code": "…", "message": "…"}}  or  {"stopping": true}

Place on the spine: before it. Nothing here knows what a command does.
"""

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import socket
import stat
import struct
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Self

from node.errors import NodeBusy, NodeError, NodeStopped, NoNodeHere
from protocol.errors import ParasolError

LOCK_FILE = "lock"
SOCKET_FILE = "control.sock"
SETTINGS_FILE = "settings.toml"
REQUEST_BYTES = 64 * 1024 * 1024
WAIT_SECONDS = 20.0
LOCK_SECONDS = 5.0
STOP_SECONDS = 10.0
GREETING = {"parasol": 1}
STOPPING = {"stopping": True}  # the call was not taken
_ROOT = Path(__file__).parents[1]
_ADDRESS_BYTES = 100  # AF_UNIX holds 108 bytes on Linux and 104 elsewhere, with the final NUL

Dispatch = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
_log = logging.getLogger("parasol.control")


class AnsweredError(NodeError):
    """What the running node answered instead of a result: its code and sentence, unchanged."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Lock:
    """The right to write to a node's folder, from `acquire` to `release` or the process's end.

    An `flock`, so a killed process leaves nothing behind that would have to be cleaned up.
    """

    def __init__(self, home: Path, wait: float = LOCK_SECONDS) -> None:
        self._path = home / LOCK_FILE
        self._wait = wait
        self._fd: int | None = None

    def acquire(self) -> bool:
        """Take the lock if it is free. Returns whether this object holds it now."""
        if self._fd is not None:
            return True
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(self._path, flags, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        os.ftruncate(fd, 0)
        os.write(fd, f"{os.getpid()}\n".encode())
        self._fd = fd
        return True

    def release(self) -> None:
        """Give the lock back; a lock that is not held is left alone."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def holder(self) -> str:
        """Name the process that holds the lock, as far as it said so itself."""
        with contextlib.suppress(OSError):
            pid = self._path.read_text("ascii", errors="replace").strip()
            if pid.isdigit():
                return f"process {pid}"
        return "another process"

    def __enter__(self) -> Self:
        """Wait a few seconds for a short command to end, then raise NodeBusy."""
        deadline = time.monotonic() + self._wait
        while not self.acquire() and time.monotonic() < deadline:
            time.sleep(0.05)
        if self._fd is None:
            raise NodeBusy(
                f"{self.holder()} is writing to this node; stop it, or wait for it to end"
            )
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


@contextlib.contextmanager
def _address(home: Path) -> Iterator[str]:
    """Give a socket address short enough for the kernel, however long the folder's name is."""
    path = str(home / SOCKET_FILE)
    if len(os.fsencode(path)) <= _ADDRESS_BYTES:
        yield path
        return
    # /dev/fd is a link to /proc/self/fd on Linux, where a directory behind it can be walked into.
    fd = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{fd}/{SOCKET_FILE}"
    finally:
        os.close(fd)


class ControlServer:
    """Answers commands on the node's socket while its owner holds the lock.

    `dispatch` is called once per request and may run for several at a time. Only the user who runs
    the node (or root) is answered.
    """

    def __init__(self, home: Path, dispatch: Dispatch) -> None:
        self._home = home
        self._dispatch = dispatch
        self._server: asyncio.Server | None = None
        self._stopping = asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen. The caller holds the lock, so a socket that is still there is nobody's."""
        path = self._home / SOCKET_FILE
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)  # there must be no moment in which others could connect
        try:
            with _address(self._home) as address:
                listener.bind(address)
        except BaseException:
            listener.close()
            raise
        finally:
            os.umask(before)
        self._server = await asyncio.start_unix_server(
            self._serve, sock=listener, limit=REQUEST_BYTES
        )

    async def stop(self, grace: float = STOP_SECONDS) -> None:
        """Take no more calls; let those under way finish within `grace` seconds, or cancel them."""
        self._stopping.set()
        if self._server is not None:
            self._server.close()
            (self._home / SOCKET_FILE).unlink(missing_ok=True)
        if self._open:
            _, late = await asyncio.wait(self._open, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio runs this callback as a task
        self._open.add(task)
        try:
            if _same_user(writer):
                _write(writer, GREETING)
                await writer.drain()
                await self._answer(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass  # the caller left, or the node stops: either way nobody reads an answer
        finally:
            self._open.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await self._read_line(reader)
        answer = STOPPING if line is None else await self._run(line)
        _write(writer, answer)
        await writer.drain()

    async def _read_line(self, reader: asyncio.StreamReader) -> bytes | None:
        reading = asyncio.ensure_future(reader.readline())
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                return None
            line = reading.result()
            return line if line.endswith(b"\n") else None
        except ValueError:
            return b"\n"  # longer than the limit: answered as a malformed call
        finally:
            for waiting in (reading, stopping):
                waiting.cancel()
            await asyncio.gather(reading, stopping, return_exceptions=True)

    async def _run(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            name, args = request["call"], request["args"]
            if not isinstance(name, str) or not isinstance(args, dict):
                raise TypeError
        except (ValueError, TypeError, KeyError, RecursionError):
            return _error("malformed", "the call is not a JSON object of at most 64 MiB")
        try:
            return {"ok": await self._dispatch(name, args)}
        except ParasolError as error:
            return _error(error.code, str(error))
        except Exception as error:  # noqa: BLE001 - the edge of a command: it must not end the node
            # The message may hold what a person typed; the type and the place do not.
            _log.error("%s failed: %s at %s", name, type(error).__name__, place(error))
            return _error(
                "internal", f"{type(error).__name__} at {place(error)}; please report this"
            )


def place(error: BaseException) -> str:
    """Say where in our code an error arose, as `file.py:line`, without its message."""
    found = "an unknown place"
    trace = error.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.is_relative_to(_ROOT) and ".venv" not in file.parts:
            found = f"{file.name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def _write(writer: asyncio.StreamWriter, answer: dict[str, Any]) -> None:
    writer.write(json.dumps(answer).encode() + b"\n")


def _same_user(writer: asyncio.StreamWriter) -> bool:
    peer = getattr(socket, "SO_PEERCRED", None)
    if peer is None:  # not Linux: the socket's and the folder's modes alone decide
        return True
    found = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, peer, 12)
    _, uid, _ = struct.unpack("3i", found)
    return uid in {os.getuid(), 0}


def call(
    home: Path, passphrase: Callable[[], bytes], name: str, args: dict[str, Any]
) -> dict[str, Any]:
    """Run one command on the node in `home`: in its running serve, or else in this process.

    `passphrase` is asked only when no serve is running. Raises NoNodeHere, NodeBusy, NodeStopped,
    or what the command itself raises; from a running serve, an AnsweredError of the same code.
    """
    need_node(home)
    deadline = time.monotonic() + WAIT_SECONDS
    lock = Lock(home)
    pause = 0.02
    secret: bytes | None = None
    while True:
        with contextlib.suppress(_NotServed):
            return _ask(home, name, args)
        if lock.acquire():
            try:
                if secret is not None:
                    return asyncio.run(_in_process(home, secret, name, args))
            finally:
                lock.release()
            secret = passphrase()  # without the lock: a person may take long to type it
            continue
        if time.monotonic() > deadline:
            raise NodeBusy(
                f"{lock.holder()} is writing to this node and does not answer; "
                "wait for it to end, or stop it"
            )
        time.sleep(pause)
        pause = min(pause * 2, 0.3)


def need_node(home: Path) -> None:
    """Raise NoNodeHere, with the cure, where the folder holds no node."""
    if not (home / SETTINGS_FILE).is_file():
        raise NoNodeHere(
            f"there is no node in {home}; make one with `parasol init`, or give --home"
        )


class _NotServed(Exception):
    """No running serve has taken the call."""


def _ask(home: Path, name: str, args: dict[str, Any]) -> dict[str, Any]:
    request = json.dumps({"call": name, "args": args}).encode() + b"\n"
    if len(request) > REQUEST_BYTES:
        raise AnsweredError("too_big", "what was given is larger than 48 MiB; split it")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            _check_owner(home / SOCKET_FILE)
            with _address(home) as address:
                connection.connect(address)
            with connection.makefile("rb") as lines:
                if not lines.readline(4096).endswith(b"\n"):
                    raise _NotServed
                return _exchange(connection, lines, request)
        except (FileNotFoundError, ConnectionError, BlockingIOError) as error:
            raise _NotServed from error


def _exchange(connection: socket.socket, lines: Any, request: bytes) -> dict[str, Any]:
    try:
        connection.sendall(request)
        line = lines.readline()
    except ConnectionError:
        line = b""
    if not line.endswith(b"\n"):
        raise NodeStopped(
            "the node stopped before it answered; look with `parasol status` whether the command "
            "took effect, then repeat it if not"
        )
    answer = json.loads(line)
    if answer == STOPPING:
        raise _NotServed
    if "error" in answer:
        raise AnsweredError(answer["error"]["code"], answer["error"]["message"])
    result: dict[str, Any] = answer["ok"]
    return result


def _check_owner(path: Path) -> None:
    found = path.stat(follow_symlinks=False)
    if not stat.S_ISSOCK(found.st_mode) or found.st_uid not in {os.getuid(), 0}:
        raise NodeError(f"{path} is not this node's socket; remove it")


async def _in_process(
    home: Path, passphrase: bytes, name: str, args: dict[str, Any]
) -> dict[str, Any]:
    from node.deriving import derive_due
    from node.runtime import open_node

    async with open_node(home, passphrase) as node:
        await derive_due(node)  # nobody else will
        return await node.dispatch(name, args)
