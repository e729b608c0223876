"""How many tokens of one organisation are taken for reports that it has, where an alert waits.

Nobody looks into holds, so a peer could fill them with guesses: tokens that it makes of number
after number with its own key, without a question to anybody. So an organisation of which more than
HOLD_TOKENS_MOST are held counts for nothing, not even with the first of them: which would those be?
Only tokens under the key that its card names now are counted, and only those can match. A keeper is
told from half of it on. Nor may it swap them for others: as many, under whatever key, may come in a
month, those included that it took back.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from federation.peers import PeerState
from node.store.context import Context
from node.store.match_counts import GIVEN_DAYS, given_lately
from node.store.peers import Peer, all_peers
from node.store.token_index import tokens_under
from node.tokens import token_leaf
from protocol.vocabulary import IDENTIFIER_KINDS

HOLD_TOKENS_MOST = 2_000  # a desk that is told of two a working day has fewer in three years


@dataclass(frozen=True, slots=True)
class Given:
    """How many distinct tokens of a peer are held and live, at most one more than may count.

    `lately` is how many new ones came in 30 days.
    """

    peer: Peer
    tokens: int
    lately: int

    @property
    def is_too_many(self) -> bool:
        """Whether the peer counts for nothing because of them."""
        return max(self.tokens, self.lately) > HOLD_TOKENS_MOST

    @property
    def is_alarming(self) -> bool:
        """Whether they are more than half of what may count."""
        return 2 * max(self.tokens, self.lately) > HOLD_TOKENS_MOST

    def said(self) -> str:
        """How many, in words."""
        if self.tokens > HOLD_TOKENS_MOST:
            return f"more than {HOLD_TOKENS_MOST} tokens held: it counts towards no waiting alert"
        if self.is_too_many:
            return (
                f"{self.lately} new tokens in {GIVEN_DAYS} days, of {HOLD_TOKENS_MOST} that may"
                " come: it counts towards no waiting alert"
            )
        if self.lately > self.tokens:
            return (
                f"{self.lately} new tokens in {GIVEN_DAYS} days, of {HOLD_TOKENS_MOST} that may"
                " come before it counts towards no waiting alert"
            )
        return f"{self.tokens} of {HOLD_TOKENS_MOST} tokens that may count towards waiting alerts"


def given_by(connection: Connection, context: Context, peer: Peer) -> Given:
    """Count the tokens of a peer, of all kinds, under the key on its card."""
    card, total = peer.docs.card, 0
    if card is not None and card.oprf_kid:
        for kind in IDENTIFIER_KINDS:
            most = HOLD_TOKENS_MOST + 1 - total
            total += tokens_under(
                connection, context, peer.org, token_leaf(kind), card.oprf_kid, most
            )
    return Given(peer, total, given_lately(connection, peer.id, context.today))


def alarming(connection: Connection, context: Context) -> Iterator[Given]:
    """The trusted peers with more than half of the tokens that may count, or too many."""
    for peer in all_peers(connection):
        if peer.state is PeerState.TRUSTED:
            found = given_by(connection, context, peer)
            if found.is_alarming:
                yield found
