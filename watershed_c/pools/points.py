"""A linear pool model at many independent points: tables of drivers and arrays in, pools and CO2 out; no grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from watershed_c.kernels.moisture_laws import MOISTURE_LAWS
from watershed_c.kernels.pool_runs import (
    Forcing,
    Lignin,
    Points,
    run_interpolated,
    run_sequential,
    run_series,
)
from watershed_c.kernels.pool_steps import doublings
from watershed_c.kernels.rate_factors import moisture_table, temperature_table
from watershed_c.kernels.rate_modifiers import COVERED_FACTOR, DRIEST_FACTOR
from watershed_c.kernels.temperature_laws import TEMPERATURE_LAWS
from watershed_c.kernels.topsoil_moisture import TopsoilMoisture
from watershed_c.parallel import over_cells
from watershed_c.pools.base import PoolModel
from watershed_c.pools.compiled import CompiledPoolModel

#: m, damping depth of the yearly wave: sqrt(2 D / omega) with D = 0.35e-6 m2 s-1 (C-TOOL)
DAMPING_DEPTH = 1.8744
#: days of twelve months of 30.4375 (C-TOOL)
DAYS_OF_YEAR = 365.25
#: days, of the wave's zero after New Year (C-TOOL)
WAVE_DELAY = 110.0
#: name of the driver that stands for the product of all modifiers of weather
MODIFIER = "modifier"


@dataclass(frozen=True)
class Drivers:
    """What drives the points, once per series. M steps, W weather series, V covers, K kinds of input, I input series.

    Attributes
    ----------
    weather : mapping name -> (M, W)
        ``temperature`` (degC), ``rain`` and ``pet`` (kg m-2 in the step), other drivers of the model's laws by their
        name in ``kernels.laws.DRIVERS``; or ``modifier`` in place of them all.
    plant_cover : (M, V)
        1 under plants, 0 when bare.
    amount : (M, K, I), kg C m-2 in the step
    share : (K, P)
        How each kind is split among the pools.
    activity : (M, T)
        Of each twin in a unit of input.
    pool_factor : (M, P) or None
        A further factor on each pool's rate.
    """

    weather: Mapping[str, np.ndarray]
    plant_cover: np.ndarray
    amount: np.ndarray
    share: np.ndarray
    activity: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    pool_factor: np.ndarray | None = None

    @property
    def steps(self) -> int:
        """Number of steps in the tables."""
        return int(self.amount.shape[0])

    def rows(self, first: int, last: int | None) -> Drivers:
        """The steps ``first:last``."""
        part = slice(first, last)
        return Drivers(
            {name: table[part] for name, table in self.weather.items()},
            self.plant_cover[part],
            self.amount[part],
            self.share,
            self.activity[part],
            None if self.pool_factor is None else self.pool_factor[part],
        )


@dataclass(frozen=True)
class Soil:
    """The points: what each is, and which series drive it.

    Attributes
    ----------
    properties : mapping name -> (n) or (1), in the model's units
    weather, cover, input : (n) int64
        Columns of the drivers.
    depth : (n) or (1), m
        Of RothC's bucket.
    limits : (ramp start, ramp end, covered, bare), each (n) or (1), kg m-2, or None
        Of the moisture deficit, in place of the official ones: ``TopsoilMoisture(...).limits(properties, depth)`` of
        :mod:`watershed_c.kernels.topsoil_moisture`.
    driest_factor : (n) or (1)
        Rate at the end of the ramp.
    """

    properties: Mapping[str, np.ndarray]
    weather: np.ndarray
    cover: np.ndarray
    input: np.ndarray
    depth: np.ndarray
    limits: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None = None
    driest_factor: np.ndarray = field(default_factory=lambda: np.array([DRIEST_FACTOR]))


@dataclass(frozen=True)
class Course:
    """Pools and CO2 of n points at R records. S states: carbon, then twins.

    Attributes
    ----------
    pools : (R, S, P, n), kg C m-2
    respired : (R, S, n), kg C m-2 since the record before
    deficit : (n), kg m-2, at the end; empty for models without
    """

    pools: np.ndarray
    respired: np.ndarray
    deficit: np.ndarray


def needed_drivers(model: PoolModel) -> tuple[str, ...]:
    """Names of the weather a model's laws want (its bucket wants rain and pet)."""
    names: list[str] = []
    for law in model.dynamic:
        if law.factor == "temperature":
            names.append("temperature")
        elif law.factor == "moisture":
            driver = MOISTURE_LAWS[law.law].driver
            names.extend(("rain", "pet") if driver in ("deficit", "rain_over_pet", "rain_minus_pet") else (driver,))
    return tuple(name for name in dict.fromkeys(names) if name != "none")


def keeps_deficit(model: PoolModel) -> bool:
    """Whether the model has RothC's moisture deficit."""
    return any(m.factor == "moisture" and MOISTURE_LAWS[m.law].driver == "deficit" for m in model.dynamic)


def weather_factor(model: PoolModel, weather: Mapping[str, np.ndarray], steps_per_year: int) -> np.ndarray:
    """Product (M, G, W) of the modifiers that depend on weather alone, by group of pools.

    Raises
    ------
    ValueError
        A driver is missing.
    """
    if MODIFIER in weather:
        table = np.asarray(weather[MODIFIER], dtype=np.float64)
        return np.repeat(table[:, None, :], model.members.shape[1], axis=1)
    made = {"rain_per_year"} if "rain" in weather else set()  # by _driver
    missing = [name for name in needed_drivers(model) if name not in weather and name not in made]
    if missing:
        raise ValueError(f"model {model.name} needs {', '.join(missing)}; given: {', '.join(weather) or 'nothing'}")
    some = next(iter(weather.values())) if weather else np.ones((1, 1))
    factor = np.ones((some.shape[0], model.members.shape[1], some.shape[1]))
    for law, members in zip(model.dynamic, model.members, strict=True):
        if law.factor == "temperature":
            number, kernel, values = TEMPERATURE_LAWS[law.law].number, temperature_table, weather["temperature"]
            if law.depth > 0.0:
                values = damped_temperature(values, law.depth, steps_per_year)
        elif law.factor == "moisture" and MOISTURE_LAWS[law.law].driver != "deficit":
            number, kernel = MOISTURE_LAWS[law.law].number, moisture_table
            values = _driver(MOISTURE_LAWS[law.law].driver, weather, steps_per_year)
        else:
            continue
        table = np.ones(some.shape)
        kernel(number, law.parameters, np.ascontiguousarray(values, dtype=np.float64).ravel(), table.reshape(-1))
        factor[:, members, :] *= table[:, None, :]
    return factor


def damped_temperature(air: np.ndarray, depth: float, steps_per_year: int) -> np.ndarray:
    """Soil temperature (M, W) at a depth (m) from air temperature, calendar year by calendar year, as C-TOOL has it.

    ``M + A exp(-z/d) sin(2 pi t - z/d)``: M mean of the year, A difference of its quartiles, t of the middle of the
    step, 110 days later (Taghizadeh-Toosi et al. 2014; models/pools/c-tool/README.md).
    """
    soil = np.empty_like(air, dtype=np.float64)
    reach = depth / DAMPING_DEPTH
    for first in range(0, len(air), steps_per_year):
        year = np.sort(air[first : first + steps_per_year], axis=0)
        quarter = len(year) // 4
        ends = (year[quarter - 1 : quarter + 1], year[len(year) - quarter - 1 : len(year) - quarter + 1])
        amplitude = ends[1].mean(axis=0) - ends[0].mean(axis=0) if quarter else np.zeros(air.shape[1])
        count = len(air[first : first + steps_per_year])
        days = DAYS_OF_YEAR / steps_per_year * (np.arange(count) + 0.5) - WAVE_DELAY
        wave = np.exp(-reach) * np.sin(2.0 * np.pi * days / 365.0 - reach)
        soil[first : first + count] = year.mean(axis=0) + wave[:, None] * amplitude
    return soil


def _driver(name: str, weather: Mapping[str, np.ndarray], steps_per_year: int) -> np.ndarray:
    """A law's driver from the weather given; yearly amounts are those of the year that ends with the step."""
    if name in weather:
        return weather[name]
    match name:
        case "rain_over_pet":
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.where(weather["pet"] > 0.0, weather["rain"] / weather["pet"], np.inf)
        case "rain_minus_pet":
            return _of_year(weather["rain"] - weather["pet"], steps_per_year)
        case "rain_per_year":
            return _of_year(weather["rain"], steps_per_year)
        case "none":
            return np.ones_like(next(iter(weather.values())))
    raise ValueError(f"{name} is missing")


def _of_year(table: np.ndarray, steps_per_year: int) -> np.ndarray:
    """Sum of the last ``steps_per_year`` steps, of the first of them where there are not so many yet."""
    total = np.cumsum(table, axis=0)
    before = np.zeros_like(total)
    before[steps_per_year:] = total[:-steps_per_year]
    sums = total - before
    sums[:steps_per_year] = total[min(steps_per_year, len(table)) - 1]
    return sums


def run_points(
    model: CompiledPoolModel,
    drivers: Drivers,
    soil: Soil,
    start: np.ndarray,
    *,
    steps: int | None = None,
    record: np.ndarray | None = None,
    scheme: str = "",
    steps_per_year: int = 12,
    substeps: int = 0,
    decay: tuple[float, ...] = (),
    deficit: np.ndarray | float = 0.0,
    interpolated: bool = False,
) -> Course:
    """Run every point; the drivers' rows are used again from the first when ``steps`` is more than there are.

    Parameters
    ----------
    model : CompiledPoolModel
    drivers : Drivers
    soil : Soil
    start : (S, P, n), kg C m-2
        Carbon, then its twins.
    steps : int
        Default one per row of the drivers.
    record : (R) int
        Steps (0 the first) whose end is recorded; default all.
    scheme : str
        Default the model's own.
    substeps : int
        Of Euler and Runge-Kutta, default the model's own.
    decay : (S - 1), yr-1
        Radioactive decay of the twins.
    deficit : (n) or float, kg m-2
        Topsoil moisture deficit at the start.
    interpolated : bool
        With ``rk4``: modifiers run linearly from each step's row to the next.

    Raises
    ------
    ValueError
        A driver or property is missing or out of range; unknown scheme.
    """
    points = np.asarray(start).shape[2]
    steps = drivers.steps if steps is None else steps
    recorded = np.arange(steps) if record is None else np.asarray(record)
    place = np.full(steps, -1, dtype=np.int64)
    place[recorded] = np.arange(recorded.size)
    fed = np.flatnonzero(np.asarray(drivers.share).any(axis=0)).astype(np.int64)
    structure = model.structure._replace(receivers=fed)
    factor = weather_factor(model, drivers.weather, steps_per_year)
    if drivers.pool_factor is not None:  # every pool a group of its own
        factor = factor[:, structure.group, :] * drivers.pool_factor[:, :, None]
        structure = structure._replace(group=np.arange(len(model.pools), dtype=np.int64))
    rates, shares = model.pool_rates(soil.properties), model.coefficients(soil.properties).T
    bucket = keeps_deficit(model) and MODIFIER not in drivers.weather
    covered = np.ascontiguousarray(drivers.plant_cover, dtype=np.float64)
    takes_cover = model.law("cover") is not None and MODIFIER not in drivers.weather
    cover_factor = np.where(covered != 0.0, COVERED_FACTOR, 1.0) if takes_cover else np.ones_like(covered)
    bound = factor.max(axis=(0, 2)) * cover_factor.max(initial=0.0)
    dt = 1.0 / steps_per_year
    if substeps:
        model = replace(model, substeps=substeps)
    largest = rates.max(axis=1) * bound[structure.group] * dt
    order, parts, doubled = model.plan(scheme or model.scheme, largest)
    states = start.shape[0]
    course = Course(
        np.empty((recorded.size, states, len(model.pools), points)),
        np.empty((recorded.size, states, points)),
        np.zeros(points if bucket else 0),
    )
    net_rain = drivers.weather["rain"] - drivers.weather["pet"] if bucket else np.zeros(factor[:, 0].shape)
    run, numbers = _run(interpolated, order, parts, doubled)
    over_cells(
        run,
        np.arange(points, dtype=np.int64),
        structure,
        Forcing(
            np.ascontiguousarray(factor),
            np.ascontiguousarray(net_rain, dtype=np.float64),
            covered,
            cover_factor,
            np.ascontiguousarray(drivers.amount, dtype=np.float64),
            np.ascontiguousarray(drivers.share[:, structure.receivers], dtype=np.float64),
            np.column_stack((np.ones(drivers.steps), drivers.activity.reshape(drivers.steps, -1))),
        ),
        Points(
            _series(soil, points),
            np.ascontiguousarray(rates),
            np.ascontiguousarray(shares),
            _bucket(soil, deficit) if bucket else np.zeros((6, 0)),
        ),
        _lignin(model, structure.group),
        dt,
        steps,
        place,
        np.array((0.0, *decay), dtype=np.float64),
        np.ascontiguousarray(start, dtype=np.float64),
        course.pools,
        course.respired,
        course.deficit,
        *numbers,
    )
    return course


def _run(
    interpolated: bool, order: int, substeps: int, doubled: np.ndarray
) -> tuple[Callable[..., None], tuple[Any, ...]]:
    """The run of a scheme, and what only it wants to know."""
    if interpolated:
        return run_interpolated, ()
    return (run_series, (order, substeps)) if order else (run_sequential, (doubled,))


def _series(soil: Soil, points: int) -> np.ndarray:
    """Columns of weather, cover and input of every point (3, n)."""
    series = np.empty((3, points), dtype=np.int64)
    for row, column in enumerate((soil.weather, soil.cover, soil.input)):
        series[row] = column
    return series


def _bucket(soil: Soil, deficit: np.ndarray | float) -> np.ndarray:
    """Ramp end, ramp start, limits under plants and bare, least factor, deficit of every point (6, n), or (6, 1)."""
    limits = TopsoilMoisture().limits(dict(soil.properties), soil.depth) if soil.limits is None else soil.limits
    start, end, *others = (np.atleast_1d(row) for row in (*limits, soil.driest_factor, deficit))
    return np.stack(np.broadcast_arrays(end, start, *others)).astype(np.float64)


def _lignin(model: CompiledPoolModel, group: np.ndarray) -> Lignin:
    """The model's protection by lignin, for pools in these groups."""
    laws = [law for law in model.dynamic if law.factor == "lignin"]
    pools, groups = len(model.pools), int(group.max(initial=0)) + 1
    member = np.zeros((len(laws), groups), dtype=bool)
    for row, law in enumerate(laws):
        member[row, group[law.pools & ~model.inert]] = True
    coefficient = np.array([law.parameters[0] for law in laws], dtype=np.float64)
    return Lignin(
        coefficient,
        doublings(coefficient),
        np.array([law.ratio_of for law in laws], dtype=np.float64).reshape(len(laws), pools),
        np.array([law.ratio_in for law in laws], dtype=np.float64).reshape(len(laws), pools),
        member,
    )
