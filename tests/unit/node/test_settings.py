"""Settings: what is wrong in them is said with its cure, and what is written is read back."""

from dataclasses import replace
from pathlib import Path

import pytest

from node.errors import BadSetting
from node.settings import Settings, load_settings, parse_listen, render_settings

GOOD = {"org": "Riverside", "region": "US-CA", "timezone": "America/Los_Angeles"}


def write(home: Path, text: str) -> Path:
    (home / "settings.toml").write_text(text)
    return home


def test_settings_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    settings = replace(
        Settings("Riverside", "US-CA", "America/Los_Angeles"),
        listen_host="127.0.0.1",
        listen_port=8701,
        secret_path="abc",
        endpoints=("http://127.0.0.1:8701/abc",),
        allow_loopback=True,
        socks_proxy="socks5://127.0.0.1:9050",
    )
    assert load_settings(write(tmp_path, render_settings(settings))) == settings
    assert settings.country == "US"


def test_the_secret_path_is_not_shown_with_the_settings() -> None:
    settings = replace(
        Settings("Riverside", "US-CA", "UTC"),
        secret_path="q7",
        endpoints=("https://public.example.org/q7",),
    )
    assert "q7" not in repr(settings)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"region": "California"}, "US-CA"),
        ({"region": "us-ca"}, "US-CA"),
        ({"region": "UK"}, "GB"),
        ({"region": "Nowhere"}, "ISO 3166"),
        ({"timezone": "Los Angeles"}, "America/Los_Angeles"),
        ({"timezone": "../../etc/passwd"}, "tz database"),
        ({"timezone": ""}, "tz database"),
        ({"org": "  "}, "org"),
        ({"org": "x" * 81}, "80"),
        ({"language": "English"}, "language"),
        ({"listen_host": "127.0.0.1"}, "port"),
        ({"endpoints": ("http://127.0.0.1/x",)}, "--allow-loopback"),
        ({"endpoints": ("https://192.168.1.1/x",)}, "private"),
        ({"socks_proxy": "http://127.0.0.1:8080"}, "socks5"),
    ],
)
def test_a_bad_setting_is_refused_with_its_cure(change: dict[str, object], says: str) -> None:
    with pytest.raises(BadSetting, match=says):
        Settings(**{**GOOD, **change})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("org = ", "not TOML"),
        ('org = "A"\nregion = "FR"', "timezone is missing"),
        ('org = "A"\nregion = "FR"\ntimezone = "Europe/Paris"\ncolour = 1', "no setting 'colour'"),
        ('org = "A"\nregion = "FR"\ntimezone = "Europe/Paris"\nlisten_port = true', "whole number"),
        ('org = 1\nregion = "FR"\ntimezone = "Europe/Paris"', "org must be a text"),
    ],
)
def test_a_settings_file_that_cannot_be_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BadSetting, match=says):
        load_settings(write(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("127.0.0.1:8701", ("127.0.0.1", 8701)),
        ("[::1]:8701", ("::1", 8701)),
        ("localhost:80", ("localhost", 80)),
    ],
)
def test_a_listening_address_is_read(text: str, found: tuple[str, int]) -> None:
    assert parse_listen(text) == found


@pytest.mark.parametrize(
    "text", ["8701", "127.0.0.1", "example.org:80", "127.0.0.1:0", "::1:99999"]
)
def test_a_listening_address_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(BadSetting, match=r"127\.0\.0\.1:8700"):
        parse_listen(text)
