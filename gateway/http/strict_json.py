"""Strict JSON (RFC 8259): rejects what Python's parser accepts in addition."""

import json
from typing import Any

MAX_DEPTH = 32


class MalformedJson(ValueError):
    """Not JSON, or JSON with NUL, a lone surrogate, NaN, a duplicate name, an overlong number or excessive depth."""


def parse(body: bytes) -> Any:
    """Raises MalformedJson."""
    try:
        value = json.loads(body.decode(), parse_constant=_refuse, object_pairs_hook=_unique)
        _check(value)
    except (ValueError, RecursionError):
        raise MalformedJson from None
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise MalformedJson
    return fields


def _check(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        for text in level:
            if isinstance(text, str):
                _check_text(text)
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return
    raise MalformedJson


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else []


def _check_text(text: str) -> None:
    """Raises UnicodeEncodeError, a ValueError, for a lone surrogate."""
    if "\0" in text:
        raise MalformedJson
    text.encode()


def _refuse(constant: str) -> Any:
    raise MalformedJson
