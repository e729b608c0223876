"""The demo's last part: what is put right or taken back arrives as surely as the alert did.

A correction, a narrowing, a withdrawal and an erasure are each read back at the others, and each
must be confirmed by every peer that had the alert. Then three things that must not work.
"""

import urllib.error
import urllib.request
from functools import partial

from cli.demo_cast import Story
from cli.demo_node import Json, Organisation, at_once, need, waited
from cli.demo_views import MATCHED, NUMBER, TEXT
from cli.exits import POLICY
from cli.show import words

CORRECTED = f"{TEXT} Two colleagues say the same."
WRONG_MAN = "Not the same man."


def take_back(story: Story) -> Json:
    """A correction, a narrowing, a withdrawal and an erasure, each as it arrives elsewhere."""
    harbour, riverside, maison, screen = story.harbour, story.riverside, story.maison, story.screen
    hero = story.hero
    done = harbour.ask("alert", "correct", hero, "--set", "text=-", stdin=CORRECTED)
    views = at_once(*(
        partial(each.until, hero, lambda shown: shown["rev"] == 2, "the correction")
        for each in story.others(harbour)
    ))  # fmt: skip
    need(all(view["fields"]["text"][1] == CORRECTED for view in views), "the new text everywhere")
    rows = [("correction", "the text", f"revision 2, told {words(done['told'])}: read by both")]

    harbour.ask("alert", "narrow", hero, "--peer", riverside.name, "--withhold", "phone.clear")
    left = riverside.until(hero, lambda shown: "phone" not in shown["fields"], "the narrowing")
    check = riverside.ask("check", "-", stdin=NUMBER)["matches"]
    why = {match["alert"]: match["why"] for match in check}.get(hero)
    need(str(why).startswith(MATCHED), "Riverside to find the number by its token only")
    preview = harbour.ask("policy", "preview", "--peer", riverside.name, hero)
    rule = {row["field"]: row["rule"] for row in preview["withheld"]}.get("phone")
    need(rule == "consent.audience=narrowed", "the preview to name the narrowing")
    need(maison.show(hero)["fields"]["phone.masked"], "Maison Bleue to keep what it had")
    rows.append(
        (
            "narrowing",
            f"the clear number, for {riverside.name}",
            f"{riverside.name} is left with {words(left['fields']['phone.masked'])} ({rule})",
        )
    )

    withdrawn, erased = _seen_by_both(story, riverside)
    riverside.ask("alert", "withdraw", withdrawn, "--reason", "-", stdin=WRONG_MAN)
    views = at_once(*(
        partial(each.until, withdrawn, _is_withdrawn, "the withdrawal")
        for each in story.others(riverside)
    ))  # fmt: skip
    need(
        all(set(view["fields"]) == {"kind", "terms", "reason"} for view in views),
        "nothing of the withdrawn alert but the reason",
    )
    rows.append(
        (
            "withdrawal",
            f"an alert of {riverside.name}",
            f"both keep nothing but the reason: {views[0]['fields']['reason']}",
        )
    )

    riverside.ask("alert", "erase", erased)
    waited(partial(_gone, story, erased), "the erasure to arrive at both")
    rows.append(("erasure", f"another of {riverside.name}", "no field is left at either"))
    screen.table(["change", "of", "read back at the others"], rows)
    return {"changes": [row[0] for row in rows], "coverage": _confirmed(story, withdrawn, erased)}


def _is_withdrawn(shown: Json) -> bool:
    return bool(shown["status"] == "withdrawn")


def _seen_by_both(story: Story, origin: Organisation) -> tuple[str, str]:
    """Two alerts of an organisation that both others hold whole."""
    held = [
        {row["id"] for row in each.ask("alert", "list", "--org", origin.name)["alerts"]}
        for each in story.others(origin)
    ]
    both = [alert for alert in story.published[origin.name] if all(alert in each for each in held)]
    need(len(both) >= 2, f"two alerts of {origin.name} at both others")
    return both[0], both[1]


def _gone(story: Story, alert: str) -> bool:
    views = [each.show(alert) for each in story.everyone]
    return all(not view or (view["status"] == "erased" and not view["fields"]) for view in views)


def _confirmed(story: Story, withdrawn: str, erased: str) -> list[Json]:
    """Wait until every peer has confirmed every change, and show it."""
    wanted = [(story.harbour, story.hero), (story.riverside, withdrawn), (story.riverside, erased)]
    rows: list[Json] = []
    for origin, alert in wanted:
        found: list[Json] = waited(
            partial(_all_confirmed, origin, alert), f"both peers to confirm {alert[:8]}"
        )
        rows += [{**row, "origin": origin.name} for row in found]
    story.screen.say("alert coverage, asked until each peer had confirmed what it holds:")
    story.screen.table(
        ["alert", "of", "what", "peer", "state"],
        [(row["alert"][:8], row["origin"], row["what"], row["peer_name"], row["state"])
         for row in rows],
    )  # fmt: skip
    story.screen.good(
        "confirmed means: the peer's signed digest equals the origin's; an HTTP status says nothing"
    )
    keep = ("alert", "origin", "peer_name", "what", "state")
    return [{name: row[name] for name in keep} for row in rows]


def _all_confirmed(origin: Organisation, alert: str) -> list[Json]:
    rows: list[Json] = origin.ask("alert", "coverage", alert)["coverage"]
    good = len(rows) == 2 and all(row["state"] in {"confirmed", "recalled"} for row in rows)
    return rows if good else []


def wrong_things(story: Story) -> Json:
    """A reporter's no, another's alert and a stranger's bytes: none of them gets anywhere."""
    harbour, riverside, screen = story.harbour, story.riverside, story.screen
    denied = next(draft for (name, _), draft in story.drafts.items()
                  if name == harbour.name and draft.get("blocked_by") == "no_consent")  # fmt: skip
    code, answer = harbour.try_to("draft", "publish", denied["id"], "--despite")
    need(
        code == POLICY and answer["refused"][0]["reason"] == "no_consent",
        "a reporter's no to stand against --despite",
    )
    screen.good(
        f"publish --despite, where the reporter said no: refused (no_consent, exit code {code})"
    )
    code, error = riverside.try_to("alert", "erase", story.hero)
    need(code == POLICY, "another organisation's alert not to be erased")
    need(bool(harbour.show(story.hero)["fields"]), "Harbour's alert to be whole")
    screen.good(f"{riverside.name} erases an alert of {harbour.name}: refused ({error['code']})")
    status, length = _post(riverside.endpoint, b"\x01" + bytes(range(256)) * 4)
    need((status, length) == (404, 0), "a stranger's bytes to be answered by a bare 404")
    need(riverside.ask("status")["ready"] is True, "Riverside to be ready after them")
    screen.good("a stranger who knows the secret address and sends bytes: a bare 404, nothing more")
    return {"no_consent": "refused", "erase_of_another": error["code"], "strange_bytes": status}


def _post(endpoint: str, data: bytes) -> tuple[int, int]:
    """Send bytes to an endpoint as a stranger would; the status and the length of the answer."""
    request = urllib.request.Request(  # noqa: S310 - an http address that our own init made
        endpoint, data, {"Content-Type": "application/octet-stream"}, method="POST"
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            return answer.status, len(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, len(error.read())
