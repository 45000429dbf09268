"""Reading a scenario: TOML with line numbers, overrides, validation; every problem at once."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from watershed_c.data import data_path
from watershed_c.errors import Problem, ScenarioError
from watershed_c.scenario import messages
from watershed_c.scenario.schema import FORMAT_VERSION, Scenario
from watershed_c.scenario.toml_lines import KeyPath, key_lines
from watershed_c.scenario.watem_sedem import take_apart


def load(
    path_or_name: str | Path,
    overrides: dict[str, Any] | list[str] | None = None,
    *,
    variants: str | Path | None = None,
) -> Scenario:
    """Read and validate a scenario.

    Parameters
    ----------
    path_or_name : a scenario file, a folder that holds scenario.toml, or the name of a shipped scenario ("jacksboro")
    overrides : dotted key -> value, or a list of "key=value" texts as given to `--set`
    variants : a file of variants, or the name of one in the folder of the scenario, to take instead of its own

    Raises
    ------
    ScenarioError
        With everything that is wrong.
    """
    path = find(path_or_name)
    scenario = loads(_text(path), file=_shown(path), path=path, overrides=overrides)
    return scenario if variants is None else _with_variants(scenario, Path(variants))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(Problem(_shown(path), None, "", "", f"cannot be read as text: {error}")) from None


def _with_variants(scenario: Scenario, file: Path) -> Scenario:
    """The scenario with the variants and factors of a file, and what it changes of the baseline."""
    from watershed_c.scenario.variants import members

    beside = (scenario.path or Path()).parent
    if not file.is_file():
        named = {path.stem: path for path in sorted(beside.glob("*.toml")) if path.name != "scenario.toml"}
        if str(file) not in named:
            hint = messages.nearest_hint(str(file), named) or f"There: {', '.join(named) or 'none'}."
            expectation = f"is neither a file nor one of the variants beside the scenario, in {_shown(beside)}."
            raise ScenarioError(Problem("--variants", None, "", str(file), expectation, hint))
        file = named[str(file)]
    shown, text = _shown(file), _text(file)
    raw, lines = _toml(text, shown), key_lines(text)
    known = ("baseline", "variants", "factors")
    wrong = [key for key, value in raw.items() if key not in known or not isinstance(value, dict)]
    if wrong or not (raw.get("variants") or raw.get("factors")):
        key = wrong[0] if wrong else ""
        expectation = (
            "has no place in a file of variants, which holds tables [variants.NAME] or [factors.NAME], and [baseline]."
        )
        raise ScenarioError(Problem(shown, lines.get((key,)), key, "" if key else "variants", expectation))
    result = _baseline(scenario, raw.get("baseline", {}), shown, lines)
    result = result.with_({"variants": raw.get("variants", {}), "factors": raw.get("factors", {})})
    result._variants_from = shown, lines
    members(result)
    return result


def _baseline(scenario: Scenario, changes: dict[str, Any], file: str, lines: dict[KeyPath, int]) -> Scenario:
    """The scenario with the changes of a file of variants that hold for all of them."""
    from watershed_c.scenario.variants import flattened

    try:
        return scenario.with_(dict(flattened(changes)))
    except ScenarioError as error:
        here = lines.get(("baseline",))
        told = [(problem, lines.get(("baseline", problem.key), here)) for problem in error.problems]
        raise ScenarioError([replace(p, file=file, line=line, key=f"baseline.{p.key}") for p, line in told]) from None


def loads(
    text: str, *, file: str = "", path: Path | None = None, overrides: dict[str, Any] | list[str] | None = None
) -> Scenario:
    """`load` from a text; `file` is what messages call it, `path` is where relative paths start."""
    raw = _toml(text, file)
    lines = key_lines(text)
    changes, problems = parse_overrides(overrides)
    if problems:
        raise ScenarioError(problems)
    for key, value in changes.items():
        set_key(raw, key, value)
    _check_version(raw, file, lines)
    notes = take_apart(raw, path.parent if path else Path(), file, lines)
    scenario = _validated(raw, file, lines, set(changes))
    scenario._path, scenario._notes = path, tuple(notes)
    if scenario.variants or scenario.factors:
        from watershed_c.scenario.variants import members

        members(scenario)  # what is wrong with one of them is told now
    return scenario


def _toml(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(_syntax(file, error)) from None
    except RecursionError:
        raise ScenarioError(Problem(file, None, "", "", "is nested too deeply to be a scenario.")) from None


def find(path_or_name: str | Path) -> Path:
    """The scenario file meant: a path, a folder with scenario.toml, or the name of a shipped scenario."""
    path = Path(path_or_name)
    if path.is_file():
        return path
    if (path / "scenario.toml").is_file():
        return path / "scenario.toml"
    shipped = shipped_scenarios()
    if str(path_or_name) in shipped:
        return shipped[str(path_or_name)]
    names = ", ".join(shipped) or "none"
    hint = messages.nearest_hint(str(path_or_name), shipped)
    expectation = f"is neither a scenario file, a folder with scenario.toml, nor a shipped scenario ({names})."
    raise ScenarioError(Problem("", None, str(path_or_name), "", expectation, hint))


def shipped_scenarios() -> dict[str, Path]:
    """Name -> file of the scenarios that come with the program."""
    try:
        folder = data_path("scenarios")
    except FileNotFoundError:
        return {}
    return {file.parent.name: file for file in sorted(folder.glob("*/scenario.toml"))}


def changed(scenario: Scenario, changes: dict[str, Any]) -> Scenario:
    """A copy of a scenario with changes by dotted key (`Scenario.with_`)."""
    from watershed_c.scenario.write import plain

    raw = plain(scenario)
    for key, value in changes.items():
        set_key(raw, key, value)
    result = _validated(raw, scenario._file, scenario._lines, set(changes))
    result._path, result._notes = scenario._path, scenario._notes
    return result


def parse_overrides(overrides: dict[str, Any] | list[str] | None) -> tuple[dict[str, Any], list[Problem]]:
    """Overrides as dotted key -> value; the value of "key=value" is read as TOML, else it is a text."""
    if overrides is None or isinstance(overrides, dict):
        return dict(overrides or {}), []
    result: dict[str, Any] = {}
    problems = []
    for text in overrides:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            problems.append(Problem("--set", None, text, "", "must be key=value, e.g. time.end=2030-12."))
            continue
        try:
            result[key.strip()] = tomllib.loads(f"value = {value.strip()}")["value"]
        except (tomllib.TOMLDecodeError, KeyError, RecursionError):
            result[key.strip()] = value.strip()
    return result, problems


def set_key(raw: dict[str, Any], key: str, value: Any) -> None:
    """Set a dotted key in nested tables; lists are entered by number or by the `id` of an event."""
    parts = _split(key)
    here: Any = raw
    for position, part in enumerate(parts[:-1]):
        if isinstance(here, list):
            index = _index(here, part)
            if index is None:
                return _unknown(raw, parts[: position + 1], value)
            here = here[index]
            continue
        if not isinstance(here.get(part), dict | list):
            event = _event(here, part)
            if event is not None:
                here = event
                continue
            here[part] = {} if part not in here or here[part] is None else {"value": here[part]}
        here = here[part]
    if isinstance(here, list):
        index = _index(here, parts[-1])
        if index is None:
            return _unknown(raw, parts, value)
        here[index] = value
    else:
        here[parts[-1]] = value
    return None


def _split(key: str) -> list[str]:
    return [part.strip().strip('"') for part in key.split(".")]


def _index(items: list[Any], part: str) -> int | None:
    for number, element in enumerate(items):
        if isinstance(element, dict) and element.get("id", element.get("name")) == part:
            return number
    return int(part) if part.isdigit() and int(part) < len(items) else None


def _event(table: dict[str, Any], part: str) -> dict[str, Any] | None:
    events = table.get("event")
    index = _index(events, part) if isinstance(events, list) and not part.isdigit() else None
    return events[index] if index is not None and isinstance(events, list) else None


def _unknown(raw: dict[str, Any], parts: list[str], value: Any) -> None:
    """Leave a key that cannot be entered where validation will report it as unknown."""
    raw[".".join(parts)] = value


def _shown(path: Path) -> str:
    """The path as it is shown in messages: relative when it lies below the working folder."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _syntax(file: str, error: tomllib.TOMLDecodeError) -> Problem:
    text = str(error)
    before, _, place = text.partition(" (at ")
    number = place.removeprefix("line ").split(",")[0]
    hint = "Texts need quotes, and a table is written once." if "Invalid value" in before else ""
    return Problem(file, int(number) if number.isdigit() else None, "", "", f"is not valid TOML: {before}.", hint)


def _check_version(raw: dict[str, Any], file: str, lines: dict[KeyPath, int]) -> None:
    version = raw.get("schema", FORMAT_VERSION)
    if isinstance(version, bool) or version != FORMAT_VERSION or not isinstance(version, int):
        newer = isinstance(version, int) and not isinstance(version, bool) and version > FORMAT_VERSION
        expectation = f"must be {FORMAT_VERSION}, the version of the scenario format this program reads."
        hint = "The file was written for a newer program: update watershed-c." if newer else ""
        raise ScenarioError(Problem(file, lines.get(("schema",)), "schema", messages.shown(version), expectation, hint))


def _validated(raw: dict[str, Any], file: str, lines: dict[KeyPath, int], set_keys: set[str]) -> Scenario:
    try:
        scenario = Scenario.model_validate(raw)
    except ValidationError as error:
        raise ScenarioError(messages.problems(error, raw, file, lines, set_keys)) from None
    scenario._file, scenario._lines = file, lines
    return scenario
