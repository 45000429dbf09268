"""How much carbon minerals hold, of what they could: saturation and deficit, of any pool model.

Which pools are mineral-associated is what the folder of the model says of each (``carrier = "mineral"``).
"""

from __future__ import annotations

import math

import numpy as np

from watershed_c.soil_mass import above_depth
from watershed_c.state import Watershed

#: m, over which saturation is told; Hassink's soils were sampled to 0.1
DEPTH = 0.30
#: share of the silt (2 to 50 um) that is below 20 um where mass is even over the logarithm of size
FINE_SILT = math.log(20.0 / 2.0) / math.log(50.0 / 2.0)
#: g C per kg soil, and that per % of particles below 20 um (Hassink 1997, Plant Soil 191, 77, eq. 4; temperate and
#: tropical grassland and uncultivated soils)
HASSINK = 4.09, 0.37
#: kg C per kg clay and silt (Georgiou et al. 2022, Nat. Commun. 13, 3797: 86 +- 9 and 48 +- 6 mg g-1, boundary lines)
GEORGIOU = {"georgiou_high_activity": 0.086, "georgiou_low_activity": 0.048}
LAWS = ("hassink", *GEORGIOU)
#: for run.json
CITATIONS = {
    "hassink": "Hassink J (1997) The capacity of soils to preserve organic C and N by their association with clay and "
    "silt particles. Plant and Soil 191, 77-87",
    **dict.fromkeys(
        GEORGIOU, "Georgiou K et al. (2022) Global stocks and capacity of mineral-associated soil organic carbon. "
        "Nature Communications 13, 3797, doi:10.1038/s41467-022-31540-9",
    ),
}  # fmt: skip


def capacity(law: str, clay: np.ndarray, silt: np.ndarray, mineral: np.ndarray, soil: np.ndarray) -> np.ndarray:
    """Carbon that minerals can hold, kg m-2.

    Parameters
    ----------
    law : of ``LAWS``
    clay, silt : shares of the mineral fine earth below 2 and from 2 to 50 um
    mineral, soil : kg m-2
        Mineral fine earth, and dry fine earth with all it carries.

    Raises
    ------
    ValueError
        Unknown law.
    """
    if law == "hassink":
        intercept, slope = HASSINK
        return np.asarray(1e-3 * soil * (intercept + slope * 100.0 * (clay + FINE_SILT * silt)))
    if law not in GEORGIOU:
        raise ValueError(f"law must be one of {', '.join(LAWS)}, is {law!r}")
    return np.asarray(GEORGIOU[law] * mineral * (clay + silt))


class Saturation:
    """Makes the maps ``maomSaturation`` and ``maomDeficit`` of a watershed.

    Parameters
    ----------
    watershed : Watershed
    law : of ``LAWS``
    sand : (n,)
        Share of the mineral fine earth; used where the soil does not carry its texture.
    """

    def __init__(self, watershed: Watershed, law: str, sand: np.ndarray) -> None:
        self._watershed, self.law, self._sand = watershed, law, sand
        rows = watershed.constituents.rows
        self._held = np.array([i for i in watershed.constituents.of_group("soc") if rows[i].carrier == "mineral"])

    def maps(self) -> dict[str, np.ndarray]:
        """Both maps, (n): of the soil from 0 to 30 cm."""
        w = self._watershed
        texture = w.constituents.of_group("texture")
        if texture.size:
            parts = w.stocks[:, :, texture]
            share = np.divide(parts, w.mineral[:, :, None], out=np.zeros_like(parts), where=w.mineral[:, :, None] > 0.0)
            clay, silt = share[:, :, 0], share[:, :, 1]
        else:
            clay = np.broadcast_to(w.clay[:, None], w.mineral.shape)
            silt = np.maximum(1.0 - clay - self._sand[:, None], 0.0)
        soil = w.mineral + w.stocks @ w.constituents.dry_mass_per_unit
        most = above_depth(w, capacity(self.law, clay, silt, w.mineral, soil), DEPTH)
        held = above_depth(w, w.stocks[:, :, self._held].sum(axis=2), DEPTH)
        saturation = np.divide(held, most, out=np.full_like(held, np.nan), where=most > 0.0)
        return {"maomSaturation": saturation, "maomDeficit": most - held}
