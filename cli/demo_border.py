"""The demo's border: under the gdpr preset nothing goes abroad before somebody says where to."""

import json

from cli.demo_cast import Story
from cli.demo_compare import compared, show_views
from cli.demo_node import Json, Organisation, need
from cli.demo_setup import wait_for_alerts, will_see

BORDER = "origin.cross_border=listed"
EMPTY = "cross_border_regions = []"


def open_border(story: Story) -> Json:
    """Maison Bleue lists the regions that its alerts may go to, and they go, masked."""
    maison, riverside, screen = story.maison, story.riverside, story.screen
    alert = story.published[maison.name][0]
    before = maison.ask("policy", "preview", "--peer", riverside.name, alert)
    need(not before["released"], f"nothing of {maison.name} to go abroad before it lists regions")
    need(BORDER in {row["rule"] for row in before["withheld"]}, f"the rule {BORDER}")
    for each in story.others(maison):
        need(not each.show(alert), f"{each.name} not to have an alert of {maison.name}")
    screen.say(
        f"So far nobody abroad has an alert of {maison.name}: {BORDER}."
        f" {before['rules'][BORDER]['why']}"
        " Its keeper looks at the law of both regions, lists them in policy.toml, and applies that:"
    )
    regions = [each.part.region for each in story.others(maison)]
    screen.command(_list_regions(maison, regions))
    applied = maison.ask("policy", "apply")
    need(set(applied["told"]) == {each.name for each in story.others(maison)}, "both to be told")
    after = {}
    for each in story.others(maison):
        seen = will_see(maison, each)
        need(seen["will_see"] == seen["of"], f"every alert of {maison.name} to go to {each.name}")
        wait_for_alerts(maison, each, seen["of"])
        after[each.name] = seen["of"]
    view = compared(maison, riverside, alert)
    screen.say(
        f"\n{' and '.join(after)} now have its {seen['of']} alerts, masked by its own policy,"
        " whatever the receiver may hold; where both policies say less, the stricter one wins:"
    )
    full = maison.show(alert)["fields"]
    show_views(screen, maison, {riverside.name: view}, full, every=False)
    return {"rule": BORDER, "regions": regions, "before": 0, "after": after}


def _list_regions(maison: Organisation, regions: list[str]) -> str:
    """Write the regions into the policy file as its keeper would; give the line."""
    line = EMPTY.replace("[]", json.dumps(regions))  # a list of texts is the same in TOML
    policy = maison.home / "policy.toml"
    text = policy.read_text("utf-8")
    need(EMPTY in text, f"the gdpr preset to say {EMPTY}")
    policy.write_text(text.replace(EMPTY, line), "utf-8")
    return line
