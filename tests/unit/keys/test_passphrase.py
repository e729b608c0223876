"""The passphrase comes from a file, a credential or a question, never from a flag."""

from __future__ import annotations

from pathlib import Path

import pytest

from keys.errors import NoPassphrase, UnsafeMode
from keys.passphrase import read_passphrase


def secret(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def must_not_ask() -> str:
    raise AssertionError("asked, though a file was named")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"open sesame", "open sesame"),
        (b"open sesame\n", "open sesame"),
        (b"open sesame\r\n", "open sesame"),
        (b"open sesame\n\n", "open sesame\n"),
        (b" open sesame ", " open sesame "),
        ("caf\u00e9\n".encode(), "caf\u00e9"),
    ],
)
def test_one_trailing_newline_is_dropped_and_nothing_else(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    assert read_passphrase(secret(tmp_path / "p", content), must_not_ask, {}) == expected


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n", b"\xff\xfe", b"x" * 5000])
def test_a_file_without_a_usable_passphrase_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(NoPassphrase):
        read_passphrase(secret(tmp_path / "p", content), must_not_ask, {})


def test_a_named_file_that_is_missing_is_no_reason_to_ask(tmp_path: Path) -> None:
    with pytest.raises(NoPassphrase, match="there is no passphrase file"):
        read_passphrase(tmp_path / "none", must_not_ask, {})
    with pytest.raises(NoPassphrase):
        read_passphrase(tmp_path, must_not_ask, {})


def test_a_file_that_others_can_read_is_refused_with_the_cure(tmp_path: Path) -> None:
    path = secret(tmp_path / "p", b"open sesame", 0o644)
    with pytest.raises(UnsafeMode, match=f"chmod 600 {path}"):
        read_passphrase(path, must_not_ask, {})


def test_a_service_credential_is_read_whatever_its_group_bits(tmp_path: Path) -> None:
    secret(tmp_path / "parasol-passphrase", b"open sesame\n", 0o440)
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert read_passphrase(None, must_not_ask, environ) == "open sesame"


def test_a_named_file_comes_before_the_credential(tmp_path: Path) -> None:
    secret(tmp_path / "parasol-passphrase", b"of the service")
    named = secret(tmp_path / "p", b"of the file")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert read_passphrase(named, must_not_ask, environ) == "of the file"


def test_without_file_or_credential_the_person_is_asked(tmp_path: Path) -> None:
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert read_passphrase(None, lambda: "typed", environ) == "typed"
    with pytest.raises(NoPassphrase, match="typed"):
        read_passphrase(None, lambda: "", environ)


def test_without_any_source_the_missing_flag_is_named() -> None:
    with pytest.raises(NoPassphrase, match="--passphrase-file"):
        read_passphrase(None, None, {})
