"""Making a node: keys, documents, policy, store, and the two sheets of recovery words.

The offline roots exist only here, for a moment, and on the two files that the keeper moves off
the machine: the root that signs the organisation's document, and the next root, whose hash that
document commits to, so that whoever stole the root cannot keep the organisation.

Invariants: nothing is ever overwritten; a failure half-way leaves the disk as it was found.
"""

import base64
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from federation.policy import PRESETS, preset_text
from keys.envelope import make_box_key
from keys.keystore import STORE_KEY_BYTES, Keystore, create_keystore
from keys.oprf import OPRF_SEED_BYTES
from keys.orgdoc import OrgDoc, next_hash, sign_orgdoc
from keys.phrase import new_phrase, phrase_to_key
from keys.safety import safety_code
from keys.signing import SEED_BYTES, SigningKey
from node.control import LOCK_FILE, Lock
from node.errors import BadSetting, NodeError, NodeExists
from node.rootdocs import ORGDOC_DAYS, render_document
from node.settings import (
    KEYSTORE_FILE,
    POLICY_FILE,
    SETTINGS_FILE,
    Settings,
    parse_listen,
    render_settings,
)
from node.typed import clean_line
from node.undo import Made, cleared_on_failure
from protocol.ids import Day, day_of, text_id

SECRET_PATH_BYTES = 20
DEFAULT_LISTEN = "127.0.0.1:8700"
LOOPBACK = "127.0.0.1"
NO_PAGES = "none"
PAGES_PORT = 9700
PAGES_ABOVE = 1000
BOX_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the keeper asked for on `parasol init`, as texts.

    `endpoints` are addresses without the secret path, which is made here; none for a node behind
    NAT. `listen` is ADDRESS:PORT. `pages` is ADDRESS:PORT for the pages, or none; not given, they
    are served on this machine alone, a thousand ports above `listen`.
    """

    org: str
    region: str
    preset: str
    timezone: str
    language: str = "en"
    listen: str | None = None
    endpoints: Sequence[str] = ()
    allow_loopback: bool = False
    socks_proxy: str | None = None
    pages: str | None = None
    pages_addresses: Sequence[str] = ()


def settings_of(wishes: Wishes, random: Callable[[int], bytes]) -> Settings:
    """Check what was asked for and make settings of it, with a new secret path. BadSetting."""
    if wishes.preset not in PRESETS:
        raise BadSetting(f"preset: one of {', '.join(PRESETS)}")
    secret = base64.b32encode(random(SECRET_PATH_BYTES)).decode().lower()
    listen = wishes.listen or (DEFAULT_LISTEN if wishes.endpoints else None)
    host, port = parse_listen(listen) if listen else (None, 0)
    web_host, web_port = _pages_at(wishes.pages, port)
    return Settings(
        org=clean_line(wishes.org),
        region=wishes.region.strip().upper(),
        timezone=wishes.timezone,
        language=wishes.language,
        listen_host=host,
        listen_port=port,
        secret_path=secret,
        endpoints=tuple(_with_secret(each, secret) for each in wishes.endpoints),
        allow_loopback=wishes.allow_loopback,
        socks_proxy=wishes.socks_proxy,
        web_host=web_host,
        web_port=web_port,
        web_addresses=tuple(each.rstrip("/") for each in wishes.pages_addresses),
    )


def _pages_at(pages: str | None, listen_port: int) -> tuple[str | None, int]:
    if pages == NO_PAGES:
        return None, 0
    if pages is not None:
        return parse_listen(pages)
    port = listen_port + PAGES_ABOVE if listen_port else PAGES_PORT
    return (LOOPBACK, port) if port < 65536 else (None, 0)


def _with_secret(endpoint: str, secret: str) -> str:
    parts = urlsplit(endpoint)
    if parts.query or parts.fragment:
        raise BadSetting("endpoint: an address without ? and #")
    return f"{endpoint.rstrip('/')}/{secret}"


def init_node(
    home: Path,
    wishes: Wishes,
    *,
    passphrase: bytes,
    recovery_out: Path,
    now: int,
    random: Callable[[int], bytes] = os.urandom,
) -> dict[str, Any]:
    """Make a node in `home` and its two recovery files in `recovery_out`.

    `now` is in microseconds. Gives {"org", "home", "safety_code", "endpoints", "recovery_files",
    "invitation"}; the invitation is for the keeper's own account on the pages.
    Raises NodeExists, BadSetting, or OSError, and leaves nothing behind then.
    """
    settings = settings_of(wishes, random)
    _refuse_existing(home)
    with cleared_on_failure() as made:
        made.folder(home)
        home.chmod(0o700)
        made.folder(recovery_out)
        made.file(home / LOCK_FILE)
        with Lock(home, wait=0):
            return _make(home, settings, wishes.preset, passphrase, recovery_out, now, random, made)


def _make(
    home: Path,
    settings: Settings,
    preset: str,
    passphrase: bytes,
    recovery_out: Path,
    now: int,
    random: Callable[[int], bytes],
    made: Made,
) -> dict[str, Any]:
    from node.membership import links, offer_first
    from node.runtime import create_store

    phrases = new_phrase(random), new_phrase(random)
    node_key = SigningKey(random(SEED_BYTES))
    document = first_document(settings.org, phrases, node_key, day_of(now))
    org = text_id(document.org)
    paths = [recovery_out / f"parasol-{org[:8]}-{name}.txt" for name in ("root", "next-root")]
    for path, text in zip(paths, sheets(document, phrases), strict=True):
        made.secret(path, text)
    keystore = Keystore(
        org=document.org,
        node_keys=(node_key,),
        box_keys=(make_box_key(random(BOX_SECRET_BYTES), day_of(now)),),
        store_key=random(STORE_KEY_BYTES),
        orgdocs=((document.raw, document.sig),),
        card_n=0,
        oprf_seed=random(OPRF_SEED_BYTES),
    )
    made.secret(home / POLICY_FILE, preset_text(preset))
    made.file(home / KEYSTORE_FILE)
    create_keystore(home / KEYSTORE_FILE, keystore, passphrase.decode(), random)
    made.all_new_in(home)
    create_store(home, keystore)
    code = offer_first(home, keystore.store_key, now, random)
    # Last: a folder with settings is a node, and one without is none.
    made.secret(home / SETTINGS_FILE, render_settings(settings))
    return {
        "org": org,
        "home": str(home),
        "safety_code": safety_code(document.org),
        "endpoints": list(settings.endpoints),
        "recovery_files": [str(path) for path in paths],
        "invitation": {"code": code, "links": links(settings, code), "role": "keeper"},
    }


def first_document(name: str, phrases: tuple[str, str], node_key: SigningKey, today: Day) -> OrgDoc:
    """Sign an organisation's first document with the root behind the first of two phrases.

    The node key counts from yesterday, for peers whose clock is behind.
    """
    root, after = phrase_to_key(phrases[0]), phrase_to_key(phrases[1])
    return sign_orgdoc(
        root,
        gen=0,
        ver=1,
        next_=next_hash(after.public),
        iat=today,
        exp=today + ORGDOC_DAYS,
        name=name,
        keys=[(node_key.public, today - 1, today + ORGDOC_DAYS)],
    )


def sheets(document: OrgDoc, phrases: tuple[str, str]) -> Iterator[str]:
    """Write the two recovery files: the words, what they are for, and the document they go with."""
    duties = (
        ("ROOT", "signs this organisation's document: new and revoked node keys"),
        ("NEXT ROOT", "takes over when the root is lost or stolen"),
    )
    for (name, duty), phrase in zip(duties, phrases, strict=True):
        yield sheet(document, name, duty, phrase)


def sheet(document: OrgDoc, name: str, duty: str, phrase: str) -> str:
    """Write one recovery file."""
    words = phrase.split()
    rows = [" ".join(words[at : at + 6]) for at in range(0, len(words), 6)]
    head = [
        f"# Parasol recovery words: {name}",
        f"# Organisation {text_id(document.org)}",
        f"# This key {duty}.",
        "# Move this file off this machine now: write the words on paper or keep it on a",
        "# stick in a safe place, apart from the other one, and delete it here.",
        "# Whoever has these words can speak for the organisation.",
    ]
    tail = "# The organisation's document when these words were made; it is not secret:"
    return "\n".join([*head, "", *rows, "", tail, render_document([document])])


def _refuse_existing(home: Path) -> None:
    for name in (SETTINGS_FILE, KEYSTORE_FILE, POLICY_FILE):
        if (home / name).exists():
            raise NodeExists(f"there is a node in {home} already ({name}); nothing is overwritten")
    if home.exists() and not home.is_dir():
        raise NodeExists(f"{home} is not a folder")
    if home.is_dir() and home.stat().st_uid != os.getuid():
        raise NodeError(f"{home} belongs to another user; give --home a folder of your own")
