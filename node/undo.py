"""What a set-up has put on the disk so far, so that a failure half-way can take it away again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keys.secretfile import write_secret_file


class Made:
    """Files and folders made by this run; nothing that was there before is ever among them."""

    def __init__(self) -> None:
        self._files: list[Path] = []
        self._folders: list[Path] = []
        self._watched: tuple[Path, set[Path]] | None = None

    def folder(self, path: Path) -> None:
        """Make a folder that only its owner can read, with its parents, or take it as it is."""
        self._folders += [each for each in (path, *path.parents) if not each.exists()]
        path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def file(self, path: Path) -> None:
        """Note a file that is about to be made by somebody else, unless it is there already."""
        if not path.exists():
            self._files.append(path)

    def secret(self, path: Path, text: str) -> None:
        """Write a new file that only its owner can read; KeystoreExists if there is one."""
        write_secret_file(path, text.encode(), create=True)
        self._files.append(path)

    def all_new_in(self, folder: Path) -> None:
        """From now on, whatever else appears in the folder was made by this run."""
        self._watched = (folder, set(folder.iterdir()))

    def clear(self) -> None:
        """Take away what was made, the newest first."""
        if self._watched is not None:
            folder, before = self._watched
            self._files += [path for path in folder.iterdir() if path not in before]
        for path in reversed(self._files):
            if not path.is_dir():
                path.unlink(missing_ok=True)
        for path in self._folders:
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()


@contextmanager
def cleared_on_failure() -> Iterator[Made]:
    """Give a `Made` that is cleared when the block fails, whatever the reason."""
    made = Made()
    try:
        yield made
    except BaseException:
        made.clear()
        raise
