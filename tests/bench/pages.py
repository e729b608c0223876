"""Pages under load: 50 members at once who check, list and read, while a peer syncs.

Each member asks for the next page as soon as she has the last one, so that a page's time is that of
50 who wait for each other. The peer sends deltas without a pause, each answered after its commit.
"""

import asyncio
import re
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import tomlkit
from yarl import URL

from node.runtime import Node, open_node
from node.store.members import Member, add_member
from node.web.sessions import sign_in
from tests.bench.conditions import cpu_seconds
from tests.bench.figure import Figure, percentile, timed
from tests.bench.held import hold
from tests.bench.lists import bench_org, signed_records, wires
from tests.bench.nodes import PASSPHRASE, Serving, know, make_node
from tests.bench.scale import Scale
from tests.support.processes import free_port

BAR_MS = 100
AT_ONCE = 50
PROOF = re.compile(r'name="csrf" value="([^"]+)"')
ALERT = re.compile(r'href="(/list/[a-z2-7]{20,})"')


@dataclass(slots=True)
class _Site:
    """Where the pages are, who is signed in, and what a peer will send."""

    base: str
    endpoint: str
    tokens: list[str] = field(repr=False)
    wires: list[bytes] = field(repr=False)


async def _prepare(home: Path, held: int, sent: int) -> _Site:
    async with open_node(home, PASSPHRASE) as node:
        await hold(node, held)
        tokens = [await _member(node, at) for at in range(AT_ONCE)]
        org = bench_org("Origin", node.today)
        await node.change(know, org.docs, "origin")
        records = signed_records(org, sent, node.today, seed=7)
        box = node.box_keys[0].public
        made = wires(org, records, node.context.org, box, node.today, items_a_delta=20)
        settings = node.settings
        base = f"http://127.0.0.1:{settings.web_port}"
        return _Site(base, settings.endpoints[0], tokens, list(made))


async def _member(node: Node, at: int) -> str:
    member = Member(f"{at}", f"member {at}", "member", "", node.today, "")
    await node.change(add_member, member)
    return await sign_in(node, member, "")


async def _visit(site: _Site, token: str, rounds: int, times: dict[str, list[float]]) -> None:
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(
        site.base, cookie_jar=jar, headers={"Cookie": f"p={token}"}
    ) as session:

        async def timed_page(name: str, path: str) -> str:
            start = time.perf_counter()
            async with session.get(URL(path, encoded=True)) as answer:
                text = await answer.text()
                assert answer.status == 200, (path, answer.status)
            times.setdefault(name, []).append(time.perf_counter() - start)
            return text

        proof = PROOF.search(await timed_page("first", "/"))
        assert proof
        for at in range(rounds):
            asked = {"csrf": proof[1], "q": f"+1 {290 + at} 555 01{at:02d}"}
            async with session.post("/look", data=asked, allow_redirects=False) as answer:
                assert answer.status == 303, answer.status
            await timed_page("check", "/look")
            alerts = ALERT.findall(await timed_page("list", "/list"))
            await timed_page("detail", alerts[at % len(alerts)])


async def _sync(site: _Site, sent: list[int]) -> None:
    async with aiohttp.ClientSession() as session:
        for wire in site.wires:
            async with session.post(site.endpoint, data=wire) as answer:
                assert answer.status == 200
                await answer.read()
            sent[0] += 1


async def _load(site: _Site, rounds: int) -> tuple[dict[str, list[float]], float, int]:
    times: dict[str, list[float]] = {}
    sent = [0]
    syncing = asyncio.create_task(_sync(site, sent))
    start = time.perf_counter()
    await asyncio.gather(*(_visit(site, token, rounds, times) for token in site.tokens))
    took = time.perf_counter() - start
    syncing.cancel()
    return times, took, sent[0]


def figures(scale: Scale) -> list[Figure]:
    """The time of a page for each of 50 at once, beside a peer that syncs."""
    held, rounds = scale.of(5_000, 20_000, 200), scale.of(10, 20, 2)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        home = make_node(Path(name), reachable=True)
        _open_pages(home)
        site = asyncio.run(_prepare(home, held, scale.of(4_000, 10_000, 200)))
        with Serving(home) as serving:
            asyncio.run(_load(_Site(site.base, site.endpoint, site.tokens[:2], []), 1))
            cpu = cpu_seconds(serving.pid)
            times, took, deltas = asyncio.run(_load(site, rounds))
            cpu = cpu_seconds(serving.pid) - cpu
    pages = sum(len(each) for name, each in times.items()) + AT_ONCE * rounds
    note = (
        f"{pages / took:,.0f} pages/s from {AT_ONCE} at once, {cpu / pages * 1e3:.1f} ms of CPU a"
        f" page with the sync; {deltas * 20 / took:,.0f} records/s stored meanwhile"
    )
    return [
        timed(f"{name}, p95 of {AT_ONCE} at once", [percentile(each, 0.95)], bar=BAR_MS, note=note)
        for name, each in times.items()
        if name != "first"
    ]


def _open_pages(home: Path) -> None:
    file = home / "settings.toml"
    settings = tomlkit.parse(file.read_text("utf-8"))
    settings.update({"web_host": "127.0.0.1", "web_port": free_port()})
    file.write_text(tomlkit.dumps(settings), "utf-8")
