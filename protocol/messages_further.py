"""The messages besides those of sync, gathered from where each family of them stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from protocol import messages_hub, messages_mailbox, messages_match
from protocol.codec import Value
from protocol.messages_hub import HubMessage
from protocol.messages_mailbox import MailboxMessage
from protocol.messages_match import MatchMessage

FurtherMessage: TypeAlias = "HubMessage | MailboxMessage | MatchMessage"

DECODERS: Final[Mapping[str, Callable[[Value], FurtherMessage]]] = {
    **messages_hub.DECODERS,
    **messages_mailbox.DECODERS,
    **messages_match.DECODERS,
}
