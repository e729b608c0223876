"""What can go wrong on one organisation's node, in sentences a keeper may read."""

from protocol.errors import ParasolError


class NodeError(ParasolError):
    """The node could not do what was asked."""

    code = "node"


class StoreLocked(NodeError):
    """The store cannot be opened: the passphrase is wrong, or the file is damaged."""

    code = "store_locked"


class StoreDamaged(NodeError):
    """The store is damaged: a page of it does not verify. Restore a backup."""

    code = "store_damaged"


class StoreNewer(NodeError):
    """The store was written by a newer release. Install that release, or restore a backup."""

    code = "store_newer"


class NotFound(NodeError):
    """There is nothing here with that name."""

    code = "not_found"


class BadRequest(NodeError):
    """The request does not make sense as it stands."""

    code = "bad_request"


class Refused(NodeError):
    """The policy of this node, or the consent of the reporter, does not allow it."""

    code = "refused_by_policy"


class PeerTrouble(NodeError):
    """The other organisation's node did not answer as it should."""

    code = "peer"


class NoNodeHere(NodeError):
    """The folder holds no node."""

    code = "no_node"


class NodeExists(NodeError):
    """The folder already holds a node, and nothing is ever overwritten."""

    code = "node_exists"


class NodeBusy(NodeError):
    """Another process is writing to this node."""

    code = "node_busy"


class NodeStopped(NodeError):
    """The running node ended before it answered."""

    code = "node_stopped"


class BadSetting(NodeError):
    """A setting has a value that cannot be."""

    code = "bad_setting"


class BadField(NodeError):
    """A field of a draft or alert cannot be read: the sentence says which, and what it may be."""

    code = "bad_field"


class BadBackup(NodeError):
    """The file is no backup of this organisation's node, or it is damaged."""

    code = "bad_backup"


class TooMany(NodeError):
    """Too many attempts in a short time."""

    code = "too_many"
