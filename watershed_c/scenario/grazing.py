"""What a scenario says of grazing animals."""

from __future__ import annotations

from watershed_c.management.grazing import DIGESTIBILITY, DUNG, INTAKE
from watershed_c.scenario.fields import Day, Number, Share, Table, item


class Grazing(Table):
    """[[rotation.NAME.grazing]]: animals on a sward for a part of the year."""

    crop: str | None = item(None, "the sward; the only one of the rotation if not given")
    start: Day = item(doc='first day "MM-DD"')
    end: Day = item(doc="last day, in the same year")
    livestock_units: Number = item(doc="livestock units (500 kg live weight) per ha", gt=0.0, le=50.0)
    year: int | None = item(None, "only in this year of the rotation, from 1", ge=1, le=200)
    intake: Number = item(
        INTAKE, "dry matter a livestock unit eats, kg a day", ge=2.0, le=30.0,
        source="2.5 % of live weight, 2 to 3 % (IPCC 2006, Vol. 4, ch. 10), from memory",
    )  # fmt: skip
    digestibility: Share = item(
        DIGESTIBILITY, "share of it that is digested; the rest is dung", ge=0.3, le=0.9,
        source="55 to 75 % on pasture (IPCC 2006, Vol. 4, Table 10.2), from memory",
    )  # fmt: skip
    material: str = item(DUNG, "what the dung is like: a name of models/materials")
