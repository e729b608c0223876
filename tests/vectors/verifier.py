"""Re-check the published vectors without any code of the project.

`python -m tests.vectors.verifier [FOLDER]` prints each disagreement and exits with 1. The modules
`verifier_*.py` beside this one are a second reading of the specification, on the standard library
alone: they prove the specification, not our implementation of it. Each offers
`CHECKS: dict[file name, check(input) -> outcome]`; a refusal raises `Refused(code)`.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.vectors.verifier_bytes import Refused

HERE = Path(__file__).parent


def checks() -> dict[str, Callable[[Any], Any]]:
    """Return the check for each vector file."""
    found: dict[str, Callable[[Any], Any]] = {}
    for path in sorted(HERE.glob("verifier_*.py")):
        found.update(importlib.import_module(f"tests.vectors.{path.stem}").CHECKS)
    return found


def disagreements(folder: Path) -> list[str]:
    """Return a line for each case whose outcome here is another than the published one."""
    found = []
    known = checks()
    for path in sorted(folder.glob("*.json")):
        check = known.get(path.name)
        if check is None:
            found.append(f"{path.name}: no check knows this file")
            continue
        for case in json.loads(path.read_text("ascii")):
            try:
                here = {"outcome": check(case["input"])}
            except Refused as refusal:
                here = {"error": refusal.code}
            published = {key: case[key] for key in ("outcome", "error") if key in case}
            if here != published:
                found.append(f"{path.name}: {case['name']}: here {json.dumps(here)[:200]}")
    return found


def main() -> int:
    """Print the disagreements; return 1 if there is one."""
    found = disagreements(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
