"""Numbers that decisions rest on: 4 per 1000, rates of sequestration, nutrients lost with soil, costs of abatement.

Closed forms on plain arrays; :mod:`watershed_c.measures` says which quantities of a run go in.
"""

from __future__ import annotations

import numpy as np

#: growth of the stock that the initiative "4 per 1000" asks for, yr-1 (Minasny et al. 2017, Geoderma 292, 59)
FOUR_PER_MILLE = 0.004


def four_per_mille(stock: np.ndarray | float, years: float, *, compound: bool = False) -> np.ndarray | float:
    """Growth of a stock over ``years`` that "4 per 1000" asks for, in the unit of the stock.

    Parameters
    ----------
    compound : bool
        Each year 0.4 % of what is then there, instead of what was there at the start.
    """
    return stock * ((1.0 + FOUR_PER_MILLE) ** years - 1.0 if compound else FOUR_PER_MILLE * years)


def absolute_rate(end: np.ndarray | float, start: np.ndarray | float, years: float) -> np.ndarray | float:
    """Absolute sequestration rate (ASR) of the protocol of GSOCseq (FAO 2020): change since the start, per year."""
    return (end - start) / years


def relative_rate(end: np.ndarray | float, usual: np.ndarray | float, years: float) -> np.ndarray | float:
    """Relative sequestration rate (RSR) of the protocol of GSOCseq (FAO 2020): gain over business as usual, per year.

    With one start it is the difference of the absolute rates.
    """
    return (end - usual) / years


def nitrogen_of(carbon: np.ndarray | float, carbon_nitrogen: float) -> np.ndarray | float:
    """Nitrogen that leaves with organic ``carbon``, which has its enrichment already; unit of the carbon."""
    return carbon / carbon_nitrogen


def discounted(amounts: np.ndarray, rate: float) -> float:
    """Present value of yearly ``amounts`` (Y), the first of them at the end of the first year."""
    years = 1.0 + np.arange(len(amounts))
    return float(np.sum(np.asarray(amounts, dtype=np.float64) / (1.0 + rate) ** years))


def abatement_cost(cost: np.ndarray, carbon_dioxide: np.ndarray, rate: float) -> float:
    """Marginal abatement cost: discounted extra ``cost`` (Y) per t of discounted extra ``carbon_dioxide`` (Y) taken up.

    Not a number where no CO2 is taken up: a cost per tonne then has no meaning.
    """
    taken = discounted(carbon_dioxide, rate)
    return discounted(cost, rate) / taken if taken > 0.0 else float("nan")
