"""docs/reference/cli.md says every command, option, argument, field and setting, and no other."""

import re
from collections.abc import Iterator
from dataclasses import fields

import click
import pytest

from cli.main import parasol
from node.fields_form import ALIASES
from node.settings import Settings
from tests.support.parasol_command import ROOT

PAGE = (ROOT / "docs" / "reference" / "cli.md").read_text("utf-8")


def commands(command: click.Command, *path: str) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from commands(found, *path, name)


ALL = dict(commands(parasol))


def section(title: str) -> str:
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"there is no section {title}"
    return found[1]


def column(text: str, number: int = 1) -> list[str]:
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| `")]
    return [word for row in rows for word in re.findall(r"`([^`]+)`", row[number - 1])]


def test_every_command_has_a_section_and_there_is_no_other() -> None:
    assert set(re.findall(r"^### parasol (.+)$", PAGE, re.MULTILINE)) == set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_a_commands_section_has_its_options_and_arguments(name: str) -> None:
    text = section(f"parasol {name}")
    options = [each for each in ALL[name].params if isinstance(each, click.Option)]
    arguments = [each for each in ALL[name].params if isinstance(each, click.Argument)]
    assert [word.split()[0] for word in column(text)] == [
        option for each in options for option in each.opts
    ]
    usage = re.findall(rf"^`parasol {name}(.*)`$", text, re.MULTILINE)
    assert usage, "the section begins with the command's form"
    context = click.Context(ALL[name])
    assert usage[0].split() == [each.make_metavar(context) for each in arguments]


@pytest.mark.parametrize("name", ALL)
def test_a_command_says_what_it_does_and_each_option_what_it_means(name: str) -> None:
    assert ALL[name].help
    for each in ALL[name].params:
        if isinstance(each, click.Option):
            assert each.help, each.name


def test_the_global_options_are_told() -> None:
    told = {word.split()[0] for word in column(section("For all commands"))}
    options = {option for each in parasol.params for option in each.opts}
    assert options <= told


def test_every_field_is_told_with_its_other_names() -> None:
    text = section("Fields")
    assert column(text) == list(ALIASES)
    assert column(text, 2) == [word for words in ALIASES.values() for word in words]


def test_every_setting_is_told() -> None:
    assert column(section("Settings")) == [each.name for each in fields(Settings)]
