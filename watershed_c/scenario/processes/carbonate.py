"""Turnover of inorganic carbon as a scenario sets it."""

from __future__ import annotations

from watershed_c.scenario.fields import ArealMassFlux, Number, item
from watershed_c.scenario.processes.base import Process


class Carbonate(Process):
    """[processes.carbonate]: dissolution and precipitation of calcite; on when its table is there."""

    root_respiration: Number = item(
        0.85, "root respiration relative to heterotrophic, for the CO2 of soil air", ge=0.0, le=10.0,
        source="Hanson et al. 2000, Biogeochemistry 48, 115",
    )  # fmt: skip
    atmospheric_carbon_dioxide: Number = item(
        420.0, "ppm", ge=100.0, le=10000.0, source="NOAA Global Monitoring Laboratory, about 2023"
    )
    buffer_capacity: Number | None = item(
        None, "acid that lowers the pH of soil without carbonate by 1, mmol charge kg-1; 5 + 0.4 clay % + 8 SOC % if "
        "not given. Used where soil.ph is", ge=1.0, le=500.0, source="prior; Aitken et al. 1990; Curtin & Trolove 2013",
    )  # fmt: skip
    acid_deposition: Number = item(
        0.0, "strong acid from the atmosphere, mol charge ha-1 yr-1: sulfate, nitrate, and ammonium that will be "
        "nitrified, less base cations other than calcium", ge=0.0, le=20000.0,
    )  # fmt: skip
    dust_deposition: ArealMassFlux = item(
        0.0, "carbonate of dust from the atmosphere, kg CaCO3, into the top layer", ge=0.0, le=1.0,
    )  # fmt: skip
    calcium_deposition: ArealMassFlux = item(
        0.0, "dissolved calcium from the atmosphere, into the top layer", ge=0.0, le=0.1
    )
    stream_carbon_dioxide: Number | None = item(
        None, "ppm; water in the stream comes to it, and what carbon it gives off is told apart from what leaves at "
        "the outlet; not given: it keeps what it has", ge=100.0, le=1e5,
    )  # fmt: skip
    maximum_carbon_dioxide: Number = item(
        150000.0, "ppm; no higher value is used for soil air", ge=10000.0, le=1e6,
        source="prior, above the largest measured, 13.0 % (Amundson & Davidson 1990, J. Geochem. Explor. 38, 13)",
    )  # fmt: skip
