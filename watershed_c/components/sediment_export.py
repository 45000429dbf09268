"""What leaves the land with sediment, by the stream and in sewers, what ponds in the stream keep, and its carbon."""

from __future__ import annotations

import numpy as np

from watershed_c.kernels.parcel_network import SEWER
from watershed_c.kernels.sediment import share_delivered
from watershed_c.ledger import Term
from watershed_c.state import Watershed

#: ways out, and the term of the organic carbon on them that turns into CO2 beyond the catchment
WAYS = {"water_erosion": "downstream_mineralised", "sewer": "sewer_mineralised"}
TERMS = {
    "downstream_mineralised": Term("lateral", "Exported organic carbon that turns into CO2 beyond the catchment"),
    "sewer_mineralised": Term("lateral", "The same of organic carbon that leaves in sewers"),
    "pond": Term("lateral", "What ponds in the channel keep of the sediment that entered it"),
}


class SedimentExport:
    """Books what enters nodes without soil.

    Parameters
    ----------
    watershed : Watershed
    ponds : (n,), optional
        Share of the sediment that ponds keep, -1 elsewhere; those on land are the concern of the sediment pass.
    sewers : bool
        Whether there are any.
    lost : float, 0-1
        Share of the organic carbon that turns into CO2 beyond the catchment.
    """

    def __init__(self, watershed: Watershed, ponds: np.ndarray | None, *, sewers: bool, lost: float) -> None:
        self.watershed, self.sewers, self.lost = watershed, sewers, lost
        self._outside = np.flatnonzero(~watershed.is_soil)
        in_channel = ponds is not None and bool((ponds[self._outside] >= 0.0).any())
        self._ponds = ponds if in_channel else None
        n = watershed.elevation.size
        self._delivered = np.ones(n) if in_channel else np.broadcast_to(1.0, n)  # which takes no memory
        self._routing = -1

    def book(self, carried: np.ndarray) -> None:
        """Book the export of a step; ``carried`` (n, K + 1) kg m-2: rows and, last, mineral that entered each node."""
        w = self.watershed
        leaving = {"water_erosion": carried[self._outside].sum(axis=0) * w.cell_area}
        if self.sewers:
            leaving["sewer"] = carried[SEWER] * w.cell_area
        if self._ponds is not None:
            leaving["pond"] = (1.0 - self.delivered()[self._outside]) @ carried[self._outside] * w.cell_area
        for way in list(leaving)[1:]:
            leaving["water_erosion"] -= leaving[way]
        for way, amounts in leaving.items():
            w.ledger.export(way, "soil", float(amounts[-1]))
            for group in w.constituents.groups:
                amount = float(amounts[w.constituents.of_group(group)].sum())
                if group == "soc" and self.lost > 0.0 and way in WAYS:
                    w.ledger.export(WAYS[way], group, self.lost * amount)
                    amount -= self.lost * amount
                w.ledger.export(way, group, amount)

    def delivered(self) -> np.ndarray:
        """(n,) share of what enters a node of the channel that passes all ponds below; 1 elsewhere."""
        w = self.watershed
        if self._ponds is not None and self._routing != w.routing_version:
            self._routing = w.routing_version
            share_delivered(w.order, w.first_receiver, w.receivers, w.weights, w.is_soil, self._ponds, self._delivered)
        return self._delivered

    def findings(self) -> dict[str, float]:
        """Organic carbon that left with sediment, and what of it turned into CO2; what ponds in the channel kept, t."""
        totals, found = self.watershed.ledger.run_totals.amounts, dict[str, float]()
        if self.lost > 0.0:
            kept, lost = (1e-3 * sum(totals.get(("soc", f"{term}_export"), 0.0) for term in terms)
                          for terms in (WAYS, WAYS.values()))  # fmt: skip
            found = {"exported_organic_carbon_t": kept + lost, "mineralised_downstream_t": lost}
        if self._ponds is not None:
            found["mineral_in_channel_ponds_t"] = 1e-3 * totals.get(("soil", "pond_export"), 0.0)
            found["organic_carbon_in_channel_ponds_t"] = 1e-3 * totals.get(("soc", "pond_export"), 0.0)
        return found
