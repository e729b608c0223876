"""What a page costs somebody who pays for each kilobyte: measured on the wire, by the browser.

The page is opened as on a first visit, with nothing kept from before. A site's icon is not
counted: the browser fetches it by itself and does not tell.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.support.browser import Visitor


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that a page fetched; bytes as they came, compressed, and its head beside them."""

    address: str
    kind: str
    body: int
    head: int


@dataclass(frozen=True, slots=True)
class Weight:
    """All that one page fetched, in the order in which it ended."""

    pieces: tuple[Piece, ...]

    @property
    def requests(self) -> int:
        """How many answers were fetched, redirects not counted."""
        return len(self.pieces)

    @property
    def wire(self) -> int:
        """Bytes from the first answer to the last, heads included."""
        return sum(piece.body + piece.head for piece in self.pieces)

    @property
    def html(self) -> int:
        """Bytes of the page itself, compressed as it came."""
        return sum(piece.body for piece in self.pieces if piece.kind == "Document")

    def told(self) -> str:
        """One line for each piece, the heaviest first."""
        heaviest = sorted(self.pieces, key=lambda piece: -piece.body)
        return "\n".join(f"{piece.body + piece.head:>8} {piece.address}" for piece in heaviest)


@dataclass  # without slots: the driver hangs marks of its own on who listens to it
class _Meter:
    """Adds up what the browser's protocol tells of each request."""

    kinds: dict[str, tuple[str, str]] = field(default_factory=dict)
    heads: dict[str, int] = field(default_factory=dict)
    bodies: dict[str, int] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    def answered(self, event: dict[str, Any]) -> None:
        request, response = event["requestId"], event["response"]
        self.kinds[request] = (response["url"], event["type"])
        self.heads[request] = int(response["encodedDataLength"])

    def finished(self, event: dict[str, Any]) -> None:
        request = event["requestId"]
        self.bodies[request] = int(event["encodedDataLength"]) - self.heads.get(request, 0)
        self.done.append(request)

    def weight(self) -> Weight:
        """All that was fetched from the network; `data:` addresses are part of their page."""
        return Weight(
            tuple(
                Piece(*self.kinds[one], self.bodies[one], self.heads[one])
                for one in self.done
                if one in self.kinds and not self.kinds[one][0].startswith("data:")
            )
        )


def weigh(visitor: Visitor, path: str) -> Weight:
    """Open a page as on a first visit, and tell what it fetched."""
    meter, protocol = _Meter(), visitor.context.new_cdp_session(visitor.page)
    protocol.on("Network.responseReceived", meter.answered)
    protocol.on("Network.loadingFinished", meter.finished)
    protocol.send("Network.enable")
    protocol.send("Network.clearBrowserCache")
    visitor.go(path)
    visitor.page.wait_for_load_state("networkidle")
    protocol.detach()
    return meter.weight()


def assert_light(visitor: Visitor, path: str, *, html: int, whole: int) -> Weight:
    """Hold a page to its budget, both in bytes on the wire; returns what it weighs."""
    weight = weigh(visitor, path)
    assert weight.html <= html, f"{path}: {weight.html} bytes of HTML, {html} allowed"
    assert weight.wire <= whole, f"{path}: {weight.wire} bytes, {whole} allowed\n{weight.told()}"
    return weight
