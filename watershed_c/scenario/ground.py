"""What is in the soil besides fine earth, and below it: coarse fragments, rock."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from watershed_c.scenario.fields import ArealMassFlux, Length, MassFraction, Spatial, Table, item

#: kg m-3, of coarse fragments: Poeplau, Vos & Don (2017), SOIL 3, 61, take 2.6 g cm-3
STONE_DENSITY = 2600.0


class SpatialDepth(Spatial):
    """A depth below the surface in space."""

    kinds = ("length",)
    value: Length | None = item(None, "the same everywhere", ge=0.01, le=100.0)
    by_class: dict[str, Annotated[Length, Field(ge=0.01, le=100.0)]] | None = item(None, "by land-use class")


class SpatialStones(Spatial):
    """A share of coarse fragments in space, or one per layer."""

    kinds = ("fraction",)
    value: MassFraction | None = item(None, "the same everywhere", ge=0.0, le=0.9)
    by_class: dict[str, Annotated[MassFraction, Field(ge=0.0, le=0.9)]] | None = item(None, "by land-use class")
    by_layer: list[Annotated[MassFraction, Field(ge=0.0, le=0.9)]] | None = item(None, "one per layer, top first")
    share_of: Literal["volume", "mass"] = item(
        "volume", "what the number is a share of: the volume, or the dry mass of soil and fragments of 2.6 g/cm3",
        source="Poeplau, Vos & Don 2017, SOIL 3, 61",
    )  # fmt: skip


class Weathering(Table):
    """[soil.weathering]: rock that turns to fine earth, rate exp(-soil depth / e_folding_depth)."""

    rate: ArealMassFlux = item(doc="where there is no soil, e.g. \"0.2 kg/m2/yr\"", ge=0.0, le=10.0)
    e_folding_depth: Length = item(
        1.0 / 3.0, "soil depth over which it falls to 1/e", gt=0.0, le=10.0,
        source="Heimsath et al. 1997, Nature 388, 358: 0.25 to 0.5 m, where 0.08 to 2 mm of rock (2.65 g/cm3) a year "
        "weather without soil",
    )  # fmt: skip
