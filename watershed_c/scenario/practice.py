"""What a scenario says of practices that change land: strips, rows, waterways, set-aside, ponds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from watershed_c.scenario.fields import Angle, Area, Length, Number, Share, Table, item

#: keys that each place of a practice needs, and those it may have
OF_PLACE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "channel": (("width",), ()),
    "field_edges": (("width",), ()),
    "contours": (("width", "spacing"), ()),
    "lines": (("width", "spacing", "angle"), ()),
    "waterways": (("area",), ()),
    "slopes": (("min_slope",), ("max_slope",)),
}


class Practice(Table):
    """[practice.NAME]: part of the land gets another class; its soil stays what it was."""

    where: Literal["channel", "field_edges", "contours", "lines", "waterways", "slopes"] = item(
        doc="along channel cells; along the lower edges of fields; strips that follow the contours, the first at the "
        "lower edge; straight rows; where water gathers; by slope"
    )
    land_class: str = Field(alias="class", description="class it gets: a rotation, or a crop")
    on: list[str] = item(doc="classes it takes land from", min_length=1)
    width: Length | None = item(None, "of a strip or row; at least one cell wide", gt=0.0, le=1e4)
    spacing: Length | None = item(
        None, "contours, lines: from one to the next, along the way of the water, or across the rows", gt=0.0, le=1e5
    )
    angle: Angle | None = item(None, "lines: their direction, clockwise from north", ge=0.0, le=360.0)
    area: Area | None = item(None, "waterways: from this upslope area on", gt=0.0)
    min_slope: Number | None = item(None, 'slopes: from this slope, e.g. "12 %"', ge=0.0, le=5.0)
    max_slope: Number | None = item(None, "slopes: below this slope", ge=0.0, le=5.0)

    @model_validator(mode="after")
    def _keys(self) -> Practice:
        needed, allowed = OF_PLACE[self.where]
        every = {key for keys in OF_PLACE.values() for part in keys for key in part}
        if missing := [key for key in needed if getattr(self, key) is None]:
            raise ValueError(f'has where = "{self.where}" without {", ".join(missing)}.')
        if extra := [key for key in sorted(every - {*needed, *allowed}) if getattr(self, key) is not None]:
            raise ValueError(f'has {extra[0]}, which where = "{self.where}" does not use.')
        if self.width is not None and self.spacing is not None and self.width >= self.spacing:
            raise ValueError(f"has a width of {self.width:g} m, which leaves nothing of the spacing.")
        return self


class Pond(Table):
    """[pond.NAME]: a basin that keeps part of the sediment that comes to a cell, on land or in the channel."""

    at: Annotated[list[Number], Field(min_length=2, max_length=2)] = item(doc="[x, y] of its outlet")
    snap: Length = item(0.0, "it is moved to the cell with the largest upslope area this near", ge=0.0, le=1e4)
    trapping: Share = item(doc="share of the sediment that it keeps", ge=0.0, le=1.0)
