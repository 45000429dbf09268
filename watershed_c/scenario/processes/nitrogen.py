"""Mineral nitrogen as a scenario sets it."""

from __future__ import annotations

from watershed_c.scenario.fields import ArealMassFlux, Number, Share, item
from watershed_c.scenario.processes.base import Process


class Nitrogen(Process):
    """[processes.nitrogen]: one store of mineral nitrogen in every layer; on when its table is there."""

    deposition: ArealMassFlux = item(
        0.0, 'nitrogen from the air, e.g. "12 kg/ha/yr"; ammonium and nitrate in equal parts', ge=0.0, le=0.02
    )
    humus_carbon_nitrogen: Number = item(
        10.0, "C:N of the pools that plant litter does not enter", ge=5.0, le=40.0,
        source="IPCC 2019 Vol. 4 eq. 11.8: 10 for cropland that stays cropland, 8 to 15",
    )  # fmt: skip
    denitrification: Share = item(
        0.1, "share of the nitrate percolating below the profile that turns into gas there: 0 excessively, 0.1 well, "
        "0.2 moderately, 0.4 imperfectly, 0.7 poorly drained soil", ge=0.0, le=1.0,
        source="CLRTAP Mapping Manual, chapter V, after Reinds et al. 2001; from memory, a prior",
    )  # fmt: skip
