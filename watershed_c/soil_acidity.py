"""Acid of a run: whether it follows any, and what exchange holds at the start, by pH, where there is no carbonate."""

from __future__ import annotations

import numpy as np

from watershed_c import soil_minerals
from watershed_c.io.restart import holds_acid
from watershed_c.kernels.acidity import ALUMINIUM_FACTOR, ALUMINIUM_PH, NEUTRAL, buffer_capacity
from watershed_c.scenario.acid import acid_may_come
from watershed_c.scenario.inputs import Inputs
from watershed_c.state import Watershed


def is_followed(inputs: Inputs) -> bool:
    """Whether acidity is a constituent of this run: its soil has a pH, and carbonate is on."""
    return inputs.scenario.processes.carbonate.enabled and inputs.column.ph is not None


def comes(inputs: Inputs) -> bool:
    """Whether the run follows strong acid: it may come, or gypsum or dolomite is there, or the run that it begins with
    has some.
    """
    scenario = inputs.scenario
    if not scenario.processes.carbonate.enabled:
        return False
    file = scenario.carbon.initial.file
    begins = file is not None and holds_acid(scenario.file(file))
    return acid_may_come(scenario) or soil_minerals.followed(inputs) or begins


def capacity(inputs: Inputs) -> np.ndarray:
    """Acid per mineral fine earth that changes pH by 1, (n, L) mol charge kg-1: given, or by clay and SOC."""
    column, given = inputs.column, inputs.scenario.processes.carbonate.buffer_capacity
    mineral = np.nan_to_num(column.mineral)
    if given is not None:
        return np.full(mineral.shape, 1e-3 * given)
    soil = np.nan_to_num(column.soil, nan=1.0)
    carbon = np.nan_to_num(column.soc) / np.where(soil > 0.0, soil, 1.0)
    return buffer_capacity(np.nan_to_num(column.clay)[:, None], carbon)


def fill(watershed: Watershed, inputs: Inputs) -> None:
    """Exchangeable acidity of every layer, and of what lies below, that has no carbonate."""
    w, row = watershed, watershed.constituents.index("acidity")
    assert inputs.column.ph is not None
    ph = np.nan_to_num(inputs.column.ph, nan=NEUTRAL)[:, None]
    held = np.maximum(NEUTRAL - ph, 0.0) + (ALUMINIUM_FACTOR - 1.0) * np.maximum(ALUMINIUM_PH - ph, 0.0)
    held = capacity(inputs) * held
    w.stocks[:, :, row] = np.where(np.nan_to_num(inputs.column.sic) > 0.0, 0.0, held * w.mineral)
    w.substratum[:, row] = np.where(np.nan_to_num(inputs.column.substratum_sic) > 0.0, 0.0, held[:, -1]) * w.is_soil
