"""What carbonate gets from the atmosphere, and what of dissolved inorganic carbon the stream gives back to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from watershed_c.kernels.calcite import MOLAR_MASS_CALCIUM, MOLAR_MASS_CARBON, equilibrium_constants
from watershed_c.ledger import Term
from watershed_c.state import Watershed

#: by which dissolved inorganic carbon reaches the stream
PATHWAYS = ("leached", "drained", "subsurface")


@dataclass(frozen=True)
class Deposition:
    """What comes with rain and dust into the top layer.

    Attributes
    ----------
    acid : float, mol charge m-2 yr-1, >= 0
        Strong acid: sulfate, nitrate, ammonium that will be nitrified, less base cations other than calcium.
    dust : float, kg C m-2 yr-1, >= 0
        Carbonate of dust.
    calcium : float, kg m-2 yr-1, >= 0
        Dissolved calcium.
    """

    acid: float = 0.0
    dust: float = 0.0
    calcium: float = 0.0

    ledger_terms = {
        "acid_deposition": Term("vertical", "Strong acid from the atmosphere"),
        "dust_deposition": Term("vertical", "Carbonate of dust from the atmosphere"),
        "calcium_deposition": Term("vertical", "Dissolved calcium from the atmosphere"),
    }

    def __post_init__(self) -> None:
        for name, unit in (("acid", "mol m-2 yr-1"), ("dust", "kg C m-2 yr-1"), ("calcium", "kg m-2 yr-1")):
            value = getattr(self, name)
            if not 0.0 <= value < np.inf:
                raise ValueError(f"deposition of {name} must not be negative, is {value} {unit}")

    def bring(self, watershed: Watershed, row: int, dt: float) -> None:
        """Lay down and book what comes in ``dt`` yr; dust goes into ``row`` of the constituents."""
        w = watershed
        for term, account, rate, into in (
            ("acid_deposition", "strong_acid", self.acid, w.acid[:, 0]),
            ("dust_deposition", w.constituents.names[row], self.dust, w.stocks[:, 0, row]),
            ("calcium_deposition", "calcium", self.calcium, w.calcium[:, 0]),
        ):
            if rate > 0.0:
                amount = np.multiply(w.is_soil, rate * dt, out=w.work(0))
                into += amount
                w.ledger.book(term, account, amount)


NO_DEPOSITION = Deposition()


def evade_from_stream(watershed: Watershed, carbon_dioxide: float) -> None:
    """Book apart, of the dissolved inorganic carbon this step brought to the stream, what does not stay in its water.

    Parameters
    ----------
    carbon_dioxide : float, atm
        Of the stream.

    Notes
    -----
    Bicarbonate stays (no calcite precipitates in the stream), dissolved CO2 comes to equilibrium::

        stays = M_C (2 Ca / M_Ca - s + KH pCO2 V)

    with calcium, strong acid s and water V of all that reached the stream, KH at the mean air temperature, not below
    0 degC. Exports by each way become less by their share in it; their sum with ``dic_evasion_export`` is what it was.
    """
    w, ledger = watershed, watershed.ledger
    booked = ledger.step_totals.amounts
    carbon = {way: booked.get(("dic", f"dic_{way}_export"), 0.0) for way in PATHWAYS}
    total = sum(carbon.values())
    if total <= 0.0:
        return
    charge = 0.0
    for account, per_kg in (("calcium", 2.0 / MOLAR_MASS_CALCIUM), ("strong_acid", -1.0)):
        charge += per_kg * sum(booked.get((account, f"{account}_{way}_export"), 0.0) for way in PATHWAYS)
    water = float(w.baseflow[w.cells].sum())
    if w.sideways is not None:
        water += float(w.sideways.to_stream.sum())
    temperature = max(float(w.temperature[w.cells].mean()), 0.0)
    dissolved = equilibrium_constants(temperature)[0] * carbon_dioxide * water * w.cell_area
    share = max(1.0 - MOLAR_MASS_CARBON * (max(charge, 0.0) + dissolved) / total, 0.0)
    for way, amount in carbon.items():
        if amount > 0.0:
            ledger.export(f"dic_{way}", "dic", -share * amount)
    ledger.export("dic_evasion", "dic", share * total)
