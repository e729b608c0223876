"""What a node shows of records that a hub passes on, and what it refuses to take from one."""

from pathlib import Path

from sqlalchemy import Connection, select

from federation.peers import PeerState
from keys.documents import Documents
from node.answering import take_delta
from node.opening import begin_recovery
from node.pipeline import Signed, sign_alert
from node.runtime import Node
from node.store.authors import learn
from node.store.intake import StoreIntake
from node.store.passed_on import show
from node.store.peers import peer_of, set_peer
from node.store.tables import authors, equivocations, forwarded, records
from protocol.codec import Value
from protocol.commitment import encode_disclosures
from protocol.entry import Status
from protocol.fields import expand
from protocol.ids import Day, OrgId, RecordId, text_id
from protocol.messages import Delta, Put, Stop
from tests.support.hostile import NUMBER, matches, take
from tests.support.key_material import MadeUp, made_up
from tests.support.one_node import befriend, one_node
from tests.support.store_scan import found_in

NAMES = ("codes", "phone", "phone.masked", "severity", "text", "reason")


def signed(
    author: MadeUp,
    node: Node,
    *,
    onward: bool = True,
    names: tuple[str, ...] = NAMES,
    rid: RecordId | None = None,
    rev: int = 1,
    status: Status = Status.LIVE,
    text: str = "He left without paying.",
) -> Signed:
    """A record of an author that hubs may pass on, or not."""
    listed: list[Value] = [*sorted(names)] if onward else []
    fields: dict[str, Value] = {
        "codes": ["non_payment"], "phone": [NUMBER], "text": ["en", text],
        "terms": ["members", False, False, False, onward, listed],
    }  # fmt: skip
    leaves = {} if status is Status.ERASED else expand(fields)
    if status is Status.WITHDRAWN:
        leaves = {"kind": "alert", "terms": fields["terms"], "reason": "a mistake"}
    return sign_alert(
        author.node_key, author.org, leaves, node.context.random,
        day=node.today, exp_day=Day(node.today + 90), rid=rid, rev=rev, status=status,
    )  # fmt: skip


def passed(record: Signed, pseq: int = 1, *, but: tuple[str, ...] = ()) -> Put:
    """A record as a hub passes it on, without some of its fields."""
    raw = encode_disclosures(each for each in record.disclosures if each.name not in but)
    return Put(pseq, record.entry.rk, record.entry.raw, record.sig, raw)


async def known(node: Node, hub: MadeUp, author: MadeUp) -> None:
    """Have the node learn an author's documents, as a hub would bring them."""

    def pin(connection: Connection) -> None:
        peer = peer_of(connection, hub.org)
        assert peer is not None
        learn(connection, node.context, peer, [Documents((author.doc(),), None)])

    await node.change(pin)


async def held(node: Node, hub: MadeUp) -> list[str]:
    """Why the node holds back what the hub sent."""

    def read(connection: Connection) -> list[str]:
        peer = peer_of(connection, hub.org)
        assert peer is not None
        return [why for _, why in StoreIntake(connection, node.context, peer, None).held()]

    return await node.read(read)


async def met(node: Node, hub: MadeUp, author: MadeUp, *items: Put | Stop) -> None:
    """Take items of an author that is not known yet, learn who it is, and take them again."""
    await take(node, hub, *items)
    await known(node, hub, author)
    again = [
        Put(100 + n, each.rk, each.entry, each.sig, each.disclosures)
        for n, each in enumerate(items)
        if isinstance(each, Put)
    ]
    await take(node, hub, *again)


async def test_a_record_that_a_hub_passes_on_is_found_once_its_author_is_known(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        hub, author = await befriend(node, "Hub"), made_up("Harbour")
        record = signed(author, node)
        await take(node, hub, passed(record))
        assert await held(node, hub) == ["author"]
        assert await matches(node) == []
        await known(node, hub, author)
        await take(node, hub, passed(record, 2))
        assert await held(node, hub) == []
        assert await matches(node) == [text_id(record.entry.rk)]
        shown = await node.dispatch("alert_show", {"alert": text_id(record.entry.rk)})
        assert shown["signature"] == "verified"
        assert shown["org"] == text_id(author.org)
        assert shown["via"] == ["Hub"]


async def test_what_its_author_does_not_let_a_hub_pass_on_is_refused_whole(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        hub, author = await befriend(node, "Hub"), made_up("Harbour")
        await met(node, hub, author, passed(signed(author, node)))
        for pseq, bad in enumerate(
            (
                passed(signed(author, node, onward=False), 201),
                passed(signed(author, node, names=("codes", "severity", "text")), 202),
                passed(signed(author, node), 203, but=("terms",)),
            )
        ):
            await take(node, hub, bad)
            assert await held(node, hub) == ["not_onward"] * (pseq + 1)
        assert len(await matches(node)) == 1

        def stored(connection: Connection) -> set[bytes]:
            query = select(forwarded.c.disclosures).where(forwarded.c.held == "not_onward")
            return {bytes(raw) for (raw,) in connection.execute(query)}

        assert await node.read(stored) == {b"\x90"}


async def test_a_hub_cannot_alter_what_it_passes_on(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        hub, author = await befriend(node, "Hub"), made_up("Harbour")
        record = signed(author, node)
        await met(node, hub, author, passed(record))
        other = signed(author, node, text="He paid.")
        forged = Put(300, other.entry.rk, other.entry.raw, record.sig, passed(other).disclosures)
        mixed = Put(301, other.entry.rk, other.entry.raw, other.sig, passed(record).disclosures)
        await take(node, hub, forged)
        assert await held(node, hub) == ["signature"]
        await take(node, hub, mixed)
        assert await held(node, hub) == ["malformed"]
        assert await matches(node) == [text_id(record.entry.rk)]


async def test_a_hub_s_stop_hides_and_an_author_s_erasure_ends_every_hub_s_copy(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        one, two = await befriend(node, "Hub"), await befriend(node, "Valley")
        author = made_up("Harbour")
        record = signed(author, node)
        await met(node, one, author, passed(record))
        await take(node, two, passed(record))
        await take(node, one, Stop(400, record.entry.rk, record.entry.exp_day))
        assert len(await matches(node)) == 1  # the other one still passes it on
        await take(node, two, Stop(400, record.entry.rk, record.entry.exp_day))
        assert await matches(node) == []
        await take(node, two, passed(record, 401))
        assert len(await matches(node)) == 1
        grave = signed(author, node, rid=record.entry.rid, rev=2, status=Status.ERASED)
        await take(node, one, passed(grave, 402))
        assert await matches(node) == []
        assert await held(node, one) == await held(node, two) == []

        def values(connection: Connection) -> set[bytes]:
            mine = [select(forwarded.c.disclosures), select(records.c.disclosures)]
            return {bytes(raw) for each in mine for (raw,) in connection.execute(each)}

        assert await node.read(values) == {b"\x90"}
        await take(node, two, passed(record, 403))
        assert await matches(node) == []


async def test_no_lower_revision_is_shown_after_a_higher_one(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        one, two = await befriend(node, "Hub"), await befriend(node, "Valley")
        author = made_up("Harbour")
        old = signed(author, node, text="The first text.")
        new = signed(author, node, rid=old.entry.rid, rev=2, text="The second text.")
        await met(node, one, author, passed(old))
        await take(node, two, passed(new))
        shown = await node.dispatch("alert_show", {"alert": text_id(old.entry.rk)})
        assert "The second text." in str(shown["fields"])
        await take(node, two, Stop(400, new.entry.rk, new.entry.exp_day))
        assert await matches(node) == []
        await node.dispatch("peer_remove", {"peer": "Valley"})
        assert await matches(node) == []


async def test_the_author_s_own_row_counts_and_its_stop_holds(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        hub, author = await befriend(node, "Hub"), await befriend(node, "Harbour")
        record = signed(author, node)
        rk = record.entry.rk
        await take(node, hub, passed(record))
        assert len(await matches(node)) == 1  # it came by the hub first
        await take(node, author, passed(record, but=("phone",)))
        shown = await node.dispatch("alert_show", {"alert": text_id(rk)})
        assert "phone" in shown["absent"]
        await take(node, hub, passed(record, 2))
        shown = await node.dispatch("alert_show", {"alert": text_id(rk)})
        assert "phone" in shown["absent"]
        await take(node, author, Stop(2, rk, record.entry.exp_day))
        await take(node, hub, passed(record, 3))
        assert await matches(node) == []
        await take(node, author, passed(record, 3))
        assert await matches(node) == [text_id(rk)]


async def test_what_goes_through_a_hub_is_purged_with_it_and_under_our_own_policy(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        hub, author = await befriend(node, "Hub"), made_up("Harbour")
        record = signed(author, node)
        await met(node, hub, author, passed(record))
        text = (tmp_path / "node" / "policy.toml").read_text()
        await node.dispatch(
            "policy_apply", {"text": text.replace('phone = "clear"', 'phone = "masked"')}
        )
        shown = await node.dispatch("alert_show", {"alert": text_id(record.entry.rk)})
        assert "phone" in shown["absent"]
        assert "phone.masked" not in shown["absent"]
        assert await held(node, hub) == ["not_accepted"]
        await node.dispatch("peer_block", {"peer": "Hub"})
        assert await matches(node) == []
        await node.dispatch("peer_remove", {"peer": "Hub"})

        def left(connection: Connection) -> int:
            return len(connection.execute(select(forwarded.c.id)).fetchall())

        assert await node.read(left) == 0


async def test_a_blocked_author_is_not_taken_from_a_hub_and_our_own_record_never(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        hub = await befriend(node, "Hub")
        author = await befriend(node, "Harbour", PeerState.BLOCKED)
        await take(node, hub, passed(signed(author, node)))
        assert await held(node, hub) == ["not_accepted"]
        assert await matches(node) == []
        fields: dict[str, Value] = {
            "codes": ["non_payment"], "phone": [NUMBER],
            "terms": ["members", False, False, False, True, [*NAMES]],
        }  # fmt: skip
        ours = sign_alert(
            node.key, node.context.org, expand(fields), node.context.random,
            day=node.today, exp_day=Day(node.today + 90),
        )  # fmt: skip
        await take(node, hub, passed(ours, 2))
        assert sorted(await held(node, hub)) == ["not_accepted", "not_onward"]
        assert await matches(node) == []


async def test_a_revoked_key_takes_back_what_hubs_brought_under_it(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        hub, author = await befriend(node, "Hub"), made_up("Harbour")
        record = signed(author, node)
        grave = signed(author, node, status=Status.ERASED)
        await met(node, hub, author, passed(record), passed(grave, 2))
        assert len(await matches(node)) == 1

        def revoke(connection: Connection) -> OrgId:
            peer = peer_of(connection, hub.org)
            assert peer is not None
            connection.execute(forwarded.update().values(held="key"))
            newer = author.doc(ver=2, revoked=((author.node_key, node.today - 1),))
            learn(connection, node.context, peer, [Documents((newer,), None)])
            found = connection.execute(select(authors.c.org)).scalar_one()
            return OrgId(bytes(found))

        assert await node.change(revoke) == author.org
        await node.change(lambda connection: _show_all(connection, node))
        assert await matches(node) == []
        assert node.context.register.get("erased", grave.entry.rk) is None


def _show_all(connection: Connection, node: Node) -> None:
    show(connection, node.context)


async def test_an_erasure_that_a_hub_brings_leaves_no_byte_in_any_file(tmp_path: Path) -> None:
    story = "A velvet umbrella stood in the corner."
    async with one_node(tmp_path / "node") as node:
        hub, author = await befriend(node, "Hub"), made_up("Harbour")
        record = signed(author, node, text=story)
        await met(node, hub, author, passed(record))
        secret = [each.salt for each in record.disclosures if each.name == "text"]
        grave = signed(author, node, rid=record.entry.rid, rev=2, status=Status.ERASED)
        await take(node, hub, passed(grave, 200))
        await node.store.checkpoint()
        wanted = [story.encode(), NUMBER.encode(), *secret]
        assert found_in(tmp_path / "node", node.keystore.store_key, wanted) == []


async def test_a_stop_by_another_before_it_comes_does_not_keep_a_record_from_being_shown(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        hub, hostile = await befriend(node, "Hub"), await befriend(node, "Hostile")
        author = made_up("Harbour")
        record = signed(author, node)
        await take(node, hostile, Stop(1, record.entry.rk, record.entry.exp_day))
        before = await node.change(lambda c: digest(c, node, hostile))
        await met(node, hub, author, passed(record))
        assert await matches(node) == [text_id(record.entry.rk)]
        node.context.digests.forget()
        assert await node.change(lambda c: digest(c, node, hostile)) == before
        await take(node, hostile, Stop(2, record.entry.rk, record.entry.exp_day))
        assert await matches(node) == [text_id(record.entry.rk)]


def digest(connection: Connection, node: Node, origin: MadeUp) -> bytes:
    """The digest of what a node mirrors of a peer."""
    peer = peer_of(connection, origin.org)
    assert peer is not None
    return StoreIntake(connection, node.context, peer, None).digest(node.today)


async def test_two_texts_of_one_revision_by_two_hubs_are_kept_as_proof(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        one, two = await befriend(node, "Hub"), await befriend(node, "Valley")
        author = made_up("Harbour")
        first = signed(author, node, text="One text.")
        second = signed(author, node, rid=first.entry.rid, text="Another text.")
        await met(node, one, author, passed(first))
        await take(node, two, passed(second))

        def proofs(connection: Connection) -> list[bytes]:
            return [bytes(eid) for (eid,) in connection.execute(select(equivocations.c.eid))]

        assert await node.read(proofs) == [min(first.entry.eid, second.entry.eid)]
        assert await matches(node) == [text_id(first.entry.rk)]


async def test_what_a_hub_passes_on_is_listed_by_its_author_and_compared_with_the_hub(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        hub, author = await befriend(node, "Hub"), made_up("Harbour")
        record = signed(author, node)
        await met(node, hub, author, passed(record))
        await take(node, hub, passed(signed(author, node, onward=False), 200))
        listed = await node.dispatch("alert_list", {"org": "Harbour"})
        assert [row["id"] for row in listed["alerts"]] == [text_id(record.entry.rk)]
        theirs = (await node.dispatch("peer_compare", {"peer": "Hub"}))["theirs"]
        assert (theirs["equal"], theirs["differ"]) == (1, 1)
        assert theirs["differing"][0]["reason"] == "not_onward"


async def test_a_restored_leaf_shows_nothing_that_a_hub_passed_on_before_it_was_in_step_again(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        hub, author = await befriend(node, "Hub"), made_up("Harbour")
        record = signed(author, node)
        await met(node, hub, author, passed(record))

        def restored(connection: Connection) -> None:
            begin_recovery(connection)
            show(connection, node.context)

        await node.change(restored)
        assert await matches(node) == []

        def answered(connection: Connection) -> None:
            peer = peer_of(connection, hub.org)
            assert peer is not None
            digest = StoreIntake(connection, node.context, peer, None).digest(node.today)
            at = peer.in_cursor
            same = Delta(at, at, more=False, asof=node.today, digest=digest, items=(), want=())
            set_peer(connection, peer.id, in_relist=0)
            take_delta(connection, node, peer.id, same, [], {}, is_answer=True)

        await node.change(answered)
        assert await matches(node) == [text_id(record.entry.rk)]
