"""Which forms were sent, so that the same form sent twice does its work once.

A form carries a random token; its hash is noted in the transaction that does the work.
"""

from typing import Final

from sqlalchemy import Connection, delete, insert, select

from node.store.members import token_hash
from node.store.tables_reports import sent_forms

KEPT_US: Final = 3 * 86_400_000_000  # longer than a half-written form is kept


def was_sent(connection: Connection, token: str) -> bool:
    """Whether this form was sent before."""
    query = select(sent_forms.c.hash).where(sent_forms.c.hash == token_hash(token))
    return connection.execute(query).first() is not None


def note_sent(connection: Connection, token: str, now_us: int) -> bool:
    """Note that a form is sent now; False where it was before."""
    connection.execute(delete(sent_forms).where(sent_forms.c.until_us < now_us))
    if was_sent(connection, token):
        return False
    connection.execute(insert(sent_forms).values(hash=token_hash(token), until_us=now_us + KEPT_US))
    return True
