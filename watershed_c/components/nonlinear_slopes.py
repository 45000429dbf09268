"""Matrices of a non-linear model at the present state, for the search of the initial carbon and of its isotopes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from watershed_c.components.nonlinear_forcing import Forcing
from watershed_c.kernels.nonlinear_twins import rates_by_donor

if TYPE_CHECKING:
    from watershed_c.pools.nonlinear_model import NonlinearPoolModel

#: relative change of a pool, and least change in kg C m-2, by which slopes are found
CHANGE, LEAST_CHANGE = 1e-6, 1e-10
#: change of the plant input of a cell, relative to its unit's, for the same
SCALE_CHANGE = 1e-4


def slopes_of_pools(model: NonlinearPoolModel, forcing: Forcing, result: np.ndarray) -> None:
    """Derivatives of what each pool gains to each pool, yr-1, and to the plant input of the cell, kg C m-2 yr-1.

    Parameters
    ----------
    result : (n, L, P (P + 1))
        Filled for the cells: as ``model.pathways`` has them, losses positive; the last P are those to the input.
    """
    pools, layers = len(model.pools), result.shape[1]

    def derivative(state: np.ndarray, rate: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        found = np.empty_like(state)
        model.kernel.right_hand_side(state, rate, inputs, found, *np.empty((2, state.shape[1])))
        return found

    more = forcing.lanes(SCALE_CHANGE)
    for (cells, state, rate, inputs), (_, _, more_rate, more_inputs) in zip(forcing.lanes(), more, strict=True):
        here = derivative(state, rate, inputs)
        for donor in range(pools):
            other = state.copy()
            other[donor] += np.maximum(CHANGE * state[donor], LEAST_CHANGE)
            slope = (derivative(other, rate, inputs) - here) / (other[donor] - state[donor])
            slope[donor] *= -1.0
            for p in range(pools):
                result[cells, :, p * pools + donor] = slope[p].reshape(-1, layers)
        slope = (derivative(state, more_rate, more_inputs) - here) / SCALE_CHANGE
        for p in range(pools):
            result[cells, :, pools * pools + p] = slope[p].reshape(-1, layers)


def slopes_of_twins(model: NonlinearPoolModel, forcing: Forcing, result: np.ndarray) -> None:
    """As :func:`slopes_of_pools`, of twins: fluxes over the stocks they leave, in the same places; no input."""
    pools, layers = len(model.pools), result.shape[1]
    for cells, state, rate, _ in forcing.lanes():
        matrix = rates_by_donor(model.kernel_name, state, rate)
        matrix[np.arange(pools), np.arange(pools)] *= -1.0
        by_layer = matrix.reshape(pools * pools, cells.size, layers)
        result[cells, :, : pools * pools] = np.moveaxis(by_layer, 0, -1)
