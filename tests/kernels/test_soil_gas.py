"""CO2 of soil air against the closed solutions of the production-diffusion equation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watershed_c.kernels.soil_gas import soil_carbon_dioxide

AMBIENT = 420e-6


def profile(
    production: np.ndarray,
    thickness: np.ndarray,
    *,
    air: float = 0.30,
    porosity: float = 0.45,
    root_ratio: float = 0.0,
    temperature: float = 15.0,
    ceiling: float = 1.0,
    dt: float = 1.0,
    cover: float = 1.0,
    roots: np.ndarray | None = None,
) -> np.ndarray:
    """CO2 (ppm) at mid-depths for one cell; ``production`` kg C m-2 per step and layer."""
    layers = thickness.size
    saturation = (porosity * 1000.0 * thickness)[None, :].copy()
    water = ((porosity - air) * 1000.0 * thickness)[None, :].copy()
    fraction = np.full((1, layers), 1.0 / layers) if roots is None else roots[None, :].copy()
    out = np.zeros((1, layers))
    soil_carbon_dioxide(
        np.zeros(1, dtype=np.int64),
        production[None, :].copy(),
        root_ratio,
        np.array([cover]),
        fraction,
        np.zeros(1, dtype=np.int64),
        dt,
        water,
        saturation,
        thickness,
        np.array([temperature]),
        np.zeros(layers),
        AMBIENT,
        ceiling,
        out,
    )
    return out[0] * 1e6


@pytest.mark.parametrize("layers", [5, 51])
def test_uniform_production(layers: int) -> None:
    """800 g C m-2 yr-1 uniform to 0.5 m: 6035 ppm at 0.25 m, 7906 at 0.5 m, whatever the layers."""
    thickness = np.full(layers, 0.5 / layers)
    found = profile(np.full(layers, 0.8 / layers), thickness)
    z = np.cumsum(thickness) - thickness / 2.0
    assert found[layers // 2] == pytest.approx(6035.0, rel=1e-3)
    assert found - 420.0 == pytest.approx((7906.0 - 420.0) * (2.0 * z / 0.5 - (z / 0.5) ** 2), rel=1e-3)


def test_wet_soil_holds_more() -> None:
    """The same production down to 1 m at an air-filled porosity of 0.20: 31365 ppm at 0.5 m."""
    found = profile(np.full(201, 0.8 / 201), np.full(201, 1.0 / 201), air=0.20)
    assert found[100] == pytest.approx(31365.0, rel=1e-4)


@pytest.mark.parametrize(("air", "diffusivity"), [(0.05, 1.2423e-3), (0.10, 7.0273e-3), (0.20, 3.9752e-2)])
@pytest.mark.parametrize("temperature", [-20.0, 0.0, 10.0, 40.0])
def test_diffusivity_of_wet_soil(air: float, diffusivity: float, temperature: float) -> None:
    """e^2.5 / f of Moldrup et al. (2000) at f = 0.45, and T^1.81 of Massman (1998) on molar volumes that go with T."""
    found = profile(np.array([0.001]), np.array([0.1]), air=air, temperature=temperature)[0] - 420.0
    flux = 0.375 * 1.0 / 12.011 / 31_557_600.0
    per_air = 8.314462618 * 273.15 / 101_325.0 / 1.381e-5 * ((temperature + 273.15) / 273.15) ** -0.81
    assert found == pytest.approx(1e6 * flux * 0.1 * per_air / diffusivity, rel=1e-4)


def test_exponential_production_converges_with_second_order() -> None:
    """C(z) = C0 + (R zbar / Ds)(1 - exp(-z / zbar)), zbar 0.2 m: 5918 ppm at 0.5 m with many layers.

    A profile that ends at H lacks the flux from below it, R exp(-H / zbar), of the unlimited one.
    """
    scale, depth = 0.2, 2.0
    slope = (5918.0 - 420.0) / (scale * (1.0 - np.exp(-0.5 / scale)))
    errors = []
    for layers in (41, 123, 369):
        thickness = np.full(layers, depth / layers)
        bottom = np.cumsum(thickness)
        found = profile(0.8 * (np.exp(-(bottom - thickness) / scale) - np.exp(-bottom / scale)), thickness)
        z = bottom - thickness / 2.0
        exact = 420.0 + slope * (scale * (1.0 - np.exp(-z / scale)) - np.exp(-depth / scale) * z)
        # 5918 is rounded: the shape converges, its scale is judged above
        errors.append(
            np.abs((found - 420.0) / (found[-1] - 420.0) - (exact - 420.0) / (exact[-1] - 420.0)).max()
        )
    assert found == pytest.approx(exact, rel=2e-4)
    order = np.log(np.array(errors[:-1]) / np.array(errors[1:])) / np.log(3.0)
    assert (order > 1.8).all(), errors


def test_no_production_is_ambient_air_at_any_temperature() -> None:
    assert profile(np.zeros(4), np.full(4, 0.25), temperature=30.0) == pytest.approx(420.0, rel=1e-14)


def test_root_respiration_adds_its_multiple_where_roots_are() -> None:
    thickness = np.full(4, 0.25)
    decay = np.array([0.04, 0.02, 0.01, 0.0])
    roots = np.array([0.7, 0.3, 0.0, 0.0])
    expected = profile(decay + 0.85 * decay.sum() * roots, thickness)
    assert profile(decay, thickness, root_ratio=0.85, roots=roots) == pytest.approx(expected, rel=1e-13)
    assert profile(decay, thickness, root_ratio=0.85, roots=roots, cover=0.0) == pytest.approx(
        profile(decay, thickness)
    )


def test_rate_counts_not_the_length_of_the_step() -> None:
    production, thickness = np.array([0.3, 0.2, 0.1]), np.full(3, 0.3)
    assert profile(production / 12.0, thickness, dt=1.0 / 12.0) == pytest.approx(
        profile(production, thickness), rel=1e-13
    )


def test_saturated_layer_reaches_the_ceiling() -> None:
    found = profile(np.full(3, 0.2), np.full(3, 0.3), air=0.0, ceiling=0.15)
    assert found == pytest.approx(1.5e5)


@settings(max_examples=40, derandomize=True, deadline=None)
@given(st.lists(st.floats(0.0, 0.5), min_size=1, max_size=6), st.floats(0.0, 0.4), st.floats(-5.0, 35.0))
def test_rises_with_depth_and_with_production(
    production: list[float], air: float, temperature: float
) -> None:
    decay = np.array(production)
    thickness = np.full(decay.size, 0.2)
    found = profile(decay, thickness, air=air, temperature=temperature)
    more = profile(decay * 1.5, thickness, air=air, temperature=temperature)
    assert (np.diff(found) >= -1e-9 * found[1:]).all()
    assert (more >= found).all() and (found >= 420.0 * (1.0 - 1e-12)).all()
