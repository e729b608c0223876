"""The demo's middle: one alert as each of the three sees it, and a number asked at each of them."""

import time
from functools import partial

from cli.demo_cast import Story
from cli.demo_compare import compared, show_views
from cli.demo_node import Json, Organisation, at_once, need
from cli.show import words

NUMBER = "+44 7700 900142"
SECOND = "+44 7700 900188"
UNKNOWN = "+44 7700 900999"
REPORTER = "+44 7700 900767"  # on row 4 of Harbour's sheet, in the column for staff
TEXT = "Removed the condom without asking, then took money back from her bag. Threatened her."
ROW = 7  # of Harbour's sheet: what kept it from being published was the second number in its text
SETS = (
    "codes=condom_removal", "codes=theft", "codes=threat", "role=client", "basis=first_hand",
    "location=hotel", "city=Auckland", "district=Ponsonby", "date=2025-05-01", "slot=18-24",
    "age=45-50", "hair=grey", "name=Tony", "model=Astra", "colour=silver", "plate=GB:AB12CDE",
    "mail=tony@example.org", "advice=Ask for the money first.",
)  # fmt: skip


def same_alert(story: Story) -> Json:
    """A reviewed draft goes out, and each of the three is asked what it sees of it."""
    harbour, screen = story.harbour, story.screen
    draft = story.drafts[harbour.name, ROW]["id"]
    screen.say(
        f"Row {ROW} of {harbour.name}'s sheet waited: a second number stood in its text."
        " A reviewer moves the number into its field, adds what she knows, and publishes."
    )
    pairs = [word for pair in SETS for word in ("--set", pair)]
    pairs += ["--set", "phone=-", "--set", "phone=-", "--set", "text=-"]
    harbour.ask("draft", "edit", draft, *pairs, stdin=f"{NUMBER}\n{SECOND}\n{TEXT}")
    started = time.monotonic()
    done = harbour.ask("draft", "publish", draft)
    published = time.monotonic()
    need(len(done["published"]) == 1, "the reviewed draft to be published")
    story.hero = alert = done["published"][0]
    receivers = story.others(harbour)
    times = at_once(*(partial(_visible_ms, each, alert, published) for each in receivers))
    screen.say(
        f"The command to publish took {_ms(published - started)}. From its end until another"
        " node showed the alert, the question itself included: "
        + ", ".join(f"{ms} ms at {each.name}" for each, ms in zip(receivers, times, strict=True))
    )
    full = harbour.show(alert)["fields"]
    views = {each.name: compared(harbour, each, alert) for each in receivers}
    show_views(screen, harbour, views, full, every=True)
    screen.good("what policy preview said at the origin is what each receiver's node shows")
    screen.good("every field that is missing at a receiver has its rule")
    screen.good(
        f"signature verified at all three: the values are {harbour.name}'s, whatever was left out"
    )
    joined = views[story.maison.name].joinable
    need(joined, "the preview to say what the others could tell Maison Bleue")
    screen.say(
        f"{story.maison.name} could learn from {words(joined[0]['peer'])}, if the two compared"
        f" their copies: {words(joined[0]['fields'])}. The preview says that too."
    )
    seen = {
        name: {"fields": view.fields, "withheld": view.rules, "signature": "verified"}
        for name, view in views.items()
    }
    visible = dict(zip(views, times, strict=True))
    return {"alert": alert, "origin": full, "seen": seen, "visible_ms": visible}


def _visible_ms(receiver: Organisation, alert: str, since: float) -> int:
    receiver.until(alert, bool, "the alert")
    return round((time.monotonic() - since) * 1000)


def _ms(seconds: float) -> str:
    return f"{round(seconds * 1000)} ms"


MATCHED = "phone matched by token"  # its origin was asked, which learns nothing of the number


def ask_number(story: Story) -> Json:
    """The number is looked up at each of the three: whole where it is held whole, else by token."""
    screen, everyone = story.screen, story.everyone
    answers = at_once(*(partial(each.ask, "check", "-", stdin=NUMBER) for each in everyone))
    expected = {story.riverside.name: "phone exact", story.harbour.name: "phone exact",
                story.maison.name: MATCHED}  # fmt: skip
    rows, found = [], {}
    for each, answer in zip(everyone, answers, strict=True):
        why = {match["alert"]: match["why"] for match in answer["matches"]}.get(story.hero, "")
        need(
            why.startswith(expected[each.name]),
            f"{each.name} to find the number: {expected[each.name]}",
        )
        need(not answer["not_asked"], f"{each.name} to ask everybody")
        held = each.show(story.hero)["fields"]
        rows.append((each.name, why, words(held.get("phone") or held["phone.masked"])))
        found[each.name] = why
    screen.table([f"check {NUMBER}", "match", "what is held there"], rows)
    for number in (UNKNOWN, REPORTER):
        answers = at_once(*(partial(each.ask, "check", "-", stdin=number) for each in everyone))
        exact = [m for answer in answers for m in answer["matches"] if m["why"] == "phone exact"]
        need(not exact, "a number that was never shared not to be found")
    screen.good("a number that nobody reported: no record, which is not proof of safety")
    screen.good(
        f"a reporter's number in the staff column of {story.harbour.name}'s sheet: found nowhere,"
        f" not even at {story.harbour.name}"
    )
    return {"matches": found}
