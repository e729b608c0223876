"""`parasol status` and `parasol doctor`: how the node is, and what will go wrong with it."""

from datetime import UTC, datetime
from typing import Any

import click

from cli.cli_state import Cli
from cli.exits import PROBLEM
from cli.show import Result, anything, emit, facts, present, short, table, words


def when(value: Any) -> str:
    """Give a moment (seconds since 1970, or a text) in UTC, as people read it."""
    if value is None:
        return "never"
    if isinstance(value, str):
        return value
    return datetime.fromtimestamp(float(value), UTC).strftime("%Y-%m-%d %H:%M UTC")


def _show_status(result: Result) -> None:
    facts(result, [name for name in result if not isinstance(result[name], (list, dict))])
    print()
    rows = [
        {**peer, "id": short(peer.get("id")), "last_contact": when(peer.get("last_contact"))}
        for peer in result.get("peers", [])
    ]
    always = ["id", "name", "state", "last_contact", "lag", "overdue"]
    table(
        rows,
        [*always, *present(rows, ["held", "trouble"])],
        none="No peers yet: parasol peer invite",
    )
    matching = result.get("matching", {})
    if matching.get("held"):
        print(f"\n{words(matching['held'])} wait until others have a report on the same identifier")
    for warning in result.get("warnings", []):
        print(f"! {words(warning)}")


@click.command()
@click.pass_obj
def status(cli: Cli) -> None:
    """Show the node: its peers with the last signed contact, alerts, drafts, and what waits."""
    result = cli.call("status")
    waiting = result.get("drafts")
    if not result.get("ready", True):
        then = "parasol doctor, to see what is missing"
    elif waiting:
        then = "parasol draft list, to review what waits"
    else:
        then = "parasol doctor, to see what could go wrong"
    emit(cli, result, _show_status, then=then)


def _show_doctor(result: Result) -> None:
    findings = result.get("findings", [])
    facts({name: value for name, value in result.items() if name not in {"findings", "next"}})
    for finding in findings:
        if not isinstance(finding, dict):
            anything({"finding": finding})
            continue
        print(f"{words(finding.get('level', '!'))}: {words(finding.get('what'))}")
        if finding.get("cure"):
            print(f"   cure: {words(finding['cure'])}")
    if not findings:
        print("Nothing found.")


@click.command()
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Find dead ends before they hurt, and say the cure of each.

    It ends with 6 where there is a problem, which is for today, and with 0 where there are only
    notes or nothing at all.
    """
    result = ctx.obj.call("doctor")
    emit(ctx.obj, result, _show_doctor)
    if any(finding.get("level") == "problem" for finding in result.get("findings", [])):
        ctx.exit(PROBLEM)
