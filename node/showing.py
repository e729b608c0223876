"""Values of fields as commands answer them: lists and texts as they are, bytes never."""

from collections.abc import Mapping
from typing import Any

from protocol.codec import Value
from protocol.ids import text_id

WITH_BYTES = (".token", "photo", "ref")  # all other fields are numbers and texts by their shape


def plain_fields(values: Mapping[str, Value]) -> dict[str, Any]:
    """Fields that JSON can carry; raw bytes become base32."""
    return {
        name: _plain(value) if name.endswith(WITH_BYTES) else value
        for name, value in values.items()
    }


def _plain(value: Value) -> Any:
    if isinstance(value, bytes):
        return text_id(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value
