"""How lists, checks and `alert show` say what others say of an alert, and what we made of it."""

from typing import Any

from cli.show import Result, short, words

_SEVERITY = ("notice", "nuisance", "risky", "dangerous", "critical")
_LEFT_OUT = {
    "verdict": "hidden by your organisation's verdict",
    "review": "not looked through by your organisation yet",
    "ignored": "of codes that your organisation ignores from its peer",
}


def said(row: Result) -> str:
    """How many organisations corroborate and dispute it; empty where nobody says anything."""
    parts = []
    if row.get("corroborated_by"):
        parts.append(f"corroborated by {len(row['corroborated_by'])}")
    if row.get("disputed_by"):
        parts.append(f"disputed by {len(row['disputed_by'])}")
    return ", ".join(parts)


def ours(row: Result) -> str:
    """What we made of it ourselves: hidden, of another severity, noted, in review, ignored."""
    verdict: Any = row.get("verdict") or {}
    parts = ["hidden here"] if verdict.get("hide") else []
    if "severity" in verdict:
        parts.append(f"here: {_SEVERITY[verdict['severity']]}")
    if verdict.get("note"):
        parts.append(f"note: {verdict['note']}")
    parts += ["in review"] if row.get("in_review") else []
    parts += ["ignored"] if row.get("ignored") else []
    return "; ".join(parts)


def also(row: Result) -> str:
    """Which others may be about the same person, and why."""
    return "; ".join(
        f"{each.get('org_name') or short(each['org'])} {short(each['alert'])}"
        f" ({words(each['why'])}{'' if each['confirmed'] else '; not confirmed'})"
        for each in row.get("also_reported_by") or []
    )


def left_out(result: Result) -> list[str]:
    """A sentence for each reason why something is not shown."""
    left: Any = result.get("left_out") or {}
    return [f"{number} {_LEFT_OUT.get(why, why)}." for why, number in left.items()]
