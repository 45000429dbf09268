"""What leaves the catchment with sediment, by the stream and in sewers, and what becomes of its organic carbon."""

from __future__ import annotations

import numpy as np

from watershed_c.kernels.parcel_network import SEWER
from watershed_c.ledger import Ledger, Term
from watershed_c.state import Watershed

#: ways out, and the term of the organic carbon on them that turns into CO2 beyond the catchment
WAYS = {"water_erosion": "downstream_mineralised", "sewer": "sewer_mineralised"}
TERMS = {
    "downstream_mineralised": Term("lateral", "Exported organic carbon that turns into CO2 beyond the catchment"),
    "sewer_mineralised": Term("lateral", "The same of organic carbon that leaves in sewers"),
}


def book_export(watershed: Watershed, carried: np.ndarray, outside: np.ndarray, *, sewers: bool, lost: float) -> None:
    """Book the export of a step.

    Parameters
    ----------
    carried : (n, K + 1) kg m-2
        Rows and, last, mineral that entered each node.
    outside : (o,) int64
        Nodes without soil: channel, open boundary, and that of the sewers.
    sewers : bool
        Whether there are any.
    lost : float, 0-1
        Share of the organic carbon that turns into CO2 beyond the catchment.
    """
    w = watershed
    by_stream = carried[outside].sum(axis=0) * w.cell_area
    leaving = {"water_erosion": by_stream}
    if sewers:
        leaving["sewer"] = carried[SEWER] * w.cell_area
        by_stream -= leaving["sewer"]
    for way, amounts in leaving.items():
        w.ledger.export(way, "soil", float(amounts[-1]))
        for group in w.constituents.groups:
            amount = float(amounts[w.constituents.of_group(group)].sum())
            if group == "soc" and lost > 0.0:
                w.ledger.export(WAYS[way], group, lost * amount)
                amount -= lost * amount
            w.ledger.export(way, group, amount)


def fate_of_carbon(ledger: Ledger) -> dict[str, float]:
    """Organic carbon that left with sediment, and the part of it that turned into CO2 beyond the catchment, t."""
    totals = ledger.run_totals.amounts
    kept, lost = (1e-3 * sum(totals.get(("soc", f"{term}_export"), 0.0) for term in terms)
                  for terms in (WAYS, WAYS.values()))  # fmt: skip
    return {"exported_organic_carbon_t": kept + lost, "mineralised_downstream_t": lost}
