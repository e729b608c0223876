"""Where the passphrase comes from: a file, a service credential, or a question on the terminal.

Decides the order, and that it is never a flag or an environment variable: both show in process
lists. A file that others can read is refused.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from keys.errors import KeystoreDamaged, NoPassphrase
from keys.secretfile import read_secret_file

CREDENTIAL = "parasol-passphrase"
MAX_PASSPHRASE = 4096


def read_passphrase(
    file: Path | None,
    prompt: Callable[[], str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> str:
    """Find the passphrase: in `file`, else in the service's credentials, else by asking `prompt`.

    One trailing newline is dropped. NoPassphrase if there is none or it is empty; UnsafeMode if
    others can read the file. A named file that is missing is an error, never a reason to ask.
    """
    if file is not None:
        return _from_file(file, private=True)
    folder = (os.environ if environ is None else environ).get("CREDENTIALS_DIRECTORY")
    if folder and (credential := Path(folder) / CREDENTIAL).exists():
        # systemd guards the folder; the file's group bits show an access list, not a group.
        return _from_file(credential, private=False)
    if prompt is not None:
        return _usable(prompt(), "no passphrase was typed")
    raise NoPassphrase("no passphrase: name a file with --passphrase-file, or run on a terminal")


def _from_file(path: Path, *, private: bool) -> str:
    try:
        text = read_secret_file(path, most=MAX_PASSPHRASE, private=private).decode("utf-8")
    except FileNotFoundError:
        raise NoPassphrase(f"there is no passphrase file {path}") from None
    except OSError as error:
        raise NoPassphrase(f"cannot read the passphrase file {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise NoPassphrase(f"the passphrase in {path} is not UTF-8 text") from None
    except KeystoreDamaged as error:
        raise NoPassphrase(str(error)) from None
    return _usable(text, f"the passphrase file {path} is empty")


def _usable(text: str, otherwise: str) -> str:
    passphrase = text.removesuffix("\n").removesuffix("\r")
    if not passphrase:
        raise NoPassphrase(otherwise)
    return passphrase
