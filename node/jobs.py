"""What a node does by the clock: expire, re-derive, renew its card, sign conflicts again.

The jobs are few and idempotent; due work is rows in the store, so a job that was missed while the
node was off is done at the next start. APScheduler is fenced in this file.
"""

import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import Connection, delete, select

from federation.peers import PeerState
from node.control import place
from node.deriving import derive_all, derive_due
from node.duties import do_duties, may_sign
from node.following import follow
from node.hold_rounds import settle_holds
from node.holding import end_lone_holds
from node.issue_again import follow_returned, follow_terms, issue_again
from node.mail_rounds import MailRounds
from node.owndocs import finish_signing
from node.runtime import Node
from node.store import meta
from node.store.adopted_drafts import drop_adopted
from node.store.brake import let_go_old
from node.store.context import Context
from node.store.drafts import DAY_US, blank_ended
from node.store.ended import forget_reasons, purge_ended
from node.store.forwarded import end_forwarded
from node.store.grants import StoreGrants
from node.store.lawful import lift_ended
from node.store.mailbox import forget_mail
from node.store.onward import spread_onward
from node.store.outlived import purge_outlived
from node.store.passed_on import show
from node.store.peers import mark_hello_due
from node.store.questions import forget_questions
from node.store.receipts import forget_receipts
from node.store.records import forget_expired
from node.store.register import Register
from node.store.tables import ledger, records
from node.store.verdicts import forget_hidden, forget_judged
from node.store.voice_links import forget_links
from node.syncing import Syncing
from node.web.sessions import forget as forget_members
from protocol.ids import Day

_log = logging.getLogger("parasol.jobs")

KEEP_STOPS_DAYS = 90
LAST_RUN = "last_run_day"
CLOCK_JUMP_DAYS = 2
KNOWN_STATES = tuple(state for state in PeerState if state is not PeerState.GONE)


async def _guarded(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """The edge of jobs: a failure is logged by its type and place, never with what it held."""
    try:
        await work()
    except Exception as error:  # noqa: BLE001
        _log.error("%s failed: %s at %s", work.__name__, type(error).__name__, place(error))


class Jobs:
    """The scheduled work of one node."""

    def __init__(self, node: Node, syncing: Syncing) -> None:
        self._node = node
        self._syncing = syncing
        self._mail: MailRounds | None = None
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": None}
        )

    def start(self) -> None:
        """Run each job soon, then by its interval."""
        self._every(timedelta(hours=1), self.keep_house, after_s=5)
        self._every(timedelta(seconds=5), self.sign_conflicts, after_s=2)
        self._every(timedelta(seconds=5), self.settle_holds, after_s=3)
        self._every(timedelta(hours=1), self.finish_signing, after_s=1)
        self._every(timedelta(hours=24), self.derive_again, after_s=1)
        self._every(timedelta(seconds=5), self.derive_due, after_s=0)
        self._every(timedelta(minutes=10), self.do_duties, after_s=3)
        self._every(timedelta(minutes=10), self.follow_others, after_s=4)
        self._every(timedelta(minutes=10), self.follow_returned, after_s=7)
        self._every(timedelta(minutes=1), self.carry_mail, after_s=6)
        self._scheduler.start()

    def stop(self) -> None:
        """Start nothing more."""
        self._scheduler.shutdown(wait=False)

    def _every(
        self, step: timedelta, work: Callable[[], Coroutine[Any, Any, None]], *, after_s: int
    ) -> None:
        first = datetime.now(UTC) + timedelta(seconds=after_s)
        self._scheduler.add_job(
            partial(_guarded, work), "interval",
            seconds=step.total_seconds(), next_run_time=first, name=work.__name__,
        )  # fmt: skip

    async def keep_house(self) -> None:
        """Renew the card when it is due, and forget what has ended."""
        node = self._node
        if await node.renew_card_if_due():
            await node.change(mark_hello_due, KNOWN_STATES)
            node.on_peers()
        node.context.live_counts.clear()  # what has ended makes room
        purged = await node.change(purge_braked, node.context)
        purged += await node.change(purge_kept_too_long, node.context)
        await node.change(lift_ended, node.context)
        await node.change(forget_mail, node.context.now_us())
        await node.change(forget_members, node.context.now_us())
        if await node.change(forget_ended, node.today, node.context.register) or purged:
            await node.store.checkpoint()
        await node.store.let_go()  # that was all of it, and the pages lay in memory for an hour

    async def finish_signing(self) -> None:
        """Sign what a key rotation that was cut off left under an older key."""
        await finish_signing(self._node)

    async def derive_again(self) -> None:
        """Hold records against the policy, and every ledger against records, policy and cards."""
        node = self._node
        node.on_news(await follow_terms(node))
        if may_sign(node) and not node.context.hold_all:
            node.on_news(await node.change(end_lone_holds, node))
        node.on_news(await derive_all(node))

    async def derive_due(self) -> None:
        """Go on with what a change of policy left to be derived: from an earlier life, say."""
        await derive_due(self._node)

    async def do_duties(self) -> None:
        """Do what the policy promises by a certain time."""
        await do_duties(self._node)

    async def settle_holds(self) -> None:
        """Ask for the alerts that wait who else has a report, and release what has enough."""
        await settle_holds(self._node)

    async def follow_others(self) -> None:
        """Take back what we said of alerts that are gone, and what we judged of them."""
        node = self._node
        node.on_news(await node.change(follow, node))
        await node.change(drop_adopted)
        await node.change(forget_judged, node.today)

    async def follow_returned(self) -> None:
        """Sign again what came back after a restore, and is not as it should be."""
        self._node.on_news(await follow_returned(self._node))

    async def carry_mail(self) -> None:
        """Fetch what peers left for us at a common peer, and leave what we have to say."""
        node = self._node
        if self._mail is None and node.exchange is not None:
            self._mail = MailRounds(node, node.exchange)
        if self._mail is not None and (await self._mail.carry()).fetched:
            node.on_peers()

    async def sign_conflicts(self) -> None:
        """Issue again what a peer knows in another text of the same revision."""
        node = self._node
        if node.context.conflicts:
            node.on_news(await issue_again(node))


def purge_braked(connection: Connection, context: Context) -> int:
    """Purge what the brake held for 72 hours; nothing while the clock has just jumped."""
    last = meta.get_int(connection, LAST_RUN)
    if last and abs(context.today - last) > CLOCK_JUMP_DAYS:
        return 0
    gone = let_go_old(connection, context)
    if gone:
        show(connection, context)
        context.news |= spread_onward(connection, context, StoreGrants)
    return gone


def purge_kept_too_long(connection: Connection, context: Context) -> int:
    """Purge what our policy keeps no longer; nothing while the clock has just jumped."""
    last = meta.get_int(connection, LAST_RUN)
    if last and abs(context.today - last) > CLOCK_JUMP_DAYS:
        return 0
    return purge_outlived(connection, context)


def forget_ended(connection: Connection, today: Day, register: Register | None = None) -> int:
    """Purge what alerts said when they end, and their rows 90 days later; returns how many.

    From the register goes why they were withdrawn. Nothing while the clock has just jumped.
    """
    last = meta.get_int(connection, LAST_RUN)
    meta.put_int(connection, LAST_RUN, today)
    if last and abs(today - last) > CLOCK_JUMP_DAYS:
        return 0
    if register is not None:
        forget_reasons(register, today)
        forget_hidden(connection, register, today)
        forget_links(connection, register, today)
    ended = purge_ended(connection, today) + blank_ended(connection, today * DAY_US)
    ended += end_forwarded(connection, today, Day(today - KEEP_STOPS_DAYS))
    forget_receipts(connection, today * DAY_US)
    forget_questions(connection, today * DAY_US)
    gone = forget_expired(connection, Day(today - KEEP_STOPS_DAYS))
    live = select(records.c.rk)
    connection.execute(
        delete(ledger).where(ledger.c.exp < today - KEEP_STOPS_DAYS, ledger.c.rk.not_in(live))
    )
    return ended + len(gone)
