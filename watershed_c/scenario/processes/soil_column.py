"""The moving surface and vertical mixing as a scenario sets them."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from watershed_c.scenario.fields import Length, SpatialDiffusivity, item
from watershed_c.scenario.processes.base import Process


class SoilColumn(Process):
    """[processes.soil_column]: the column follows its surface; soil animals mix it."""

    biodiffusivity: SpatialDiffusivity | None = item(
        None, 'mixing by soil animals at the surface, e.g. { by_class = { grass = "2 cm2/yr" } }; none if not given'
    )
    parameters: Literal["land_use", "clm5", "watem_c"] | None = item(
        None, "a set in place of biodiffusivity and e_folding_depth: by the crops of the land, or of a model",
        source="docs/processes/soil_column.md",
    )  # fmt: skip
    e_folding_depth: Length | None = item(
        None, "depth over which mixing falls to 1/e; the same at all depths if not given", gt=0.0, le=5.0
    )

    @model_validator(mode="after")
    def _one_source(self) -> SoilColumn:
        given = [name for name in ("biodiffusivity", "e_folding_depth") if getattr(self, name) is not None]
        if self.parameters is not None and given:
            raise ValueError(f'has {given[0]} and parameters = "{self.parameters}": give one of them.')
        return self
