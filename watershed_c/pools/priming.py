"""Priming: humified carbon decays the slower, the less fresh carbon there is to live on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from watershed_c.kernels.laws import PARAMETERS
from watershed_c.pools.compiled import CompiledPoolModel, Modifier

#: kinds of input that plants give; part of a root may be humified at once (ICBM)
OF_PLANTS = ("plant", "shoot", "residue")
CITATION = (
    "Guenet B et al. (2013) Can we model observed soil carbon changes from a dense inventory? Geosci. Model Dev. 6, "
    "2153-2163, doi:10.5194/gmd-6-2153-2013"
)


def fresh_pools(model: CompiledPoolModel) -> np.ndarray:
    """Pools that plants feed, (P) bool: they hold fresh organic carbon."""
    fresh = np.zeros(len(model.pools), dtype=bool)
    for kind in OF_PLANTS:
        if kind in model.inputs:
            fresh[list(model.inputs[kind].fractions)] = True
    return fresh


def primed(model: CompiledPoolModel, coefficient: float) -> CompiledPoolModel:
    """The model with rates of all other pools times ``1 - exp(-c F)``, F its fresh carbon per mineral soil (g kg-1).

    Parameters
    ----------
    coefficient : float, kg g-1, above 0
        c; infinite: the model without priming.

    Raises
    ------
    ValueError
        The coefficient is not above 0, or plants feed every pool that turns over.
    """
    if not coefficient > 0.0:
        raise ValueError(f"the coefficient of priming must be above 0 kg g-1, is {coefficient}")
    fresh = fresh_pools(model)
    if not (~fresh & ~model.inert).any():
        raise ValueError(f"priming is for models with pools that plants do not feed; {model.name} has none")
    parameters = np.zeros(PARAMETERS)
    parameters[0] = coefficient
    modifier = Modifier("priming", "guenet", parameters, ~fresh, ratio_of=fresh)
    citations = {**model.citations, "guenet_2013": CITATION}
    return replace(
        model, modifiers=(*model.modifiers, modifier), citations=citations, sources=(*model.sources, "guenet_2013")
    )
