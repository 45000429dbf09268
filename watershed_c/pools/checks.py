"""What must hold of a pool model wherever its properties and parameters lie in their declared ranges.

Two published parameter sets of one pool model create carbon; a model that could is refused when it is loaded.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import numpy as np

from watershed_c.pools.base import PoolModel
from watershed_c.pools.compiled import CompiledPoolModel, Quantity

#: values at which a range is checked when it stands alone, both ends included
CHECK_POINTS = 201
#: most combinations of values when several ranges are checked together
MOST_COMBINATIONS = 100_000
#: round-off allowed in "sums to 1" and "no more than 1 leaves a pool"
ROUND_OFF = 1e-12


def check_rates(model: CompiledPoolModel) -> Iterator[str]:
    """Problems of the rates: one that is negative or undefined, or 0 in a pool that is not inert."""
    values, count = _grid(model.properties)
    rates = model.evaluate_rates(values, count)
    for pool, name in enumerate(model.pools):
        bad = ~(rates[pool] >= 0.0) | ~np.isfinite(rates[pool])
        if bad.any():
            yield f"pool {name}: its rate is {rates[pool][bad][0]:.6g} yr-1{_at(values, bad)}, must be 0 or more"
        elif not model.inert[pool] and not (rates[pool] > 0.0).any():
            yield f"pool {name}: its rate is 0; a pool either has inert = true, or a rate above 0"


def check_transfers(model: CompiledPoolModel) -> Iterator[str]:
    """Problems of the transfers: a fraction below 0 or undefined, a pool that gives more than it lost."""
    values, count = _grid(model.properties)
    coefficients = model.evaluate_coefficients(values, count)
    told = set()
    for donor, receiver, index in zip(model.source, model.destination, model.coefficient_index, strict=True):
        column = coefficients[:, index]
        bad = ~(column >= 0.0) | ~np.isfinite(column)
        if bad.any():
            names = f"{model.pools[donor]} -> {model.pools[receiver]}"
            yield f"transfer {names}: fraction is {column[bad][0]:.6g}{_at(values, bad)}, must be 0 or more"
            told.add(int(donor))
    rest = model.respired_fractions(coefficients)
    for donor, pool in enumerate(model.pools):
        bad = rest[:, donor] < -ROUND_OFF
        if bad.any() and donor not in told:
            given = f"{1.0 - rest[bad, donor][0]:.6g} of what it loses goes to other pools{_at(values, bad)}"
            yield f"pool {pool}: {given}; more than 1 creates carbon"


def check_inputs(model: PoolModel) -> Iterator[str]:
    """Problems of the inputs: a share of a pool that is negative, or shares that do not sum to 1."""
    for name, kind in model.inputs.items():
        values, count = _grid(kind.parameters)
        total = np.zeros(count)
        shares = kind.shares({**model.constants(), **values}, len(model.pools), count)
        for pool in kind.fractions:
            share = shares[pool]
            bad = ~(share >= 0.0)
            if bad.any():
                where = f"inputs.{name}.fractions.{model.pools[pool]}"
                yield f"{where} is {share[bad][0]:.6g}{_at(values, bad)}, must be 0 or more"
            total += share
        bad = ~(np.abs(total - 1.0) <= ROUND_OFF)
        if bad.any():
            yield f"inputs.{name}.fractions sum to {total[bad][0]:.6g}{_at(values, bad)}, must sum to 1"


def check_reference(model: CompiledPoolModel) -> Iterator[str]:
    """Problems of the reference: a property that is missing, unknown or outside its range."""
    if model.reference is not None:
        try:
            model.coefficients(model.reference.properties)
        except ValueError as error:
            yield f"reference.properties: {error}"


def _grid(quantities: Mapping[str, Quantity]) -> tuple[dict[str, np.ndarray | float], int]:
    """Values that span all ranges together: one finely, several as a coarser product."""
    points = CHECK_POINTS
    if len(quantities) > 1:
        points = min(points, max(2, int(MOST_COMBINATIONS ** (1.0 / len(quantities)))))
    axes = [np.linspace(quantity.low, quantity.high, points) for quantity in quantities.values()]
    combinations = list(itertools.product(*axes))
    table = np.array(combinations, dtype=np.float64).reshape(len(combinations), len(axes))
    return {name: table[:, column] for column, name in enumerate(quantities)}, table.shape[0]


def _at(values: Mapping[str, np.ndarray | float], where: np.ndarray) -> str:
    first = int(np.flatnonzero(where)[0])
    place = ", ".join(f"{name} = {np.asarray(column)[first]:g}" for name, column in values.items())
    return f" at {place}" if place else ""
