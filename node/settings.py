"""What the keeper decided about this machine: name, region, time zone, addresses. One TOML file.

Read once at start, frozen, and passed as a value. The policy is a file of its own, and no secret
stands here but the path of the endpoint, so the file is 0600 as all in the folder.
"""

import ipaddress
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from node.errors import BadSetting
from protocol.errors import ProtocolError

SETTINGS_FILE = "settings.toml"
POLICY_FILE = "policy.toml"
KEYSTORE_FILE = "keystore"
NAME_LENGTH = 80
OVERDUE_MOST = 7 * 24 * 60
MATCHES_MOST = 100_000

_HEAD = """\
# This node's settings. Stop `parasol serve`, edit, start it again. What is shared stands in
# policy.toml. Each setting is explained in docs/reference/cli.md.

"""


@dataclass(frozen=True, slots=True)
class Settings:
    """One node's settings, all of them checked.

    `match_quota` is how many identifiers a peer may have evaluated here in a day, `match_asks` how
    many this node asks others about. `mailbox` says whether it holds sealed mail for its peers.

    `overdue_minutes` is how long a peer may take to confirm before it is called late.

    `endpoints` are whole addresses with the secret path; none for a node that cannot be reached.
    `web_host` and `web_port` are where the pages listen, None for a node without pages;
    `web_addresses` how members reach them, where that is another address, such as
    https://example.org or an onion service. `public_reports` lets visitors without an account
    report.

    `listen_host` is None for a node that opens no port. `secret_path` is the path's last part.
    """

    org: str
    region: str
    timezone: str
    language: str = "en"
    listen_host: str | None = None
    listen_port: int = 0
    secret_path: str = field(default="", repr=False)
    endpoints: tuple[str, ...] = field(default=(), repr=False)
    allow_loopback: bool = False
    socks_proxy: str | None = None
    match_quota: int = 300
    match_asks: int = 250
    overdue_minutes: int = 24 * 60
    mailbox: bool = False
    web_host: str | None = None
    web_port: int = 0
    web_addresses: tuple[str, ...] = ()
    public_reports: bool = False

    @property
    def country(self) -> str:
        """The country of the region, two letters."""
        return self.region[:2]

    def __post_init__(self) -> None:
        """Hold every setting to what it may be; BadSetting says which is wrong, and the cure."""
        if not self.org.strip() or len(self.org) > NAME_LENGTH:
            raise BadSetting(f"org: a name of 1 to {NAME_LENGTH} characters")
        check_region(self.region)
        check_timezone(self.timezone)
        if not (
            2 <= len(self.language) <= 3 and self.language.isascii() and self.language.islower()
        ):
            raise BadSetting("language: a code of two letters, such as en or fr")
        if self.listen_host is not None and not 0 < self.listen_port < 65536:
            raise BadSetting("listen: a port from 1 to 65535")
        if self.web_host is not None and not 0 < self.web_port < 65536:
            raise BadSetting("web_port: a port from 1 to 65535")
        check_web_addresses(self.web_addresses)
        for name, most in (("match_quota", self.match_quota), ("match_asks", self.match_asks)):
            if not 0 <= most <= MATCHES_MOST:
                raise BadSetting(f"{name}: identifiers in a day, 0 to {MATCHES_MOST}")
        if not 0 <= self.overdue_minutes <= OVERDUE_MOST:
            raise BadSetting(f"overdue_minutes: 0 to {OVERDUE_MOST}, a week")
        check_endpoints(self.endpoints, allow_loopback=self.allow_loopback)
        if self.socks_proxy is not None:
            check_socks(self.socks_proxy)


def read_text_file(path: Path) -> str:
    """Read a text file that a keeper edits. BadSetting where it is not UTF-8; OSError as it is."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise BadSetting(f"{path.name} is not UTF-8 text; save it as UTF-8") from None


def load_settings(home: Path) -> Settings:
    """Read `settings.toml`. Raises BadSetting naming what is wrong in it; OSError as it comes."""
    text = read_text_file(home / SETTINGS_FILE)
    try:
        found: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(f"{SETTINGS_FILE} is not TOML: {error}") from None
    known = {each.name: each for each in fields(Settings)}
    for name, value in found.items():
        if name not in known:
            raise BadSetting(f"{SETTINGS_FILE}: there is no setting {name!r}")
        if not isinstance(value, _KINDS[name]) or (isinstance(value, bool) and _KINDS[name] is int):
            raise BadSetting(f"{SETTINGS_FILE}: {name} must be {_KIND_WORDS[_KINDS[name]]}")
    missing = [name for name in ("org", "region", "timezone") if name not in found]
    if missing:
        raise BadSetting(f"{SETTINGS_FILE}: {missing[0]} is missing")
    for name in ("endpoints", "web_addresses"):
        found[name] = tuple(str(each) for each in found.get(name, ()))
    return Settings(**found)


_KINDS: dict[str, type] = {
    "org": str,
    "region": str,
    "timezone": str,
    "language": str,
    "listen_host": str,
    "listen_port": int,
    "secret_path": str,
    "endpoints": list,
    "allow_loopback": bool,
    "socks_proxy": str,
    "match_quota": int,
    "match_asks": int,
    "overdue_minutes": int,
    "mailbox": bool,
    "web_host": str,
    "web_port": int,
    "web_addresses": list,
    "public_reports": bool,
}
_KIND_WORDS = {str: "a text", int: "a whole number", bool: "true or false", list: "a list of texts"}


def render_settings(settings: Settings) -> str:
    """Write settings as the TOML text that `load_settings` reads; what is None is left out."""
    import tomlkit

    document = tomlkit.document()
    for each in fields(Settings):
        value = getattr(settings, each.name)
        if value is not None:
            document[each.name] = list(value) if isinstance(value, tuple) else value
    return _HEAD + tomlkit.dumps(document)


def check_region(region: str) -> None:
    """Hold a region to ISO 3166: US-CA, GB-ENG or FR. BadSetting suggests what was meant."""
    import pycountry

    # The library folds case; a code that travels does not.
    if region.isupper() and (pycountry.countries.get(alpha_2=region) or _subdivision(region)):
        return
    near = _near_regions(region)
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    raise BadSetting(f"region: not a code of ISO 3166, such as US-CA or FR{hint}")


def _subdivision(code: str) -> object:
    import pycountry

    return pycountry.subdivisions.get(code=code)  # type: ignore[no-untyped-call]  # of the library


def _near_regions(text: str) -> list[str]:
    """Suggest up to four codes for a code in the wrong case or a name written out."""
    import pycountry

    wanted = text.strip().casefold().replace("_", "-").replace(" ", "-")
    if wanted == "uk" or wanted.startswith("uk-"):
        wanted = "gb" + wanted[2:]
    divisions = [(each.code, each.name) for each in pycountry.subdivisions]
    places = [(each.alpha_2, each.name) for each in pycountry.countries] + divisions
    exact = [code for code, _ in places if code.casefold() == wanted]
    named = [code for code, name in places if name.casefold().replace(" ", "-") == wanted]
    tail = [code for code, _ in divisions if code.casefold().endswith(f"-{wanted}")]
    country, _, division = wanted.partition("-")
    inside = [
        code
        for code, name in divisions
        if division and code.casefold().startswith(country) and division in name.casefold()
    ]
    return list(dict.fromkeys([*exact, *named, *inside, *tail]))[:4]


def check_timezone(name: str) -> None:
    """Hold a time zone to the names of the tz database. BadSetting suggests what was meant."""
    from zoneinfo import ZoneInfo, available_timezones

    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        pass
    else:
        return
    import difflib

    known = sorted(available_timezones())
    if not known:
        raise BadSetting("timezone: this machine has no time zones; run: apt install tzdata")
    ends = {zone.rsplit("/", 1)[-1].casefold(): zone for zone in known}
    wanted = name.strip().rsplit("/", 1)[-1].replace(" ", "_").casefold()
    near = [ends[end] for end in difflib.get_close_matches(wanted, ends, n=3)]
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    raise BadSetting(f"timezone: not in the tz database, such as America/Los_Angeles{hint}")


def check_endpoints(endpoints: Iterable[str], *, allow_loopback: bool) -> None:
    """Hold each endpoint to what peers will call (see `keys.endpoint`). BadSetting says why not."""
    from keys.endpoint import check_endpoint

    for endpoint in endpoints:
        try:
            check_endpoint(endpoint, allow_loopback)
        except ProtocolError as error:
            cure = (
                "" if allow_loopback else "; --allow-loopback is for trying things on one machine"
            )
            raise BadSetting(f"endpoint: {error}{cure}") from None


def check_web_addresses(addresses: Iterable[str]) -> None:
    """Hold the pages' public addresses to https://HOST, or http:// for an onion service."""
    from urllib.parse import urlsplit

    for address in addresses:
        try:
            parts = urlsplit(address)
            fine = parts.scheme in {"http", "https"} and bool(parts.hostname)
            fine = fine and parts.path in {"", "/"} and "@" not in parts.netloc
            fine = fine and not (parts.query or parts.fragment)
        except ValueError:
            fine = False
        if not fine:
            raise BadSetting("web_addresses: addresses such as https://example.org, without a path")


def check_socks(proxy: str) -> None:
    """Hold a SOCKS proxy to socks5://HOST:PORT."""
    from urllib.parse import urlsplit

    parts = urlsplit(proxy)
    try:
        fine = parts.scheme in {"socks5", "socks5h"} and bool(parts.hostname and parts.port)
    except ValueError:
        fine = False
    if not fine:
        raise BadSetting("socks_proxy: an address such as socks5://127.0.0.1:9050")


def parse_listen(text: str) -> tuple[str, int]:
    """Read ADDRESS:PORT, [IPV6]:PORT or localhost:PORT. BadSetting if it is neither."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        if host != "localhost":
            ipaddress.ip_address(host)
        number = int(port)
    except ValueError:
        number = 0
    if not colon or not 0 < number < 65536:
        raise BadSetting("listen: ADDRESS:PORT, such as 127.0.0.1:8700 or [::1]:8700")
    return host, number
