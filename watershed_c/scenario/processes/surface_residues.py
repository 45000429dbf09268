"""Residues and litter on the surface as a scenario sets them."""

from __future__ import annotations

from watershed_c.scenario.fields import ArealMassFlux, Share, item
from watershed_c.scenario.processes.base import Process


class SurfaceResidues(Process):
    """[processes.surface_residues]: they lie there, decay, and are taken down by animals and implements; on when its
    table is there.
    """

    surface_rate: Share = item(
        0.8, "rate of a pool on the surface over its rate in the uppermost layer", ge=0.0, le=1.0,
        source="CENTURY, DEC1 and DEC2: 3.9 and 4.9 yr-1 structural, 14.8 and 18.5 metabolic",
    )  # fmt: skip
    most_taken: ArealMassFlux = item(
        0.353, "the most carbon that soil animals take down from untilled, warm, moist soil, C:N up to 50; less in "
        "proportion to the water of the uppermost layer, none below 4 degC, a tenth at C:N 100", ge=0.0, le=20.0,
        source="Gallagher & Wollenhaupt 1997, Soil Biol. Biochem. 29, 477: 69 g dry lucerne m-2 in 30 days; five "
        "times as much in Daisy",
    )  # fmt: skip
    respired_share: Share = item(0.5, "share of what they take that they respire", ge=0.0, le=1.0, source="Daisy")
    left_where_inverted: Share = item(
        0.338, "their activity where all residues are turned under each year over that of untilled soil; linear in the "
        "share that passes bury", ge=0.0, le=1.0,
        source="Briones & Schmidt 2017, Glob. Change Biol. 23, 4396: earthworm biomass 196 % higher without tillage",
    )  # fmt: skip
