"""Gypsum and dolomite as a scenario has them: in the soil, in what is spread, in water."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from watershed_c.constituents import CALCITE_PER_CARBON, DOLOMITE_PER_CARBON, GYPSUM_PER_SULFUR
from watershed_c.management.lime import load_limes
from watershed_c.scenario.fields import Length, MassFraction, Spatial, item

if TYPE_CHECKING:
    from watershed_c.management.calendar import Calendar
    from watershed_c.scenario.checker import Checker
    from watershed_c.scenario.schema import Scenario
    from watershed_c.scenario.soil import SoilReader


class SoilGypsum(Spatial):
    """Measured gypsum of the soil, mass of CaSO4 2 H2O per dry fine earth."""

    kinds = ("fraction",)
    value: MassFraction | None = item(None, "the same everywhere", ge=0.0, le=0.9)
    by_class: dict[str, Annotated[MassFraction, Field(ge=0.0, le=0.9)]] | None = item(None, "by land-use class")
    by_layer: list[Annotated[MassFraction, Field(ge=0.0, le=0.9)]] | None = item(None, "one per layer, top first")
    leached_depth: Length = item(0.0, "value, map, by_class: no gypsum above", ge=0.0, le=10.0)


def are_followed(scenario: Scenario, calendars: Iterable[Calendar]) -> bool:
    """Whether a run follows gypsum, dolomite and their solutes: in the soil, spread, or brought by water."""
    if not scenario.processes.carbonate.enabled:
        return False
    soil, limes = scenario.soil, load_limes()
    spread = {name for calendar in calendars for _, name, _ in calendar.lime}
    return (
        soil.gypsum is not None
        or bool(soil.substratum.gypsum)
        or (soil.sic is not None and soil.sic.dolomite > 0.0)
        or any(limes[name].dolomite or limes[name].sulfur > 0.0 for name in spread)
        or any(water.sulfate > 0.0 or water.magnesium > 0.0 for water in scenario.irrigation_water.values())
    )


def needs_of_minerals(check: Checker) -> None:
    """Who has gypsum or dolomite needs the process that dissolves it."""
    soil = check.scenario.soil
    if check.scenario.processes.carbonate.enabled:
        return
    dolomite = None if soil.sic is None else soil.sic.dolomite
    below = soil.substratum.gypsum
    for key, there in (
        (("soil", "gypsum"), soil.gypsum is not None),
        (("soil", "substratum", "gypsum"), bool(below)),
        (("soil", "sic", "dolomite"), bool(dolomite)),
    ):  # fmt: skip
        if there:
            check.add(key, "", "needs [processes.carbonate], which dissolves it.")


def maps_without_minerals(check: Checker) -> None:
    """Tell of maps that are 0 since a run does not follow what they show; it may be a variant of one that does."""
    for name in check.scenario.output.maps:
        if name in ("gypsum", "fSO4leach"):
            check.warnings.append(
                f"output.maps: {name} is 0 everywhere: gypsum and sulfate are followed where the soil, what is spread "
                "or irrigation water has gypsum, dolomite, sulfate or magnesium"
            )


def carbonate_mass(scenario: Scenario) -> float:
    """kg of carbonate per kg of its carbon, in the proportion of calcite and dolomite that the soil has."""
    sic = scenario.soil.sic
    share = 0.0 if sic is None else sic.lithogenic * sic.dolomite
    return CALCITE_PER_CARBON + share * (DOLOMITE_PER_CARBON - CALCITE_PER_CARBON)


def gypsum_of(reader: SoilReader, ground: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Gypsum as its sulfur by layer (n, L), kg m-2, and below (n), kg per kg of dry soil; None and problems.

    ``ground`` (n, L) is dry fine earth per volume, kg m-3.
    """
    soil = reader.check.scenario.soil
    layers = np.where(reader.core[:, None], np.zeros(reader.layers.size), np.nan)
    below = layers[:, -1].copy()
    if soil.gypsum is not None:
        share = reader.number(("soil", "gypsum"), soil.gypsum)
        if share is None:
            return None
        if share.ndim == 1:
            there = np.clip((reader.bottom - soil.gypsum.leached_depth) / reader.layers, 0.0, 1.0)
            below = share.copy()
            share = share[:, None] * there
        else:
            if soil.gypsum.leached_depth > 0.0:
                shown = f"{100.0 * soil.gypsum.leached_depth:g} cm"
                reader.check.add(("soil", "gypsum", "leached_depth"), shown, "is not used with by_layer.")
                return None
            below = share[:, -1].copy()
        layers = share * ground * reader.layers * reader.filled
    if soil.substratum.gypsum is not None:
        below = np.where(reader.core, soil.substratum.gypsum, np.nan)
    return layers / GYPSUM_PER_SULFUR, below / GYPSUM_PER_SULFUR
