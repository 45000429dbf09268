"""Rate modifiers: the official numbers, the limits, the depth average."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from tests.support import shared
from watershed_c.kernels.rate_modifiers import (
    deficit_factor,
    depth_shares,
    layer_water_factor,
    maximum_deficit,
    rate_modifier,
    temperature_factor,
    update_deficit,
)

CELL = np.zeros(1, dtype=np.int64)
BARE, COVERED = np.zeros(1), np.ones(1)


def test_temperature_factor_has_the_official_cliff_and_values() -> None:
    assert temperature_factor(-5.01) == 0.0
    assert temperature_factor(-5.0) == pytest.approx(0.0162, abs=5e-5)
    assert temperature_factor(9.25) == pytest.approx(1.0, abs=0.01)
    assert temperature_factor(20.0) == pytest.approx(2.82, abs=0.005)
    assert temperature_factor(28.0) == pytest.approx(4.40, abs=0.005)


def test_topsoil_deficit_follows_the_manuals_table() -> None:
    with shared("reference/rothc_manual_worked_example/tsmd_table2.csv").open() as file:
        rows = list(csv.DictReader(file))
    maximum = np.atleast_1d(maximum_deficit(23.4))
    assert maximum[0] == pytest.approx(-44.94, abs=0.005)
    deficit = np.zeros(1)
    for row in rows:
        rain, pan = np.array([float(row["rain_mm"])]), np.array([float(row["pan_evap_mm"])])
        update_deficit(CELL, rain, 0.75 * pan, CELL, COVERED, maximum, 0.556 * maximum, deficit)
        assert deficit[0] == pytest.approx(float(row["acc_TSMD_mm"]), abs=0.005), row


def test_bare_soil_stops_drying_early_but_keeps_what_plants_dried() -> None:
    maximum = np.array([-44.94])
    rain, thirst = np.zeros(1), np.array([30.0])
    deficit = np.zeros(1)
    for _ in range(3):
        update_deficit(CELL, rain, thirst, CELL, BARE, maximum, 0.556 * maximum, deficit)
    assert deficit[0] == pytest.approx(0.556 * -44.94, rel=1e-15)
    # the ramp uses the whole maximum also when bare, so soil dried only while bare stays above 0.8388
    assert deficit_factor(deficit[0], maximum[0]) == pytest.approx(0.83885, abs=1e-5)
    for _ in range(3):
        update_deficit(CELL, rain, thirst, CELL, COVERED, maximum, 0.556 * maximum, deficit)
    assert deficit[0] == maximum[0]
    update_deficit(CELL, rain, thirst, CELL, BARE, maximum, 0.556 * maximum, deficit)
    assert deficit[0] == maximum[0]
    update_deficit(CELL, np.array([10.0]), np.zeros(1), CELL, BARE, maximum, 0.556 * maximum, deficit)
    assert deficit[0] == pytest.approx(maximum[0] + 10.0, rel=1e-15)
    update_deficit(CELL, np.array([100.0]), np.zeros(1), CELL, BARE, maximum, 0.556 * maximum, deficit)
    assert deficit[0] == 0.0


@pytest.mark.parametrize("relative", [-0.5, 0.0, 0.3, 0.444, 0.45, 0.7, 0.999, 1.0, 1.3])
def test_a_layers_own_water_uses_the_ramp_of_the_topsoil_bucket(relative: float) -> None:
    from_water = layer_water_factor(40.0 - relative * 25.0, 40.0, 15.0)
    bounded = min(max(relative, 0.0), 1.0)
    assert from_water == pytest.approx(deficit_factor(-45.0 * bounded, -45.0), rel=1e-12)
    assert 0.2 <= from_water <= 1.0


def test_ramp_is_continuous() -> None:
    at = 0.444 * -45.0
    assert deficit_factor(at, -45.0) == pytest.approx(deficit_factor(at + 1e-9, -45.0), abs=1e-9)


def test_depth_average_equals_numerical_integration() -> None:
    bottom = np.array([0.05, 0.2, 0.3, 0.6, 1.0])
    top = np.concatenate(([0.0], bottom[:-1]))
    above, below = depth_shares(top, bottom)
    for layer in range(5):
        z = top[layer] + (np.arange(200_000) + 0.5) / 200_000 * (bottom[layer] - top[layer])
        factor = np.where(z <= 0.23, 1.0, np.exp(-(z - 0.23) / 0.303))
        assert above[layer] == pytest.approx(np.where(z <= 0.23, factor, 0.0).mean(), abs=1e-5)
        assert above[layer] + below[layer] == pytest.approx(factor.mean(), abs=1e-9)
    assert (above[:2] == 1.0).all() and (below[:2] == 0.0).all() and (above[3:] == 0.0).all()


def test_cutting_layers_changes_neither_topsoil_moisture_nor_the_mean_factor() -> None:
    """Rule 9 and 10: however a column is cut, the thickness-weighted mean modifier is the same."""
    fine = np.linspace(0.05, 1.0, 20)
    coarse = np.array([0.15, 0.5, 1.0])
    means, topsoil = [], []
    for bottom in (fine, coarse):
        top = np.concatenate(([0.0], bottom[:-1]))
        above, below = depth_shares(top, bottom)
        layers = bottom.size
        # the same relative water content everywhere
        water, capacity, wilting = (np.full((1, layers), value) for value in (20.0, 40.0, 10.0))
        modifier = np.zeros((1, layers, 1))
        rate_modifier(
            CELL,
            np.array([12.0]),
            np.zeros(layers),
            CELL,
            COVERED,
            np.array([-35.0]),
            np.array([-44.94]),
            np.array([0.444]),
            0.2,
            water,
            capacity,
            wilting,
            above,
            below,
            modifier,
        )
        means.append(float(modifier[0, :, 0] @ (bottom - top)))
        topsoil.append(modifier[0, 0, 0])
    assert means[0] == pytest.approx(means[1], rel=1e-12)
    assert topsoil[0] == topsoil[1]
    assert topsoil[0] == pytest.approx(
        temperature_factor(12.0) * 0.6 * deficit_factor(-35.0, -44.94), rel=1e-15
    )


def test_layer_temperature_and_unit_reach_the_right_cells_and_layers() -> None:
    n, layers = 4, 3
    above, below = depth_shares(np.array([0.0, 0.1, 0.2]), np.array([0.1, 0.2, 0.4]))
    temperature = np.array([-8.0, 5.0, 12.0, 20.0])
    offset = np.array([0.0, 0.0, 4.0])
    unit = np.array([0, 1, 0, 1])
    cover = np.array([1.0, 0.0])
    deficit, maximum = np.array([0.0, -10.0, -30.0, -44.0]), np.full(n, -44.94)
    rng = np.random.default_rng(5)
    water = rng.uniform(5.0, 45.0, (n, layers))
    capacity, wilting = np.full((n, layers), 40.0), np.full((n, layers), 10.0)
    modifier = np.full((n, layers, 1), -1.0)
    cells = np.array([0, 2, 3])
    rate_modifier(
        cells,
        temperature,
        offset,
        unit,
        cover,
        deficit,
        maximum,
        np.full(n, 0.444),
        0.2,
        water,
        capacity,
        wilting,
        above,
        below,
        modifier,
    )
    assert (modifier[1] == -1.0).all()
    for cell in cells:
        for layer in range(layers):
            expected = above[layer] * deficit_factor(deficit[cell], maximum[cell])
            expected += below[layer] * layer_water_factor(water[cell, layer], 40.0, 10.0)
            expected *= temperature_factor(temperature[cell] + offset[layer]) * (
                0.6 if unit[cell] == 0 else 1.0
            )
            assert modifier[cell, layer, 0] == pytest.approx(expected, rel=1e-14, abs=1e-300)
    # frozen air, but the third layer is 4 K warmer than the -5 degC cliff needs
    assert (modifier[0, :2] == 0.0).all() and modifier[0, 2] > 0.0
