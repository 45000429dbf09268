"""A solute that rides on percolating water: dissolved organic carbon, with sorption and mineralisation."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from watershed_c.kernels.pool_steps import SERIES_REACH
from watershed_c.kernels.pool_steps import lost as fraction_lost


@njit(cache=True, nogil=True)
def advect(
    cells: np.ndarray,
    solute: np.ndarray,
    produced: np.ndarray,
    water: np.ndarray,
    percolation: np.ndarray,
    aside: np.ndarray,
    sorption: np.ndarray,
    decay: float,
    groundwater_solute: np.ndarray,
    groundwater: np.ndarray,
    baseflow: np.ndarray,
    decayed: np.ndarray,
    carried: np.ndarray,
    exported: np.ndarray,
) -> None:
    """Produce, sorb, decay and percolate a solute through the layers of each cell, then its groundwater.

    Parameters
    ----------
    cells
        (m,) int64 node ids.
    solute
        (n, L) dissolved and sorbed mass, kg m-2; changed in place.
    produced
        (n, L) added during the step, >= 0, kg m-2.
    water
        (n, L) soil water that carries the solute, kg m-2.
    percolation
        (n, L) water that left each layer downward in the step, >= 0, kg m-2; the last layer's goes to
        groundwater.
    aside
        (n, L) water that left each layer sideways in the step, kg m-2; of size 0 where none does.
    sorption
        (n, L) water that would hold in solution what the solids sorb, kg m-2: soil mass (kg m-2) times the
        distribution coefficient (L kg-1); 0 for a conservative solute. The retardation factor is ``1 +
        sorption / water``.
    decay
        First-order loss of the dissolved phase in the step, ``k dt``.
    groundwater_solute
        (n,) kg m-2; changed in place. Conservative there.
    groundwater, baseflow
        (n,) water in the reservoir at the end of the step and what left it for the stream in the step, kg
        m-2.
    decayed, carried, exported
        (n, L), (n, L) and (n,) filled: decayed, gone sideways (not where ``aside`` is of size 0), and exported with
        baseflow, kg m-2 per step.

    Notes
    -----
    Each layer is completely mixed, ``R = 1 + sorption / water``, and over one step (t from 0 to 1)::

        dM/dt = inflow + produced - (percolation + aside + decay water) / (water R) M

    is solved exactly for constant coefficients: ``M1 = M0 e^-a + (inflow + produced) (1 - e^-a) / a``. What
    is lost, >= 0, is shared between percolate, flow sideways and decay in the ratio of their rates. Rain brings none;
    evapotranspiration takes none.
    """
    layers = solute.shape[1]
    sideways = aside.size > 0
    for cell in cells:
        inflow = 0.0
        for layer in range(layers):
            source = inflow + produced[cell, layer]
            before = solute[cell, layer]
            decaying = decay * water[cell, layer]
            leaving = percolation[cell, layer] + decaying
            if sideways:
                leaving += aside[cell, layer]
                carried[cell, layer] = 0.0
            holding = water[cell, layer] + sorption[cell, layer]
            inflow = 0.0
            decayed[cell, layer] = 0.0
            if leaving > 0.0:
                lost = before + source
                if leaving < 1e3 * holding:
                    rate = leaving / holding
                    gone = fraction_lost(rate) if rate <= SERIES_REACH else -math.expm1(-rate)
                    lost = before * gone + source * (
                        max(1.0 - gone / rate, 0.0) if rate > 1e-12 else 0.5 * rate
                    )
                decayed[cell, layer] = lost * (decaying / leaving)
                inflow = lost - decayed[cell, layer]
                if sideways:
                    carried[cell, layer] = lost * (aside[cell, layer] / leaving)
                    inflow = max(inflow - carried[cell, layer], 0.0)
                solute[cell, layer] = max(before + source - lost, 0.0)
            else:
                solute[cell, layer] = before + source
        total = groundwater_solute[cell] + inflow
        volume = groundwater[cell] + baseflow[cell]
        exported[cell] = total * (baseflow[cell] / volume) if volume > 0.0 else 0.0
        groundwater_solute[cell] = total - exported[cell]


def steady_state(
    produced: np.ndarray,
    water: np.ndarray,
    percolation: np.ndarray,
    sorption: np.ndarray,
    decay: float,
    aside: np.ndarray | float = 0.0,
    radioactive: float = 0.0,
) -> np.ndarray:
    """Solute that :func:`advect` would keep under constant production and flow, (n, L) kg m-2.

    Parameters
    ----------
    produced, percolation
        (n, L) kg m-2 yr-1.
    water, sorption
        (n, L) kg m-2, as for :func:`advect`.
    decay
        First-order loss of the dissolved phase, yr-1.
    aside
        (n, L) kg m-2 yr-1 of water that leaves sideways; what arrives from upslope is not counted.
    radioactive
        Of what is dissolved and of what is sorbed, yr-1.

    Notes
    -----
    Sorption delays a front by ``R`` (decades in a clay subsoil), so a run that starts from an empty store
    exports next to nothing for as long. With c the dissolved concentration (kg per kg of water)::

        c = (inflow + produced) / (percolation + aside + decay water + radioactive (water + sorption))
        M = (water + sorption) c

    A layer that loses nothing has no steady state and stays empty.
    """
    solute = np.zeros_like(produced)
    inflow = np.zeros(produced.shape[0])
    sideways = np.broadcast_to(aside, produced.shape)
    for layer in range(produced.shape[1]):
        holding = water[:, layer] + sorption[:, layer]
        leaving = percolation[:, layer] + decay * water[:, layer] + sideways[:, layer] + radioactive * holding
        source = inflow + produced[:, layer]
        concentration = np.divide(source, leaving, out=np.zeros_like(source), where=leaving > 0.0)
        solute[:, layer] = holding * concentration
        inflow = percolation[:, layer] * concentration
    return solute
