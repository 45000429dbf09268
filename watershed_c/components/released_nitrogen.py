"""Nitrogen that goes with the carbon of the pools, where it is followed."""

from __future__ import annotations

import numpy as np

from watershed_c.kernels.nitrogen import organic_nitrogen, residue_nitrogen
from watershed_c.parallel import over_cells
from watershed_c.state import Watershed


def follow_nitrogen(
    watershed: Watershed, cells: np.ndarray, first_row: int, plant: np.ndarray, amendment: np.ndarray, *, before: bool
) -> None:
    """Note what the pools hold ``before`` a turnover, then what they have set free in it; nothing if nobody asks.

    Parameters
    ----------
    cells : (c,) int64
        Whose pools turn over.
    first_row : int
        Of the pools in the stocks.
    plant, amendment : (U, L, P), kg C m-2
        What enters in the step.
    """
    w, of = watershed, watershed.mineralisation
    if of is not None:
        over_cells(
            organic_nitrogen, cells, w.stocks, first_row, w.rows_of_units(), w.by_rows(of.per_carbon, layered=False),
            w.by_rows(plant), w.plant_scale, w.input_scale, w.by_rows(amendment), before, of.released, of.returned,
        )  # fmt: skip


def follow_residues(watershed: Watershed, cells: np.ndarray, first_row: int, laid: np.ndarray, *, before: bool) -> None:
    """The same for a step of the surface: residues decay, and go into the soil with their nitrogen.

    Parameters
    ----------
    laid : (U, 2, 2, P), kg C m-2
        What comes to the surface in the step, by when, and of plants and brought.
    """
    w, of = watershed, watershed.mineralisation
    if of is not None:
        over_cells(
            residue_nitrogen, cells, w.stocks, w.residue, first_row, w.unit, of.per_carbon, laid, w.plant_scale,
            w.input_scale, before, w.work(2), of.released, of.returned,
        )  # fmt: skip
