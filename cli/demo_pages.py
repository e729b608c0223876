"""The demo's pages: where members of each organisation go, and an invitation for each role."""

from http import HTTPStatus
from urllib.request import ProxyHandler, build_opener

from cli.demo_cast import Story
from cli.demo_node import Json, Organisation, need

ROLES = ("member", "outreach", "reviewer", "keeper")
ANSWER_S = 10


def open_pages(story: Story) -> Json:
    """Each organisation has pages of its own; one invitation for each role, good once."""
    rows = [(each.name, each.pages) for each in story.everyone]
    for each in story.everyone:
        need(_answers(each), f"the pages of {each.name} to answer")
    story.screen.table(["organisation", "members open"], rows)
    story.invitations = {role: _invitation(story.riverside, role) for role in ROLES}
    show_invitations(story)
    story.screen.good("three pages answer, and a stranger sees nothing but where to sign in")
    return {"pages": dict(rows), "invitations": story.invitations}


def show_invitations(story: Story) -> None:
    """Print the invitations, as links to be opened in a browser."""
    story.screen.say(f"One invitation for each role at {story.riverside.name}, good once:")
    story.screen.table(["role", "open in a browser"], list(story.invitations.items()))


def _invitation(organisation: Organisation, role: str) -> str:
    link: str = organisation.ask("member", "invite", "--role", role)["links"][0]
    return link


def _answers(organisation: Organisation) -> bool:
    """Whether a stranger who opens the pages is asked to sign in."""
    with build_opener(ProxyHandler({})).open(organisation.pages, timeout=ANSWER_S) as answer:
        asked = answer.status == HTTPStatus.OK and answer.url.endswith("/in")
        return asked and b'name="passphrase"' in answer.read()
