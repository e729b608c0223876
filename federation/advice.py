"""What a keeper should know about a policy that is valid but may not do what she means.

`policy check` prints these findings; `problem` is for a setting that defeats another one, `note`
for a choice whose price should be known. Nothing is decided here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from federation.policy import IDENTIFIERS, Policy, value_of


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark on one switch."""

    level: Literal["problem", "note"]
    switch: str
    message: str


def check(policy: Policy) -> tuple[Finding, ...]:
    """Return what is worth knowing about a policy, problems first."""
    found = [
        *_audience(policy),
        *_borders(policy),
        *_lifetimes(policy),
        *_fields(policy),
        *_desk(policy),
    ]
    return tuple(sorted(found, key=lambda finding: finding.level == "note"))


def _problem(switch: str, message: str) -> Finding:
    return Finding("problem", switch, message)


def _note(switch: str, message: str) -> Finding:
    return Finding("note", switch, message)


def _audience(policy: Policy) -> Iterator[Finding]:
    for switch, effect in (
        ("export_to", "no peer will get any alert from you"),
        ("import_from", "no peer's alert will be taken in"),
    ):
        value = value_of(policy, switch)
        if value == ():
            yield _problem(switch, f"the list is empty: {effect}")
        elif value == "nobody":
            yield _note(switch, effect)
    if policy.onward == "on":
        yield _note("onward", "hubs may pass your alerts to organisations that you do not know")


def _borders(policy: Policy) -> Iterator[Finding]:
    regions, rule = policy.cross_border_regions, policy.cross_border
    if regions and rule != "listed":
        yield _problem(
            "cross_border_regions", f'the list has no effect while cross_border is "{rule}"'
        )
    if policy.export_to in ("nobody", ()):
        return
    if rule == "listed" and not regions:
        yield _problem(
            "cross_border",
            "no region is listed in cross_border_regions: no peer abroad will get any alert "
            "from you",
        )
    elif rule == "deny":
        yield _note("cross_border", "peers in other countries will not get any alert from you")


def _lifetimes(policy: Policy) -> Iterator[Finding]:
    lowest = 1 if policy.categories == "all" else 2
    for severity in range(4, lowest - 1, -1):
        if policy.days_kept(severity) == 0:
            yield _problem(
                f"retention_days.{severity}",
                f"0 days: alerts of severity {severity} are neither shared nor held",
            )
    if policy.notice_days == 0:
        yield _problem("notice_days", "0 days: notices are neither shared nor held")
    if policy.publish_delay:
        yield _note(
            "publish_delay", f"peers are warned {policy.publish_delay} days after you publish"
        )
    callback = policy.reporter_data
    if callback.mode == "callback" and not callback.days:
        yield _problem("reporter_data.days", "0 days: no reporter can be called back")
    if callback.mode == "none" and callback.days:
        yield _problem("reporter_data.days", 'has no effect while reporter_data.mode is "none"')


def _fields(policy: Policy) -> Iterator[Finding]:
    levels = {kind: str(value_of(policy, f"identifiers.{kind}")) for kind in IDENTIFIERS}
    if set(levels.values()) <= {"withhold", "match"}:
        yield _note("identifiers", "peers get nothing that they could check a number against")
    for kind, level in levels.items():
        if level == "match":
            yield _note(f"identifiers.{kind}", "nothing is sent to be read, only to be matched")
    if policy.race_descriptor == "allow":
        yield _note("race_descriptor", "race may go out as the only description of a person")
    if policy.photo == "moderator":
        yield _note(
            "photo", "alerts have no photos yet: nothing goes that a moderator could approve"
        )
    for switch in ("name", "photo"):
        if value_of(policy, switch) == "allow":
            yield _note(switch, "goes out without a moderator's word for each alert")
    if (
        policy.place_precision == "district"
        and policy.date_precision == "day"
        and policy.legal_model != "decriminalised"
    ):
        yield _note("date_precision", "the district and the day together can point to the reporter")
    if policy.print.mode == "full" and not policy.print.numbered:
        yield _note("print.numbered", "a lost sheet with whole identifiers cannot be traced")


def _desk(policy: Policy) -> Iterator[Finding]:
    reviewers, urgent = policy.moderation.reviewers, policy.moderation.urgent
    if reviewers > 1:
        wait = "only an urgent one may go out before" if urgent else "there is no urgent path"
        yield _note("moderation.reviewers", f"every alert waits for {reviewers} people; {wait}")
    if policy.dispute.second_reviewer and reviewers == 1:
        yield _note("dispute.second_reviewer", "an objection needs a second person who can review")
    police = policy.police_share
    if police.mode != "disabled" and not police.approver.strip():
        yield _problem("police_share.approver", "nothing goes to police until someone is named")
    if police.mode == "disabled" and police.approver:
        yield _problem(
            "police_share.approver", 'has no effect while police_share.mode is "disabled"'
        )
