"""What happens each time a store is opened: was it restored, does the policy still say the same?

A store that is behind its register, by the counter of narrowing commits or by the number of its
last opening, was restored from a backup, announced or not. Then no peer is put anything before it
has listed what it holds, other origins' records stay hidden until one sync, and whatever the
register narrowed is narrowed again. One that was not closed may be a copy of this very opening,
put back: nothing in it counts as confirmed before it is confirmed again.
"""

from sqlalchemy import Connection, select, update

from federation.peers import PeerState
from federation.profile import in_force, stored_profile
from node.recall import purge_theirs
from node.statistics import forget_nothing
from node.store import meta
from node.store import register as permissions
from node.store.consents import obey_consents
from node.store.context import Context
from node.store.due import mark_due
from node.store.enforce import obey_whole_register, purge_not_accepted
from node.store.lawful import held_keys, lift_ended
from node.store.member_ends import obey_members
from node.store.modes import obey_modes
from node.store.news import end_feeds
from node.store.passed_on import show
from node.store.peers import mark_hello_due, peer_of
from node.store.records import DISPUTED, decode_restrictions
from node.store.reporter_data import purge_due
from node.store.senders import note_change
from node.store.tables import ledger, own, peers, records
from node.store.verdicts import obey_hidden
from node.store.voice_links import obey_links
from node.writing import COUNTER

RESTORED = "restored"
LOST = "register_lost"
SIGNING_DUE = "signing_due"
POLICY = "policy"
HEARING = (PeerState.TRUSTED, PeerState.PAUSED, PeerState.UNVERIFIED)


def settle(connection: Connection, context: Context, policy_text: str) -> int:
    """Bring store, register and policy to agree; runs inside one write transaction.

    Returns the number of this opening, which the register notes when the store has committed it.
    """
    register = context.register
    opened = meta.get_int(connection, meta.OPENING)
    context.lawful = held_keys(connection)
    lift_ended(connection, context)
    counter = meta.get_int(connection, COUNTER)
    restored = meta.get(connection, RESTORED) is not None
    if register.pending and register.counter == counter + 1 and not restored:
        register.undo()  # we died between the register and the commit: nothing came of it
    elif register.pending and register.counter == counter:
        register.settle()
    if register.is_lost or counter > register.counter:
        meta.put(connection, LOST, b"1")
        restored = True
    elif counter < register.counter or opened < register.opening:
        restored = True
    context.hold_all = meta.get(connection, LOST) is not None
    adopted = _adopted(connection, context)
    context.profile = None if adopted is None else stored_profile(adopted)
    context.policy = in_force(context.policy, context.profile)
    asked = meta.get(connection, meta.INTRODUCE_ME) is not None
    context.introduce_me = asked and register.get(permissions.UNINTRODUCED, context.org) is None
    if restored:
        obey_register(connection, context)
        begin_recovery(connection)
        show(connection, context)  # nothing that a hub passed on before a sync with that hub
        if counter < register.counter and not context.hold_all:
            meta.put(connection, meta.VOUCHED, b"1")
        else:
            meta.drop(connection, meta.VOUCHED)  # the register may be as old as this store
        meta.put_int(connection, meta.GUARD_FLOOR, context.now_us())
        meta.put(connection, SIGNING_DUE, b"1")  # the backup may be under a key that is gone
        meta.drop(connection, RESTORED)
    elif opened and meta.get(connection, meta.CLOSED) is None:
        doubt_confirmations(connection, context.now_us())
    meta.drop(connection, meta.CLOSED)
    number = max(opened, register.opening) + 1
    meta.put_int(connection, meta.OPENING, number)
    highest = max(counter, register.counter)
    if highest != counter or highest != register.counter:
        meta.put_int(connection, COUNTER, highest)
        register.settle(highest)
    apply_policy(connection, context, policy_text)
    return number


def note_closed(connection: Connection) -> None:
    """The last commit of a node that is stopped: what the store says now, it still says then."""
    meta.put(connection, meta.CLOSED, b"1")


def _adopted(connection: Connection, context: Context) -> bytes | None:
    """The profile in force, as it is stored: the register's where it knows one, or that we left.

    A backup knows only what was in force when it was made, and a profile that came later narrows.
    """
    register = context.register
    ours = meta.get(connection, meta.PROFILE)
    kept = register.get(permissions.PROFILE, b"")
    if kept is None:
        if ours is not None:  # the register is lost, or from before it kept profiles
            register.stage(permissions.PROFILE, b"", ours)
        return ours
    meta.keep(connection, meta.PROFILE, kept or None)
    return kept or None


def begin_recovery(connection: Connection) -> None:
    """No peer is put anything before it listed; nothing of another origin shows before a sync.

    What peers had confirmed when the backup was made, they may have been told otherwise since.
    Every feed ends: its member may have ended it since.
    """
    end_feeds(connection)
    connection.execute(update(ledger).values(acked_us=0))
    connection.execute(
        update(peers).values(
            out_listed=0, out_list_pos=None, out_wanted=b"", out_due=None, in_synced=0, hello_due=1
        )
    )


def doubt_confirmations(connection: Connection, now_us: int) -> None:
    """Count nothing as confirmed until it is confirmed again, by a request of later than now.

    After a power cut that takes one answer of each peer. A peer that is gone is asked nothing any
    more: what it confirmed last stays as it is.
    """
    told = select(peers.c.id).where(peers.c.state != PeerState.GONE.value)
    doubted = update(ledger).where(ledger.c.acked_us > 0, ledger.c.peer.in_(told))
    connection.execute(doubted.values(acked_us=0, since_us=now_us))
    meta.put_int(connection, meta.GUARD_FLOOR, now_us)


def obey_register(connection: Connection, context: Context) -> None:
    """Narrow again what the register says is narrowed: records, consents, audiences, peers; hide
    from members again what a verdict hid, or what a person was to pass."""
    obey_whole_register(connection, context)
    obey_consents(connection, context)
    purge_due(connection, context)
    forget_nothing(connection, context.today)
    register = context.register
    for org, _ in register.all(permissions.UNINTRODUCED):
        if org == context.org:
            meta.drop(connection, meta.INTRODUCE_ME)
        connection.execute(update(peers).where(peers.c.org == org).values(introduce=0))
    for rk, raw in register.all(permissions.NARROWED):
        connection.execute(update(own).where(own.c.rk == rk).values(restrictions=raw))
        if decode_restrictions(raw).suspended:
            connection.execute(update(records).where(records.c.rk == rk).values(hidden=DISPUTED))
    for org, raw in register.all(permissions.PEER):
        state = PeerState(raw.decode())
        connection.execute(update(peers).where(peers.c.org == org).values(state=state.value))
        note_change(connection)
        peer = peer_of(connection, org)
        if peer is not None and state in (PeerState.LEAVING, PeerState.GONE):
            purge_theirs(connection, context, peer)  # what was purged came back with the backup
    obey_modes(connection, register, context.now_us())
    obey_hidden(connection, register, context.now_us())
    obey_links(connection, register)
    obey_members(connection, register)


def apply_policy(connection: Connection, context: Context, policy_text: str) -> bool:
    """Note a changed policy or profile, and purge at once what it no longer lets us hold.

    Every ledger is due from then on: none of its rows is told before it is derived again.
    """
    new = policy_text.encode()
    old = meta.get(connection, POLICY)
    profile = b"" if context.profile is None else context.profile.sig
    if old == new and (meta.get(connection, meta.PROFILE_IN_FORCE) or b"") == profile:
        return False
    meta.put(connection, POLICY, new)
    meta.put(connection, meta.PROFILE_IN_FORCE, profile)
    context.register.stage(permissions.POLICY, b"", new)
    mark_due(connection)
    if old is not None:
        purge_not_accepted(connection, context)
        mark_hello_due(connection, HEARING)
    return True
