"""`parasol demo`: three organisations on this machine, told in steps that are all checked.

Each organisation is a process of its own with an encrypted store of its own, and is asked only
through its own command line: what stands in a table was read from the node of whoever is said to
see it. A step that does not hold ends the demo with exit code 1, and nothing stays behind.
"""

import json
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click

from cli.demo_border import open_border
from cli.demo_cast import Story, story_on
from cli.demo_changes import take_back, wrong_things
from cli.demo_node import Json, Organisation
from cli.demo_screen import Screen
from cli.demo_setup import import_lists, meet, publish, set_up
from cli.demo_stage import Stage, Stopped, StoryBroke, stage
from cli.demo_views import NUMBER, ask_number, same_alert
from cli.exits import FAILED
from cli.words import say

STEPS: tuple[tuple[str, Callable[[Story], Json]], ...] = (
    ("Three organisations, under three laws", set_up),
    ("Their lists become drafts", import_lists),
    ("What was reviewed is signed; the rest waits", publish),
    ("They meet, and compare their codes", meet),
    ("A border opens", open_border),
    ("One alert, as each of the three sees it", same_alert),
    ("Is this number known?", ask_number),
    ("Put right, narrowed, withdrawn, erased", take_back),
    ("What must not work", wrong_things),
)


class DemoFailed(click.ClickException):
    """The story did not hold."""

    exit_code = FAILED


def run_demo(*, as_json: bool, once: bool) -> None:
    """Tell the whole story; then end (`once`) or keep the nodes up until Ctrl-C.

    Raises DemoFailed, which names the step and shows the end of a log, if anything did not hold.
    """
    started = time.monotonic()
    facts: list[Json] = []
    at = "setting the stage"
    cast: list[Organisation] = []
    staying = False
    try:
        with stage() as place:
            story = story_on(place, Screen(silent=as_json))
            cast = list(story.everyone)
            try:
                for number, (title, step) in enumerate(STEPS, start=1):
                    at = f"step {number}, {title}"
                    story.screen.step(number, title)
                    begun = time.monotonic()
                    found = step(story)
                    facts.append(
                        {
                            "step": number,
                            "title": title,
                            "held": True,
                            "seconds": round(time.monotonic() - begun, 2),
                            **found,
                        }
                    )
                took = time.monotonic() - started
                _to_try(story, len(STEPS) + 1, took, once=once)
                at = "the end"
                if not once:
                    if as_json:
                        _print_facts(facts, story, took)
                    staying = True
                    _stay(place)
            except StoryBroke:
                _show_logs(cast)
                raise
            except (LookupError, TypeError, ValueError) as odd:
                _show_logs(cast)
                raise StoryBroke(f"an answer lacks what was expected ({odd!r:.80})") from odd
    except StoryBroke as broke:
        raise DemoFailed(f"the demo did not hold at {at}: {broke}") from None
    except Stopped:
        if not staying:
            raise DemoFailed(
                f"stopped at {at}; its nodes are ended, its folder is removed"
            ) from None
        story.screen.say("The nodes are ended, and their folder is removed.")
        return
    if as_json:
        _print_facts(facts, None, took)
    else:
        story.screen.good(
            "the nodes ended cleanly, and their folder is removed: the whole story held"
        )


def _print_facts(facts: list[Json], story: Story | None, took: float) -> None:
    found: Json = {"held": True, "seconds": round(took, 2), "steps": facts}
    if story is not None:
        found["nodes"] = [
            {"name": each.name, "org": each.org, "home": str(each.home),
             "passphrase_file": str(each.passphrase_file)}
            for each in story.everyone
        ]  # fmt: skip
    print(json.dumps(found), flush=True)


def _to_try(story: Story, number: int, took: float, *, once: bool) -> None:
    """Print the commands that put the same questions; the nodes are up while the demo stays."""
    screen = story.screen
    screen.step(number, "What to try")
    if once:
        screen.say(
            f"The story took {took:.1f} s. Without --once the nodes stay up, with the commands"
            " to try printed here."
        )
        return
    screen.say(
        f"The story took {took:.1f} s. The three nodes stay up until Ctrl-C. In another terminal:"
    )
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


def _stay(place: Stage) -> None:
    """Keep the nodes up until a signal comes, which raises Stopped."""
    while True:
        time.sleep(0.5)
        place.check_alive()


def _show_logs(cast: list[Organisation]) -> None:
    """Show the end of each node's log: errors and jobs, never what a report says."""
    for each in cast:
        lines = each.last_lines()
        if lines:
            say("\n".join([f"-- the log of {each.name}", *lines]))
