"""What a scenario says of the worth of things: nutrients in the soil that leaves, and prices."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from watershed_c.scenario import messages
from watershed_c.scenario.fields import MassFraction, Number, Share, SpatialContent, Table, item

if TYPE_CHECKING:
    from watershed_c.scenario.checker import Checker

Price = Annotated[Number, Field(ge=-1e6, le=1e6)]


class Nutrients(Table):
    """[nutrients]: what sediment holds; nitrogen follows the organic carbon that leaves with it."""

    carbon_nitrogen: Number = item(
        11.0, "kg C per kg N of soil organic matter", ge=5.0, le=40.0,
        source="within IPCC 2006 Vol. 4 Ch. 11, Eq. 11.8: 8 to 15 under crops (from memory, a prior)",
    )  # fmt: skip
    phosphorus: MassFraction = item(
        0.00057, "total phosphorus of dry soil", ge=0.0, le=0.02,
        source="He et al. 2021, Earth Syst. Sci. Data 13, 5831: mean of 5275 natural soils, 570 mg/kg (median 430)",
    )  # fmt: skip
    potassium: SpatialContent | None = item(
        None, 'potassium of dry soil, exchangeable or total as you mean it, e.g. "0.2 g/kg", or { map = "k.tif", '
        'units = "g/kg" }; not told if not given',
    )  # fmt: skip
    enrichment: Number = item(
        1.0, "phosphorus and potassium of sediment over that of soil; carbon, and so nitrogen, has that of "
        "water_erosion.enrichment or size_classes", ge=0.1, le=12.0,
    )  # fmt: skip


class Prices(Table):
    """[prices]: of what is done, brought, sold and lost, in any currency; nothing that is not given is counted."""

    currency: str = item("EUR", "what prices are in, for the tables", min_length=1, max_length=12)
    discount_rate: Share = item(
        0.0, "of costs and of CO2, per year: what happens in the course of year t counts 1 / (1 + rate)^t",
        ge=0.0, le=0.5,
    )  # fmt: skip
    operations: dict[str, Price] = item(doc="implement -> per hectare and pass", factory=dict)
    sowing: dict[str, Price] = item(doc="crop -> seed and drilling, per hectare sown", factory=dict)
    materials: dict[str, Price] = item(doc="material -> bought and spread, per tonne of fresh mass", factory=dict)
    fertilisers: dict[str, Price] = item(doc="fertiliser -> bought and spread, per kg of nitrogen", factory=dict)
    yields: dict[str, Price] = item(doc="crop -> what is earned per tonne of dry matter of the product", factory=dict)
    nitrogen: Price | None = item(None, "per kg that leaves with sediment and is replaced")
    phosphorus: Price | None = item(None, "per kg that leaves with sediment and is replaced")
    potassium: Price | None = item(None, "per kg that leaves with sediment and is replaced; needs nutrients.potassium")
    sediment: Price | None = item(None, "damage per tonne of sediment that leaves the land")
    carbon_dioxide: Price | None = item(None, "what is paid per tonne of CO2 the soil takes up against the baseline")


def prices_known(check: Checker) -> None:
    """Say which prices are of what is not known."""
    from watershed_c.management.library import load_library

    prices = check.scenario.prices
    if prices is None:
        return
    library = load_library()
    shelves: dict[str, Collection[str]] = {
        "operations": library.implements, "sowing": library.crops, "materials": library.materials,
        "fertilisers": library.fertilisers, "yields": library.crops,
    }  # fmt: skip
    called = {"operations": "implement", "materials": "material", "fertilisers": "fertiliser"}
    for table, shelf in shelves.items():
        for name in getattr(prices, table):
            if name not in shelf:
                wrong = f"is not a known {called.get(table, 'crop')}."
                check.add(("prices", table, name), "", wrong, messages.nearest_hint(name, shelf))
    if prices.potassium is not None and check.scenario.nutrients.potassium is None:
        check.add(("prices", "potassium"), prices.potassium, 'needs nutrients.potassium, e.g. "0.2 g/kg".')
