"""Other organisations: how each stands, its code to compare, and what may be done about it.

An organisation is named in an address by its id, which is public. Every step that changes what
goes out says first what it brings.
"""

from typing import Any

from aiohttp import web

from federation.peers import PeerState
from node.commands.peering import WrongCode, find_peer
from node.errors import BadField, BadRequest, NotFound
from node.store.quarantine import since_of
from node.web.confirming import Question, ask_first
from node.web.page import Page
from node.web.vocabulary_words import CODE_WORDS, N_, word
from protocol.ids import text_id

STEPS = {
    "pause": (
        N_("Pause them"),
        N_("Nothing new goes either way. Corrections and withdrawals still do."),
        N_("You can take it up again at any time."),
    ),
    "resume": (
        N_("Take it up again"),
        N_("What the rules allow goes to them again, also what they missed meanwhile."),
        N_("Do it only once you know that it is really they."),
    ),
    "block": (
        N_("Block them"),
        N_("Their alerts are refused and hidden here. Ours are called back from them."),
        N_("An honest node deletes what is called back. What people have read stays read."),
    ),
    "remove": (
        N_("Remove them"),
        N_("Our alerts are called back from them, and theirs are deleted here."),
        N_("This cannot be undone: to meet again takes a new invite and the codes."),
    ),
}
FROM = {
    "pause": frozenset({"trusted"}),
    "resume": frozenset({"paused", "blocked"}),
    "block": frozenset({"unverified", "trusted", "paused"}),
    "remove": frozenset({"invited", "unverified", "trusted", "paused", "blocked"}),
}
"""The states from which each step can be taken."""

MODES = {
    "members": N_("Our members see what they send, also what waits now."),
    "review": N_("A person here passes each alert first. Until then members see none of it."),
    "ignore": N_("Our members do not see alerts of these kinds. Staff still find them."),
}


async def everyone(page: Page) -> list[dict[str, Any]]:
    """Every organisation that is not gone, with codes, last contact and what it has not confirmed.

    Those that need somebody stand first.
    """
    listed = (await page.call("peer_list"))["peers"]
    more = {each["id"]: each for each in (await page.call("status"))["peers"]}
    both = [{**each, **more[each["id"]]} for each in listed if each["id"] in more]
    return sorted(both, key=lambda each: (not each["overdue"], each["name"].casefold()))


async def show(page: Page) -> web.Response:
    """All organisations, and our invites."""
    braked = (await page.call("peer_brake_list"))["braked"]
    invites = (await page.call("peer_list"))["invites"]
    return page.show("house_peers.html", peers=await everyone(page), invites=invites, braked=braked)


async def one(page: Page) -> web.Response:
    """One organisation."""
    return await show_one(page)


async def show_one(
    page: Page, wrong: str = "", typed: str = "", status: int = 200, **more: Any
) -> web.Response:
    """The page of one organisation, with what went wrong on it. NotFound."""
    found = next((each for each in await everyone(page) if each["id"] == page.path["id"]), None)
    if found is None:
        raise NotFound(page.tr("There is no such organisation here."))
    peer = await find_peer(page.node, found["id"])
    mode = await page.call("peer_mode", peer=found["id"])
    card = peer.docs.card
    return page.show(
        "house_peer.html", status=status, peer=found, wrong=wrong, typed=typed, mode=mode,
        steps=[(act, page.tr(STEPS[act][0])) for act in STEPS if found["state"] in FROM[act]],
        codes=CODE_WORDS, modes=tuple(MODES), quarantined=since_of(page.node.context, peer.org),
        asks=card is not None and "introduce" in card.features,
        **({"compared": None} | more),
    )  # fmt: skip


async def verify(page: Page) -> web.Response:
    """Trust an organisation whose people have read us their code."""
    typed = page.form.line("code")
    peer = await find_peer(page.node, page.path["id"])
    try:
        await page.call("peer_verify", peer=text_id(peer.org), code=typed)
    except WrongCode:
        return await show_one(page, "code", typed, 400)
    return page.go(_address(page), done="verified")


async def move(page: Page) -> web.Response:
    """Pause, take up again, block or remove, after asking."""
    act = page.form.line("act")
    peer = await find_peer(page.node, page.path["id"])
    if act not in STEPS or peer.state.value not in FROM[act]:
        raise BadRequest(page.tr("That step is not possible now."))
    title, first, second = STEPS[act]
    question = Question(
        page.tr(title), [f"{peer.name}: {page.tr(first)}", page.tr(second)], page.tr(title),
        _address(page), typed=peer.name if act in {"block", "remove"} else "",
    )  # fmt: skip
    asked = ask_first(page, question)
    if asked is not None:
        return asked
    await page.call(f"peer_{act}", peer=text_id(peer.org))
    gone = act == "remove" and peer.state in {PeerState.INVITED, PeerState.UNVERIFIED}
    return page.go("/house/peers" if gone else _address(page), done="moved")


async def change_mode(page: Page) -> web.Response:
    """Decide what becomes of their alerts here."""
    mode, codes = page.form.line("mode"), page.form.every("code")
    if mode not in MODES:
        raise BadField(page.tr("Choose what becomes of their alerts."))
    if mode == "ignore" and not codes:
        return await show_one(page, "codes", status=400)
    wanted = f"ignore:{','.join(codes)}" if mode == "ignore" else mode
    peer = await find_peer(page.node, page.path["id"])
    says = [f"{peer.name}: {page.tr(MODES[mode])}"]
    if mode == "ignore":
        says.append(", ".join(word(code, page.tr) for code in codes))
    title = page.tr("What becomes of their alerts here")
    asked = ask_first(page, Question(title, says, page.tr("Decide"), _address(page)))
    if asked is not None:
        return asked
    await page.call("peer_mode", peer=text_id(peer.org), mode=wanted)
    return page.go(_address(page), done="mode")


async def compare(page: Page) -> web.Response:
    """Ask them where they stand, and show what is equal on both sides."""
    found = await page.call("peer_compare", peer=await _id(page))
    sides = [_side(found["ours"]), _side(found["theirs"])]
    return await show_one(page, compared={"found": found, "sides": sides})


def _side(side: dict[str, Any]) -> dict[str, Any]:
    reasons: dict[str, int] = {}
    for each in side["differing"]:
        reasons[each["reason"]] = reasons.get(each["reason"], 0) + 1
    return {**side, "reasons": reasons, "differing": side["differing"][:20]}


async def introduce(page: Page) -> web.Response:
    """Let this organisation be introduced to others, or no longer."""
    stop = page.form.line("introduce") == "no"
    peer = await find_peer(page.node, page.path["id"])
    title = page.tr("Introduce them no longer") if stop else page.tr("Introduce them")
    says = [
        page.tr("%(name)s: nobody new learns of them by us. Who knows them already does.",
                name=peer.name)
        if stop
        else page.tr("%(name)s: others whom we introduce learn their name, address and code.",
                     name=peer.name)
    ]  # fmt: skip
    asked = ask_first(page, Question(title, says, title, _address(page)))
    if asked is not None:
        return asked
    await page.call("peer_introduce", peer=text_id(peer.org), stop=stop)
    return page.go(_address(page), done="introduce")


async def distrust(page: Page) -> web.Response:
    """Believe nothing of them since a moment; or pause them too, because they say so themselves."""
    since, pause = page.form.line("since"), page.form.has("pause")
    peer = await find_peer(page.node, page.path["id"])
    if not since:
        return await show_one(page, "since", status=400)
    says = [
        page.tr("%(name)s: nothing that came since %(since)s is believed.",
                name=peer.name, since=since),
        page.tr("What came since then is hidden, what they took away since then is shown again."),
    ]  # fmt: skip
    if pause:
        says.append(page.tr("They are paused too: nothing new goes to them."))
    title = page.tr("Do not believe them")
    asked = ask_first(page, Question(title, says, title, _address(page)))
    if asked is not None:
        return asked
    try:
        await page.call(
            "peer_freeze" if pause else "peer_quarantine", peer=text_id(peer.org), since=since
        )
    except BadRequest:
        return await show_one(page, "since", since, 400)
    return page.go(_address(page), done="put_back")


async def believe(page: Page) -> web.Response:
    """Believe them again, after asking."""
    peer = await find_peer(page.node, page.path["id"])
    title = page.tr("Believe them again")
    says = [
        page.tr("%(name)s: what waits counts again, and they are asked for everything anew.",
                name=peer.name),
        page.tr("Do it only once their stolen key is revoked, or nothing was stolen."),
    ]  # fmt: skip
    asked = ask_first(page, Question(title, says, title, _address(page)))
    if asked is not None:
        return asked
    await page.call("peer_quarantine", peer=text_id(peer.org), lifted=True)
    return page.go(_address(page), done="lifted")


async def brake(page: Page) -> web.Response:
    """What organisations took away at a stroke, and what may be done."""
    return page.show("house_brake.html", **await page.call("peer_brake_list"))


async def settle_brake(page: Page) -> web.Response:
    """They meant it, or they did not."""
    meant, until = page.form.line("meant") == "yes", page.form.line("until")
    peer = await find_peer(page.node, page.form.line("peer"))
    if meant:
        says = [
            page.tr("%(name)s: what they took away is deleted here. It cannot be undone.",
                    name=peer.name),
            page.tr("Their own people said by telephone that they meant it."),
        ]  # fmt: skip
        question = Question(
            page.tr("They meant it"), says, page.tr("Delete it"), "/house/brake", typed=peer.name
        )
    else:
        says = [
            page.tr("%(name)s: it is shown again, and nothing of theirs since the first of it is"
                    " believed.", name=peer.name)
        ]  # fmt: skip
        title = page.tr("They did not mean it")
        question = Question(title, says, title, "/house/brake")
    asked = ask_first(page, question)
    if asked is not None:
        return asked
    if meant:
        await page.call("peer_brake_confirm", peer=text_id(peer.org), until=until)
    else:
        await page.call("peer_brake_reject", peer=text_id(peer.org))
    return page.go("/house/brake", done="purged" if meant else "put_back")


async def _id(page: Page) -> str:
    return text_id((await find_peer(page.node, page.path["id"])).org)


def _address(page: Page) -> str:
    """The page of the organisation that the form was about; its id was found by then."""
    letters = "".join(each for each in page.path["id"] if each.isascii() and each.isalnum())
    return f"/house/peers/{letters}"
