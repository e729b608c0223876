"""The tables of paper: which alerts stand on which copy, by their keys and the names of the fields.

Nothing of what they say is here, so that an erased alert can be crossed out and is erased.
"""

from sqlalchemy import Column, Integer, PrimaryKeyConstraint, Table, Text

from node.store.tables import Bytes, metadata

sheets = Table(
    "sheets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("copy", Integer, nullable=False),  # its number; 0: the policy numbers none
    Column("made_day", Integer, nullable=False),
    Column("until_day", Integer, nullable=False),
    Column("strip", Text, nullable=False),  # what stands on the strips that are torn off
)

sheet_lines = Table(
    "sheet_lines",
    metadata,
    Column("sheet", Integer, nullable=False),
    Column("line", Integer, nullable=False),  # from 1
    Column("rk", Bytes, nullable=False),
    Column("rev", Integer, nullable=False),
    Column("names", Text, nullable=False),  # of the fields, space separated
    PrimaryKeyConstraint("sheet", "line"),
)
