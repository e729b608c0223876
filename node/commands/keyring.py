"""Our organisation's keys: shown, rotated, revoked, and taken back with the next root.

The root's words come with the command and are gone with it: no root is ever kept on the node.
Every change makes the next version of the document, then signs with the key that now speaks.
"""

import asyncio
from collections.abc import Collection
from typing import Any

from keys.documents import Documents
from keys.orgdoc import MAX_KEYS, OrgDoc
from keys.safety import safety_code
from keys.signing import SigningKey, new_signing_key
from node.errors import BadRequest
from node.findings import WORDS_USED
from node.owndocs import adopt, apply_own_document, changing, keys_in_use
from node.rootdocs import (
    chain_with,
    find_key,
    parse_document,
    read_words,
    render_document,
    revoked,
    root_of,
    rotated,
)
from node.runtime import Node
from node.store import meta
from protocol.ids import NodeKey, iso_date, parse_iso_date, text_id


async def keys_show(node: Node) -> dict[str, Any]:
    """Show our organisation, its safety code, its node keys, and its document as text."""
    document = node.documents.current
    since = dict(document.revoked)
    rows = [
        {
            "key": text_id(key), "from": iso_date(first), "to": iso_date(last),
            "state": _state(node, document, key),
            **({"revoked_since": iso_date(since[key])} if key in since else {}),
        }
        for key, first, last in document.keys
    ]  # fmt: skip
    return {
        "org": text_id(document.org),
        "name": document.name,
        "safety_code": safety_code(document.org),
        "gen": document.gen,
        "ver": document.ver,
        "expires": iso_date(document.exp),
        "keys": rows,
        "document": render_document(node.documents.orgdocs),
    }


def _state(node: Node, document: OrgDoc, key: NodeKey) -> str:
    state = document.key_state(key, node.today)
    return "in use" if state == "valid" and key == node.key.public else state


async def keys_rotate(node: Node, phrase: str) -> dict[str, Any]:
    """Make a new node key, list it in a renewed document, and sign our alerts with it.

    BadPhrase where the words are not our root's. The old key stays listed, for the copies that
    peers hold until they have the new ones.
    """
    async with changing(node):
        documents, root = await _with_root(node, phrase)
        return await _rotate(node, documents, root)


async def keys_revoke(
    node: Node, phrase: str, since: str, key: str | None = None
) -> dict[str, Any]:
    """Revoke a node key: peers hide what they received under it from the day `since` on.

    Without `key` it is the only one. Where it is the key in use, a new one takes its place at once.
    """
    day = parse_iso_date(since)
    if day > node.today:
        raise BadRequest("since: a day that has begun; what came from then on is not believed")
    async with changing(node):
        documents, root = await _with_root(node, phrase)
        chosen = find_key(documents, key) if key else _only_key(documents)
        document = revoked(documents, root, chosen, day, node.today)
        chain = Documents(chain_with(documents, document), None)
        said = {"revoked": text_id(chosen), "since": iso_date(day)}
        if chosen == node.key.public:
            return {**said, **await _rotate(node, chain, root)}
        kept = tuple(each for each in node.keystore.node_keys if each.public != chosen)
        return {**said, **await _adopt(node, chain.orgdocs, kept)}


async def keys_recover(node: Node, document: str) -> dict[str, Any]:
    """Follow a document of ours that was signed elsewhere, such as by the next root."""
    return await apply_own_document(node, await asyncio.to_thread(parse_document, document))


async def _with_root(node: Node, phrase: str) -> tuple[Documents, SigningKey]:
    documents = node.documents
    root = await asyncio.to_thread(root_of, documents, read_words(phrase))
    await node.change(meta.put_int, WORDS_USED, node.context.now_us())
    return documents, root


async def _rotate(node: Node, documents: Documents, root: SigningKey) -> dict[str, Any]:
    new = new_signing_key(node.context.random)
    drop = _superfluous(documents, node.key.public, await node.read(keys_in_use))
    document = rotated(documents, root, new.public, node.today, drop=drop)
    chain = chain_with(documents, document)
    return await _adopt(node, chain, (new, *node.keystore.node_keys))


def _superfluous(
    documents: Documents, present: NodeKey, in_use: Collection[bytes]
) -> list[NodeKey]:
    """Which old keys give way to a new one in a full document: the oldest that nothing needs."""
    listed = [key for key, _, _ in documents.current.keys if key != present]
    excess = len(documents.current.keys) + 1 - MAX_KEYS
    ordered = sorted(listed, key=lambda key: key in in_use)
    return ordered[: max(excess, 0)]


async def _adopt(
    node: Node, chain: tuple[OrgDoc, ...], node_keys: tuple[SigningKey, ...]
) -> dict[str, Any]:
    signed = await adopt(node, chain, node_keys)
    current = node.documents.current
    return {
        "key": text_id(node.key.public), "gen": current.gen, "ver": current.ver,
        "expires": iso_date(current.exp), "signed": signed,
    }  # fmt: skip


def _only_key(documents: Documents) -> NodeKey:
    gone = {key for key, _ in documents.current.revoked}
    found = [key for key, _, _ in documents.current.keys if key not in gone]
    if len(found) != 1:
        names = ", ".join(text_id(key)[:12] for key in found) or "none"
        raise BadRequest(f"key: say which one, by the start of its name: {names}")
    return found[0]
