"""Every word of the pages is there in every language, with its blanks and in all its forms."""

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog, Message

from node.web.languages import LANGUAGES, words

ROOT = Path(__file__).parents[3]
OTHERS = [each for each in LANGUAGES if each != "en"]
BLANK = re.compile(r"%\(\w+\)[a-z]|%%")


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("words_tool", ROOT / ".ci" / "words.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["words_tool"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def collected() -> Catalog:
    found: Catalog = _tool().collected()
    return found


def _messages(catalogue: Catalog) -> Iterator[Message]:
    return (each for each in catalogue if each.id)


def _forms(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (str(message.string),)


@pytest.mark.parametrize("language", OTHERS)
def test_every_word_is_translated_and_no_other(language: str, collected: Catalog) -> None:
    found: Catalog = _tool().catalogue(language, collected)
    assert list(_tool().lacking(found)) == [], "run `make words`, and translate"
    stored = (ROOT / "node" / "web" / "locales" / f"{language}.po").read_bytes()
    assert b"#, fuzzy\n#" not in stored
    assert b"#~ " not in stored


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_loses_or_adds_a_blank(language: str, collected: Catalog) -> None:
    found: Catalog = _tool().catalogue(language, collected)
    wrong = []
    for message in _messages(found):
        english = message.id if isinstance(message.id, tuple | list) else (message.id,)
        wanted = set(BLANK.findall(english[-1]))
        for form in _forms(message):
            has = set(BLANK.findall(form))
            # "one" and "two" may be said in words where the language has a form of its own for it
            if has != wanted and not (len(english) > 1 and has < wanted):
                wrong.append((english[0], form))
            if "<" in form and "<" not in english[-1]:
                wrong.append((english[0], form))
    assert wrong == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_counts_in_its_own_forms(language: str) -> None:
    said = {words(language).ngettext("%(num)s alert", "%(num)s alerts", n) for n in range(120)}
    assert len(said) == {"fr": 2, "es": 2, "ru": 3, "zh": 1, "ar": 6}[language]
