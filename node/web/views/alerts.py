"""The alerts that are in force, and one of them in full.

Members see what the node shows to members; who reviews sees more, and other statuses.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from node.browsing import DEEPEST, Wanted, browse, heard_of
from node.commands.alerts import STATUSES
from node.errors import BadField
from node.store.lookup import find_org
from node.store.viewers import STAFF
from node.typed import clean_line
from node.web.page import Page
from node.web.shown_fields import ShownAlert, shown_alert
from node.web.whole_alert import every_field, why_words
from protocol.errors import ParasolError
from protocol.ids import OrgId, parse_iso_date, text_id
from protocol.vocabulary import CODES

SHOWN: Final = 20
PLACE_MOST: Final = 80
CLIPPED: Final = 240  # characters of a text on a list; all of it is on the alert's own page
FILTERS: Final = ("severity", "code", "place", "org", "since", "status")


async def listed(page: Page) -> web.Response:
    """The alerts in force, newest first, twenty at a time."""
    wrong, wanted = "", Wanted()
    try:
        wanted = await wanted_of(page, page.query)
    except (ParasolError, ValueError):
        wrong = "filter"
    at = min(page.number("page"), DEEPEST)
    found = await page.node.read(browse, page.node.context, wanted, page.viewer, at, SHOWN)
    orgs = await page.node.read(heard_of, page.node.context)
    chosen = {name: page.query.get(name, "") for name in FILTERS}
    return page.show(
        "alerts.html", status=400 if wrong else 200, wrong=wrong, at=at, more=found["more"],
        deep=found["deep"],
        cards=[card(page, row) for row in found["alerts"]], chosen=chosen, orgs=orgs,
        groups=code_groups(), statuses=STATUSES, staff=page.viewer == STAFF,
        kept=urlencode({name: value for name, value in chosen.items() if value}),
    )  # fmt: skip


async def wanted_of(page: Page, given: Mapping[str, str]) -> Wanted:
    """What a form of filters asks for. ParasolError or ValueError where it cannot be read."""
    code, place = given.get("code", ""), clean_line(given.get("place", ""))
    org, since, status = (given.get(name, "") for name in ("org", "since", "status"))
    if (code and code not in CODES) or len(place) > PLACE_MOST:
        raise BadField("code or place")
    if status and (status not in STATUSES or page.viewer != STAFF):
        raise BadField("status")
    whose: OrgId | None = None
    if org:
        whose = await page.node.read(find_org, page.node.context, org)
    return Wanted(
        severity=min(int(given.get("severity") or 0), 4),
        codes=frozenset({code} if code else ()),
        places=(place,) if place else (),
        org=whose,
        since=parse_iso_date(since) if since else None,
        status=status or "live",  # type: ignore[arg-type]
    )


def code_groups() -> list[tuple[int, list[str]]]:
    """The codes by severity, the gravest first."""
    return [
        (severity, [name for name, code in CODES.items() if code.severity == severity])
        for severity in (4, 3, 2, 1, 0)
    ]


def card(page: Page, row: Mapping[str, Any]) -> ShownAlert:
    """An alert on a list, with long texts cut."""
    fields = dict(row["fields"])
    for name in ("text", "advice"):
        written = fields.get(name)
        if isinstance(written, list) and len(str(written[-1])) > CLIPPED:
            fields[name] = [written[0], f"{written[-1][:CLIPPED]}…"]
    return shown_alert({**row, "fields": fields}, page.tr, page.now_us)


async def one(page: Page) -> web.Response:
    """One alert, with all that is here of it."""
    found = await page.call("alert_show", alert=page.path["id"], viewer=page.viewer)
    ours = found["org"] == text_id(page.node.context.org)
    said = found.get("verdict", {}).get("severity")
    row = found if said is None else {**found, "severity": said, "said_severity": found["severity"]}
    coverage: dict[str, Any] = {}
    if ours and page.viewer == STAFF:
        coverage = await page.call("alert_coverage", alert=found["id"])
    return page.show(
        "alert.html", row=row, card=shown_alert(row, page.tr, page.now_us), ours=ours,
        fields=every_field(found["fields"], page.tr), coverage=coverage.get("coverage", []),
        staff=page.viewer == STAFF, why_words=lambda why: why_words(why, page.tr),
    )  # fmt: skip
