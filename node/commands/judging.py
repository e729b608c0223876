"""What we make of others' alerts ourselves: verdicts, what a person passes, modes of peers, groups.

None of it travels. It stands beside the alerts and survives whatever their origin sends.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from federation.peers import PeerState
from federation.voices import VOICE
from node.clusters import Strength, contradicts, groups, pair_of
from node.commands.peering import find_peer
from node.errors import BadField, BadRequest, Refused
from node.runtime import Node
from node.said import alert_rows, in_review, why_together
from node.store.audit import Act, note
from node.store.clusters import all_links, all_marks, copies, links_around, mark
from node.store.context import Context
from node.store.lookup import find_alert, record_key, seen
from node.store.modes import Mode, PeerMode, all_modes, note_mode, pass_all, set_mode
from node.store.peers import all_peers
from node.store.reviews import KEEPER, name_of
from node.store.verdicts import AS_IT_SAYS, Verdict, note_hidden, set_verdict, verdicts_on
from node.typed import clean_text
from protocol.ids import Day, RecordKey, parse_record_key, text_id
from protocol.vocabulary import BY_LETTERS, CODES, SEVERITY_WORDS

TEXT_CHARACTERS = 500
WORST = 4
CATEGORIES: Mapping[str, frozenset[str]] = {
    word: frozenset(name for name, code in CODES.items() if code.severity == severity)
    for severity, word in enumerate(SEVERITY_WORDS)
}
"""The words for whole groups of codes: notice, nuisance, risky, dangerous, critical."""


async def verdict_set(
    node: Node,
    alert: str,
    hide: bool = False,
    note: str = "",
    severity: int | None = None,
    reason: str = "",
    by: str = KEEPER,
) -> dict[str, Any]:
    """Judge another organisation's alert for our own people; it replaces what was judged before.

    `hide` keeps it from members, `note` is shown with it, `severity` (0 to 4) stands in place of
    its own and needs a reason. BadField, BadRequest, NotFound, Refused.
    """
    words, why = clean_text(note), clean_text(reason)
    if not hide and not words and severity is None:
        raise BadRequest("what is the verdict? hide it, note something, or give a severity")
    if max(len(words), len(why)) > TEXT_CHARACTERS:
        raise BadField(f"note and reason: at most {TEXT_CHARACTERS} characters each")
    if severity is not None and not 0 <= severity <= WORST:
        raise BadField(f"severity: 0 to {WORST}")
    if severity is not None and not why:
        raise BadField("reason: say why it is graver or less grave; staff read it later")
    found = Verdict(
        hide, words, AS_IT_SAYS if severity is None else severity, why, node.context.now_us()
    )
    return await node.change(_judge, node.context, alert, found, name_of(by))


async def verdict_clear(node: Node, alert: str, by: str = KEEPER) -> dict[str, Any]:
    """Take a verdict back: the alert stands here as its origin says."""
    return await node.change(_judge, node.context, alert, Verdict(), name_of(by))


def _judge(
    connection: Connection, context: Context, alert: str, verdict: Verdict, by: str
) -> dict[str, Any]:
    row = _others(connection, context, alert)
    rk = record_key(row)
    set_verdict(connection, rk, verdict)
    note_hidden(context.register, rk, Day(row.exp_day), hide=verdict.hide)
    note(connection, context.now_us(), by, Act.JUDGED, rk)
    return {"alert": text_id(rk), "verdict": verdict.shown()}


async def verdict_list(node: Node) -> dict[str, Any]:
    """List our verdicts, with the alerts that they are about."""

    def read(connection: Connection) -> list[dict[str, Any]]:
        found = verdicts_on(connection)
        rows = alert_rows(connection, node.context, found.keys())
        return [{**row, **found[parse_record_key(str(row["alert"]))].shown()} for row in rows]

    return {"verdicts": await node.read(read)}


def _others(connection: Connection, context: Context, alert: str) -> Row[Any]:
    row = find_alert(connection, alert)
    if bytes(row.org) == context.org:
        raise Refused("this alert is our own: correct, narrow or withdraw it")
    if row.kind == VOICE:
        raise BadRequest("that is a voice, and no alert")
    return row


async def peer_mode(node: Node, peer: str, mode: str | None = None) -> dict[str, Any]:
    """Say what becomes of a peer's alerts here, or with `mode` decide it.

    review, members, or ignore:WORDS: codes, their letters, or notice, nuisance, risky, dangerous,
    critical. BadField, NotFound.
    """
    found = await find_peer(node, peer)
    if mode is not None:
        wanted = parse_mode(mode)
        now = node.context.now_us()

        def decide(connection: Connection) -> None:
            set_mode(connection, found.org, wanted, now)
            note_mode(node.context.register, found.org, wanted)

        await node.change(decide)
    stands = (await node.read(all_modes)).get(found.org, PeerMode())
    waiting = len((await review_list(node, text_id(found.org)))["waiting"])
    return {
        "peer": text_id(found.org),
        "name": found.name,
        "mode": stands.mode.value,
        "ignored": sorted(stands.ignored),
        "waiting": waiting,
    }


def parse_mode(text: str) -> PeerMode:
    """Read a mode as a person typed it. BadField."""
    word, colon, rest = text.strip().casefold().partition(":")
    if not colon and word in (Mode.REVIEW, Mode.MEMBERS):
        return PeerMode(Mode(word))
    if word != Mode.IGNORE or not colon:
        raise BadField("mode: review, members, or ignore: and what, as ignore:nuisance,uneasy")
    codes: set[str] = set()
    for each in filter(None, (part.strip() for part in rest.split(","))):
        if each in CATEGORIES:
            codes |= CATEGORIES[each]
        elif each in CODES:
            codes.add(each)
        elif each.upper() in BY_LETTERS:
            codes.add(BY_LETTERS[each.upper()].name)
        else:
            raise BadField("mode: ignore takes codes, their letters, or words for a severity")
    if not codes:
        raise BadField("mode: ignore what? as ignore:nuisance,uneasy")
    return PeerMode(Mode.IGNORE, frozenset(codes))


async def review_list(node: Node, peer: str | None = None) -> dict[str, Any]:
    """List the alerts of peers in review that no person has passed yet."""
    org = None if peer is None else (await find_peer(node, peer)).org

    def read(connection: Connection) -> list[dict[str, Any]]:
        return in_review(connection, node.context, org)

    return {"waiting": await node.read(read)}


async def review_pass(
    node: Node,
    alerts: list[str] | None = None,
    all: bool = False,  # noqa: A002 - the argument's name on the wire
    by: str = KEEPER,
) -> dict[str, Any]:
    """Let alerts of peers in review through to members, as they stand now."""
    if bool(alerts) == all:
        raise BadRequest("which alerts? name them, or pass all that wait")
    name = name_of(by)

    def effect(connection: Connection) -> list[str]:
        context = node.context
        waiting = {str(row["alert"]) for row in in_review(connection, context)}
        chosen = waiting if all else {_id(connection, each) for each in alerts or []}
        strange = chosen - waiting
        if strange:
            raise BadRequest(f"{min(strange)} does not wait for a review")
        now = context.now_us()
        pass_all(connection, [parse_record_key(each) for each in chosen], now)
        for each in sorted(chosen):
            note(connection, now, name, Act.PASSED, parse_record_key(each))
        return sorted(chosen)

    return {"passed": await node.change(effect)}


def _id(connection: Connection, alert: str) -> str:
    return text_id(record_key(find_alert(connection, alert)))


async def cluster_list(node: Node) -> dict[str, Any]:
    """List the groups of alerts that may be about one person each, and why; nothing is merged."""

    def read(connection: Connection) -> list[dict[str, Any]]:
        links = all_links(connection, node.context)
        found = groups(links, all_marks(connection).apart)
        return [_cluster(connection, node.context, group, links) for group in found]

    return {"clusters": await node.read(read)}


async def cluster_show(node: Node, alert: str) -> dict[str, Any]:
    """Show the group that an alert is in, and what it is kept apart from."""

    def read(connection: Connection) -> dict[str, Any]:
        rk = record_key(find_alert(connection, alert))
        links = links_around(connection, node.context, [rk])
        marks = all_marks(connection)
        found = groups(links, marks.apart)
        mine = next((group for group in found if rk in group), frozenset({rk}))
        apart = {each for pair in marks.apart if rk in pair for each in pair} - {rk}
        shown = _cluster(connection, node.context, mine, links)
        return {**shown, "kept_apart": sorted(text_id(each) for each in apart)}

    return await node.read(read)


def _cluster(
    connection: Connection, context: Context, group: frozenset[RecordKey], links: Sequence[Any]
) -> dict[str, Any]:
    rows = alert_rows(connection, context, group)
    copied = copies(connection, context)
    joined = groups([link for link in links if link.strength is Strength.JOINED], ())
    orgs = {row["org"] for row in rows if parse_record_key(str(row["alert"])) not in copied}
    inside = [link for link in links if group.issuperset(link.pair)]
    return {
        "state": "confirmed" if any(group <= each for each in joined) else "suggested",
        "organisations": len(orgs),
        "alerts": rows,
        "why": [
            {
                "alerts": sorted(text_id(rk) for rk in pair),
                "why": why_together(inside, pair[0], pair[1], group),
            }
            for pair in sorted({link.pair for link in inside})
        ],
    }


async def cluster_join(node: Node, alert: str, other: str, by: str = KEEPER) -> dict[str, Any]:
    """Remember that two alerts are about one person; they stay two alerts. BadRequest."""
    return await _mark(node, alert, other, by, together=True)


async def cluster_part(node: Node, alert: str, other: str, by: str = KEEPER) -> dict[str, Any]:
    """Remember that two alerts are about two persons: nothing puts them together again."""
    return await _mark(node, alert, other, by, together=False)


async def _mark(node: Node, alert: str, other: str, by: str, *, together: bool) -> dict[str, Any]:
    name = name_of(by)

    def effect(connection: Connection) -> dict[str, Any]:
        context = node.context
        keys = [_clustered(connection, context, each) for each in (alert, other)]
        if keys[0] == keys[1]:
            raise BadRequest("that is one alert, and not two")
        pair = pair_of(*keys)
        mark(connection, pair, context.now_us(), together=together)
        marks = all_marks(connection)
        if contradicts(marks.joined, marks.apart):
            raise BadRequest(
                "that contradicts what was said of other alerts of this group:"
                " see parasol cluster show, and change those first"
            )
        note(connection, context.now_us(), name, Act.GROUPED, pair[0])
        return {
            "alerts": sorted(text_id(rk) for rk in pair),
            "state": "together" if together else "apart",
        }

    return await node.change(effect)


def _clustered(connection: Connection, context: Context, alert: str) -> RecordKey:
    row = find_alert(connection, alert)
    status = seen(connection, context).status(row)
    if row.kind not in {"alert", "notice"} or status != "live":
        raise BadRequest(f"only alerts that people go by now are grouped: this is {status}")
    return record_key(row)


def modes_shown(connection: Connection) -> dict[str, str]:
    """The mode of each peer by its id, for lists of peers."""
    modes = all_modes(connection)
    heard = [peer for peer in all_peers(connection) if peer.state is not PeerState.GONE]
    return {text_id(peer.org): modes.get(bytes(peer.org), PeerMode()).mode.value for peer in heard}
