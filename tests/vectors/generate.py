"""Write the published test vectors: `python -m tests.vectors.generate`.

Every module `generate_*.py` beside this one offers `build() -> dict[file name, cases]`. A test
holds that the files on disk are what this writes.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path

from tests.vectors.drawing import Case

FOLDER = Path(__file__).parent


def build_all() -> dict[str, bytes]:
    """Return every vector file's bytes by name."""
    files: dict[str, bytes] = {}
    for path in sorted(FOLDER.glob("generate_*.py")):
        built = importlib.import_module(f"tests.vectors.{path.stem}").build()
        for name, cases in built.items():
            if name in files:
                raise AssertionError(f"two generators write {name}")
            files[name] = render(cases)
    return files


def render(cases: list[Case]) -> bytes:
    """Return cases as JSON, one a line, so that a change shows as the cases it touches."""
    lines = [json.dumps(case, ensure_ascii=True) for case in cases]
    return ("[\n" + ",\n".join(lines) + "\n]\n").encode("ascii")


def main() -> None:
    """Write the files."""
    for name, content in build_all().items():
        (FOLDER / name).write_bytes(content)
        print(f"{name}: {content.count(chr(10).encode()) - 2} cases")


if __name__ == "__main__":
    main()
