"""What the turnover of inorganic carbon books: carbonate, calcium, dissolved carbon, acid, and CO2 by what makes it."""

from __future__ import annotations

import numpy as np

from watershed_c.components.sideways_solutes import terms_of
from watershed_c.constituents import LIME
from watershed_c.kernels.calcite import CALCIUM_PER_CARBON
from watershed_c.kernels.carbonate import (
    ACID_EXPORT,
    ACID_HELD,
    ACIDITY_HELD,
    CALCIUM_EXPORT,
    CHARGE_PER_CALCIUM,
    DIC_EXPORT,
    GAS_EXCHANGE,
    LITHOGENIC_DISSOLVED,
    NEUTRALISED,
    PEDOGENIC_DISSOLVED,
    PRECIPITATED,
)
from watershed_c.ledger import Ledger, Term

TERMS = {
    "carbonate_dissolved": Term(
        "internal", "Carbonate dissolved less precipitated, with its calcium and carbon"
    ),
    "carbonic_acid_weathering": Term("vertical", "Soil CO2 consumed where carbonate dissolves"),
    "precipitation_degassing": Term("vertical", "CO2 set free where carbonate precipitates"),
    "strong_acid_degassing": Term("vertical", "CO2 set free where strong acid meets bicarbonate"),
    "dic_gas_exchange": Term("vertical", "CO2 of soil air that dissolved as such less what degassed"),
    "acidity_exchanged": Term("internal", "Acidity that exchange took, with the bases it gave for it"),
    "dic_leached": Term("lateral", "Dissolved inorganic carbon to the stream"),
    "calcium_leached": Term("lateral", "Dissolved calcium to the stream"),
    "strong_acid_leached": Term("lateral", "Strong acid to the stream, with the bases it took"),
    **terms_of("dic", "Dissolved inorganic carbon"),
    **terms_of("calcium", "Dissolved calcium"),
    **terms_of("strong_acid", "Strong acid"),
}


def book(ledger: Ledger, exchange: np.ndarray, lime: np.ndarray, acid: bool, exchanges: bool) -> None:
    """Book what :func:`watershed_c.kernels.carbonate.carbonate_step` left in ``exchange``, which is used up.

    Parameters
    ----------
    exchange : (E, n)
    lime : (sizes, n), kg C m-2 dissolved of it
    acid, exchanges : bool
        Whether there is strong acid anywhere (else what is told of it is not read); whether the soil holds acidity.
    """
    lithogenic, pedogenic = exchange[LITHOGENIC_DISSOLVED], exchange[PEDOGENIC_DISSOLVED]
    gas, precipitated, released = exchange[GAS_EXCHANGE], exchange[PRECIPITATED], exchange[NEUTRALISED]
    # one CO2 for each carbonate and each charge of strong acid; CO2(aq) and its ions take the rest
    gas -= lithogenic
    gas -= pedogenic
    for dissolved, size in zip(lime, LIME, strict=False):
        gas -= dissolved
        ledger.book("carbonic_acid_weathering", "dic", dissolved)
        ledger.book("carbonate_dissolved", size.name, dissolved, factor=-1.0)
        ledger.book("carbonate_dissolved", "dic", dissolved)
        ledger.book("carbonate_dissolved", "calcium", dissolved, factor=CALCIUM_PER_CARBON)
    gas += precipitated
    if acid:
        gas += released
    for dissolved in (lithogenic, pedogenic):
        ledger.book("carbonic_acid_weathering", "dic", dissolved)
    ledger.book("precipitation_degassing", "dic", precipitated, factor=-1.0)
    ledger.book("dic_gas_exchange", "dic", gas)
    if acid:
        ledger.book("strong_acid_degassing", "dic", released, factor=-1.0)
    if exchanges:
        held, bases = exchange[ACIDITY_HELD], exchange[ACID_HELD]
        ledger.book("acidity_exchanged", "acidity", held)
        ledger.book("acidity_exchanged", "strong_acid", bases)
        bases += held
        ledger.book("acidity_exchanged", "calcium", bases, factor=1.0 / CHARGE_PER_CALCIUM)
    pedogenic -= precipitated  # net of it from here on; its row then holds the sum
    np.add(lithogenic, pedogenic, out=precipitated)
    ledger.book("carbonate_dissolved", "sic_lithogenic", lithogenic, factor=-1.0)
    ledger.book("carbonate_dissolved", "sic_pedogenic", pedogenic, factor=-1.0)
    ledger.book("carbonate_dissolved", "dic", precipitated)
    ledger.book("carbonate_dissolved", "calcium", precipitated, factor=CALCIUM_PER_CARBON)
    leached = {"dic": DIC_EXPORT, "calcium": CALCIUM_EXPORT, "strong_acid": ACID_EXPORT}
    for account, row in leached.items():
        if account != "strong_acid" or acid:
            left = ledger.book(f"{account}_leached", account, exchange[row], factor=-1.0)
            ledger.export(f"{account}_leached", account, -left)
