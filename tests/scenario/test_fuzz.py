"""Whatever is written, only ScenarioError comes out."""

from __future__ import annotations

import copy
import datetime as dt
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.scenario.valid import VALID, write
from watershed_c.errors import ScenarioError
from watershed_c.scenario.explain import explain_keys
from watershed_c.scenario.load import load, loads, parse_overrides
from watershed_c.scenario.resolve import resolve

ODD = ["", "25 cm", "1e999 m", "-3 %", "nan", "builtin:", "constant", "none", "../..", "\0", "by_parcel", "[", "1 m-9"]
SCALARS = st.one_of(
    st.booleans(), st.integers(), st.floats(allow_nan=True), st.text(max_size=12), st.sampled_from(ODD),
    st.just(10**400), st.just(dt.date(2001, 2, 3)),
)  # fmt: skip
KEYS = st.one_of(st.text(max_size=6), st.sampled_from(["map", "units", "value", "by_class"]))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=5,
)


def places(table: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of everything in nested tables and lists."""
    found = [path] if path else []
    items = table.items() if isinstance(table, dict) else enumerate(table) if isinstance(table, list) else ()
    for key, value in items:
        found += places(value, (*path, key))
    return found


PLACES = places(tomllib.loads(VALID))


def changed(path: tuple[Any, ...], value: Any, action: str) -> dict[str, Any]:
    raw = copy.deepcopy(tomllib.loads(VALID))
    here: Any = raw
    for part in path[:-1]:
        here = here[part]
    if action == "remove":
        del here[path[-1]]
    elif action == "rename" and isinstance(here, dict):
        here[f"{path[-1]}x"] = here.pop(path[-1])
    else:
        here[path[-1]] = value
    return raw


@settings(max_examples=250, derandomize=True, deadline=None, database=None)
@given(st.sampled_from(PLACES), VALUES, st.sampled_from(["set", "set", "set", "remove", "rename"]))
def test_values_and_keys(path: tuple[Any, ...], value: Any, action: str) -> None:
    raw = changed(path, value, action)
    try:
        scenario = loads("", overrides={key: raw[key] for key in raw})
    except ScenarioError as error:
        assert error.problems and all(p.expectation for p in error.problems)
        return
    assert loads(scenario.to_toml()) == scenario


@settings(max_examples=100, derandomize=True, deadline=None, database=None)
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    with pytest.raises(ScenarioError):
        loads(text)


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(st.sampled_from(explain_keys()), VALUES)
def test_overrides_of_every_key(key: str, value: Any) -> None:
    try:
        loads(VALID, overrides={key.replace("NAME", "maize-wheat"): value})
    except ScenarioError as error:
        assert error.problems


@settings(max_examples=100, derandomize=True, deadline=None, database=None)
@given(st.text(max_size=30))
def test_overrides_as_text(text: str) -> None:
    changes, problems = parse_overrides([text])
    assert changes or problems


@settings(
    max_examples=60, derandomize=True, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(st.sampled_from(PLACES), SCALARS)
def test_resolving(tmp_path: Path, path: tuple[Any, ...], value: Any) -> None:
    file, before = write(tmp_path), os.getcwd()
    os.chdir(tmp_path)
    key = ".".join(str(part) for part in path)
    try:
        resolve(load(file, {key: value}))
    except ScenarioError as error:
        assert error.problems
    finally:
        os.chdir(before)
