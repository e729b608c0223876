"""What the desk refuses, each with a sentence that a person may read and a stable code.

    ParasolError
      DeskError
        ImportFailure        the file cannot be imported
          UnreadableList     it is no list that we can read
          ListTooLarge       it is larger than a list can be
          UnknownColumns     no column's meaning could be guessed
          MappingFailure     the mapping file is wrong

Messages never quote the list: a cell may hold a number or a name.
"""

from protocol.errors import ParasolError


class DeskError(ParasolError):
    """The desk could not do this."""

    code = "desk"


class ImportFailure(DeskError):
    """The list could not be imported; nothing was stored."""

    code = "import_failed"


class UnreadableList(ImportFailure):
    """The file is not a list that can be read."""

    code = "unreadable_list"


class ListTooLarge(ImportFailure):
    """The file is larger than a list can be."""

    code = "list_too_large"


class UnknownColumns(ImportFailure):
    """No column could be recognised, so nothing was imported."""

    code = "unknown_columns"


class MappingFailure(ImportFailure):
    """The mapping file cannot be used."""

    code = "bad_mapping"
