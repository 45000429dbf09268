"""Fixed depth and equivalent soil mass: published case, compaction, and other people's splines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline, PchipInterpolator

from tests import build
from watershed_c.io.results import fixed_depth_stock, topsoil_stock
from watershed_c.soil_mass import METHODS, equivalent_mass, fixed_depth, mineral_mass

#: 0-10, 10-30 and 30-60 cm, t m-3 and % C, before and after compaction
THICKNESS = np.array([10.0, 20.0, 30.0])
BEFORE = np.array([1.2, 1.4, 1.5]), np.array([2.0, 1.2, 0.6])
AFTER = np.array([1.4, 1.5, 1.5]), np.array([2.0, 1.2, 0.6])


def masses(density: np.ndarray, carbon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Soil and carbon of the layers, t ha-1."""
    soil = 100.0 * density * THICKNESS
    return soil, soil * carbon / 100.0


def test_compaction_adds_carbon_to_a_fixed_depth() -> None:
    """T4.9: 57.6 to 64.0 t ha-1 in 0-30 cm, of which nothing was gained."""
    before, after = (masses(*state)[1] for state in (BEFORE, AFTER))
    assert fixed_depth(THICKNESS, before, 30.0) == pytest.approx(57.6, abs=1e-9)
    assert fixed_depth(THICKNESS, after, 30.0) == pytest.approx(64.0, abs=1e-9)


@pytest.mark.parametrize(("method", "expected"), [("linear", 59.20), ("spline", 60.63), ("monotone", 60.51)])
def test_equivalent_soil_mass(method: str, expected: float) -> None:
    """T4.9: what 4000 t ha-1 hold after compaction."""
    assert equivalent_mass(*masses(*AFTER), 4000.0, method) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("method", METHODS)
def test_pure_compaction_changes_nothing_at_equal_mass(method: str) -> None:
    """T4.10: 1.3 to 1.5 t m-3 in 0-30 cm: 58.5 to 67.5 t ha-1 to a fixed depth, no change at equal mass."""
    thickness, soil = np.full(6, 10.0), np.full(6, 1300.0)
    carbon = soil * 0.015
    thinner = thickness * 1.3 / 1.5
    assert fixed_depth(thickness, carbon, 30.0) == pytest.approx(58.5)
    assert fixed_depth(thinner, carbon, 30.0) == pytest.approx(67.5)
    assert equivalent_mass(soil, carbon, 3900.0, method) == pytest.approx(58.5, rel=1e-12)


@settings(max_examples=50, derandomize=True, deadline=None)
@given(seed=st.integers(0, 10**6), layers=st.integers(3, 9), share=st.floats(0.0, 1.0))
def test_splines_are_those_of_scipy(seed: int, layers: int, share: float) -> None:
    random = np.random.default_rng(seed)
    mass, stock = random.uniform(1.0, 9.0, (4, layers)), random.uniform(0.0, 3.0, (4, layers))
    for i in range(4):
        x, y = (np.concatenate(([0.0], np.cumsum(values[i]))) for values in (mass, stock))
        at = share * x[-1]
        spline, monotone = CubicSpline(x, y, bc_type="natural")(at), PchipInterpolator(x, y)(at)
        assert equivalent_mass(mass[i], stock[i], at, "spline") == pytest.approx(spline, abs=1e-10)
        assert equivalent_mass(mass[i], stock[i], at, "monotone") == pytest.approx(monotone, abs=1e-10)
        assert -1e-12 <= equivalent_mass(mass[i], stock[i], at, "monotone") <= y[-1] + 1e-12


@pytest.mark.parametrize("method", METHODS)
def test_at_the_base_of_a_layer_it_is_what_lies_above(method: str) -> None:
    soil, carbon = masses(*BEFORE)
    many = np.repeat(soil[None], 3, axis=0)
    found = equivalent_mass(many, carbon, np.cumsum(soil), method)
    np.testing.assert_allclose(found, np.cumsum(carbon), rtol=1e-12)


def test_mineral_mass_leaves_organic_matter_out() -> None:
    np.testing.assert_allclose(mineral_mass(np.array([100.0]), np.array([5.0])), [91.38])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.ones(3), np.ones(3), 3.5), "reach to 3, not to 3.5"),
        ((np.zeros(3), np.ones(3), 0.5), "above 0"),
        ((np.ones(3), np.ones(3), 0.5, "cubic"), "must be one of linear, spline, monotone"),
    ],
)
def test_what_is_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        equivalent_mass(*arguments)


def test_stocks_of_a_watershed() -> None:
    """By nominal depth the stock in the mineral mass of 0-30 cm; to a fixed depth organic matter lifts the base."""
    w = build.watershed()
    share = np.clip((0.3 - w.layer_top) / (w.layer_bottom - w.layer_top), 0.0, 1.0)
    soc = w.stocks[:, :, w.constituents.of_group("soc")].sum(axis=2)
    nominal = topsoil_stock(w, "soc")[w.cells]
    reference = w.reference[w.cells] @ share
    np.testing.assert_allclose(equivalent_mass(w.reference[w.cells], soc[w.cells], reference), nominal, rtol=1e-12)
    before = fixed_depth_stock(w, "soc", 0.3)[w.cells]
    # twice the organic matter makes layers thicker: less than twice the carbon to a fixed depth
    w.stocks[:, :, w.constituents.of_group("soc")] *= 2.0
    after = fixed_depth_stock(w, "soc", 0.3)[w.cells]
    assert (after < 2.0 * before).all() and (after > 1.8 * before).all()
    np.testing.assert_allclose(topsoil_stock(w, "soc")[w.cells], 2.0 * nominal, rtol=1e-12)
    assert (fixed_depth_stock(w, "soc", 0.3)[~w.is_soil] == 0.0).all()
