"""A linear model at a place as the matrix and the input that :mod:`watershed_c.pools.ages` takes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from watershed_c.pools.ages import steady_stock
from watershed_c.pools.compiled import CompiledPoolModel

#: most corrections of the protection by lignin, and change of the stocks at which it is found
CORRECTIONS, CLOSE = 50, 1e-13


def turnover(
    model: CompiledPoolModel,
    properties: Mapping[str, float],
    inputs: Mapping[str, float],
    *,
    modifier: float | np.ndarray = 1.0,
    **parameters: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Matrix (P, P), yr-1, and input (P) a year of the pools that turn over, in the order of the model.

    Where lignin protects, its share is that of the steady state.

    Parameters
    ----------
    model : CompiledPoolModel
    properties : mapping
        Of the soil, in the model's units.
    inputs : mapping kind -> amount of carbon a year
    modifier : float, or (P) of all the model's pools
        Mean of the rate modifiers of climate and cover.
    **parameters : float
        Of the kinds of input, of all that have one of that name.

    Raises
    ------
    ValueError
        Unknown kind or parameter, property out of range, or nothing enters.
    """
    known = {name for kind in inputs if kind in model.inputs for name in model.inputs[kind].parameters}
    unknown = sorted(set(parameters) - known)
    if unknown:
        raise ValueError(f"no input of model {model.name} given here has a parameter {unknown[0]!r}; there are: "
                         f"{', '.join(sorted(known)) or 'none'}")  # fmt: skip
    rate = np.zeros(len(model.pools))
    for kind, amount in inputs.items():
        rate += amount * model.allocate_known(kind, **parameters)
    turning = np.flatnonzero(~model.inert)
    place = {name: np.array([value]) for name, value in properties.items()}
    laws = [law for law in model.dynamic if law.factor == "lignin"]
    protection, stock = np.ones(len(model.pools)), np.zeros(len(model.pools))
    for _ in range(CORRECTIONS if laws else 1):
        matrix = model.matrix(place, modifier * protection)[0][np.ix_(turning, turning)]
        before = stock.copy()
        stock[turning] = steady_stock(matrix, rate[turning])
        if np.abs(stock - before).max() <= CLOSE * stock.max():
            break
        protection = np.ones(len(model.pools))
        for law in laws:
            assert law.ratio_of is not None and law.ratio_in is not None
            total = stock[law.ratio_in].sum()
            share = stock[law.ratio_of].sum() / total if total > 0.0 else 0.0
            protection[law.pools] *= np.exp(-law.parameters[0] * share)
    return matrix, rate[turning]
