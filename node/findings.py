"""What `doctor` looks for: dead ends that a keeper can still avoid, each with its cure.

A finding is a `problem` where something is at risk or does not work now, and a `note` where it will
not, or should be known. Each check is a generator of its own; none of them changes anything.
"""

import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select
from sqlcipher3 import dbapi2 as sqlcipher

from federation.advice import check
from federation.peers import PeerState
from keys.orgdoc import WARNING_DAYS
from node.after_restore import corrected_since
from node.backup import BACKUP, REHEARSED, STAGED
from node.defences import defences
from node.errors import StoreDamaged, StoreLocked
from node.finding import Finding
from node.introductions import trouble_of, unused_invites
from node.moments import DAY_US, HOUR_US, span
from node.opening import LOST, SIGNING_DUE
from node.runtime import BOX_KEY_DAYS, CARD_DAYS, REGISTER_FILE, STORE_FILE, Node
from node.settings import KEYSTORE_FILE, POLICY_FILE, SETTINGS_FILE
from node.store import meta
from node.store.context import CLOCK_OFF_US, Context
from node.store.engine import connect
from node.store.mailbox import routes
from node.store.peers import Peer, all_peers
from node.store.tables import guards, returned, suspended
from protocol.ids import text_id

BACKUP_OLD_US = 14 * DAY_US
WORDS_USED = "words_used_us"  # when the recovery words were last proved to be readable
WAL_MOST = 256 * 1024 * 1024
DISK_LEAST = 200 * 1024 * 1024
CLOCK_JUMP_DAYS = 2
MANY_FAILURES = 3
_ALARMS = {
    "equivocation": (
        "showed us two different documents of one version; its root may be stolen",
        "ring them up; compare the codes again before you go on",
    ),
    "invite_used_twice": (
        "used an invite that somebody else has used as well",
        "compare the codes with them; parasol peer block, if they do not agree",
    ),
    "invite_not_taken": (
        (
            "does not take our invite: it was used already, cancelled, or is older than seven "
            "days, unless another site answers at that address"
        ),
        "ask them for a new one, and whether they know who used this; parasol peer accept -",
    ),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the store says, for the checks."""

    peers: tuple[Peer, ...]
    backup_us: int
    rehearsed_us: int
    last_run: int
    newest_n: int
    held: int
    lost: bool
    signing_due: bool
    corrected: int
    defences: tuple[Finding, ...]
    ended_invites: tuple[dict[str, Any], ...]
    mail: Mapping[bytes, str]  # the trouble of each peer that is written to by a mailbox, or ""


def facts_of(connection: Connection, context: Context) -> Facts:
    """Read what the checks need, in one transaction."""
    waits = [
        connection.execute(select(func.count()).select_from(each)).scalar_one()
        for each in (suspended, returned)
    ]
    peers = tuple(peer for peer in all_peers(connection) if peer.state is not PeerState.GONE)
    return Facts(
        peers=peers,
        backup_us=meta.get_int(connection, BACKUP),
        rehearsed_us=max(meta.get_int(connection, REHEARSED), meta.get_int(connection, WORDS_USED)),
        last_run=meta.get_int(connection, "last_run_day"),
        newest_n=connection.execute(select(func.max(guards.c.n))).scalar() or 0,
        held=sum(waits),
        lost=meta.get(connection, LOST) is not None,
        signing_due=meta.get(connection, SIGNING_DUE) is not None,
        corrected=sum(1 for _ in corrected_since(connection, context)),
        defences=tuple(defences(connection, context)),
        ended_invites=tuple(
            invite
            for invite in unused_invites(connection, context.now_us())
            if invite["state"] != "open"
        ),
        mail={bytes(route.org): route.trouble for route in routes(connection)},
    )


def findings(
    node: Node, facts: Facts | None, more: Iterable[Finding] = (), *, quick: bool = False
) -> list[Finding]:
    """Everything that was found, problems first. Slow: it reads the whole store once.

    `more` was found elsewhere. `quick` leaves out whether each page of the store verifies.

    Without `facts`, as where the store is too damaged to be asked, only files and keys are checked.
    """
    found = [] if quick else [*_pages_of_store(node)]
    found += [*_disk(node), *_documents(node), *_policy(node), *_files(node), *_web(node), *more]
    if facts is not None:
        found += facts.defences
        found += _recovery(facts)
        found += _keeping(node, facts)
        found += _clock(node, facts)
        found += _peers(node, facts)
    return sorted(found, key=lambda each: each.level == "note")


def _pages_of_store(node: Node) -> Iterator[Finding]:
    for name in (STORE_FILE, REGISTER_FILE):
        if _damaged(node.home / name, node.keystore.store_key):
            yield Finding(
                f"a page of {name} does not verify: the file was damaged or altered",
                "stop parasol serve, keep a copy of the file, then parasol restore",
                code="store_damaged",
                about={"file": name},
            )


def _disk(node: Node) -> Iterator[Finding]:
    wal = node.home / f"{STORE_FILE}-wal"
    if wal.exists() and wal.stat().st_size > WAL_MOST:
        yield Finding(
            f"the store's journal has grown to {wal.stat().st_size >> 20} MiB",
            "stop and start parasol serve",
            "note",
            "journal_big",
            {"mib": wal.stat().st_size >> 20},
        )
    if shutil.disk_usage(node.home).free < DISK_LEAST:
        yield Finding(
            "the disk is nearly full", "make room; a full disk stops the node", code="disk_full"
        )


def _web(node: Node) -> Iterator[Finding]:
    if node.pages_trouble:
        yield pages_finding(node)


def pages_finding(node: Node) -> Finding:
    """That the pages cannot listen, as `status` and `doctor` say it."""
    port = node.settings.web_port
    return Finding(
        f"nobody can open the pages: port {port} cannot be used ({node.pages_trouble})",
        "stop what uses it, or change web_port in settings.toml; it is tried again by itself",
        code="pages_port",
        about={"port": port, "why": node.pages_trouble},
    )


def _damaged(path: Path, key: bytes) -> bool:
    if not path.exists():
        return False
    try:
        connection = connect(path, key)
    except (StoreLocked, StoreDamaged):
        return True
    try:
        return bool(connection.execute("PRAGMA cipher_integrity_check").fetchall())
    except sqlcipher.DatabaseError:
        return True
    finally:
        connection.close()


def _recovery(facts: Facts) -> Iterator[Finding]:
    if facts.lost:
        yield Finding(
            "the register is lost: nobody can say what was narrowed since the backup, so that "
            "nothing goes out",
            "parasol recover show, then parasol recover confirm",
            code="register_lost",
        )
    elif facts.held:
        yield Finding(
            f"{facts.held} alerts are held back since a restore",
            "parasol recover show, then parasol recover confirm",
            code="held_since_restore",
            about={"count": facts.held},
        )
    if facts.corrected:
        yield Finding(
            f"{facts.corrected} alerts were corrected after the backup was made and go to no peer",
            "parasol recover show names them; parasol alert correct each again",
            code="corrected_since_backup",
            about={"count": facts.corrected},
        )
    if facts.signing_due:
        yield Finding(
            "some alerts are still signed with an older node key",
            "parasol serve finishes it; parasol keys rotate where our key is no longer valid",
            code="signing_due",
        )


def _keeping(node: Node, facts: Facts) -> Iterator[Finding]:
    age = node.context.now_us() - facts.backup_us
    if not facts.backup_us:
        yield Finding(
            "there is no backup", "parasol backup FILE, and keep it off this machine",
            code="no_backup",
        )  # fmt: skip
    elif age > BACKUP_OLD_US:
        yield Finding(
            f"the last backup is {span(age)} old", "parasol backup FILE", "note",
            "backup_old", {"age_span": age},
        )  # fmt: skip
    if not facts.rehearsed_us:
        yield Finding(
            "recovery was never rehearsed: nobody knows whether the words and backups are readable",
            "parasol keys rotate with the words on paper, and restore a backup into an empty "
            "folder (docs/howto/backup-and-restore.md)",
            "note",
            "not_rehearsed",
        )


def _clock(node: Node, facts: Facts) -> Iterator[Finding]:
    now = node.context.now_us()
    seen = max([peer.contact_us for peer in facts.peers] + [facts.backup_us, node.keystore.card_n])
    cure = "set the clock (timedatectl), then start parasol serve again"
    if seen > now + HOUR_US:
        yield Finding(
            f"the clock is {span(seen - now)} behind what it was", cure,
            code="clock_back", about={"behind_span": seen - now},
        )  # fmt: skip
    elif facts.newest_n > now + CLOCK_OFF_US:
        behind = span(facts.newest_n - now)
        yield Finding(
            f"the clock is {behind} behind that of a peer", cure,
            code="clock_behind_peer", about={"behind_span": facts.newest_n - now},
        )  # fmt: skip
    away = node.today - facts.last_run
    if facts.last_run and abs(away) > CLOCK_JUMP_DAYS:
        yield Finding(
            f"parasol serve last ran {abs(away)} days {'ago' if away > 0 else 'from now'}",
            "let it run all the time; if it did, the clock has jumped: set it",
            "note" if away > 0 else "problem",
            "was_off" if away > 0 else "clock_jumped",
            {"days": abs(away)},
        )


def _documents(node: Node) -> Iterator[Finding]:
    document, today = node.documents.current, node.today
    left = document.exp - today
    cure = "parasol keys rotate --recovery-file FILE, with the root's words"
    if left < 0:
        yield Finding("the organisation's document has ended", cure, code="document_ended")
    elif left <= WARNING_DAYS:
        yield Finding(
            f"the organisation's document ends in {left} days", cure, "note",
            "document_ends", {"days": left},
        )  # fmt: skip
    state = document.key_state(node.key.public, today)
    if state != "valid":
        what = f"our node key is {state}: peers do not listen to us"
        yield Finding(what, cure, code="key_invalid")
    age = today - node.box_keys[0].made_day
    if age > CARD_DAYS:
        what = "our card has ended: peers cannot write to us"
        yield Finding(what, "parasol serve renews it", code="card_ended")
    elif age > BOX_KEY_DAYS + 1:
        what = f"our box key is {age} days old"
        yield Finding(what, "parasol serve renews it", "note", "box_key_old", {"days": age})


def _peers(node: Node, facts: Facts) -> Iterator[Finding]:
    if not facts.peers:
        yield Finding("there is no peer yet", "parasol peer invite", "note", "no_peer")
    for invite in facts.ended_invites:
        whose = f" for {invite['name']}" if invite["name"] else ""
        yield Finding(
            f"an invite{whose} ended on {invite['expires'][:10]} and nobody had used it",
            f"parasol peer invite makes a new one; parasol peer cancel {invite['id']} clears this",
            "note",
            "invite_ended",
            {"name": invite["name"], "ended_day": invite["expires"][:10]},
        )
    for peer in facts.peers:
        trouble = trouble_of(peer)
        if trouble in _ALARMS:
            what, cure = _ALARMS[trouble]
            about = {"peer": peer.name}
            yield Finding(f"{peer.name} {what}", cure, code=trouble, about=about)
        elif peer.failures >= MANY_FAILURES:
            yield Finding(
                f"{peer.name} was not reached {peer.failures} times ({peer.trouble})",
                "ring them up; meanwhile: parasol bundle write",
                code="not_reached",
                about={"peer": peer.name, "count": peer.failures},
            )
        if trouble == "invite_not_taken":
            continue
        if peer.state in {PeerState.UNVERIFIED, PeerState.INVITED}:
            yield Finding(
                f"{peer.name} is {peer.state}: nothing is exchanged",
                f"compare the codes by voice, then parasol peer verify {text_id(peer.org)[:8]}",
                "note",
                "not_verified",
                {"peer": peer.name},
            )
        elif peer.state.keeps:
            yield from _reach(node, peer, facts.mail.get(bytes(peer.org)))


def _reach(node: Node, peer: Peer, mail: str | None) -> Iterator[Finding]:
    if not peer.they_trust:
        yield Finding(
            f"{peer.name} has not verified us: we get nothing from it",
            "read them our code, from parasol peer list",
            "note",
            "they_trust_not",
            {"peer": peer.name},
        )
    if mail:
        yield Finding(
            f"mail for {peer.name} is not taken ({mail})",
            "see parasol mail list and docs/howto/mailbox.md; meanwhile: parasol bundle write",
            code="mail_not_taken",
            about={"peer": peer.name},
        )
    if mail is None and peer.endpoint is None and not node.settings.endpoints:
        yield Finding(
            f"neither we nor {peer.name} has an endpoint: nothing travels by itself",
            "parasol bundle write and read, a mailbox at a common peer (docs/howto/mailbox.md), or "
            "give one of the two an endpoint (docs/howto/run-a-node.md)",
            code="no_endpoint",
            about={"peer": peer.name},
        )


def _policy(node: Node) -> Iterator[Finding]:
    for advice in check(node.policy):
        if advice.level == "problem" or advice.switch == "export_to":
            yield Finding(
                f"policy: {advice.switch}: {advice.message}",
                f"edit {node.home / POLICY_FILE}, then parasol policy apply",
                advice.level,
                "policy_advice",
                {"switch": advice.switch},
            )


def _files(node: Node) -> Iterator[Finding]:
    home = node.home
    private = [home, *(home / name for name in (KEYSTORE_FILE, SETTINGS_FILE, POLICY_FILE))]
    private += [*home.glob(f"{STORE_FILE}*"), *home.glob(f"{REGISTER_FILE}*")]
    for path in private:
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Finding(
                f"others on this machine may read {path}", f"chmod go= {path}",
                code="file_open", about={"file": path.name},
            )  # fmt: skip
    for path in sorted(home.glob(f"{STORE_FILE}.before-*")):
        yield Finding(
            f"{path.name} is the store as it was before an update",
            f"stop and start parasol serve, which removes it, or: rm {path}",
            "note",
            "old_store_left",
            {"file": path.name},
        )
    for path in sorted(home.glob(f"{STAGED}*")):
        yield Finding(
            f"{path.name} was left by a restore", "parasol restore again", "note",
            "restore_left", {"file": path.name},
        )  # fmt: skip
    words = f"parasol-{text_id(node.keystore.org)[:8]}-*root.txt"
    places = home.rglob(words), home.parent.glob(words), home.parent.glob(f"*/{words}")
    for path in sorted({path for place in places for path in place}):
        yield Finding(
            f"the recovery words are on this machine: {path}",
            "move the file to paper or a stick, the two apart, and delete it here",
            code="words_here",
        )
