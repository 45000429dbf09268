"""What limits the yield of a crop in every cell: temperature, water, lost soil."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

#: sums of a season: evapotranspiration wanted and used (kg m-2), light and light times warmth; and its crop
WANTED, USED, LIGHT, WARM, CROP = range(5)
#: limits of a season as they are told
TEMPERATURE_LIMIT, WATER_LIMIT, SOIL_LIMIT, NITROGEN_LIMIT = range(4)


@njit(cache=True, nogil=True)
def warmth(temperature: float, base: float, optimum: float) -> float:
    """Share of the fastest growth at a temperature (degC): ``sin(pi/2 (T - base) / (optimum - base))``, 0 outside.

    Williams et al. (1989), EPIC: 1 at the optimum, 0 at the base and as far above the optimum.
    """
    share = (temperature - base) / (optimum - base)
    if share <= 0.0 or share >= 2.0:
        return 0.0
    return math.sin(0.5 * math.pi * share)


@njit(cache=True, nogil=True)
def fed_share(found: float, leanest: float) -> float:
    """Share of its yield that a crop has which found a share of the nitrogen it needs, 0 to 1.

    The less it grows the leaner it is: nitrogen per yield falls with the relative yield f from 1 to ``leanest``, so
    that ``found = f (leanest + (1 - leanest) f)``.
    """
    if found >= 1.0:
        return 1.0
    found = max(found, 0.0)
    return 2.0 * found / (leanest + math.sqrt(leanest * leanest + 4.0 * (1.0 - leanest) * found))


@njit(cache=True, nogil=True)
def limit_growth(
    cells: np.ndarray,
    unit: np.ndarray,
    crop: np.ndarray,
    begins: np.ndarray,
    light: np.ndarray,
    covered: np.ndarray,
    coefficient: np.ndarray,
    base: np.ndarray,
    optimum: np.ndarray,
    response: np.ndarray,
    temperature: np.ndarray,
    pet: np.ndarray,
    evapotranspiration: np.ndarray,
    first_elevation: np.ndarray,
    elevation: np.ndarray,
    loss_rate: float,
    needed: np.ndarray,
    taken: np.ndarray,
    leanest: np.ndarray,
    season: np.ndarray,
    limits: np.ndarray,
) -> None:
    """Add a step to the season of each cell and find what limits its yield until now.

    Parameters
    ----------
    cells : (c,) int64
    unit : (n,) int64
    crop : (U,) int64
        Crop that the month belongs to; -1: none, its cells are left alone.
    begins : (U,) bool
        Whether the step is the first of a season: its sums begin at zero.
    light : (U,)
        Light that the crop intercepts in the step, in any unit.
    covered, coefficient : (U,)
        Whether plants cover the soil; crop coefficient.
    base, optimum, response : (C,)
        Temperatures (degC) of no and of fastest growth; Ky of FAO-33.
    temperature, pet, evapotranspiration : (n,) degC, kg m-2, kg m-2 in the step
    first_elevation, elevation : (n,) m
        Of the surface when the run began, and now: soil is lost where it is lower.
    loss_rate : float, m-1
        Share of the yield lost per depth of soil lost.
    needed, taken : (n,) kg m-2
        Nitrogen wanted and got in the season so far; set to zero where one begins. Nothing needed: no limit.
    leanest : (C,), above 0 to 1
        Nitrogen per yield at which growth ceases, over that of a crop that has enough.
    season : (5, n)
        Sums of the season and its crop; changed in place.
    limits : (4, n), 0-1
        Filled: temperature, water, soil, nitrogen.

    Notes
    -----
    Water, Doorenbos & Kassam (1979): ``1 - Ky (1 - ETa / ETm)``, over the months in which plants cover the soil.
    """
    for cell in cells:
        u = unit[cell]
        c = crop[u]
        if c < 0:
            continue
        # or the land has changed hands
        if begins[u] or season[CROP, cell] != c:
            for i in range(season.shape[0]):
                season[i, cell] = 0.0
            season[CROP, cell] = c
            needed[cell] = 0.0
            taken[cell] = 0.0
        if covered[u] > 0.0:
            wanted = coefficient[u] * pet[cell]
            season[WANTED, cell] += wanted
            season[USED, cell] += min(evapotranspiration[cell], wanted)
        season[LIGHT, cell] += light[u]
        season[WARM, cell] += light[u] * warmth(temperature[cell], base[c], optimum[c])
        limits[TEMPERATURE_LIMIT, cell] = (
            season[WARM, cell] / season[LIGHT, cell] if season[LIGHT, cell] > 0.0 else 1.0
        )
        water = 1.0
        if season[WANTED, cell] > 0.0:
            water = 1.0 - response[c] * (1.0 - season[USED, cell] / season[WANTED, cell])
        limits[WATER_LIMIT, cell] = min(max(water, 0.0), 1.0)
        lost = max(first_elevation[cell] - elevation[cell], 0.0)
        limits[SOIL_LIMIT, cell] = min(max(1.0 - loss_rate * lost, 0.0), 1.0)
        limits[NITROGEN_LIMIT, cell] = (
            fed_share(taken[cell] / needed[cell], leanest[c]) if needed[cell] > 0.0 else 1.0
        )


@njit(cache=True, nogil=True)
def relative_yields(
    cells, unit, mineral, crop, given, elapsed, product_use, reference, potential, highest, season, limits, expected,
    relative,
):  # fmt: skip
    """Find what the season until now lets each cell yield, per the given yield of its unit.

    Parameters
    ----------
    cells : (c,) int64
    unit : (n,) int64
    mineral : (n, L), kg m-2
        Where there is no soil nothing grows.
    crop : (U,) int64
        -1: none; its cells are left alone.
    given : (U,), kg DM m-2
    elapsed : (U,), 0-1
        Share of the season's green cover that is over.
    product_use : (C,), kg DM MJ-1
        Of the product, per light intercepted where it is warm.
    reference : (U,)
        Temperature times water limit to which the given yield belongs; 0: it has none.
    potential : bool
        Yields are by light, not as given.
    highest : float
        Times the given yield, of ``expected``.
    season, limits
        As of :func:`limit_growth`.
    expected, relative : (n,)
        Filled: before nitrogen limits it, and as it is; until harvest warmth, water and nitrogen are those of the
        season so far in its share that is over and 1 in the rest (of yields by light: so far); lost soil is lost all of
        it.
    """
    for cell in cells:
        u = unit[cell]
        if crop[u] < 0:
            continue
        grown = 1.0
        if mineral[cell, 0] <= 0.0:
            expected[cell], relative[cell] = 0.0, 0.0
            continue
        if potential:
            so_far = given[u] * elapsed[u]
            whole = product_use[crop[u]] * season[WARM, cell] * limits[WATER_LIMIT, cell]
            grown = whole / so_far if so_far > 0.0 else 0.0
        elif reference[u] > 0.0:
            grown = limits[TEMPERATURE_LIMIT, cell] * limits[WATER_LIMIT, cell] / reference[u]
        grown = min(grown, highest)
        expected[cell] = grown * limits[SOIL_LIMIT, cell]
        over = 1.0 if potential else elapsed[u]
        relative[cell] = limits[SOIL_LIMIT, cell] * (1.0 + over * (grown * limits[NITROGEN_LIMIT, cell] - 1.0))
