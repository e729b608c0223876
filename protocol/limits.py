"""How large and how many: the numbers that every node holds every other node to.

Sizes are bytes unless the name says otherwise. They belong to the wire format: to change one is to
change the protocol, so they are constants here and not settings.
"""

from __future__ import annotations

VERSION = 1

INT_MAX = 2**53 - 1
DEPTH = 8
ARRAY_ITEMS = 4_096
STR_BYTES = 16 * 1024

ENVELOPE_BYTES = 256 * 1024
ENTRY_BYTES = 4 * 1024
FIELD_BYTES = 4 * 1024
DISCLOSURES_BYTES = 32 * 1024

LEAF_COUNTS = (32, 64)
MAX_LEAVES = 64
SALT_BYTES = 16
DAY_MAX = 1_000_000
EXPIRY_DAYS = 1_096

CODES_MAX = 8
IDENTIFIERS_MAX = 16
TERMS_NAMES_MAX = 64

DELTA_ITEMS = 500
LIST_ROWS = 4_000
HELD_ROWS = 4_000
WANT_ROWS = 4_000
GIVE_ITEMS = 500
REASON_CHARACTERS = 32
ORG_DOCUMENTS = 256
DOCUMENT_BYTES = 64 * 1024
WAIT_SECONDS = 50
TOKEN_BYTES = 16
MATCH_ITEMS = 16
MAIL_WIRE_BYTES = 64 * 1024 + 57  # the largest envelope but one, sealed
MAIL_ITEMS = 64
