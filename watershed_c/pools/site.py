"""A pool model at one point: topsoil as one layer, as the stand-alone programs have it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from watershed_c.kernels.decomposition import decompose
from watershed_c.kernels.rate_modifiers import maximum_deficit, rate_modifier, update_deficit
from watershed_c.pools.compiled import CompiledPoolModel
from watershed_c.pools.steady import KG_M2_PER_T_HA, steady_state

#: open-pan evaporation to potential evapotranspiration (Coleman & Jenkinson 1996)
PAN_FACTOR = 0.75
_ONE = np.zeros(1, dtype=np.int64)
_NO_WATER = np.zeros((1, 1))


@dataclass(frozen=True)
class SiteDrivers:
    """What drives a point, one row per step.

    Attributes
    ----------
    temperature : (M), degC
    rain, evapotranspiration : (M), kg m-2 in the step
        Potential evapotranspiration, or 0.75 of open-pan evaporation.
    plant_cover : (M), 1 or 0
    inputs : (M, P), kg C m-2 in the step
    """

    temperature: np.ndarray
    rain: np.ndarray
    evapotranspiration: np.ndarray
    plant_cover: np.ndarray
    inputs: np.ndarray

    def rows(self, first: int, last: int | None) -> SiteDrivers:
        """The steps ``first:last``."""
        part = slice(first, last)
        return SiteDrivers(
            self.temperature[part],
            self.rain[part],
            self.evapotranspiration[part],
            self.plant_cover[part],
            self.inputs[part],
        )


@dataclass(frozen=True)
class SiteRun:
    """Course of a point: states at the end of each of M steps.

    Attributes
    ----------
    stocks : (M, P), kg C m-2
    respired : (M), kg C m-2 in the step
    modifier : (M), dimensionless
    deficit : (M), kg m-2
    """

    stocks: np.ndarray
    respired: np.ndarray
    modifier: np.ndarray
    deficit: np.ndarray


def simulate(
    model: CompiledPoolModel,
    drivers: SiteDrivers,
    *,
    properties: Mapping[str, float],
    start: np.ndarray,
    depth: float,
    deficit: float = 0.0,
    dt: float = 1.0 / 12.0,
) -> SiteRun:
    """Run the model from the stocks ``start`` (P, kg C m-2) and a topsoil moisture deficit (kg m-2, <= 0).

    ``depth`` (m) is that of the soil layer; the maximum deficit is proportional to it, as in the official
    programs.
    """
    steps = drivers.temperature.size
    stocks = np.array(start, dtype=np.float64).reshape(1, 1, -1)
    coefficients = model.coefficients(properties)
    maximum = np.atleast_1d(maximum_deficit(properties["clay"], depth))
    bucket = np.array([deficit])
    modifier, respired, dissolved = np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1))
    whole, none, unscaled = np.ones(1), np.zeros(1), np.ones(1)
    no_manure = np.zeros((1, 1, stocks.size))
    run = SiteRun(np.empty((steps, stocks.size)), np.empty(steps), np.empty(steps), np.empty(steps))
    inputs = np.ascontiguousarray(drivers.inputs, dtype=np.float64).reshape(steps, 1, 1, -1)
    for m in range(steps):
        now = slice(m, m + 1)
        update_deficit(
            _ONE,
            drivers.rain[now],
            drivers.evapotranspiration[now],
            _ONE,
            drivers.plant_cover[now],
            maximum,
            bucket,
        )
        rate_modifier(
            _ONE,
            drivers.temperature[now],
            none,
            _ONE,
            drivers.plant_cover[now],
            bucket,
            maximum,
            _NO_WATER,
            _NO_WATER,
            _NO_WATER,
            whole,
            none,
            modifier,
        )
        decompose(
            _ONE,
            stocks,
            0,
            model.rates,
            model.source,
            model.destination,
            model.coefficient_index,
            coefficients,
            modifier,
            _ONE,
            inputs[m],
            unscaled,
            no_manure,
            0.0,
            dt,
            respired,
            dissolved,
        )
        run.stocks[m] = stocks[0, 0]
        run.respired[m] = respired[0, 0]
        run.modifier[m] = modifier[0, 0]
        run.deficit[m] = bucket[0]
    return run


def spin_up(
    model: CompiledPoolModel,
    year: SiteDrivers,
    *,
    properties: Mapping[str, float],
    inert: np.ndarray,
    depth: float,
    tolerance: float = 1e-7,
    most_years: int = 20_000,
) -> tuple[SiteRun, int]:
    """The official equilibrium run: a year repeated from empty pools until its change of active carbon is at
    most ``tolerance``.

    It stops below the true equilibrium (by up to 2e-4 t/ha in the official cases); :func:`equilibrium` has it
    in closed form.

    Parameters
    ----------
    inert : (P), kg C m-2
        Stocks of inert pools, 0 elsewhere.
    tolerance : float, kg C m-2 per year
        1e-7 (1e-6 t/ha) in the official programs.

    Returns
    -------
    run : SiteRun of the last year
    years : int

    Raises
    ------
    ValueError
        Not reached in ``most_years``.
    """
    stocks, deficit, before = np.array(inert, dtype=np.float64), 0.0, 0.0
    for years in range(1, most_years + 1):
        run = simulate(model, year, properties=properties, start=stocks, depth=depth, deficit=deficit)
        stocks, deficit = run.stocks[-1], float(run.deficit[-1])
        carbon = float(stocks[~model.inert].sum())
        if abs(carbon - before) <= tolerance:
            return run, years
        before = carbon
    raise ValueError(f"no equilibrium within {most_years} years")


def periodic_deficit(
    model: CompiledPoolModel, year: SiteDrivers, *, properties: Mapping[str, float], depth: float
) -> tuple[np.ndarray, float]:
    """Modifiers (M) of a year that repeats, once the moisture deficit does too, and the deficit (kg m-2) at
    its end."""
    deficit = 0.0
    nothing = np.zeros(len(model.pools))
    while True:
        run = simulate(model, year, properties=properties, start=nothing, depth=depth, deficit=deficit)
        if abs(run.deficit[-1] - deficit) <= 1e-9:
            return run.modifier, deficit
        deficit = float(run.deficit[-1])


def equilibrium(
    model: CompiledPoolModel,
    year: SiteDrivers,
    *,
    properties: Mapping[str, float],
    inert: np.ndarray,
    depth: float,
) -> np.ndarray:
    """Stocks (P, kg C m-2) at the end of a year that repeats for ever, in closed form."""
    modifier, _ = periodic_deficit(model, year, properties=properties, depth=depth)
    inputs = np.ascontiguousarray(year.inputs).reshape(1, modifier.size, 1, -1)
    from_inputs, _ = steady_state(
        model,
        _ONE,
        coefficients=model.coefficients(properties),
        modifier=modifier.reshape(-1, 1, 1),
        unit=_ONE,
        plant_by_unit=inputs,
        manure_by_unit=np.zeros_like(inputs),
    )
    return from_inputs[0, 0] + np.asarray(inert)


def read_drivers(model: CompiledPoolModel, path: str | object) -> SiteDrivers:
    """Read a table of drivers with the columns described in models/pools/rothc/README.md."""
    with open(str(path), newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    inputs = np.zeros((len(rows), len(model.pools)))
    for kind, record in model.inputs.items():
        for m, row in enumerate(rows):
            amount = float(row.get(f"{kind}_t_ha") or 0.0) * KG_M2_PER_T_HA
            if amount:
                given = {
                    name: float(row[f"{kind}.{name}"])
                    for name in record.parameters
                    if row.get(f"{kind}.{name}")
                }
                inputs[m] += amount * model.allocate(kind, **given)

    def column(name: str) -> np.ndarray:
        return np.array([float(row[name]) for row in rows])

    return SiteDrivers(
        column("temperature_degC"),
        column("rain_mm"),
        PAN_FACTOR * column("pan_evaporation_mm"),
        column("plant_cover"),
        inputs,
    )


def reference_difference(model: CompiledPoolModel) -> float:
    """Greatest absolute difference (t C ha-1) from the model's reference run, over all pools and steps."""
    reference = model.reference
    if reference is None:
        raise ValueError(f"model {model.name} has no reference")
    drivers = read_drivers(model, reference.drivers)
    with open(reference.file, newline="", encoding="utf-8") as file:
        expected = np.array([[float(row[pool]) for pool in model.pools] for row in csv.DictReader(file)])
    deficit = 0.0
    if reference.equilibrium_rows:
        year = drivers.rows(0, reference.equilibrium_rows)
        _, deficit = periodic_deficit(model, year, properties=reference.properties, depth=reference.depth)
    run = simulate(
        model,
        drivers.rows(reference.equilibrium_rows, None),
        properties=reference.properties,
        start=expected[0] * KG_M2_PER_T_HA,
        depth=reference.depth,
        deficit=deficit,
    )
    return float(np.abs(run.stocks / KG_M2_PER_T_HA - expected[1:]).max())
