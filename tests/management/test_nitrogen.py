"""Nitrogen of the calendar: when crops want it, and that residues bring the soil what crops had."""

from __future__ import annotations

import numpy as np
import pytest

from tests import build
from watershed_c.management.cycle import Climatology
from watershed_c.management.growth import growth_tables
from watershed_c.management.library import load_library
from watershed_c.management.nitrogen import nitrogen_tables
from watershed_c.management.nitrogen_demand import diluted_share
from watershed_c.management.tables import build_units

LIBRARY = load_library()
#: Rothamsted (RothC manual), degC, and solar radiation above the atmosphere at 52 degrees north, MJ m-2 d-1
COOL = np.array([3.4, 3.6, 5.1, 7.3, 11.0, 13.9, 16.0, 16.0, 13.5, 10.2, 6.1, 4.6])
LIGHT = np.array([8.0, 14.0, 22.0, 31.0, 38.0, 42.0, 40.0, 34.0, 25.0, 16.0, 10.0, 7.0])
NAMES = ("winter-wheat", "maize", "barley", "rapeseed", "soybean", "potato", "lucerne", "pasture")


def test_crops_want_their_nitrogen_as_they_grow_and_leave_the_soil_what_they_had() -> None:
    units = build_units(
        {name: {"years": [name]} for name in NAMES}, LIBRARY, layer_bottom=np.array([0.25, 1.0]),
        climate=Climatology(build.TEMPERATURE, build.RAIN, build.EROSIVITY),
    )  # fmt: skip
    seasons, model = growth_tables(units), build.pool_model()
    tables = nitrogen_tables(units, seasons, model.allocate_known, build.LITTER, build.INERT, 0.1, COOL, LIGHT)
    np.testing.assert_allclose(tables.share.sum(axis=0), 1.0, rtol=1e-12)
    assert ((tables.share > 0.0) <= (seasons.green > 0.0)).all(), "nothing without leaves"
    wheat = tables.share[:, units.names.index("winter-wheat+0")]
    assert wheat[[9, 10, 11, 0, 1]].sum() < 0.08, "little in autumn and winter"
    assert wheat[[3, 4, 5]].sum() > 0.6 and tables.share[:, 1].argmax() in (6, 7), "maize later"
    # what pools get in a cycle is what stays of a crop that had enough, but for roots below the profile
    entered, _ = units.by_pool(model.allocate_known)
    for unit, name in enumerate(NAMES):
        litter = entered[:, unit, :, build.LITTER].sum() * tables.litter[unit]
        end = int(np.flatnonzero(seasons.ends[:, unit])[0])
        crop, given = seasons.crop[end, unit], seasons.yield_dry_matter[end, unit]
        straw = tables.straw[crop] * seasons.straw_removed[end, unit]
        assert litter == pytest.approx(given * (tables.kept[crop] - straw), rel=0.04), name
        assert tables.kept[crop] < tables.need[crop] and 0.5 < tables.leanest[crop] < 1.0, name


def test_biochar_neither_brings_nitrogen_nor_takes_that_of_residues() -> None:
    """5 t of carbon, most of it inert, would want 400 kg of nitrogen with the C:N of humus."""
    char = {"on": "04-10", "do": "manure", "material": "biochar-wood", "carbon": 0.5, "depth": 0.2}
    units = build_units(
        {"plain": {"years": ["maize"]}, "char": {"years": ["maize"], "event": [char]}}, LIBRARY,
        layer_bottom=np.array([0.25, 1.0]), climate=Climatology(build.TEMPERATURE, build.RAIN, build.EROSIVITY),
    )  # fmt: skip
    model = build.pool_model()
    tables = nitrogen_tables(
        units, growth_tables(units), model.allocate_known, build.LITTER, build.INERT, 0.1, COOL, LIGHT
    )
    entered, _ = units.by_pool(model.allocate_known)
    plain, charred = entered[:, :, :, build.LITTER].sum(axis=(0, 2, 3)) * tables.litter
    assert charred == pytest.approx(plain, rel=0.03) and (tables.organic == 0.0).all()
    assert tables.litter[1] < tables.litter[0], "the part that decays is poor"


def test_dilution_begins_where_canopies_close() -> None:
    """4.8 % W^-0.32: half of a crop of 16 t has 0.5^0.68 of its nitrogen; below 1 t its content is constant."""
    assert diluted_share(np.array([0.8]))[0] / diluted_share(np.array([1.6]))[0] == pytest.approx(0.5**0.68)
    assert diluted_share(np.array([0.05]))[0] / diluted_share(np.array([0.1]))[0] == pytest.approx(0.5)
