"""What a run amounts to: the carbon budget with its closure, sediment yield and delivery ratio."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from watershed_c.constituents import DRY_MASS
from watershed_c.io.ledger_csv import IN_PONDS, IN_SEWERS
from watershed_c.ledger import KINDS, Ledger

#: kg -> t
TONNES = 1e-3
#: m2 -> ha
HECTARES = 1e-4

#: accounts of the carbon budget and what they are called
CARBON = {
    "soc": "soil organic carbon",
    "sic": "carbonate carbon",
    "doc": "dissolved organic carbon",
    "dic": "dissolved inorganic carbon",
}


@dataclass
class Account:
    """Budget of one account: amounts in t of the domain; terms positive into it."""

    name: str
    start: float
    end: float
    terms: dict[str, float]
    closure: float


@dataclass
class Budget:
    """Budget of a run.

    Attributes
    ----------
    area : float, ha
        Of the cells with soil.
    years : float
    carbon : dict of str to Account
    worst_cell : float
        Largest residual of a cell, account and process, in units of what is allowed.
    gross_erosion, sediment_yield : float, t ha-1 yr-1
        Dry soil that water detached; dry sediment leaving with the stream.
    sewer_yield : float, t ha-1 yr-1
        Dry sediment leaving in sewers, which is not part of that.
    pond_storage : float, t ha-1 yr-1
        Dry sediment that ponds in the channel keep, nor is this.
    delivery_ratio : float or None
        Sediment yield over that gross erosion.
    eroded_potassium : float or None, kg kg-1
        Potassium of the soil that was detached, cell by cell; where none was, of all soil; None: not given.
    soc_by_kind : dict
        Change of SOC by kind of exchange, t C.
    kinds : dict
        Kind of exchange of every term.
    """

    area: float
    years: float
    carbon: dict[str, Account] = field(default_factory=dict)
    worst_cell: float = 0.0
    gross_erosion: float = 0.0
    sediment_yield: float = 0.0
    sewer_yield: float = 0.0
    pond_storage: float = 0.0
    delivery_ratio: float | None = None
    eroded_potassium: float | None = None
    soc_by_kind: dict[str, float] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers, for run.json."""
        return asdict(self)


def budget_of(
    ledger: Ledger, *, cells: np.ndarray, cell_area: float, years: float, gross_erosion: np.ndarray | None = None,
    potassium: np.ndarray | None = None,
) -> Budget:
    """Budget since the ledger was opened.

    Parameters
    ----------
    gross_erosion : (n,) kg m-2, optional
        Dry soil that water detached in each cell over the run, whatever was laid down there at other times: the
        denominator of the delivery ratio.
    potassium : (n,), optional
        Of dry soil.
    """
    totals = ledger.run_totals.amounts
    stocks, closure = ledger.domain_stocks(), ledger.cumulative_residual()
    budget = Budget(area=cells.size * cell_area * HECTARES, years=years, worst_cell=ledger.worst_residual)
    for label in CARBON:
        if label not in stocks:
            continue
        terms = {
            term: amount * TONNES
            for (where, term), amount in totals.items()
            if where == label and not term.endswith("_export")
        }
        budget.carbon[label] = Account(
            label, ledger.initial.get(label, 0.0) * TONNES, stocks[label] * TONNES, terms, closure[label]
        )
    per = TONNES / budget.area / years
    in_sewers = _dry_export(totals, IN_SEWERS) * per
    budget.sewer_yield = in_sewers
    budget.pond_storage = _dry_export(totals, IN_PONDS) * per
    budget.sediment_yield = _dry_export(totals) * per - in_sewers - budget.pond_storage
    if gross_erosion is not None:
        budget.gross_erosion = float(gross_erosion[cells].sum()) * cell_area * per
        budget.delivery_ratio = budget.sediment_yield / budget.gross_erosion if budget.gross_erosion > 0.0 else None
    if potassium is not None:
        detached = np.zeros(0) if gross_erosion is None else gross_erosion[cells]
        budget.eroded_potassium = float(np.average(potassium[cells], weights=detached if detached.any() else None))
    budget.soc_by_kind = {kind: float(ledger.soc_by_kind[kind][cells].sum()) * cell_area * TONNES for kind in KINDS}
    budget.kinds = ledger.kinds()
    return budget


def _dry_export(totals: dict[tuple[str, str], float], terms: tuple[str, ...] | None = None) -> float:
    """Dry sediment that left, kg: by all exports, or by some."""
    return sum(
        DRY_MASS[account] * amount
        for (account, term), amount in totals.items()
        if account in DRY_MASS and (term.endswith("_export") if terms is None else term in terms)
    )
