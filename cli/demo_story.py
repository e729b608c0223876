"""`parasol demo`: three organisations, at last four, told in steps that are all checked.

Each organisation is a process of its own with an encrypted store of its own, and is asked only
through its own command line: what stands in a table was read from the node of whoever is said to
see it. A step that does not hold ends the demo with exit code 1, and nothing stays behind.
"""

import json
import shlex
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import click

from cli.demo_beyond import change_of_mind, late_confirmation, over_a_hub
from cli.demo_border import open_border
from cli.demo_cast import Story, story_on
from cli.demo_changes import take_back, wrong_things
from cli.demo_node import Json, Organisation
from cli.demo_pages import open_pages, show_invitations
from cli.demo_screen import Screen
from cli.demo_setup import import_lists, meet, publish, set_up
from cli.demo_stage import Stage, Stopped, StoryBroke, stage
from cli.demo_views import NUMBER, ask_number, same_alert
from cli.exits import FAILED

STEPS: tuple[tuple[str, Callable[[Story], Json]], ...] = (
    ("Three organisations, under three laws", set_up),
    ("Their pages are open", open_pages),
    ("Their lists become drafts", import_lists),
    ("What was reviewed is signed; the rest waits", publish),
    ("They meet, and compare their codes", meet),
    ("A border opens", open_border),
    ("One alert, as each of the three sees it", same_alert),
    ("Is this number known?", ask_number),
    ("Put right, narrowed, withdrawn, erased", take_back),
    ("What must not work", wrong_things),
    ("A reporter thinks better of it", change_of_mind),
    ("One hop further, over a hub", over_a_hub),
    ("A confirmation that is late", late_confirmation),
)


class DemoFailed(click.ClickException):
    """The story did not hold."""

    exit_code = FAILED


def run_demo(*, as_json: bool, once: bool) -> None:
    """Tell the whole story; then end (`once`) or keep the nodes up until Ctrl-C.

    Raises DemoFailed, which names the step and gives the end of each log, if anything did not hold.
    """
    screen = Screen(silent=as_json)
    facts: list[Json] = []
    told = False
    started = time.monotonic()
    try:
        with stage() as place:
            story = story_on(place, screen)
            _tell(story, facts)
            took = time.monotonic() - started
            _to_try(story, took, once=once)
            told = True
            if not once:
                if as_json:
                    _print_facts(facts, took, story.on_stage)
                _stay(story, place)
    except StoryBroke as broke:
        raise DemoFailed(f"the demo did not hold at {_at(facts)}: {broke}") from None
    except Stopped:
        if not told:
            text = f"stopped at {_at(facts)}; its nodes are ended, its folder is removed"
            raise DemoFailed(text) from None
    if place.trouble:
        raise DemoFailed(f"the demo did not end as it must: {'; '.join(place.trouble)}")
    if not as_json:
        screen.good("the nodes ended cleanly, and their folder is removed: the whole story held")
    elif once:
        _print_facts(facts, took, ())


def _tell(story: Story, facts: list[Json]) -> None:
    """Go through the steps; `facts` grows with each that held. StoryBroke with the logs' ends."""
    try:
        for number, (title, step) in enumerate(STEPS, start=1):
            story.screen.step(number, title)
            begun = time.monotonic()
            found = step(story)
            seconds = round(time.monotonic() - begun, 2)
            facts.append(
                {"step": number, "title": title, "seconds": seconds, "held": True, **found}
            )
    except StoryBroke as broke:
        raise StoryBroke(f"{broke}{_logs(story)}") from None
    except (LookupError, TypeError, ValueError) as odd:
        raise StoryBroke(f"an answer lacks what is expected ({odd!r}){_logs(story)}") from odd


def _at(facts: list[Json]) -> str:
    if len(facts) == len(STEPS):
        return "the end"
    return f"step {len(facts) + 1}, {STEPS[len(facts)][0]}"


def _logs(story: Story) -> str:
    """The end of each node's log: errors and jobs, never what a report says."""
    return "".join(
        "\n".join([f"\n-- the log of {each.name}", *lines])
        for each in story.on_stage
        if (lines := each.last_lines())
    )


def _print_facts(facts: list[Json], took: float, up: Iterable[Organisation]) -> None:
    """Print the one JSON object; `up` are the nodes that can be asked now."""
    nodes = [
        {"name": each.name, "org": each.org, "home": str(each.home),
         "passphrase_file": str(each.passphrase_file)}
        for each in up
    ]  # fmt: skip
    found = {"held": True, "seconds": round(took, 2), "steps": facts}
    print(json.dumps(found | ({"nodes": nodes} if nodes else {})), flush=True)


def _to_try(story: Story, took: float, *, once: bool) -> None:
    """Print the commands that put the same questions; the nodes are up while the demo stays."""
    screen = story.screen
    screen.step(len(STEPS) + 1, "What to try")
    if once:
        screen.say(
            f"The story took {took:.1f} s. Without --once the nodes stay up, with the commands"
            " to try printed here."
        )
        return
    screen.say(f"The story took {took:.1f} s. The nodes and their pages stay up until Ctrl-C.")
    show_invitations(story)
    screen.say("In another terminal:")
    parasol, hero = _command(), story.hero[:8]
    for each in story.everyone:
        peer = next(other for other in story.others(each) if other is not story.harbour)
        screen.say(f"\n{each.name}", style="bold")
        for name, value in each.settings.items():
            screen.command(f"export {name}={shlex.quote(value)}")
        screen.command(f"{parasol} status")
        screen.command(f"{parasol} alert show {hero}")
        screen.command(f"echo '{NUMBER}' | {parasol} check -")
        alert = f" {hero}" if each is story.harbour else ""
        screen.command(f"{parasol} policy preview --peer {shlex.quote(peer.name)}{alert}")
        screen.command(f"{parasol} alert coverage")
        if each is story.riverside:
            screen.command(f"{parasol} draft list")
    screen.say("\nCtrl-C ends the nodes and removes their folder.")


def _command() -> str:
    """How to call the `parasol` that runs here."""
    script = Path(sys.executable).with_name("parasol")
    if script.is_file():
        return shlex.quote(str(script))
    return f"{shlex.quote(sys.executable)} -m cli.main"


def _stay(story: Story, place: Stage) -> None:
    """Keep the nodes up until a signal comes, which raises Stopped."""
    try:
        while True:
            time.sleep(0.5)
            place.check_alive()
    except StoryBroke as broke:
        raise StoryBroke(f"{broke}{_logs(story)}") from None
