"""When crops want their nitrogen: as they grow in the mean year, and richest while they are small."""

from __future__ import annotations

import numpy as np

from watershed_c.kernels.growth import warmth
from watershed_c.management.growth import GrowthTables
from watershed_c.management.reading import MONTH_STARTS

#: critical nitrogen content falls as mass to this power (C3 crops 4.8 % W^-0.32, W t ha-1 of shoots; Lemaire & Gastal
#: 1997; C4 crops 3.6 % W^-0.34, winter wheat -0.44), and is constant below 1 t ha-1
DILUTION = 0.32
#: kg m-2, the mass of 1 t ha-1
CLOSED_CANOPY = 0.1


def diluted_share(mass: np.ndarray) -> np.ndarray:
    """Nitrogen that a crop of ``mass`` (kg DM m-2) wants, relative to 1 kg m-2."""
    return mass * np.maximum(mass, CLOSED_CANOPY) ** -DILUTION


def uptake_shares(
    seasons: GrowthTables, cycle_months: np.ndarray, temperature: np.ndarray, radiation: np.ndarray
) -> np.ndarray:
    """Share of each month in what a season needs of nitrogen, (M, U); sums to 1 over a season.

    Parameters
    ----------
    seasons : GrowthTables
    cycle_months : (U,) int64, months
    temperature : (12,) degC
        Of the mean year.
    radiation : (12,)
        Of the mean year, in any unit.

    Notes
    -----
    Mass grows as green cover times radiation times warmth (that of :func:`watershed_c.kernels.growth.warmth`), to that
    of product, straw and roots of the given yield. Where it is never warm enough, as green cover.
    """
    base, optimum = (seasons.of_crops(name) for name in ("base_temperature", "optimum_temperature"))
    product = seasons.of_crops("product")
    per_product = (product + seasons.of_crops("straw") + seasons.of_crops("roots")) / product
    light = radiation * np.diff(np.array(MONTH_STARTS))
    warm = np.zeros((base.size, 12))
    for crop, month in np.ndindex(warm.shape):
        warm[crop, month] = warmth(float(temperature[month]), float(base[crop]), float(optimum[crop]))
    found: np.ndarray = np.zeros_like(seasons.share)
    for unit, months in enumerate(cycle_months):
        for first in np.flatnonzero(seasons.begins[:months, unit]):
            rows = _season(seasons, unit, int(first), int(months))
            crop = seasons.crop[first, unit]
            grown = seasons.green[rows, unit] * light[rows % 12] * warm[crop, rows % 12]
            if not grown.sum() > 0.0:
                found[rows, unit] = seasons.share[rows, unit]
                continue
            mass = np.cumsum(grown) / grown.sum() * per_product[crop] * seasons.yield_dry_matter[first, unit]
            whole = diluted_share(mass)
            found[rows, unit] = np.diff(whole, prepend=0.0) / max(float(whole[-1]), 1e-300)
        # a unit of a short cycle goes on repeating it
        rest = np.arange(int(months), found.shape[0])
        found[rest, unit] = found[rest % int(months), unit]
    return found


def _season(seasons: GrowthTables, unit: int, first: int, months: int) -> np.ndarray:
    """Rows of the season that begins in row ``first``, in order; another crop may stand in between."""
    crop, rows = seasons.crop[first, unit], []
    for row in (first + np.arange(months)) % months:
        if seasons.crop[row, unit] == crop:
            rows.append(int(row))
            if seasons.ends[row, unit]:
                break
    return np.array(rows)
