"""How a receipt code is made and how one is tried: by one slow hash, off the event loop.

A wrong code costs what a right one costs, is counted before it is tried, and is told the same
whatever it was: that a report exists, existed, or never did cannot be learnt here. One hash is
computed at a time, since each takes 19 MiB. No code stands in any result but that which gives it
out, nor in an error.
"""

import asyncio
import threading

from keys.receipt import hash_code, new_code
from node.errors import NotFound
from node.runtime import Node
from node.store.receipts import Opens, begin_attempt, end_attempt, opened_by, salt

_ONE_AT_A_TIME = threading.Lock()


async def new_receipt(node: Node) -> tuple[str, bytes]:
    """A new code and the hash that is kept of it; nothing is stored yet but the node's salt."""
    code = new_code(node.context.random)
    node_salt = await node.change(salt, node.context.random)
    return code, await asyncio.to_thread(_hash, code, node_salt)


async def open_code(node: Node, code: str) -> Opens:
    """What a code opens. NotFound, told alike whatever was typed; TooMany after ten wrong ones."""
    context = node.context
    node_salt = await node.change(
        lambda connection: begin_attempt(connection, context.now_us(), context.random)
    )
    hashed = await asyncio.to_thread(_hash, code, node_salt)
    opens = await node.read(opened_by, hashed)
    if opens is None:
        raise NotFound("no report opens with these words; compare them with what was written down")
    await node.change(end_attempt)
    return opens


def _hash(code: str, node_salt: bytes) -> bytes:
    with _ONE_AT_A_TIME:
        return hash_code(code, node_salt)
