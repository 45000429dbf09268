"""Hydraulic properties follow organic carbon: direction, the water of the soil kept, static where not asked."""

from __future__ import annotations

import numpy as np
import pytest

from tests import build
from watershed_c.components.hydraulic_properties import set_hydraulic_properties
from watershed_c.components.soil_water import SoilWater

MONTH = 1.0 / 12.0


def prepared(function: str = "saxton_rawls", change: float = 0.0, follow: bool = True):
    """Watershed in January with properties for its own carbon, and the process."""
    w = build.watershed()
    n = w.water.shape[0]
    clay = np.maximum(w.clay, 0.1)[:, None]
    properties = set_hydraulic_properties(
        w, sand=np.full((n, 1), 0.4), clay=clay, organic_carbon=np.zeros(w.water.shape), function=function,
        change=change,
    )  # fmt: skip
    properties.evaluate(properties.present_content())
    w.water[w.cells] = 0.9 * w.field_capacity[w.cells]
    water = SoilWater(
        w, conductivity=properties.conductivity, properties=properties if follow else None, wet_days=12.0
    )
    w.at(build.CLOCK.step(0))
    w.ledger.open()
    return w, properties, water


def add_carbon(w, factor: float) -> None:
    w.stocks[:, :, w.constituents.of_group("soc")] *= factor
    w.ledger.open()


@pytest.mark.parametrize("function", ["saxton_rawls", "wosten"])
def test_more_carbon_holds_more_water_and_no_water_is_made(function: str) -> None:
    w, properties, water = prepared(function)
    available = (w.field_capacity - w.wilting_point)[w.cells, 0].copy()
    saturation = w.saturation[w.cells, 0].copy()
    add_carbon(w, 1.3)
    held = w.water.copy()
    properties.follow()
    assert (w.water == held).all()
    assert (w.saturation[w.cells, 0] > saturation).all()
    loam = w.clay[w.cells] < 0.25  # Saxton & Rawls take water from heavy clay
    assert ((w.field_capacity - w.wilting_point)[w.cells, 0][loam] > available[loam]).all()
    water.run_one_step(MONTH)
    w.ledger.check("soil_water", (), water.stores)


def test_water_above_a_shrunken_capacity_leaves_through_the_books() -> None:
    w, _, water = prepared()
    w.water[w.cells] = w.saturation[w.cells]
    add_carbon(w, 0.5)
    water.run_one_step(MONTH)
    w.ledger.check("soil_water", (), water.stores)
    assert (w.water[w.cells] <= w.saturation[w.cells] * (1.0 + 1e-12)).all()


def test_it_follows_once_a_year_and_above_the_stated_change_only() -> None:
    w, properties, water = prepared(change=0.001)
    before, conductivity = w.field_capacity.copy(), properties.conductivity.copy()
    add_carbon(w, 1.01)  # 0.2 g/kg in the topsoil
    water.run_one_step(MONTH)
    assert (w.field_capacity == before).all()
    add_carbon(w, 1.5)
    w.at(build.CLOCK.step(5))
    water.run_one_step(MONTH)
    assert (w.field_capacity == before).all()
    w.at(build.CLOCK.step(12))
    water.run_one_step(MONTH)
    moved = w.field_capacity != before
    assert moved[w.cells, 0].all() and not moved[~w.is_soil].any()
    assert (properties.conductivity[w.cells, 0] != conductivity[w.cells, 0]).all()


def test_static_where_it_does_not_follow() -> None:
    w, properties, water = prepared(follow=False)
    before = w.field_capacity.copy()
    add_carbon(w, 2.0)
    water.run_one_step(MONTH)
    assert (w.field_capacity == before).all() and water.memory() == {}


def test_bad_values_are_told() -> None:
    w = build.watershed()
    with pytest.raises(ValueError, match="saxton_rawls, wosten"):
        set_hydraulic_properties(w, sand=w.water, clay=w.water, organic_carbon=w.water, function="rosetta")
    with pytest.raises(ValueError, match="soc_change"):
        set_hydraulic_properties(w, sand=w.water, clay=w.water, organic_carbon=w.water, change=-1.0)


def test_properties_follow_the_texture_that_erosion_has_left() -> None:
    """As those of a soil that was so from the start; below a change of 1 %, and elsewhere, they keep their bits."""
    w = build.watershed()
    clay, silt, sand = w.constituents.of_group("texture")
    there = {"organic_carbon": np.full(w.water.shape, 0.015)}
    given = {"sand": np.full((w.clay.size, 1), 0.4), "clay": np.full((w.clay.size, 1), 0.2)}
    for row, share in ((clay, 0.2), (silt, 0.4), (sand, 0.4)):
        w.stocks[:, :, row] = share * w.mineral
    properties = set_hydraulic_properties(w, **given, **there, follows=("texture",))
    first = [held.copy() for held in (w.wilting_point, w.field_capacity, w.saturation, properties.conductivity)]
    sorted_, touched, rest = w.cells[:5], w.cells[5:10], w.cells[10:]
    w.stocks[sorted_, 0, clay] -= 0.15 * w.mineral[sorted_, 0]
    w.stocks[sorted_, 0, sand] += 0.15 * w.mineral[sorted_, 0]
    w.stocks[touched, 0, clay] -= 0.009 * w.mineral[touched, 0]
    w.stocks[touched, 0, silt] += 0.009 * w.mineral[touched, 0]
    properties.follow()
    now = [held.copy() for held in (w.wilting_point, w.field_capacity, w.saturation, properties.conductivity)]
    assert (now[1][sorted_, 0] < first[1][sorted_, 0]).all() and (now[3][sorted_, 0] > first[3][sorted_, 0]).all()
    for before, after in zip(first, now, strict=True):
        assert np.array_equal(before[touched], after[touched]) and np.array_equal(before[rest], after[rest])
        assert np.array_equal(before[sorted_, 1:], after[sorted_, 1:])
    other = set_hydraulic_properties(
        w, sand=np.full((w.clay.size, 1), 0.55), clay=np.full((w.clay.size, 1), 0.05), **there
    )
    np.testing.assert_allclose(now[3][sorted_, 0], other.conductivity[sorted_, 0], rtol=1e-12)
    np.testing.assert_allclose(now[1][sorted_, 0], w.field_capacity[sorted_, 0], rtol=1e-12)
