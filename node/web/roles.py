"""Who may be at a page: visitors, and four roles of members. A route names the roles it admits.

Roles are sets, not ranks: what a keeper may do is written at each route like anybody else's.
"""

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a person is here for."""

    VISITOR = "visitor"  # not signed in
    MEMBER = "member"
    OUTREACH = "outreach"
    REVIEWER = "reviewer"
    KEEPER = "keeper"


EVERYBODY: Final = frozenset(Role)
VISITORS: Final = frozenset({Role.VISITOR})
MEMBERS: Final = EVERYBODY - VISITORS
STAFF: Final = frozenset({Role.OUTREACH, Role.REVIEWER, Role.KEEPER})
REVIEWERS: Final = frozenset({Role.REVIEWER, Role.KEEPER})
KEEPERS: Final = frozenset({Role.KEEPER})
JOINING: Final = (Role.MEMBER, Role.OUTREACH, Role.REVIEWER, Role.KEEPER)
"""Roles that an invitation can give, the least first."""
