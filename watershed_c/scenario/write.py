"""A scenario back as plain tables and as a scenario file."""

from __future__ import annotations

import json
import re
from typing import Any

from watershed_c import units
from watershed_c.scenario.fields import Table
from watershed_c.scenario.keys import Place
from watershed_c.scenario.schema import Scenario


def plain(scenario: Scenario) -> dict[str, Any]:
    """Nested tables of plain values, numbers in the unit inside; validating them gives the scenario again."""
    return scenario.model_dump(mode="python", by_alias=True, exclude_none=True)


def scenario_toml(scenario: Scenario) -> str:
    """The whole scenario, defaults included, numbers with their units."""
    return "\n".join(_table(scenario, "")).strip() + "\n"


def _table(table: Table, name: str) -> list[str]:
    here: list[str] = []
    below: list[str] = []
    for field, info in type(table).model_fields.items():
        value = getattr(table, field)
        key = info.alias or field
        dotted = f"{name}.{key}" if name else key
        if value is None:
            continue
        if isinstance(value, Table):
            below += ["", f"[{dotted}]", *_table(value, dotted)]
        elif isinstance(value, list) and value and isinstance(value[0], Table):
            for element in value:
                below += ["", f"[[{dotted}]]", *_table(element, dotted)]
        elif isinstance(value, dict) and value and isinstance(next(iter(value.values())), Table):
            for word, element in value.items():
                header = f"{dotted}.{_key(word)}"
                below += ["", f"[{header}]", *_table(element, header)]
        else:
            place = Place(type(table), ()).step(field)
            here.append(f"{key} = {_value(value, place.kind if place else None)}")
    return here + below


def _key(word: str) -> str:
    return word if re.fullmatch(r"[A-Za-z0-9_-]+", word) else json.dumps(word, ensure_ascii=False)


def _value(value: Any, kind: str | None) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and kind is not None:
        written = units.written(value, kind)
        return json.dumps(written) if isinstance(written, str) else repr(written)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(v, kind) for v in value) + "]"
    if isinstance(value, dict):
        if not value:
            return "{}"
        return "{ " + ", ".join(f"{_key(str(k))} = {_value(v, kind)}" for k, v in value.items()) + " }"
    if isinstance(value, Table):
        return _value(value.model_dump(by_alias=True, exclude_none=True), None)
    return str(value)
