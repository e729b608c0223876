"""How a receipt code is made and how one is tried: by one slow hash, off the event loop.

A wrong code costs what a right one costs, is counted before it is tried, and is told the same
whatever it was: that a report exists, existed, or never did cannot be learnt here. One hash is
computed at a time, in a thread of its own: each takes 19 MiB, and those who wait must not keep the
threads that open envelopes. No code stands in any result but that which gives it out, nor in an
error.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Connection

from keys.receipt import hash_code, new_code
from node.errors import NotFound
from node.runtime import Node
from node.store.receipt_attempts import Door, begin_attempt, end_attempt, refuse_if_spent
from node.store.receipts import Opens, opened_by, salt

_HASHING = ThreadPoolExecutor(max_workers=1, thread_name_prefix="receipt")


async def new_receipt(node: Node) -> tuple[str, bytes]:
    """A new code and the hash that is kept of it; nothing is stored yet but the node's salt."""
    code = new_code(node.context.random)
    node_salt = await node.change(salt, node.context.random)
    return code, await _hash(code, node_salt)


async def open_code(node: Node, code: str, door: Door = Door.DESK) -> Opens:
    """What a code opens. NotFound, told alike whatever was typed; TooMany where tries are spent."""
    context = node.context
    await node.read(refuse_if_spent, door, context.now_us)

    def begin(connection: Connection) -> bytes:
        begin_attempt(connection, door, context.now_us)
        return salt(connection, context.random)

    hashed = await _hash(code, await node.change(begin))
    opens = await node.read(opened_by, hashed)
    if opens is None:
        raise NotFound("no report opens with these words; compare them with what was written down")
    await node.change(end_attempt, door, context.now_us())
    return opens


async def _hash(code: str, node_salt: bytes) -> bytes:
    running = asyncio.get_running_loop()
    return await running.run_in_executor(_HASHING, hash_code, code, node_salt)
