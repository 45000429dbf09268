"""Model folders read a second time, without the loader: matrices, input shares and schemes by plain NumPy.

What a folder says is checked against the tables of other programs with nothing of the loader or the kernels in
between but :class:`~watershed_c.pools.expressions.Expression`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.linalg import expm

from watershed_c.pools.expressions import Expression

MODELS = Path(__file__).resolve().parents[2] / "models" / "pools"


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``over`` laid upon ``base``: tables are merged, everything else is replaced."""
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result


def read(name: str, parameter_set: str | None = None) -> dict[str, Any]:
    """Content of a model's folder with a set laid upon it; None: its default set."""
    content = tomllib.loads((MODELS / name / "model.toml").read_text(encoding="utf-8"))
    chosen = content["default_set"] if parameter_set is None else parameter_set
    if chosen:
        path = MODELS / name / "sets" / f"{chosen}.toml"
        content = merged(content, tomllib.loads(path.read_text(encoding="utf-8")))
    return content


def symbols(content: Mapping[str, Any], properties: Mapping[str, float]) -> dict[str, Any]:
    """Values of parameters, properties and definitions."""
    values: dict[str, Any] = {key: table["value"] for key, table in content.get("parameters", {}).items()}
    values.update(properties)
    for key, text in content.get("definitions", {}).items():
        values[key] = float(Expression(text)(values))
    return values


def pool_names(content: Mapping[str, Any]) -> list[str]:
    return [pool["name"] for pool in content["pools"]]


def system(content: Mapping[str, Any], properties: Mapping[str, float], state: np.ndarray | None = None) -> np.ndarray:
    """Matrix A (P, P), yr-1, column = donor, at environmental factors of 1.

    ``state`` (P) is needed by factors that read it (lignin of structural litter).
    """
    names = pool_names(content)
    values = symbols(content, properties)
    rates = np.array([float(Expression(pool["rate_per_yr"])(values)) for pool in content["pools"]])
    for modifier in content["modifiers"]:
        pools = [names.index(pool) for pool in modifier.get("pools", names)]
        if "expression" in modifier:
            rates[pools] *= float(Expression(modifier["expression"])(values))
        elif modifier["factor"] == "lignin":
            assert state is not None
            part = sum(state[names.index(pool)] for pool in modifier["of"])
            whole = sum(state[names.index(pool)] for pool in modifier["in"])
            share = part / whole if whole > 0.0 else 0.0
            rates[pools] *= np.exp(-modifier["parameters"]["coefficient"] * share)
    fractions = -np.eye(len(names))
    for transfer in content.get("transfers", []):
        donors = [transfer["from"]] if isinstance(transfer["from"], str) else transfer["from"]
        for donor in donors:
            fraction = float(Expression(transfer["fraction"])(values))
            fractions[names.index(transfer["to"]), names.index(donor)] += fraction
    return fractions * rates


def allocate(content: Mapping[str, Any], kind: str, **parameters: float) -> np.ndarray:
    """Shares (P) of an input of 1."""
    table = content["inputs"][kind]
    values = symbols(content, dict.fromkeys(content.get("properties", {}), 1.0))
    values.update({key: given["default"] for key, given in table.get("parameters", {}).items()})
    values.update(parameters)
    shares = np.zeros(len(content["pools"]))
    for pool, text in table["fractions"].items():
        shares[pool_names(content).index(pool)] = float(Expression(text)(values))
    return shares


def solution(matrix: np.ndarray, rate: np.ndarray, start: np.ndarray, times: np.ndarray) -> np.ndarray:
    """States (T, P) of dx/dt = matrix x + rate at ``times`` (T) from ``start`` at 0, by matrix exponential."""
    size = start.size
    augmented = np.zeros((size + 1, size + 1))
    augmented[:size, :size], augmented[:size, size] = matrix, rate
    beginning = np.append(start, 1.0)
    return np.array([(expm(augmented * time) @ beginning)[:size] for time in times])


def runge_kutta(
    matrix: np.ndarray, modifiers: np.ndarray, rates: np.ndarray, start: np.ndarray, step: float
) -> np.ndarray:
    """States (N, P) of dx/dt = matrix (modifier x) + rate by the classical fourth-order scheme.

    ``modifiers`` (N, P) hold at the instants of the states and are interpolated linearly between them; ``rates``
    (N - 1, P) hold during a step.
    """
    states = [start]
    for before, after, rate in zip(modifiers[:-1], modifiers[1:], rates, strict=True):
        middle, x = 0.5 * (before + after), states[-1]
        first = matrix @ (before * x) + rate
        second = matrix @ (middle * (x + 0.5 * step * first)) + rate
        third = matrix @ (middle * (x + 0.5 * step * second)) + rate
        fourth = matrix @ (after * (x + step * third)) + rate
        states.append(x + step / 6.0 * (first + 2.0 * second + 2.0 * third + fourth))
    return np.array(states)


def rerun(name: str) -> tuple[np.ndarray, np.ndarray, float]:
    """The reference run of a folder: states computed, states of the table (both (N, P), t C/ha), relative
    tolerance."""
    content = read(name)
    reference = content["reference"]
    if reference["set"] != content["default_set"]:
        content = read(name, reference["set"])
    names = pool_names(content)
    table = np.genfromtxt(MODELS / name / reference["file"], delimiter=",", names=True)
    drivers = np.genfromtxt(MODELS / name / reference["drivers"], delimiter=",", names=True, deletechars="")
    columns = drivers.dtype.names
    expected = np.array([table[pool] for pool in names]).T
    steps, per_year = expected.shape[0] - 1, reference["steps_per_year"]
    modifiers = np.ones((drivers.shape[0], len(names)))
    inputs = np.zeros((drivers.shape[0], len(names)))
    if "modifier" in columns:
        modifiers *= drivers["modifier"][:, None]
    for p, pool in enumerate(names):
        if f"modifier.{pool}" in columns:
            modifiers[:, p] *= drivers[f"modifier.{pool}"]
        if f"input.{pool}" in columns:
            inputs[:, p] = drivers[f"input.{pool}"]
    matrix = system(content, reference["properties"], expected[0])
    rates = inputs * per_year
    if reference["scheme"] == "rk4":
        assert reference["interpolated"] and drivers.shape[0] == steps + 1
        states = runge_kutta(matrix, modifiers, rates[:-1], expected[0], 1.0 / per_year)
        return states, expected, reference["tolerance_relative"]
    rows = [expected[0]]
    for n in range(steps):
        rows.append(solution(matrix * modifiers[n], rates[n], rows[-1], np.array([1.0 / per_year]))[0])
    return np.array(rows), expected, reference["tolerance_relative"]
