"""What a scenario says of irrigation: when and how a rotation is irrigated, and what the water has in it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from watershed_c.scenario.fields import Concentration, Day, Share, Table, Water, item


class Irrigation(Table):
    """[rotation.NAME.irrigation]: water brought to the field, beside events with do = "irrigate"."""

    trigger: Share | None = item(
        None, "the soil is refilled when its available water, weighted by the roots, is under this share; most crops "
        "begin to lack water at 50 % (FAO-56 table 22)", gt=0.0, lt=1.0,
    )  # fmt: skip
    refill: Share = item(
        1.0, "trigger: share of the available water to which it is refilled", gt=0.0, le=1.0,
        source="field capacity: Allen et al. 1998, FAO-56",
    )  # fmt: skip
    monthly_maximum: Water | None = item(
        None, "trigger: most that is brought in a month, events and months included; no limit if not given", gt=0.0,
        le=1000.0,
    )  # fmt: skip
    months: Annotated[list[Annotated[Water, Field(ge=0.0, le=1000.0)]], Field(min_length=12, max_length=12)] | None = (
        item(None, "brought in each month, January first, whatever the soil holds")
    )
    crops: list[str] = item(doc="main crops that trigger and months are for; all of them if not given", factory=list)
    season: Annotated[list[Day], Field(min_length=2, max_length=2)] | None = item(
        None, 'first and last day of trigger and months, e.g. ["05-01", "08-31"]; while the crop stands if not given'
    )
    method: Literal["surface", "sprinkler", "drip"] = item(
        "sprinkler", "surface, drip: all of it reaches the ground; sprinkler: what does not refill the soil evaporates"
    )
    efficiency: Share | None = item(
        None, "share of what is brought that refills the soil; surface 60 %, sprinkler 75 %, drip 90 % if not given",
        gt=0.1, le=1.0, source="Brouwer, Prins & Heibloem 1989, FAO Training Manual 4, Annex I, table 8",
    )  # fmt: skip
    water: str | None = item(None, "name of an [irrigation_water.NAME]; pure water if not given")

    @model_validator(mode="after")
    def _trigger(self) -> Irrigation:
        if self.trigger is None and (self.monthly_maximum is not None or self.refill != 1.0):
            key = "refill" if self.monthly_maximum is None else "monthly_maximum"
            raise ValueError(f"has {key} without trigger.")
        return self


class IrrigationWater(Table):
    """[irrigation_water.NAME]: what a water has in solution; its other ions follow from the balance of charges."""

    calcium: Concentration = item(0.0, "dissolved calcium", ge=0.0, le=50.0)
    bicarbonate: Concentration = item(0.0, "alkalinity, as bicarbonate", ge=0.0, le=100.0)
    sulfate: Concentration = item(0.0, "dissolved sulfate; gypsum may precipitate of it", ge=0.0, le=100.0)
    magnesium: Concentration = item(0.0, "dissolved magnesium", ge=0.0, le=100.0)
