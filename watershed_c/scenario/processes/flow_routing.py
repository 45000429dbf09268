"""Surface flow as a scenario sets it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from watershed_c.scenario.fields import Length, Number, Share, Table, item
from watershed_c.scenario.processes.base import Process


class ParcelRouting(Table):
    """[processes.flow_routing.parcels]: what land use says with method = "two_receivers"."""

    roads: list[str] = item(doc="land classes that are roads and other sealed ground", factory=list)
    forest: list[str] = item(doc="land classes that are forest", factory=list)
    pasture: list[str] = item(doc="land classes that are pasture", factory=list)
    open_water: list[str] = item(doc="land classes that are standing water", factory=list)
    grass_strips: list[str] = item(doc="land classes that are grass strips; all other land is fields", factory=list)
    forced: list[Annotated[list[int], Field(min_length=4, max_length=4)]] = item(
        doc="routes from cell to cell: [column, row, to column, to row] of the DEM, from 1, row 1 in the north",
        factory=list,
    )  # fmt: skip
    window: int = item(
        50, "cells to each side in which a pit finds its receiver", ge=1, le=1000, source="WaTEM/SEDEM, max kernel"
    )
    cardinal_rivers: bool = item(
        True, "channel cells draw the flow of cardinal neighbours only", source="WaTEM/SEDEM, cardinal routing river"
    )
    to_field: Share = item(1.0, "parcel connectivity: share of the contributing area entering a field", ge=0.0, le=1.0)
    to_forest: Share = item(1.0, "the same into forest or pasture", ge=0.0, le=1.0)
    to_strip: Share = item(1.0, "the same into a grass strip", ge=0.0, le=1.0, source="WaTEM/SEDEM")
    trapped_field: Share = item(0.0, "parcel trapping: share of its area a cell of a field holds back", ge=0.0, le=1.0)
    trapped_forest: Share = item(0.0, "the same in forest", ge=0.0, le=1.0)
    trapped_pasture: Share = item(0.0, "the same in pasture", ge=0.0, le=1.0)
    rivers: str | None = item(
        None, "map of the way of rivers: direction of flow, 1 to 8 clockwise from north, 0 where heights decide"
    )
    ditches: str | None = item(None, "map of ditches: direction of flow, 1 to 8 clockwise from north, 0 elsewhere")
    dams: str | None = item(None, "map of dams that lead flow along them, as ditches")
    buffers: str | None = item(None, "map of buffer basins: number at the outlet, number + 16384 elsewhere in it")
    buffer_trapping: dict[str, Annotated[Share, Field(ge=0.0, le=1.0)]] = item(
        doc="share of the sediment that each buffer keeps, by its number", factory=dict
    )
    buffers_reduce_area: bool = item(False, "buffers hold back that share of the contributing area, too")
    sewers: str | None = item(None, "map of the share of water and sediment that leaves a cell in a sewer, 0 to 1")
    tillage_direction: str | None = item(None, "map of the direction of tillage, degrees clockwise from north")
    furrow_height: str | None = item(None, "map of the height of furrows, cm, with tillage_direction")


class FlowRouting(Process):
    """[processes.flow_routing]: where water runs on the surface."""

    method: Literal["multiple", "d8", "d_infinity", "two_receivers"] = item(
        "multiple", "shares to all lower neighbours, all to the steepest, to the two beside the steepest direction, or "
        "flux decomposition by parcels", source="Freeman 1991; O'Callaghan & Mark 1984; Tarboton 1997; Desmet & Govers "
        "1996",
    )  # fmt: skip
    parcels: ParcelRouting = item(doc="two_receivers: parcels, roads, ditches", factory=ParcelRouting)
    depressions: Literal["trap", "breach"] = item(
        "trap", "closed depressions are filled for the routing, and sediment settles in them (trap), or cut open by "
        "trenches, through which it passes (breach)", source="Barnes et al. 2014; Lindsay & Dhun 2015",
    )  # fmt: skip
    slopes: Literal["downslope", "central", "adjusted"] | None = item(
        None, "slope of soil loss and transport capacity: to the lower neighbours (downslope), so that waves of two "
        "cells cannot grow, by central differences, as in WaTEM/SEDEM, or (adjusted, two_receivers) by these, and to "
        "the receiver of cells that have one; downslope, but central with two_receivers, if not given",
        source="Osher & Sethian 1988; Zevenbergen & Thorne 1987",
    )  # fmt: skip
    exponent: Number = item(
        1.1, "multiple: a share is as slope^exponent", ge=0.0, le=20.0, source="Freeman 1991, Comput. Geosci. 17, 413"
    )
    reroute_threshold: Length = item(
        0.05, "change of elevation after which flow is routed anew", ge=0.0, le=100.0,
        source="less than the vertical error of elevation models; 0 routes after any change",
    )  # fmt: skip

    @model_validator(mode="after")
    def _parcels(self) -> FlowRouting:
        if self.method != "two_receivers" and self.parcels != ParcelRouting():
            raise ValueError(f'has parcels, which method = "{self.method}" does not read; "two_receivers" does.')
        if self.method != "two_receivers" and self.slopes == "adjusted":
            raise ValueError(f'has slopes = "adjusted", which method = "{self.method}" has no use for.')
        return self
