"""Enrichment of organic carbon in eroded soil, by what a cell loses.

Every law counts over its own time: a year, an event, or none (a concentration). What it is given must be of that time
(:class:`watershed_c.components.running_year.RunningYear`): Menzel's law of months is 1.64 times that of the year.

Sources
-------
Menzel 1980 (in CREAMS, USDA Conservation Research Report 26), kept in EPIC; Neitsch et al. 2011 (SWAT theoretical
documentation, equation 4:2.2.3); Wang, Qiu & Van Oost 2020 (Geosci. Model Dev. 13, 4977) with the code of WATEM_C, the
exponential of the rate of lowering.
"""

from __future__ import annotations

import math

from numba import njit

#: intercept and slope of ln ER = a - b ln(soil loss in kg ha-1): CREAMS and EPIC, of a year or an event
MENZEL_1980 = (2.0, 0.2)
#: ER = a c^-b, c in Mg of sediment per m3 of runoff (SWAT)
SWAT = (0.78, 0.2468)
#: ER = 1 + a exp(-b rate), a dimensionless, b in yr m-1 of lowering (WATEM_C code)
WATEM_C = (1.0, 2000.0)
#: kg ha-1 per kg m-2
KG_HA_PER_KG_M2 = 1.0e4


@njit(cache=True, nogil=True)
def by_amount(cells, intercept, slope, amount, largest, out):
    """``ER = exp(intercept - slope ln S)``, from 1 to ``largest``.

    Parameters
    ----------
    cells : (c,) int64
    intercept, slope : float
    amount : (n,) kg m-2
        Soil loss S of the law's time; in the law it is in kg ha-1.
    largest : float
    out : (n,)
        Written for ``cells`` only; ``largest`` where nothing is lost.
    """
    for node in cells:
        loss = KG_HA_PER_KG_M2 * amount[node]
        ratio = largest
        if loss > 0.0:
            ratio = math.exp(min(intercept - slope * math.log(loss), 50.0))
        out[node] = min(max(ratio, 1.0), largest)


@njit(cache=True, nogil=True)
def by_concentration(cells, scale, power, eroded, runoff, largest, out):
    """``ER = scale c^-power``, from 1 to ``largest``; 1 where no water runs.

    Parameters
    ----------
    cells : (c,) int64
    scale, power : float
    eroded : (n,) kg m-2 of dry soil
    runoff : (n,) kg m-2
        Surface runoff generated in the cell in the same time: their ratio is Mg m-3.
    largest : float
    out : (n,)
        Written for ``cells`` only.
    """
    for node in cells:
        ratio = 1.0
        if runoff[node] > 0.0:
            ratio = largest
            if eroded[node] > 0.0:
                ratio = scale * (eroded[node] / runoff[node]) ** -power
        out[node] = min(max(ratio, 1.0), largest)


@njit(cache=True, nogil=True)
def by_lowering(cells, scale, depth, amount, bulk_density, largest, out):
    """``ER = 1 + scale exp(-depth r)``, r the lowering of the surface in m yr-1, at most ``largest``.

    Parameters
    ----------
    cells : (c,) int64
    scale : float
    depth : float, yr m-1
    amount : (n,) kg m-2 yr-1
    bulk_density : (n, L) kg m-3
        Of the layers, top first.
    largest : float
    out : (n,)
        Written for ``cells`` only.
    """
    for node in cells:
        out[node] = min(1.0 + scale * math.exp(-depth * amount[node] / bulk_density[node, 0]), largest)
