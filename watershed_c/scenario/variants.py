"""Variants: what a scenario becomes where a few of its lines are changed."""

from __future__ import annotations

import itertools
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
    "schema", "domain", "time", "output", "numerics", "nutrients", "prices", "variants", "factors",
    "carbon.model", "carbon.initial", "soil.layers",
)  # fmt: skip


#: between the names of the factors that are on
AND = "_"


def members(scenario: Scenario) -> dict[str, Scenario]:
    """The baseline, every variant and every combination of factors, by name, each a scenario of its own without others.

    Raises
    ------
    ScenarioError
        Everything that is wrong with the variants, by the keys and lines of the scenario file.
    """
    baseline = scenario.with_({"variants": {}, "factors": {}})
    found, problems = {BASELINE: baseline}, list[Problem]()
    for table, written in (("variants", scenario.variants), ("factors", scenario.factors)):
        for name, changes in written.items():
            flat = dict(flattened(changes))
            problems += _misplaced(scenario, (table, name), flat)
            try:
                found[name] = _changed(baseline, name, flat)
            except ScenarioError as error:
                problems += [_of_variant(scenario, (table, name), flat, problem) for problem in error.problems]
    problems += _clashes(scenario)
    for name, chosen in {} if problems else combinations(scenario).items():
        together = {key: value for factor in chosen for key, value in flattened(scenario.factors[factor])}
        try:
            found[name] = _changed(baseline, name, together)
        except ScenarioError as error:
            problems += [
                _of_variant(scenario, ("factors", chosen[-1]), together, problem) for problem in error.problems
            ]
    if problems:
        raise ScenarioError(list(dict.fromkeys(problems)))
    return found


def combinations(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    """Run -> the factors that are on in it, of all combinations; the first, without any, is the baseline."""
    names = list(scenario.factors)
    if not names:
        return {}
    chosen = (on for count in range(len(names) + 1) for on in itertools.combinations(names, count))
    return {AND.join(on) or BASELINE: on for on in chosen}


def _changed(baseline: Scenario, name: str, flat: dict[str, Any]) -> Scenario:
    if not flat:
        return baseline
    own = {"title": f"{baseline.title}: {name}" if baseline.title else name}
    return baseline.with_(own | {key: value for key, value in flat.items() if not _shared(key)})


def _clashes(scenario: Scenario) -> Iterator[Problem]:
    """Names that two runs would have, and keys that two factors change: together they would not be what each says."""
    for name in scenario.factors:
        if name in scenario.variants:
            yield _problem(scenario, ("factors", name), "", "", "is a variant, too: names of runs must differ.")
    first: dict[str, str] = {}
    for name, changes in scenario.factors.items():
        for key, value in flattened(changes):
            same = (k for k in first if k == key or k.startswith(f"{key}.") or key.startswith(f"{k}."))
            others = [first[k] for k in same if first[k] != name]
            if others:
                expectation = f"is changed by the factor {others[0]}, too: factors must be free to combine."
                yield _problem(scenario, ("factors", name), key, messages.shown(value), expectation)
            first.setdefault(key, name)


def flattened(changes: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and their values; a table under a key without quotes is gone into, one under a quoted key is a value.

    TOML reads ``a.b = 1`` as nested tables and ``"a.b" = { ... }`` as it stands.
    """
    for key, value in changes.items():
        if isinstance(value, dict) and "." not in key:
            yield from flattened(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _shared(key: str) -> str:
    """What all variants share of which ``key`` is a part, or nothing."""
    return next((word for word in SHARED if key == word or key.startswith(f"{word}.")), "")


def _misplaced(scenario: Scenario, table: tuple[str, str], flat: dict[str, Any]) -> Iterator[Problem]:
    """What no variant may be called or change."""
    name = table[1]
    if name in (BASELINE, COMPARISON) or not re.fullmatch(r"[A-Za-z0-9][\w-]*", name):
        expectation = f"must be letters, digits, - and _, and not {BASELINE} or {COMPARISON}."
        yield _problem(scenario, table, "", "", expectation)
    for key, value in flat.items():
        if shared := _shared(key):
            expectation = f"cannot differ between variants: {shared} is the same for all of them."
            yield _problem(scenario, table, key, messages.shown(value), expectation)


def _of_variant(scenario: Scenario, table: tuple[str, str], flat: dict[str, Any], problem: Problem) -> Problem:
    """A problem of the changed scenario, told by the variant and the line that made it."""
    written = [key for key in flat if problem.key == key or problem.key.startswith(f"{key}.")]
    key = written[0] if written else problem.key
    found = _problem(scenario, table, key, problem.value, problem.expectation, problem.suggestion)
    return found if problem.key in ("", key) else replace(found, key=f"{'.'.join(table)}.{problem.key}")


def _problem(
    scenario: Scenario, table: tuple[str, str], key: str, value: str, expectation: str, suggestion: str = ""
) -> Problem:
    file, lines = scenario._variants_from or (scenario._file, scenario._lines)
    here = lines.get((*table, key), lines.get((*table, *key.split(".")), lines.get(table)))
    called = ".".join((*table, key)) if key else ".".join(table)
    return Problem(file, here, called, value, expectation, suggestion)
