"""How much of what is being sent may be in memory at once, over all who send.

Each form has bounds of its own (`node.web.form`); many at once would still fill a small machine.
Members and visitors have a room each, so that strangers take none of the members'. What a request
holds is given back when it is answered.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

MEMBERS_BYTES: Final = 64 * 1024 * 1024  # two reports with the largest photos
VISITORS_BYTES: Final = 40 * 1024 * 1024


class Lease:
    """What one request holds of a room."""

    def __init__(self, room: "Room") -> None:
        self._room = room
        self.held = 0

    def take(self, count: int) -> bool:
        """Hold `count` bytes more; False, and nothing is held, where there is no room."""
        if self._room.taken + count > self._room.most:
            return False
        self._room.taken += count
        self.held += count
        return True

    def give_back(self, count: int) -> None:
        """Hold `count` bytes less."""
        self._room.taken -= count
        self.held -= count


class Room:
    """A number of bytes that requests share."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0

    @contextmanager
    def lease(self) -> Iterator[Lease]:
        """Room for one request, all given back at its end."""
        lease = Lease(self)
        try:
            yield lease
        finally:
            lease.give_back(lease.held)
