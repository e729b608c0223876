"""Who takes part in the demo, and what one run of it knows so far."""

from dataclasses import dataclass, field

from cli.demo_node import Json, Organisation, Part, free_ports
from cli.demo_screen import Screen
from cli.demo_stage import Stage

RIVERSIDE = Part(
    "Riverside", "criminalised", "US-CA", "America/Los_Angeles", "en", "riverside_list.csv"
)
MAISON = Part("Maison Bleue", "gdpr", "FR", "Europe/Paris", "fr", "liste_maison_bleue.csv")
HARBOUR = Part(
    "Harbour Collective", "decriminalised", "NZ-AUK", "Pacific/Auckland", "en",
    "harbour_outreach_sheet.csv",
)  # fmt: skip
LAKESIDE = Part("Lakeside", "decriminalised", "NZ-WGN", "Pacific/Auckland", "en", "")


@dataclass(slots=True)
class Story:
    """One run: the organisations, their drafts by (name, row of the list), and their alerts.

    `hero` is the alert that all three are asked about, `passed` the one that a hub passes on.
    `invitations` are links to Riverside's pages, one for each role.
    Lakeside comes in late: it is among those who `joined` once it serves.
    """

    screen: Screen
    riverside: Organisation
    maison: Organisation
    harbour: Organisation
    lakeside: Organisation
    drafts: dict[tuple[str, int], Json] = field(default_factory=dict)
    published: dict[str, list[str]] = field(default_factory=dict)
    hero: str = ""
    passed: str = ""
    invitations: dict[str, str] = field(default_factory=dict)
    joined: list[Organisation] = field(default_factory=list)

    @property
    def everyone(self) -> tuple[Organisation, Organisation, Organisation]:
        """The three organisations that most of the story is about."""
        return self.riverside, self.maison, self.harbour

    @property
    def on_stage(self) -> tuple[Organisation, ...]:
        """Whoever has a node by now."""
        return (*self.everyone, *self.joined)

    def others(self, one: Organisation) -> list[Organisation]:
        """All but one."""
        return [each for each in self.everyone if each is not one]

    def pairs(self) -> list[tuple[Organisation, Organisation]]:
        """Every (origin, receiver)."""
        return [(one, other) for one in self.everyone for other in self.others(one)]


def story_on(stage: Stage, screen: Screen) -> Story:
    """Give the organisations a place and a free port each; nothing is made yet."""
    parts = (RIVERSIDE, MAISON, HARBOUR, LAKESIDE)
    ports = free_ports(2 * len(parts))
    one, two, three, four = (
        Organisation(part, stage, port, pages)
        for part, port, pages in zip(parts, ports[::2], ports[1::2], strict=True)
    )
    return Story(screen, one, two, three, four)
