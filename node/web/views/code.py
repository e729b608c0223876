"""Come back with a receipt code: what became of a report, and what its reporter may change.

The code is typed into a form and tried; what it opens is remembered for some minutes, in memory and
for this browser alone. The code itself is kept nowhere and stands in no address.
"""

from aiohttp import web

from node.asking_back import answer, questions_of
from node.consent_words import KEEP
from node.errors import BadField, BadRequest, NotFound, TooMany
from node.receipt_codes import open_code
from node.reporter import change_consent, say, show_report
from node.store.drafts import SCOPES
from node.store.receipt_attempts import Door
from node.store.receipts import Opens, UpdateKind
from node.web.page import Page
from node.web.report_form import scopes_asked
from node.web.sessions import new_token

CODE_MOST = 200
KINDS = {"add": UpdateKind.ADD, "correct": UpdateKind.CORRECT}


async def ask(page: Page) -> web.Response:
    """The form for a code, or the report that this browser has open."""
    opens = _opened(page)
    if opens is None:
        return page.show("code.html", typed="", wrong="")
    return await _show(page, opens)


async def opened(page: Page) -> web.Response:
    """Try a code."""
    typed = ""
    try:
        typed = page.form.line("code", CODE_MOST)
        opens = await open_code(page.node, typed, Door.PAGE)
    except TooMany:
        return page.show("code.html", status=429, typed=typed, wrong="many")
    except (BadField, NotFound):
        return page.show("code.html", status=400, typed=typed, wrong="code")
    if page.member is None:
        page.token = new_token(page.node)  # whoever had this browser before may have copied it
    page.gate.memory.opened.put(page.browser, opens, page.now_us)
    return page.go("/code")


async def say_more(page: Page) -> web.Response:
    """Add to the report, correct it, or answer a question of the desk; the desk reads it."""
    opens = _opened(page)
    if opens is None:
        return page.go("/code", done="closed")
    kind, question = page.form.line("kind"), page.form.line("question")
    try:
        text = page.form.text("text")
        if question:
            await answer(page.node, opens, question, text)
        else:
            await say(page.node, opens, KINDS.get(kind, UpdateKind.ADD), text)
    except (BadField, BadRequest, NotFound) as error:
        return await _show(page, opens, wrong=error.code, question=question, status=400)
    _again(page, opens)
    return page.go("/code", done="said")


async def allow(page: Page) -> web.Response:
    """Withdraw one scope, at once; or allow one, when the desk has agreed."""
    opens = _opened(page)
    if opens is None:
        return page.go("/code", done="closed")
    no = [scope for scope in page.form.every("no") if scope in SCOPES]
    yes = [scope for scope in page.form.every("yes") if scope in SCOPES and scope not in no]
    try:
        await change_consent(page.node, opens, yes=yes, no=no)
    except (BadField, BadRequest) as error:
        return await _show(page, opens, wrong=error.code, status=400)
    _again(page, opens)
    return page.go("/code", done="narrowed" if no else "widened")


async def sure(page: Page) -> web.Response:
    """Ask whether she means to take all of it back."""
    if _opened(page) is None:
        return page.go("/code", done="closed")
    return page.show("code_back.html")


async def take_back(page: Page) -> web.Response:
    """Take the whole report back: here, and at all who ever had it."""
    opens = _opened(page)
    if opens is None:
        return page.go("/code", done="closed")
    await change_consent(page.node, opens, no=[KEEP])
    _again(page, opens)
    return page.go("/code", done="taken_back")


async def close(page: Page) -> web.Response:
    """Close the report: the next person at this browser needs the code."""
    page.gate.memory.opened.forget(page.browser)
    return page.go("/" if page.member is not None else "/in", done="closed")


def _opened(page: Page) -> Opens | None:
    return page.gate.memory.opened.get(page.browser, page.now_us)


def _again(page: Page, opens: Opens) -> None:
    """Let the minutes begin anew: she is still here."""
    page.gate.memory.opened.put(page.browser, opens, page.now_us)


async def _show(
    page: Page, opens: Opens, *, wrong: str = "", question: str = "", status: int = 200
) -> web.Response:
    report = await show_report(page.node, opens)
    asked = await page.node.read(questions_of, opens)
    waiting = [
        scope
        for each in report["sent"]
        if each["kind"] == UpdateKind.CONSENT and each["state"] == "waiting"
        for scope in each["scopes"]
    ]
    offered = set(scopes_asked(page.node.policy.police_mode()))
    consent = report["consent"]
    return page.show(
        "code_report.html", status=status, report=report, wrong=wrong, at=question, kind="",
        typed=page.form.raw("text").replace("\0", "") if wrong else "", waiting=waiting,
        questions=[each for each in asked if not each.answered_us],
        scopes=[s for s in SCOPES if s in offered or consent[s]],
        over=report["state"] in {"erased", "expired"},
    )  # fmt: skip
