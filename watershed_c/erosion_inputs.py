"""What water erosion takes from the scenario beyond its keys: the soil of its models, and biochar on the surface."""

from __future__ import annotations

import numpy as np

from watershed_c.components.loose_char import CHAR, LooseChar
from watershed_c.components.runoff_soil_loss import MmfParameters
from watershed_c.kernels.morgan_morgan_finney import DETACHABILITY
from watershed_c.management.tables import UnitTables
from watershed_c.scenario.inputs import Inputs, on_nodes
from watershed_c.scenario.processes.erosion import MorganMorganFinney
from watershed_c.state import Watershed


def loose_char(watershed: Watershed, inputs: Inputs, tables: UnitTables) -> LooseChar | None:
    """Char on the surface, where the carbon model has a pool of it and no law or size class says what is enriched."""
    erosion = inputs.scenario.processes.water_erosion
    chosen = erosion.enrichment
    if CHAR not in watershed.constituents.names or chosen.by_law is not None or erosion.size_classes:
        return None
    return LooseChar(
        watershed, tables=tables, first_year=int(inputs.scenario.time.start[:4]), enrichment=chosen.char,
        settles=chosen.char_settles,
    )  # fmt: skip


def char_moves_with_soil(watershed: Watershed, tables: UnitTables) -> list[str]:
    """What to tell where biochar is brought and the carbon model has no pool of it."""
    if CHAR in watershed.constituents.names or all(source.kind != "biochar" for source in tables.sources):
        return []
    own = 'with carbon.model = "rothc:biochar" water takes loose char first'
    return [f"biochar moves like the carbon of its layer; {own}"]


def mmf_parameters(inputs: Inputs, given: MorganMorganFinney) -> MmfParameters:
    """Parameters of the scenario, detachability from texture where it does not say."""
    detachability: float | np.ndarray
    if given.detachability is not None:
        detachability = given.detachability
    else:
        assert inputs.column.sand is not None
        clay, sand = on_nodes(inputs.column.clay), on_nodes(inputs.column.sand)
        of_clay, of_silt, of_sand = DETACHABILITY
        detachability = of_clay * clay + of_silt * (1.0 - clay - sand) + of_sand * sand
    return MmfParameters(
        given.cohesion, detachability, given.rain_intensity, given.rain_energy, given.interception
    )  # fmt: skip
