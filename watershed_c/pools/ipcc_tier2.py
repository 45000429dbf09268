"""The IPCC's Tier 2 steady-state method for cropland soils: a report, not a process.

Kernels and equations: :mod:`watershed_c.kernels.ipcc_tier2`. The method keeps no mass balance from year to year
(see the README of ``models/pools/ipcc-tier2``), so it must not be combined with erosion or any other transport.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from watershed_c.kernels import ipcc_tier2 as kernels
from watershed_c.parallel import over_cells

TILLAGE = ("full", "reduced", "none")
#: years of the run-in the guidelines allow
RUN_IN_YEARS = (5, 20)


@dataclass(frozen=True)
class TierTwo:
    """What the method gives for years 1 to Y after the run-in, n fields; masses in the unit of the input.

    Attributes
    ----------
    intermediate : dict of (Y, n)
        temperature_factor, water_factor, f4, beta, alpha, active_rate, slow_rate, passive_rate (yr-1).
    steady : (Y, 3, n)
        Steady states of each year: active, slow, passive.
    stocks : (Y + 1, 3, n)
        Stocks; first those of the run-in.
    change : (Y, n)
        Change of the whole stock in each year.
    """

    intermediate: dict[str, np.ndarray]
    steady: np.ndarray
    stocks: np.ndarray
    change: np.ndarray


def tier_two(
    *,
    temperature: np.ndarray,
    precipitation: np.ndarray,
    evapotranspiration: np.ndarray,
    carbon: np.ndarray,
    lignin: np.ndarray,
    nitrogen: np.ndarray,
    sand: np.ndarray,
    tillage: np.ndarray,
    irrigated: np.ndarray | None = None,
    run_in: int = 5,
    start: np.ndarray | None = None,
    parameters: np.ndarray | None = None,
) -> TierTwo:
    """Stocks of soil organic carbon, 0-30 cm, of croplands remaining croplands.

    Parameters
    ----------
    temperature, precipitation, evapotranspiration : (Y, 12, n), degC, mm, mm
    carbon : (Y, n), mass per area and year
        Carbon of all input.
    lignin, nitrogen : (Y, n), 0-1
        Fractions in the input.
    sand : (n,), 0-1
    tillage : (Y, n) of str
        "full", "reduced" or "none".
    irrigated : (Y, 12, n) bool, optional
    run_in : int
        First years, 5 to 20, whose means (of factors, inputs, tillage) give the stocks to begin with.
    start : (3, n), optional
        Active, slow and passive to begin with, instead of a run-in; the first year given is then the first result.
    parameters : (22,), optional
        Instead of the table's, in the order of :data:`watershed_c.kernels.ipcc_tier2.PARAMETERS`.

    Raises
    ------
    ValueError
        Shapes that do not fit, values out of range, climate in which nothing decays, litter the method does not
        cover (a negative metabolic fraction, lignin : nitrogen above 47.2; more metabolic than is not lignin).
    """
    values = kernels.default_parameters() if parameters is None else np.asarray(parameters, dtype=np.float64)
    if values.shape != (len(kernels.PARAMETERS),) or not np.isfinite(values).all():
        raise ValueError(f"parameters must be {len(kernels.PARAMETERS)} finite numbers")
    carbon = np.ascontiguousarray(carbon, dtype=np.float64)
    if carbon.ndim != 2 or carbon.size == 0:
        raise ValueError("carbon must be (years, fields)")
    years, fields = carbon.shape
    climate = []
    for name, array in (
        ("temperature", temperature),
        ("precipitation", precipitation),
        ("evapotranspiration", evapotranspiration),
    ):
        low = -273.15 if name == "temperature" else 0.0
        climate.append(_array(name, array, (years, kernels.MONTHS, fields), low, np.inf))
    lignin = _array("lignin", lignin, (years, fields), 0.0, 1.0)
    nitrogen = _array("nitrogen", nitrogen, (years, fields), 1e-6, 1.0)
    carbon = _array("carbon", carbon, (years, fields), 0.0, np.inf)
    sand = _array("sand", sand, (fields,), 0.0, 1.0)
    wet = np.zeros((years, kernels.MONTHS, fields), dtype=bool) if irrigated is None else np.asarray(irrigated)
    if wet.shape != (years, kernels.MONTHS, fields) or wet.dtype != bool:
        raise ValueError(f"irrigated must be true or false, {(years, kernels.MONTHS, fields)}")
    metabolic = values[19] - values[20] * lignin / nitrogen
    if (metabolic < 0.0).any() or (metabolic > 1.0 - lignin).any():
        raise ValueError(
            "lignin and nitrogen: the metabolic fraction 0.85 - 0.018 lignin / nitrogen must lie from 0 to "
            "1 - lignin; the method does not cover this litter"
        )
    practice = np.asarray(tillage)
    if practice.shape != (years, fields) or not np.isin(practice, TILLAGE).all():
        raise ValueError(f"tillage must be one of {', '.join(TILLAGE)} for each of {(years, fields)}")
    code = np.select([practice == name for name in TILLAGE], list(range(3)))
    factor, structural = values[0:3][code], values[9:12][code]
    cells = np.arange(fields, dtype=np.int64)
    factors = np.empty((years, 2, fields))
    over_cells(kernels.climate_factors, cells, values, *climate, wet, factors)
    yearly = [factors, carbon, lignin, nitrogen, factor, structural]
    if start is None:
        if not RUN_IN_YEARS[0] <= run_in <= RUN_IN_YEARS[1]:
            raise ValueError(f"run_in must be {RUN_IN_YEARS[0]} to {RUN_IN_YEARS[1]} years, is {run_in}")
        if run_in > years:
            raise ValueError(f"run_in of {run_in} years is longer than the {years} years given")
        means = [array[:run_in].mean(axis=0, keepdims=True) for array in yearly]
        stocks = _years(cells, values, sand, means)[1][0]
        yearly = [array[run_in:] for array in yearly]
    else:
        stocks = _array("start", start, (3, fields), 0.0, np.inf)
    intermediate, steady = _years(cells, values, sand, yearly)
    series = np.empty((steady.shape[0] + 1, 3, fields))
    series[0] = stocks
    over_cells(kernels.relax, cells, intermediate, steady, series)
    named = {name: intermediate[:, column] for column, name in enumerate(kernels.NAMES)}
    return TierTwo(named, steady, series, np.diff(series.sum(axis=1), axis=0))


def _years(
    cells: np.ndarray, values: np.ndarray, sand: np.ndarray, yearly: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Intermediates and steady states of years: factors of climate, carbon, lignin, nitrogen, tillage, f2."""
    factors, carbon, lignin, nitrogen, tillage, structural = (np.ascontiguousarray(array) for array in yearly)
    if not (factors > 0.0).all():
        raise ValueError("temperature: a year without any decay has no steady state")
    years, fields = carbon.shape
    intermediate, steady = np.empty((years, len(kernels.NAMES), fields)), np.empty((years, 3, fields))
    over_cells(
        kernels.steady_states, cells, values, factors, carbon, lignin, nitrogen, sand, tillage, structural,
        intermediate, steady,
    )  # fmt: skip
    return intermediate, steady


def _array(name: str, values: np.ndarray, shape: tuple[int, ...], low: float, high: float) -> np.ndarray:
    array = np.ascontiguousarray(values, dtype=np.float64)
    if array.shape != shape:
        raise ValueError(f"{name} must be {shape}, is {array.shape}")
    if not (np.isfinite(array) & (array >= low) & (array <= high)).all():
        raise ValueError(f"{name} must be finite and from {low:g} to {high:g}")
    return array
