"""One point: tables as the stand-alone programs have them, their equilibrium run, and a model's own reference."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from watershed_c.pools.base import PoolModel
from watershed_c.pools.compiled import CompiledPoolModel
from watershed_c.pools.nonlinear_model import NonlinearPoolModel
from watershed_c.pools.periodic import periodic_deficit
from watershed_c.pools.points import MODIFIER, Course, Drivers, Soil, run_points
from watershed_c.pools.steady import KG_M2_PER_T_HA

#: open-pan evaporation to potential evapotranspiration (Coleman & Jenkinson 1996)
PAN_FACTOR = 0.75
#: column of a table -> name of the driver
COLUMNS = {"temperature_degC": "temperature", "rain_mm": "rain", "pet_mm": "pet", MODIFIER: MODIFIER}
#: t C ha-1, below which a pool is compared absolutely: no program prints less
LEAST_COMPARED = 0.001


def point(properties: Mapping[str, float], depth: float) -> Soil:
    """The soil of one point."""
    zero = np.zeros(1, dtype=np.int64)
    return Soil({name: np.array([v]) for name, v in properties.items()}, zero, zero, zero, np.array([depth]))


def site_drivers(
    weather: Mapping[str, np.ndarray], plant_cover: np.ndarray, inputs: np.ndarray, activity: np.ndarray | None = None
) -> Drivers:
    """Drivers of one point from columns (M) and input by pool (M, P), kg C m-2 in the step."""
    steps, pools = inputs.shape
    return Drivers(
        {name: np.asarray(values, dtype=np.float64).reshape(steps, 1) for name, values in weather.items()},
        np.asarray(plant_cover, dtype=np.float64).reshape(steps, 1),
        np.asarray(inputs, dtype=np.float64)[:, :, None],
        np.eye(pools),
        np.zeros((steps, 0)) if activity is None else np.asarray(activity).reshape(steps, -1),
    )


def spin_up(
    model: CompiledPoolModel,
    year: Drivers,
    soil: Soil,
    inert: np.ndarray,
    *,
    tolerance: float = 1e-7,
    most_years: int = 20_000,
) -> tuple[np.ndarray, float, int]:
    """The official equilibrium run: a year repeated from empty pools until its change of active carbon is at
    most ``tolerance``.

    It stops below the true equilibrium (by up to 2e-4 t/ha in the official cases);
    :func:`watershed_c.pools.periodic.periodic_state` has it in closed form.

    Parameters
    ----------
    inert : (P), kg C m-2
        Stocks of inert pools, 0 elsewhere.
    tolerance : float, kg C m-2 per year
        1e-7 (1e-6 t/ha) in the official programs.

    Returns
    -------
    stocks : (P), kg C m-2
    deficit : float, kg m-2
    years : int

    Raises
    ------
    ValueError
        Not reached in ``most_years``.
    """
    stocks, deficit, before, run, block = np.array(inert, dtype=np.float64), 0.0, 0.0, 0, 500
    while run < most_years:
        ends = year.steps * np.arange(1, block + 1) - 1
        course = run_points(
            model, year, soil, stocks.reshape(1, -1, 1), steps=year.steps * block, record=ends, deficit=deficit
        )
        carbon = course.pools[:, 0, ~model.inert, 0].sum(axis=1)
        still = np.abs(np.diff(carbon, prepend=before)) <= tolerance
        if still.any():
            years = int(np.argmax(still)) + 1
            again = run_points(
                model, year, soil, stocks.reshape(1, -1, 1), steps=year.steps * years, record=ends[years - 1 : years],
                deficit=deficit,
            )  # fmt: skip
            return again.pools[0, 0, :, 0], float(again.deficit[0]) if again.deficit.size else 0.0, run + years
        stocks, before, run = course.pools[-1, 0, :, 0], float(carbon[-1]), run + block
        deficit = float(course.deficit[0]) if course.deficit.size else 0.0
    raise ValueError(f"no equilibrium within {most_years} years")


def read_drivers(model: CompiledPoolModel, path: str | Path) -> Drivers:
    """Read a table of drivers of one point, a row a step; columns as docs/pool_models.md has them.

    Raises
    ------
    ValueError
        A column is unknown or holds something else than numbers.
    """
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns: dict[str, np.ndarray] = {}
    for name in rows[0]:
        try:
            columns[name] = np.array([float(row[name] or 0.0) for row in rows])
        except ValueError as error:
            raise ValueError(f"{path}: column {name!r}: {error}") from None
    steps, pools = len(rows), len(model.pools)
    inputs = np.zeros((steps, pools))
    factor = np.ones((steps, pools))
    weather: dict[str, np.ndarray] = {}
    cover = columns.pop("plant_cover", np.zeros(steps))
    if "pan_evaporation_mm" in columns:
        columns["pet_mm"] = PAN_FACTOR * columns.pop("pan_evaporation_mm")
    for kind, record in model.inputs.items():
        amount = columns.pop(f"{kind}_t_ha", np.zeros(steps)) * KG_M2_PER_T_HA
        own = {name: columns.pop(f"{kind}.{name}") for name in record.parameters if f"{kind}.{name}" in columns}
        for m in np.flatnonzero(amount):
            inputs[m] += amount[m] * model.allocate(kind, **{name: float(values[m]) for name, values in own.items()})
    for pool, name in enumerate(model.pools):
        inputs[:, pool] += columns.pop(f"input.{name}", np.zeros(steps)) * KG_M2_PER_T_HA
        factor[:, pool] = columns.pop(f"modifier.{name}", np.ones(steps))
    for name in set(columns) - {"step", "year", "month"}:
        if name not in COLUMNS:
            raise ValueError(f"{path}: unknown column {name!r}")
        weather[COLUMNS[name]] = columns[name]
    if not weather:
        weather[MODIFIER] = np.ones(steps)
    drivers = site_drivers(weather, cover, inputs)
    return drivers if (factor == 1.0).all() else replace(drivers, pool_factor=factor)


def reference_difference(model: PoolModel) -> float:
    """Greatest difference from the model's reference run, over all pools and steps.

    Relative to the value in the table, or to ``LEAST_COMPARED`` where that is more.

    Raises
    ------
    ValueError
        The model has no reference.
    """
    if isinstance(model, NonlinearPoolModel):
        return model.reference_difference()
    assert isinstance(model, CompiledPoolModel)
    reference = model.reference
    if reference is None:
        raise ValueError(f"model {model.name} has no reference")
    drivers = read_drivers(model, reference.drivers)
    with open(reference.file, newline="", encoding="utf-8") as file:
        expected = np.array([[float(row[pool]) for pool in model.pools] for row in csv.DictReader(file)])
    soil = point(reference.properties, reference.depth)
    steps_per_year = reference.steps_per_year or model.steps_per_year
    deficit: np.ndarray | float = 0.0
    if reference.equilibrium_rows:
        year = drivers.rows(0, reference.equilibrium_rows)
        found = periodic_deficit(model, year, soil, steps_per_year=steps_per_year)
        deficit = found if found.size else 0.0
    course: Course = run_points(
        model,
        drivers.rows(reference.equilibrium_rows, None),
        soil,
        expected[0].reshape(1, -1, 1) * KG_M2_PER_T_HA,
        steps=expected.shape[0] - 1,
        scheme=reference.scheme,
        steps_per_year=steps_per_year,
        substeps=reference.substeps,
        deficit=deficit,
        interpolated=reference.interpolated,
    )
    found_pools = course.pools[:, 0, :, 0] / KG_M2_PER_T_HA
    scale = np.maximum(np.abs(expected[1:]), LEAST_COMPARED)
    worst = float((np.abs(found_pools - expected[1:]) / scale).max())
    return worst if math.isfinite(worst) else math.inf
