"""Variants: what a scenario becomes where a few of its lines are changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from watershed_c.errors import Problem, ScenarioError
from watershed_c.scenario import messages
from watershed_c.scenario.schema import Scenario

#: name of the scenario without changes
BASELINE = "baseline"
#: folder of what is told of all of them together
COMPARISON = "comparison"
#: tables that variants share: they begin with one soil on one grid, and are compared record by record
SHARED = (
    "schema", "domain", "time", "output", "numerics", "nutrients", "prices", "variants", "carbon.model",
    "carbon.initial", "soil.layers",
)  # fmt: skip


def members(scenario: Scenario) -> dict[str, Scenario]:
    """The baseline and every variant, by name, each a scenario of its own without variants.

    Raises
    ------
    ScenarioError
        Everything that is wrong with the variants, by the keys and lines of the scenario file.
    """
    baseline = scenario.with_({"variants": {}})
    found, problems = {BASELINE: baseline}, list[Problem]()
    for name, changes in scenario.variants.items():
        flat = dict(_flat(changes))
        problems += _misplaced(scenario, name, flat)
        own = {"title": f"{scenario.title}: {name}" if scenario.title else name}
        own |= {key: value for key, value in flat.items() if not _shared(key)}
        try:
            found[name] = baseline.with_(own)
        except ScenarioError as error:
            problems += [_of_variant(scenario, name, flat, problem) for problem in error.problems]
    if problems:
        raise ScenarioError(list(dict.fromkeys(problems)))
    return found


def _flat(changes: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and their values; a table under a key without quotes is gone into, one under a quoted key is a value.

    TOML reads ``a.b = 1`` as nested tables and ``"a.b" = { ... }`` as it stands.
    """
    for key, value in changes.items():
        if isinstance(value, dict) and "." not in key:
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _shared(key: str) -> str:
    """What all variants share of which ``key`` is a part, or nothing."""
    return next((word for word in SHARED if key == word or key.startswith(f"{word}.")), "")


def _misplaced(scenario: Scenario, name: str, flat: dict[str, Any]) -> Iterator[Problem]:
    """What no variant may be called or change."""
    if name in (BASELINE, COMPARISON) or not re.fullmatch(r"[A-Za-z0-9][\w-]*", name):
        expectation = f"must be letters, digits, - and _, and not {BASELINE} or {COMPARISON}."
        yield _problem(scenario, name, "", "", expectation)
    for key, value in flat.items():
        if shared := _shared(key):
            expectation = f"cannot differ between variants: {shared} is the same for all of them."
            yield _problem(scenario, name, key, messages.shown(value), expectation)


def _of_variant(scenario: Scenario, name: str, flat: dict[str, Any], problem: Problem) -> Problem:
    """A problem of the changed scenario, told by the variant and the line that made it."""
    written = [key for key in flat if problem.key == key or problem.key.startswith(f"{key}.")]
    key = written[0] if written else problem.key
    found = _problem(scenario, name, key, problem.value, problem.expectation, problem.suggestion)
    return found if problem.key in ("", key) else replace(found, key=f"variants.{name}.{problem.key}")


def _problem(scenario: Scenario, name: str, key: str, value: str, expectation: str, suggestion: str = "") -> Problem:
    file, lines = scenario._variants_from or (scenario._file, scenario._lines)
    table = ("variants", name)
    here = lines.get((*table, key), lines.get((*table, *key.split(".")), lines.get(table)))
    return Problem(file, here, f"variants.{name}.{key}" if key else f"variants.{name}", value, expectation, suggestion)
