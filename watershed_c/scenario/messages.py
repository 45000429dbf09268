"""From what the validation says to what a user can act on: file, line, key, value, expectation, suggestion."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from watershed_c import units
from watershed_c.errors import Problem
from watershed_c.scenario import keys
from watershed_c.scenario.toml_lines import KeyPath

_WANTED = {
    "bool_type": "must be true or false.",
    "string_type": 'must be a text in "quotes".',
    "int_type": "must be a whole number.",
    "int_from_float": "must be a whole number.",
    "float_type": "must be a number.",
    "finite_number": "must be a finite number.",
    "list_type": "must be a list [ ... ].",
    "dict_type": "must be a table { ... }.",
    "model_type": "must be a table { ... }.",
    "model_attributes_type": "must be a table { ... }.",
}


def nearest_hint(word: str, candidates: Iterable[str]) -> str:
    """'Did you mean "x"?' with the candidate most like `word`, or an empty text."""
    found = difflib.get_close_matches(word, list(candidates), 1, 0.6)
    return f'Did you mean "{found[0]}"?' if found else ""


def shown(value: Any) -> str:
    """A value as the user would recognise it in a message; tables are not repeated."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        text = value if re.match(r"^[+\-]?[\d.]", value) and len(value.split()) <= 6 else f'"{value}"'
    elif isinstance(value, list):
        text = "[" + ", ".join(shown(v) for v in value) + "]"
    elif isinstance(value, int | float):
        text = f"{value!r}" if isinstance(value, float) or abs(value) < 10**30 else "a very large number"
    else:
        return ""
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "..."


def problems(
    error: ValidationError, raw: dict[str, Any], file: str, lines: dict[KeyPath, int], set_keys: set[str]
) -> list[Problem]:
    """Every error of a validation as a problem, in the order of the file."""
    found = []
    for entry in error.errors(include_url=False):
        path, value = _in_raw(tuple(entry["loc"]), raw)
        expectation, suggestion = _wording(entry, path, value)
        key = dotted(path, raw)
        place, line = where(path, key, file, lines, set_keys)
        hide = entry["type"] in ("extra_forbidden", "missing")
        found.append(Problem(place, line, key, "" if hide else shown(value), expectation, suggestion))
    return sorted(set(found), key=lambda p: (p.line is None, p.line or 0))


def where(
    path: KeyPath, key: str, file: str, lines: dict[KeyPath, int], set_keys: set[str] | None = None
) -> tuple[str, int | None]:
    """File and line of a key: its own, else that of the table it is in; "--set" for an override."""
    if any(key == k or key.startswith(f"{k}.") for k in set_keys or ()):
        return "--set", None
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return file, lines[path[:end]]
    return ("--set" if any(k.startswith(f"{key}.") for k in set_keys or ()) else file), None


def dotted(path: KeyPath, raw: Any) -> str:
    """A key path as text; events are called by their id."""
    text = ""
    here = raw
    for part in path:
        here = here[part] if _has(here, part) else None
        if isinstance(part, int):
            name = here.get("id") if isinstance(here, dict) else None
            text += f".{name}" if isinstance(name, str) else f"[{part}]"
        else:
            text += f".{part}" if text else str(part)
    return text


def _has(here: Any, part: str | int) -> bool:
    if isinstance(here, dict):
        return part in here
    return isinstance(here, list) and isinstance(part, int) and part < len(here)


def _in_raw(loc: KeyPath, raw: dict[str, Any]) -> tuple[KeyPath, Any]:
    """The path as it stands in the file ({ value = x } written as x), and the value there."""
    here: Any = raw
    path: KeyPath = ()
    for number, part in enumerate(loc):
        if not _has(here, part):
            if part == "value" and not isinstance(here, dict | list):
                break
            return (*path, *loc[number:]), None
        here, path = here[part], (*path, part)
    return path, here


def wording(entry: Any, table: KeyPath) -> tuple[str, str]:
    """Expectation and suggestion for an error of what stands at a key of a scenario, validated by itself."""
    loc = (*table, *entry["loc"])
    return _wording({**entry, "loc": loc}, loc, entry.get("input"))


def _wording(entry: Any, path: KeyPath, value: Any) -> tuple[str, str]:
    """Expectation and suggestion."""
    kind = entry["type"]
    place = keys.at(entry["loc"])
    if kind == "missing":
        meaning = place.info.description if place is not None and place.info is not None else ""
        return f"is missing: {meaning}." if meaning else "is missing.", ""
    if kind == "extra_forbidden":
        return "unknown key.", _unknown_hint(path)
    if kind == "value_error":
        return str(entry["ctx"]["error"]), ""
    if kind == "literal_error" and place is not None:
        words = [str(choice) for choice in place.choices]
        quoted = ", ".join(f'"{w}"' for w in words[:-1])
        text = f'must be {quoted} or "{words[-1]}".' if quoted else f'must be "{words[-1]}".'
        return text, nearest_hint(value, words) if isinstance(value, str) else ""
    if kind in ("greater_than_equal", "less_than_equal", "greater_than", "less_than") and place is not None:
        return f"must be {range_text(place, value)}.", _unit_hint(place, value)
    if kind == "string_pattern_mismatch":
        words = re.findall(r"[\w]+", entry["ctx"]["pattern"]) if "|" in entry["ctx"]["pattern"] else []
        meaning = place.info.description if place is not None and place.info is not None else ""
        return ("must be " + " or ".join(f'"{w}"' for w in words) + "." if words else f"is not {meaning}."), ""
    if kind in ("too_short", "too_long"):
        context = entry["ctx"]
        limit = f"at least {context['min_length']}" if kind == "too_short" else f"at most {context['max_length']}"
        return f"must have {limit} entries; has {context['actual_length']}.", ""
    return _WANTED.get(kind, f"is not valid: {entry['msg']}."), ""


def _unknown_hint(path: KeyPath) -> str:
    """The nearest key of the table, or the table where the key belongs."""
    name = str(path[-1])
    table = keys.at(path[:-1])
    near = nearest_hint(name, keys.keys_of(table.table)) if table is not None and table.table is not None else ""
    if near:
        return near
    homes = [key for key in keys.all_keys() if key.split(".")[-1] == name]
    if homes:
        home = homes[0].rpartition(".")[0]
        return f'"{name}" belongs to [{home}].' if home else f'"{name}" stands at the top.'
    if table is not None and table.table is not None:
        return f"Keys here are: {', '.join(keys.keys_of(table.table))}."
    return ""


def range_text(place: keys.Place, value: Any) -> str:
    """The range of a key, in the unit the user wrote (else %, or the unit inside)."""
    low, high = place.bounds
    unit, scale = "", 1.0
    kind = place.kind
    if kind is not None and kind != "number":
        unit = units.KINDS[kind].unit if units.KINDS[kind].unit != "1" else ""
        written = units.split_quantity(value)[1] if isinstance(value, str) and value else ""
        if written and not units.KINDS[kind].offset:
            unit, scale = written, units.factor(written, kind)
        elif kind in ("fraction", "share"):
            unit, scale = "%", 0.01
    text = [f"{bound / scale:.6g}" if bound is not None else "" for bound in (low, high)]
    tail = f" {unit}" if unit else ""
    more = any(type(mark).__name__ == "Gt" for mark in place.marks)
    if all(text) and more:
        return f"above {text[0]} and at most {text[1]}{tail}"
    if all(text):
        return f"{text[0]}-{text[1]}{tail}" if low is None or low >= 0.0 else f"{text[0]} to {text[1]}{tail}"
    if text[0]:
        return f"above {text[0]}{tail}" if more else f"{text[0]}{tail} or more"
    return f"{text[1]}{tail} or less"


def _unit_hint(place: keys.Place, value: Any) -> str:
    """The unit that was likely meant: another accepted one that brings the number into the range."""
    if place.kind is None or isinstance(value, bool):
        return ""
    number, unit = units.split_quantity(value) if isinstance(value, str) else (value, "")
    if not isinstance(number, int | float):
        return ""
    low, high = place.bounds
    for other in units.KINDS[place.kind].accepts:
        inside = units.to_inside(number, other, place.kind)
        fits = (low is None or inside >= low) and (high is None or inside <= high)
        if fits and other != unit and inside != number:
            return f'If the number is in {other}, write "{number:g} {other}".'
    return ""
