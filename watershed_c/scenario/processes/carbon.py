"""Turnover of organic carbon as a scenario sets it: pools, DOC, peat."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from watershed_c.scenario.fields import ArealMassFlux, Length, Number, Rate, Share, Table, item
from watershed_c.scenario.processes.base import Process


class Moisture(Table):
    """moisture = { form, variant, ... }: how water slows decay in models with RothC's moisture law."""

    form: Literal["official", "layered"] = item(
        "official", "official: one topsoil deficit above the calibration depth, each layer's own water below it; "
        "layered: each layer's own water at all depths",
    )  # fmt: skip
    variant: Literal["rothc", "rothc_soilr", "rothc_soilr_bare"] = item(
        "rothc", "rothc: RothC-26.3 and RothC v2; rothc_soilr, rothc_soilr_bare: SoilR's fW.RothC, its flag for bare "
        "soil off or on in all months whatever the cover", source="SoilR 1.2.105 (Sierra et al. 2012)",
    )  # fmt: skip
    opt_rmmoist: int = item(
        1, "RothC v2: deficits 1 from clay; 2 from water retention, drying to 1000 bar; 3 the same, to 15 bar",
        ge=1, le=3, source="RothC_Code v2.0.0; Farina et al. 2013, Geoderma 200-201, 18",
    )  # fmt: skip
    opt_smdbare: int = item(
        1, "RothC v2: bare soil dries 1 only in part, 2 to the end of the ramp", ge=1, le=2, source="RothC_Code v2.0.0"
    )
    minrm_moist: Share | None = item(
        None, "RothC v2: least factor, with opt_rmmoist 2 or 3; 0.2 if not given", ge=0.0, le=1.0
    )

    wet_end: Literal["none", "skopp", "daycent"] = item(
        "none", "layered: oxygen limb above 58 % (skopp, to 0 when saturated) or 60 % (daycent, to 0.24) of the pores "
        "filled, down to the calibration depth, below which the depth factor stands for it (coupling rule 11)",
        source="Skopp et al. 1990, Soil Sci. Soc. Am. J. 54, 1619; Kelly et al. 2000",
    )  # fmt: skip

    @model_validator(mode="after")
    def _fits(self) -> Moisture:
        if self.wet_end != "none" and self.form != "layered":
            raise ValueError('has wet_end, which needs form = "layered": the topsoil deficit ends at moist.')
        if self.variant != "rothc" and (self.opt_rmmoist, self.opt_smdbare, self.minrm_moist) != (1, 1, None):
            raise ValueError(
                f'has an option of RothC v2, which variant = "{self.variant}" does not have: opt_rmmoist, opt_smdbare '
                'and minrm_moist go with variant = "rothc".'
            )
        if self.opt_rmmoist == 1 and self.minrm_moist is not None:
            raise ValueError("has minrm_moist, which RothC v2 reads with opt_rmmoist = 2 or 3 only.")
        return self


class Decomposition(Process):
    """[processes.decomposition]: the carbon pools in every layer."""

    moisture: Moisture = item(doc="how water slows decay: RothC's variants", factory=Moisture)
    buried: Literal["depth", "material"] = item(
        "depth", "soil that was moved takes the depth factor of where it lies (depth) or keeps that of where it came "
        "from (material): two end members for buried and exhumed carbon, run both (coupling rule 12)",
    )  # fmt: skip

    priming: Number | None = item(
        None, "c, kg per g: rates of the pools that plants do not feed are multiplied by 1 - exp(-c F), F the carbon "
        "of those they feed in the layer, g per kg mineral soil; not primed if not given. No value serves all: to be "
        "calibrated with the rates", gt=0.0, le=1000.0, source="Guenet et al. 2013, Geosci. Model Dev. 6, 2153",
    )  # fmt: skip
    e_folding_depth: Length = item(
        0.303, "depth below the calibration depth of the pool model over which rates fall to 1/e", gt=0.0, le=10.0,
        source="WATEM_C code, r_exp = 3.30 m-1 (Wang et al. 2020)",
    )  # fmt: skip


class DissolvedCarbon(Process):
    """[processes.dissolved_carbon]: DOC with percolating water; on when its table is there."""

    doc_fraction: Share = item(
        0.02, "share of what would be respired that becomes DOC instead (coupling rule 17)", ge=0.0, le=0.5,
        source="prior, 0.01 to 0.03; DOC leaching of European soils is 2 to 7 g C m-2 yr-1 (Kindler et al. 2011)",
    )  # fmt: skip
    distribution_coefficient: Number = item(
        5.0, "sorbed per dissolved, L kg-1", ge=0.0, le=1000.0, source="prior; Kalbitz et al. 2000: 0.5 to 20"
    )
    decay_rate: Rate = item(
        1.0, "mineralisation of what is in solution", ge=0.0, le=1000.0, source="prior; Kalbitz & Kaiser 2008: 0.5 to 5"
    )


class Peat(Process):
    """[processes.peat]: net carbon balance of peat, in place of the pools; on when its table is there."""

    classes: list[str] = item(doc="land-use classes that are peat", factory=list)
    ipcc: dict[
        str,
        Literal[
            "cropland", "grassland-boreal", "grassland-deep-drained", "grassland-shallow-drained", "forest-temperate",
            "forest-boreal-rich", "forest-boreal-poor", "extraction",
        ],
    ] = item(
        doc="classes of peat that lose what the IPCC says of this drained land use, whatever their water table",
        factory=dict, source="Tier 1, IPCC 2013 Wetlands Supplement, chapter 2",
    )  # fmt: skip
    slope: Number = item(
        0.1341, "net carbon loss, t C ha-1 yr-1, per cm of mean depth of the water table", ge=0.0, le=1.0,
        source="Evans et al. 2021, Nature 593, 548, quoted at second hand",
    )  # fmt: skip
    intercept: ArealMassFlux = item(
        -0.173, "net carbon loss with the water table at the surface; negative: a gain", ge=-1.0, le=1.0,
        source="Evans et al. 2021: -1.73 t CO2-C ha-1 yr-1, quoted at second hand",
    )  # fmt: skip

    methane: dict[str, Literal["temperate-rich", "temperate-poor", "boreal-rich", "boreal-poor"]] = item(
        doc="classes of peat whose methane is told, and what their peat is: while wet they give off what the IPCC says "
        "of rewetted peat, else that of their drained land use in ipcc, or none", factory=dict,
        source="Tier 1, IPCC 2013 Wetlands Supplement, tables 2.3 and 3.3",
    )  # fmt: skip
    wet_depth: Length = item(
        0.20, "mean depth of the water table down to which peat counts as wet", ge=0.0, le=1.0,
        source="a prior, 0.1 to 0.3 m",
    )  # fmt: skip

    @model_validator(mode="after")
    def _fits(self) -> Peat:
        for key, named in (("ipcc", self.ipcc), ("methane", self.methane)):
            if unknown := sorted(set(named) - set(self.classes)):
                raise ValueError(f"has {key} for {unknown[0]}, which is not in its classes.")
        return self
