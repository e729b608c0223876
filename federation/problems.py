"""What a person reads when a policy file is wrong: the switch, what is wrong, what is allowed.

Invariant: nothing that stood in the file is repeated but the names of switches, and of those only
what is shaped like a name.
"""

import difflib
import re
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from federation.policy import LEVELS, Policy


def switch_names() -> tuple[str, ...]:
    """Return the dotted name of every switch, in the order of the file."""
    names: list[str] = []
    for name, field in Policy.model_fields.items():
        table = field.annotation
        if isinstance(table, type) and issubclass(table, BaseModel):
            names += [f"{name}.{f.alias or key}" for key, f in table.model_fields.items()]
        else:
            names.append(name)
    return tuple(names)


def allowed_values(switch: str) -> str:
    """Say what a switch may be set to, from its safest value to its widest."""
    if switch in LEVELS:
        return " | ".join(f'"{level}"' for level in LEVELS[switch])
    if switch in {"export_to", "import_from"}:
        return '"nobody" | a list of organisation ids | "trusted"'
    if switch == "cross_border_regions":
        return 'a list of ISO 3166 codes such as "FR" or "US-CA" (the United Kingdom is "GB")'
    field = _field(switch)
    kind = field.annotation
    kind = get_args(kind)[0] if get_args(kind) else kind
    if kind is bool:
        safest, other = ("true", "false") if field.default else ("false", "true")
        return f"{safest} | {other}"
    bounds = {k: getattr(m, k) for m in field.metadata for k in ("ge", "le") if hasattr(m, k)}
    if kind is int:
        low, high = bounds["ge"], bounds["le"]
        return f"a whole number from {low} to {high}"
    return "a text"


def _field(switch: str) -> Any:
    table, _, key = switch.rpartition(".")
    if not table:
        return Policy.model_fields[key]
    model: Any = Policy.model_fields[table].annotation
    return next(f for name, f in model.model_fields.items() if key in {name, f.alias})


def problem_lines(error: ValidationError) -> list[str]:
    """Turn pydantic's findings into one line per switch."""
    lines: dict[str, str] = {}
    known = switch_names()
    tables = {name.partition(".")[0] for name in known if "." in name}
    for found in error.errors(include_input=False, include_url=False, include_context=False):
        path = [str(part) for part in found["loc"]]
        switch = next((s for s in (".".join(path[:2]), path[0] if path else "") if s in known), "")
        if switch:
            lines[switch] = f"{switch}: {_wrong(found)}; allowed: {allowed_values(switch)}"
        elif path and path[0] in tables and len(path) == 1:
            keys = ", ".join(n.partition(".")[2] for n in known if n.startswith(path[0] + "."))
            lines[path[0]] = f"{path[0]}: must be a table [{path[0]}] with the keys {keys}"
        else:
            lines[".".join(path)] = _unknown(".".join(path), known)
    return list(lines.values())


def _wrong(found: Any) -> str:
    kind = found["type"]
    if kind == "value_error":
        return str(found["msg"]).removeprefix("Value error, ")
    if kind in {"greater_than_equal", "less_than_equal"}:
        return "the number is out of range"
    if kind.startswith("string_too"):
        return "the text is too short or too long"
    return "this is not one of its values"


def _unknown(path: str, known: tuple[str, ...]) -> str:
    if not re.fullmatch(r"[a-z0-9_.]{1,60}", path):
        return "there is a switch of an unknown name: compare with docs/reference/policy.md"
    near = difflib.get_close_matches(path, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else "; compare with docs/reference/policy.md"
    return f"{path}: there is no such switch{hint}"
