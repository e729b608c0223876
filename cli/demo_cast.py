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


@dataclass(slots=True)
class Story:
    """One run: the organisations, their drafts by (name, row of the list), and their alerts.

    `hero` is the alert that all three are asked about.
    """

    screen: Screen
    riverside: Organisation
    maison: Organisation
    harbour: Organisation
    drafts: dict[tuple[str, int], Json] = field(default_factory=dict)
    published: dict[str, list[str]] = field(default_factory=dict)
    hero: str = ""

    @property
    def everyone(self) -> tuple[Organisation, Organisation, Organisation]:
        """The three organisations."""
        return self.riverside, self.maison, self.harbour

    def others(self, one: Organisation) -> list[Organisation]:
        """All but one."""
        return [each for each in self.everyone if each is not one]

    def pairs(self) -> list[tuple[Organisation, Organisation]]:
        """Every (origin, receiver)."""
        return [(one, other) for one in self.everyone for other in self.others(one)]


def story_on(stage: Stage, screen: Screen) -> Story:
    """Give the three organisations a place and a free port each; nothing is made yet."""
    parts = (RIVERSIDE, MAISON, HARBOUR)
    one, two, three = (
        Organisation(part, stage, port) for part, port in zip(parts, free_ports(3), strict=True)
    )
    return Story(screen, one, two, three)
