"""The policy for who fears its file: what is in force and why, and what a change would do.

Pages call it the rules. A new text is checked first; what it would call back is shown before it is
put in force, and a word is typed. Nothing that was typed is lost on the way.
"""

import hashlib
from typing import Any

from aiohttp import web

from node.browsing import Wanted, browse
from node.commands.peering import find_peer
from node.errors import BadRequest
from node.policy_blocks import blocks
from node.web.confirming import TYPED, Question, ask_first, same
from node.web.page import Page
from node.web.policy_words import Accepted, accepted, family_words, shown_meaning, shown_rule
from node.web.shown_fields import ShownField, label, shown_alert, shown_fields
from node.web.views.house_peers import everyone
from protocol.errors import ParasolError

TEXT_MOST = 60_000
RECENT = 20


async def show(page: Page) -> web.Response:
    """The rules in force, block by block, with the reason that the file gives for each."""
    found = await page.call("policy_show")
    lines = {line["switch"]: line for line in found["switches"]}
    shown: list[dict[str, Any]] = []
    for block in blocks(found["text"]):
        named = [name for name in block.switches if name in lines]
        if named:
            shown.append(_block(page, block.reason, [lines.pop(name) for name in named]))
    rest = [_block(page, "", [line]) for line in lines.values()]
    profile = (await page.call("policy_profile"))["profile"]
    if profile is not None:
        profile = {**profile, "narrowed": _changes(page, profile["narrowed"])}
    checked = await page.call("policy_check", text=found["text"])
    peers = [peer for peer in await everyone(page) if peer["state"] in {"trusted", "paused"}]
    return page.show(
        "house_rules.html", blocks=shown, rest=rest, edited=found["edited"], profile=profile,
        findings=checked["findings"], peers=peers,
    )  # fmt: skip


def _block(page: Page, reason: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "title": family_words(lines[0]["switch"], page.tr),
        "reason": reason,
        "lines": [{**line, "meaning": _meaning(page, line, line["value"])} for line in lines],
    }


def _meaning(page: Page, line: dict[str, Any], value: str) -> str:
    return shown_meaning(line["switch"], value, line["meaning"], page.tr)


def _changes(page: Page, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "meaning": _meaning(page, row, row["new"])} for row in rows]


async def change(page: Page) -> web.Response:
    """The text of the rules, to be changed."""
    found = await page.call("policy_show")
    return _edit(page, found["text"], "", found["edited"])


def _edit(page: Page, text: str, wrong: str, edited: bool, status: int = 200) -> web.Response:
    return page.show(
        "house_rules_change.html", status=status, text=text, wrong=wrong, edited=edited
    )


def _text(page: Page) -> str:
    """The text of the form as a file holds it: it ends with a line end, as editors write it."""
    return page.form.text("text", TEXT_MOST) + "\n"


async def edit_again(page: Page) -> web.Response:
    """The text of the form once more, to be changed further."""
    return _edit(page, _text(page), "", edited=False)


async def check(page: Page) -> web.Response:
    """Say what a changed text would do; nothing is in force by that."""
    return await _checked(page, _text(page))


async def _checked(page: Page, text: str, wrong: str = "", status: int = 200) -> web.Response:
    standing = await page.call("policy_show")
    try:
        found = await page.call("policy_check", text=text)
        effect = await page.call("policy_foresee", text=text)
    except ParasolError as error:
        return _edit(page, text, str(error), standing["edited"], 400)
    return page.show(
        "house_rules_check.html", status=status, text=text, wrong=wrong, effect=effect,
        changes=_changes(page, found["changes"]), findings=found["findings"],
        edited=standing["edited"], was=_mark(standing["text"]), word=page.tr("change"),
    )  # fmt: skip


def _mark(text: str) -> str:
    """What tells a text from another: somebody may change the rules while a form is open."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


async def apply(page: Page) -> web.Response:
    """Put the text in force, where the word was typed and nobody else was faster."""
    text = _text(page)
    if page.form.raw("was") != _mark((await page.call("policy_show"))["text"]):
        return await _checked(page, text, "was", 400)
    if not same(page.form.line(TYPED), page.tr("change")):
        return await _checked(page, text, "typed", 400)
    try:
        await page.call("policy_apply", text=text)
    except ParasolError as error:
        if error.code == "frozen":
            return await _checked(page, text, "frozen", 400)
        return _edit(page, text, str(error), edited=False, status=400)
    return page.go("/house/rules", done="rules")


async def preview(page: Page) -> web.Response:
    """What one organisation gets to see of one alert, with the rule behind each field it does not.

    `of` is the organisation, `alert` an alert of ours or a draft. Without an alert: how many.
    """
    peers = [peer for peer in await everyone(page) if peer["state"] not in {"invited", "leaving"}]
    of = next((peer for peer in peers if peer["id"] == page.query.get("of")), None)
    alert = page.query.get("alert", "").strip()[:80]
    wanted = Wanted(org=page.node.context.org)
    recent = await page.node.read(browse, page.node.context, wanted, page.viewer, 0, RECENT)
    ours = [shown_alert(row, page.tr, page.now_us) for row in recent["alerts"]]
    found, wrong = None, ""
    rules: dict[str, str] = {}
    fields: tuple[ShownField, ...] = ()
    takes: tuple[Accepted, ...] = ()
    if of is not None:
        accepts = (await find_peer(page.node, of["id"])).accepts
        takes = accepted(accepts, page.node.policy, page.tr) if accepts is not None else ()
        try:
            found = await page.call("policy_preview", peer=of["id"], id=alert or None)
        except ParasolError:
            wrong = "alert"
        else:
            rules = {rule: shown_rule(rule, page.tr) for rule in found["rules"]}
            fields = shown_fields(found.get("released", {}), page.tr)
    return page.show(
        "house_preview.html", status=400 if wrong else 200, peers=peers, of=of, alert=alert,
        ours=ours, found=found, rules=rules, wrong=wrong, fields=fields,
        takes=takes,
        labels=lambda name: label(name, page.tr),
    )  # fmt: skip


async def adopt(page: Page) -> web.Response:
    """Adopt a network's rules beside our own, after showing what they change."""
    text = page.form.text("text", TEXT_MOST)
    if not text:
        raise BadRequest(page.tr("Paste the text of the profile."))
    shown = await page.call("policy_adopt", text=text, dry_run=True)
    says = [
        page.tr("The rules of %(name)s count beside ours: the stricter of both.",
                name=shown["name"]),
        *(line["meaning"] for line in _changes(page, shown["changes"])),
    ]  # fmt: skip
    title = page.tr("Adopt the rules of a network")
    asked = ask_first(page, Question(title, says, page.tr("Adopt"), "/house/rules"))
    if asked is not None:
        return asked
    await page.call("policy_adopt", text=text)
    return page.go("/house/rules", done="rules")


async def leave(page: Page) -> web.Response:
    """Leave a network's rules, after asking."""
    title = page.tr("Leave the rules of the network")
    says = [page.tr("Our own rules alone count. What the network's rules withhold may go out.")]
    question = Question(title, says, title, "/house/rules", typed=page.tr("leave"))
    asked = ask_first(page, question)
    if asked is not None:
        return asked
    await page.call("policy_leave")
    return page.go("/house/rules", done="rules")
