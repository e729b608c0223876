"""What two sides agree on, and each side's reasons for the rest."""

from node.commands.comparing import peer_compare
from protocol.ids import text_id
from tests.unit.node_keeping.kept import Kept, befriend, confirm, documents_of, say


async def test_equal_is_only_what_a_digest_has_proved_and_the_rest_has_a_reason(
    riverside: Kept, harbour: Kept
) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        _, bad, _ = await say(node, 3)
        before = await peer_compare(node, "Harbour")
        assert (before["asked"], before["trouble"]) == (False, "no_endpoint")
        assert [row["reason"] for row in before["ours"]["differing"]] == ["not_confirmed"] * 3
        await confirm(node, peer, [(bad, "key")])
        after = await peer_compare(node, "Harbour")
        assert after["ours"]["equal"] == 2
        (row,) = after["ours"]["differing"]
        assert (row["alert"], row["reason"]) == (text_id(bad), "key")
        assert after["summary"] == [
            "ours at Harbour: 2 equal, 1 differs: key",
            "theirs here: 0 equal, none differs",
        ]
