"""The moving surface and vertical mixing as a scenario sets them."""

from __future__ import annotations

from watershed_c.scenario.fields import Length, SpatialDiffusivity, item
from watershed_c.scenario.processes.base import Process


class SoilColumn(Process):
    """[processes.soil_column]: the column follows its surface; soil animals mix it."""

    biodiffusivity: SpatialDiffusivity | None = item(
        None, 'mixing by soil animals at the surface, e.g. { by_class = { grass = "2 cm2/yr" } }; none if not given'
    )
    e_folding_depth: Length | None = item(
        None, "depth over which mixing falls to 1/e; the same at all depths if not given", gt=0.0, le=5.0
    )
