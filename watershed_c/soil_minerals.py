"""Gypsum and dolomite as a run begins with them: whether it follows them, and what the soil holds of them."""

from __future__ import annotations

import numpy as np

from watershed_c.constituents import DOLOMITE, GYPSUM
from watershed_c.scenario.inputs import Inputs
from watershed_c.scenario.minerals import are_followed
from watershed_c.state import Watershed


def followed(inputs: Inputs) -> bool:
    """Whether this run follows gypsum, dolomite and their solutes."""
    return are_followed(inputs.scenario, inputs.calendars.values())


def fill(watershed: Watershed, inputs: Inputs) -> None:
    """Gypsum of every layer and of what lies below; dolomite, out of the lithogenic carbonate that is there already."""
    w, names = watershed, watershed.constituents.names
    if GYPSUM.name not in names:
        return
    row = names.index(GYPSUM.name)
    assert inputs.column.gypsum is not None and inputs.column.substratum_gypsum is not None
    w.stocks[:, :, row] = np.nan_to_num(inputs.column.gypsum) * w.is_soil[:, None]
    w.substratum[:, row] = np.nan_to_num(inputs.column.substratum_gypsum) * w.is_soil
    if DOLOMITE.name in names:
        sic = inputs.scenario.soil.sic
        assert sic is not None
        row, lithogenic = names.index(DOLOMITE.name), names.index("sic_lithogenic")
        for held in (w.stocks, w.substratum):
            held[..., row] = sic.dolomite * held[..., lithogenic]
            held[..., lithogenic] -= held[..., row]
