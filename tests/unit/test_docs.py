"""The documents cannot lag: links, commands, make targets and error codes are held to the code."""

import importlib
import pkgutil
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cli.exits import exit_code
from cli.main import parasol
from protocol.errors import ErrorNumber, ParasolError, ProtocolError

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("protocol", "keys", "federation", "node", "cli")
TOP = ("README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md")
PAGES = [*(ROOT / name for name in TOP), *sorted((ROOT / "docs").rglob("*.md"))]
# What the tutorials call two nodes of their own.
ALIASES = ("parasol", "riverside", "harbour", ".venv/bin/parasol")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _prose(page: Path) -> str:
    return FENCE.sub("", page.read_text("utf-8"))


def _anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", _prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def _links(page: Path) -> Iterator[tuple[Path, str]]:
    for target in LINK.findall(_prose(page)):
        if not re.match(r"[a-z]+:", target):
            file, _, anchor = target.partition("#")
            yield (page.parent / file).resolve() if file else page, anchor


def _lines(page: Path) -> Iterator[str]:
    """The shell lines of a page, and what stands in its text as code."""
    for kind, block in FENCE.findall(page.read_text("utf-8")):
        if kind in {"sh", "console"}:
            yield from block.replace("\\\n", " ").splitlines()
    yield from re.findall(r"`([^`\n]+)`", _prose(page))


def _calls(page: Path) -> Iterator[list[str]]:
    """Each call of the command that a page shows, as words."""
    for line in _lines(page):
        shown = line.split("#")[0].split(" …")[0].removeprefix("$ ")
        for part in re.split(r"\||&&|;|&$|[<>]\s*\S+", shown):
            try:
                words = shlex.split(part)
            except ValueError:
                continue
            if len(words) > 1 and words[0] in ALIASES:
                yield words[1:]


def _leaves(command: click.Command, *path: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _leaves(found, *path, name)
    else:
        yield " ".join(path), command


def _fault(command: click.Command, words: list[str]) -> str | None:
    """What is wrong with a call, or None: unknown commands, unknown options, too many words."""
    options = {name: one for one in command.params for name in [*one.opts, *one.secondary_opts]}
    rest = list(words)
    places = sum(99 if p.nargs < 0 else 1 for p in command.params if isinstance(p, click.Argument))
    while rest:
        word = rest.pop(0)
        if word.startswith("-") and word != "-":
            option = options.get(word.partition("=")[0])
            if word in {"-h", "--help"}:
                continue
            if not isinstance(option, click.Option):
                return f"has no option {word}"
            if not option.is_flag and not option.count and "=" not in word:
                rest = rest[1:]
        elif isinstance(command, click.Group):
            names = word.split("|")  # `peer pause|resume PEER` names two
            for name in names:
                found = command.get_command(click.Context(command), name)
                fault = f"has no {name}" if found is None else _fault(found, rest)
                if fault:
                    return fault
            return None
        else:
            places -= 1
            if places < 0:
                return f"takes no {word}"
    return None


def test_the_readme_is_at_most_100_lines() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 100


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_no_link_is_broken(page: Path) -> None:
    for file, anchor in _links(page):
        assert file.exists(), f"{_name(page)} links to {file}"
        if anchor and file.suffix == ".md":
            assert anchor in _anchors(file), f"{_name(page)} links to {file.name}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_file_of_the_project_that_a_page_names_exists(page: Path) -> None:
    named = re.compile(rf"`((?:{'|'.join(PACKAGES)}|tests|docs)/[\w/.-]+)`")
    for path in named.findall(_prose(page)):
        assert (ROOT / path).exists(), f"{_name(page)} names {path}"


def test_every_page_can_be_reached_from_the_map() -> None:
    found, ahead = set[Path](), [ROOT / "docs" / "README.md"]
    while ahead:
        page = ahead.pop()
        if page not in found:
            found.add(page)
            linked = [file for file, _ in _links(page)]
            ahead += [file for file in linked if file.suffix == ".md" and file.exists()]
            ahead += [inside for file in linked if file.is_dir() for inside in file.glob("*.md")]
    lost = [_name(page) for page in PAGES if "docs" in _name(page) and page not in found]
    assert not lost


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_command_that_a_page_shows_exists(page: Path) -> None:
    faults = {" ".join(words): _fault(parasol, words) for words in _calls(page)}
    assert not {call: fault for call, fault in faults.items() if fault}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_make_target_that_a_page_shows_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    shown = {line.split()[1] for line in _lines(page) if re.match(r"make [a-z]+\b", line)}
    assert shown <= targets


def test_the_readme_shows_commands_and_they_are_found_by_these_tests() -> None:
    shown = [words[0] for words in _calls(ROOT / "README.md")]
    assert {"init", "serve", "peer", "import", "draft", "policy", "alert", "check"} <= set(shown)
    assert _fault(parasol, ["peer", "befriend"])
    assert _fault(parasol, ["check", "-", "--loudly"])


def test_every_command_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "commands.md").read_text("utf-8")
    told = set(re.findall(r"^\| `parasol ([a-z -]+?)(?= [A-Z\[-]|`)", page, re.MULTILINE))
    assert told == {name for name, _ in _leaves(parasol)}


def test_every_error_code_is_documented_with_its_exit_code() -> None:
    page = (ROOT / "docs" / "reference" / "errors.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\d)", page, re.MULTILINE)
    told = {code: int(number) for code, number in rows}
    assert told == {code: exit_code(code) for code in _codes()}


def test_every_error_number_of_the_protocol_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "errors.md").read_text("utf-8")
    told = re.findall(r"^\| (\d+) \| `(\w+)` \| (\d)", page, re.MULTILINE)
    names = [(number, number.name.lower()) for number in ErrorNumber]
    assert told == [(str(int(number)), name, str(exit_code(name))) for number, name in names]


def _codes() -> set[str]:
    """The code of every error that descends from the root, apart from the protocol's numbers."""
    for package in PACKAGES:
        for module in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
            if "migrations" not in module.name:
                importlib.import_module(module.name)
    ahead, codes = list(ParasolError.__subclasses__()), set[str]()
    while ahead:
        kind = ahead.pop()
        ahead += kind.__subclasses__()
        if not issubclass(kind, ProtocolError) and "code" in vars(kind):
            codes.add(kind.code)
    return codes
