"""A draft that an old backup brings back open becomes the alert that there is, never a second."""

from sqlalchemy import update

from node.commands.drafts import draft_list, draft_new, draft_publish
from node.runtime import Node
from node.store.records import own_records
from node.store.tables import drafts
from tests.unit.node_keeping.kept import Kept
from tests.unit.node_keeping.test_backup import restore, taken

FIELDS = {"codes": ["robbery"], "phone": ["+1 415 555 0142"]}


async def alerts_of(node: Node) -> list[int]:
    records = await node.read(own_records, node.keystore.org)
    return [record.entry.rev for record in records.values()]


async def test_a_draft_that_a_backup_brings_back_becomes_the_same_alert(riverside: Kept) -> None:
    async with riverside.opened() as node:
        draft = (await draft_new(node, FIELDS))["id"]
        await draft_new(node, FIELDS)
        data = await taken(node)
        published = (await draft_publish(node, [draft]))["published"]
    restore(riverside, data)
    async with riverside.opened() as node:
        assert draft in [each["id"] for each in (await draft_list(node))["drafts"]]
        assert (await draft_publish(node, [draft]))["published"] == published
        (other,) = (await draft_publish(node, all=True))["published"]
        assert other not in published


async def test_a_draft_whose_alert_peers_gave_back_is_published_already(riverside: Kept) -> None:
    async with riverside.opened() as node:
        draft = (await draft_new(node, FIELDS))["id"]
        await draft_publish(node, [draft])
        opened = update(drafts).where(drafts.c.id == draft).values(state="open", rk=None)
        await node.change(lambda connection: connection.execute(opened))
        told = await draft_publish(node, [draft])
        assert told == {"published": [], "refused": [{"id": draft, "reason": "already_published"}]}
        assert await alerts_of(node) == [1]
        assert not (await draft_list(node))["drafts"]
