"""Definitions as JSON that is the same on every machine, and back: what a bundle's hash is taken over.

Places in files are left out: a moved line changes no mail.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any

from regulars.definition import (
    automation,
    conditions,
    feeds,
    limits,
    programme,
    quantities,
    relays,
    wording,
    workspace,
)

_TYPES: Mapping[str, type] = {
    name: kind
    for module in (quantities, conditions, relays, wording, automation, limits, programme, feeds, workspace)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and (is_dataclass(kind) or issubclass(kind, Enum))
}


def dumped(value: Any) -> bytes:
    """Dataclasses, enums, decimals, dates, sequences and mappings of `definition`."""
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def loaded(text: bytes) -> Any:
    return _value(json.loads(text))


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return {"!": type(value).__name__, "value": value.value}
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal | float):
        return {"!": "Decimal", "value": str(value)}
    if isinstance(value, time):
        return {"!": "time", "value": value.isoformat()}
    if isinstance(value, date):
        return {"!": "datetime" if isinstance(value, datetime) else "date", "value": value.isoformat()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {"!": "mapping", "value": [[_plain(key), _plain(item)] for key, item in value.items()]}
    kept = {field.name: _plain(getattr(value, field.name)) for field in fields(value) if field.compare}
    return {"!": type(value).__name__, "value": kept}


def _value(plain: Any) -> Any:
    if isinstance(plain, list):
        return tuple(_value(item) for item in plain)
    if not isinstance(plain, dict):
        return plain
    name, value = plain["!"], plain["value"]
    if name == "mapping":
        return {_value(key): _value(item) for key, item in value}
    if name in _SCALARS:
        return _SCALARS[name](value)
    kind = _TYPES[name]
    if not is_dataclass(kind):
        return kind(value)
    known = {field.name for field in fields(kind)}  # what an earlier release wrote, and this one has no word for any more, is left out
    return kind(**{key: _value(item) for key, item in value.items() if key in known})


_SCALARS: Mapping[str, Any] = {
    "Decimal": Decimal, "date": date.fromisoformat, "datetime": datetime.fromisoformat, "time": time.fromisoformat,
}
