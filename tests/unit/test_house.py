"""The rules of the house that no other tool holds: names, sizes, licence, locks."""

import ast
import re
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("protocol", "keys", "federation", "node", "cli")
MODULES = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
LOCKS = ("requirements.txt", "requirements-dev.txt")
LINES = 400
# Files past the ceiling, each with the reason why it is not split.
LONG: dict[str, str] = {}
VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
NOT_OURS = {"build", "dist", "htmlcov", "node_modules"}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _texts() -> list[Path]:
    """Every file of the project that a person could read: what is made by tools is left out."""
    found = []
    for path in ROOT.rglob("*"):
        folders = path.relative_to(ROOT).parts[:-1]
        hidden = any(part.startswith(".") and part != ".ci" for part in folders)
        made = any(part in NOT_OURS or part.endswith(".egg-info") for part in folders)
        if not hidden and not made and "__pycache__" not in folders and path.is_file():
            found.append(path)
    return found


def _read(path: Path) -> str:
    return path.read_text("utf-8", errors="ignore")


def _pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)", _read(ROOT / lock), re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_server_and_every_pin_has_its_hashes(lock: str) -> None:
    text = _read(ROOT / lock)
    assert "://" not in text
    options = re.findall(r"^ *(-\S+?)[=:\s]", text, re.MULTILINE)
    assert set(options) == {"--hash"}
    for pin in re.split(r"\n(?=[A-Za-z0-9])", text):
        assert "--hash=sha256:" in pin, pin.splitlines()[0]


def test_what_is_tested_is_what_is_run() -> None:
    runtime, dev = (_pins(lock) for lock in LOCKS)
    assert runtime
    assert runtime.items() <= dev.items()


def test_every_direct_requirement_is_locked() -> None:
    for wanted, lock in (("requirements.in", LOCKS[0]), ("requirements-dev.in", LOCKS[1])):
        names = re.findall(r"^([A-Za-z0-9][A-Za-z0-9_-]+)", _read(ROOT / wanted), re.MULTILINE)
        assert {name.lower() for name in names} <= _pins(lock).keys()


def test_no_library_ships_a_package_that_is_named_like_ours() -> None:
    for library in distributions():
        name = library.metadata["Name"].lower().replace("_", "-")
        if name != "parasol-node":
            # Built from source by an old pip, it has no RECORD, and lists its source.
            files = (library.files or []) if library.read_text("RECORD") else []
            top = {file.parts[0].removesuffix(".py") for file in files}
            top |= set((library.read_text("top_level.txt") or "").split())
            assert not top & {*PACKAGES, "tests"}, name


def test_no_file_names_a_package_server_or_a_place_on_one_machine() -> None:
    # Written in two halves, or this file would be the one that names them.
    servers = ["py" + "pi.org", "python" + "hosted.org", "registry." + "npmjs", "--index" + "-url"]
    unwanted = re.compile(
        "|".join(map(re.escape, servers))
        + r"|(?<![\w.~$}])/(?:ro"
        + r"ot|ho"
        + r"me/\w+|Us"
        + r"ers)/"
    )
    emit = "--no-emit-index" + "-url"  # what tells uv to write no server into a lock
    for path in _texts():
        found = unwanted.findall(_read(path).replace(emit, ""))
        assert not found, _name(path)


def test_the_licence_is_the_whole_agpl() -> None:
    text = _read(ROOT / "LICENSE")
    assert re.match(r"\s*GNU AFFERO GENERAL PUBLIC LICENSE\s+Version 3, 19 November 2007", text)
    assert "END OF TERMS AND CONDITIONS" in text
    assert "How to Apply These Terms to Your New Programs" in text
    assert len(text.splitlines()) > 650
    project = tomllib.loads(_read(ROOT / "pyproject.toml"))["project"]
    assert project["license"] == "AGPL-3.0-or-later"


def test_no_file_of_code_is_too_long_to_be_read_at_once() -> None:
    long = {_name(path) for path in MODULES + TESTS if len(_read(path).splitlines()) > LINES}
    assert long <= LONG.keys()


def test_no_module_has_a_vague_name_or_that_of_a_package() -> None:
    for path in MODULES:
        names = {path.stem, *path.relative_to(ROOT).parts[1:-1]}
        assert not names & VAGUE, _name(path)
        assert not names & set(PACKAGES), _name(path)


def test_every_module_says_what_it_decides_and_packages_hold_nothing_else() -> None:
    for path in MODULES:
        tree = ast.parse(_read(path))
        assert ast.get_docstring(tree), f"{_name(path)} has no docstring"
        if path.name == "__init__.py":
            assert len(tree.body) == 1, f"{_name(path)} holds more than a docstring"


def test_every_public_function_of_the_core_has_a_docstring() -> None:
    missing = []
    for path in MODULES:
        for node in ast.parse(_read(path)).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                told = ast.get_docstring(node) or node.name.startswith("_")
                missing += [] if told else [f"{_name(path)}: {node.name}"]
    assert not missing


def test_every_make_target_says_what_it_does() -> None:
    text = _read(ROOT / "Makefile")
    targets = set(re.findall(r"^([a-z]+):", text, re.MULTILINE))
    told = set(re.findall(r"^([a-z]+):[^#\n]*  ## \S", text, re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony is not None
    assert targets == told
    assert targets <= set(phony[1].split())


def test_every_number_in_documents_and_lists_is_reserved_for_fiction() -> None:
    shown = re.compile(r"\+\d[\d ().-]{7,20}\d")
    fiction = re.compile(
        r"1\d{3}55501\d\d|447700900\d{3}|441632960\d{3}|33199000\d{3}|331990\d{5}|3532091\d{5}"
    )
    lists = {".md", ".csv", ".tsv", ".txt"}
    for path in _texts():
        if path.suffix in lists and not path.name.startswith("requirements"):
            for number in shown.findall(_read(path)):
                digits = re.sub(r"\D", "", number)
                assert fiction.fullmatch(digits), f"{_name(path)}: {number}"


def test_everything_in_the_packages_reaches_an_installed_node() -> None:
    project = tomllib.loads(_read(ROOT / "pyproject.toml"))
    shipped = project["tool"]["setuptools"]["package-data"]
    for name in PACKAGES:
        data = {path for glob in shipped.get(name, []) for path in (ROOT / name).glob(glob)}
        for path in (ROOT / name).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                module = path.suffix == ".py" and (path.parent / "__init__.py").exists()
                assert module or path in data, f"{_name(path)} is left out of the package"
