"""What a peer does with our document that revokes the key of the card it holds."""

from keys.documents import Documents
from node.commands.peering import peer_update
from node.rootdocs import chain_with, read_words, render_document, revoked, root_of
from node.store.peers import all_peers
from tests.unit.node_keeping.kept import Kept, befriend, documents_of


async def test_a_document_that_revokes_a_peer_s_only_key_is_taken_and_its_card_dropped(
    riverside: Kept, harbour: Kept
) -> None:
    docs = await documents_of(harbour)
    today = docs.current.iat
    key = docs.current.keys[0][0]
    new = revoked(docs, root_of(docs, read_words(harbour.root)), key, today, today)
    async with riverside.opened() as node:
        await befriend(node, docs, "Harbour")
        text = render_document(chain_with(Documents(docs.orgdocs, None), new))
        assert (await peer_update(node, text))["updated"] is True
        (peer,) = await node.read(all_peers)
        assert peer.docs.current.key_state(key, today) == "revoked"
        assert peer.docs.card is None


async def test_the_register_of_a_restored_node_is_for_its_owner_only(riverside: Kept) -> None:
    (riverside.home / "register.db").unlink()
    async with riverside.opened():
        modes = {path.stat().st_mode & 0o077 for path in riverside.home.glob("register.db*")}
    assert modes == {0}
