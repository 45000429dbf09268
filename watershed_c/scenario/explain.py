"""`explain KEY`: what a key means, its unit, range, default and source; and the JSON schema for editors."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from watershed_c import units
from watershed_c.errors import Problem, ScenarioError
from watershed_c.scenario import messages
from watershed_c.scenario.keys import Place, all_keys, keys_of
from watershed_c.scenario.schema import Scenario


def explain_keys() -> list[str]:
    """Every key a scenario may have, dotted; NAME stands for a name the user gives."""
    return list(all_keys())


def _find(key: str) -> Place | None:
    place: Place | None = Place(Scenario, ())
    for part in key.split("."):
        while place is not None and place.table is None and get_origin(place.annotation) is list:
            place = place.inner
        place = place.step(part) if place is not None else None
    return place


def explain(key: str) -> str:
    """What a key means, in a few lines; raises ScenarioError with the nearest key when there is none."""
    place = _find(key)
    if place is None:
        hint = messages.nearest_hint(key, explain_keys())
        raise ScenarioError(Problem("", None, key, "", "is not a key of a scenario.", hint))
    lines = [key]
    info = place.info
    if info is not None and info.description:
        lines.append(f"  {info.description}")
    kind = place.kind
    if kind is not None:
        bare = "fraction of 1" if units.KINDS[kind].unit == "1" else units.KINDS[kind].unit
        accepted = ", ".join(units.KINDS[kind].accepts)
        lines.append(f"  unit      {bare} for a bare number; also as text with {accepted}")
    if place.choices:
        lines.append(f"  one of    {', '.join(map(str, place.choices))}")
    table = place
    while table.table is None and table.inner is not None:
        table = table.inner
    low, high = place.bounds
    if low is not None or high is not None:
        lines.append(f"  range     {messages.range_text(place, '')}")
    if info is not None:
        lines.append(f"  default   {_default_of(key, info, kind)}")
        source = (info.json_schema_extra or {}).get("source") if isinstance(info.json_schema_extra, dict) else None
        if source:
            lines.append(f"  source    {source}")
    if table.table is not None:
        lines.append(f"  keys      {', '.join(keys_of(table.table))}")
    return "\n".join(lines)


def _default_of(key: str, info: FieldInfo, kind: str | None) -> str:
    """The default of a key; of the switch of a process that waits for its table also what holds without that."""
    text, (table, _, last) = _default(info.default, info.default_factory, kind), key.rpartition(".")
    home = _find(table) if last == "enabled" else None
    without = None if home is None or home.info is None else home.info.get_default(call_default_factory=True)
    return f"{text}; false without [{table}]" if getattr(without, "enabled", True) is False else text


def _default(default: Any, factory: Any, kind: str | None) -> str:
    if factory is not None:
        value = factory()
        if not value:
            return "none"
        return messages.shown(value) if isinstance(value, list | dict) else "its defaults"
    if default is PydanticUndefined:
        return "none: must be given"
    if default is None:
        return "none"
    if isinstance(default, bool):
        return str(default).lower()
    return str(units.written(default, kind)) if kind and isinstance(default, float) else str(default)


def key_table() -> str:
    """Every key with meaning, range and default, as the table of docs/scenario.md."""
    rows = ["| key | meaning | unit or choice | default |", "|---|---|---|---|"]
    for key in explain_keys():
        place = _find(key)
        assert place is not None
        info, kind = place.info, place.kind
        if place.table is not None or info is None:
            continue
        low, high = place.bounds
        within = messages.range_text(place, "") if low is not None or high is not None else ""
        unit = units.KINDS[kind].unit if kind is not None and units.KINDS[kind].unit != "1" else ""
        what = " / ".join(map(str, place.choices)) or within or unit
        meaning = (info.description or "").replace("|", "or")
        rows.append(f"| `{key}` | {meaning} | {what} | {_default_of(key, info, kind)} |")
    return "\n".join(rows)


def json_schema() -> dict[str, Any]:
    """JSON schema of a scenario file, for editors."""
    return Scenario.model_json_schema(by_alias=True)


def _rewrite(page: Path) -> None:
    """Put the table of keys into a page, in place of the one that is there."""
    text = page.read_text(encoding="utf-8")
    before, rest = text.split("| key | meaning |", 1)
    after = rest.split("\n\n", 1)[1] if "\n\n" in rest else ""
    page.write_text(f"{before}{key_table()}\n\n{after}".rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    import sys

    _rewrite(Path(sys.argv[1]))
