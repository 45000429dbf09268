"""Bulk density: organic matter, tillage, rain, wheels; what changes with it, and what does not."""

from __future__ import annotations

import numpy as np
import pytest

from tests import build
from watershed_c.components.bulk_density import BulkDensity
from watershed_c.io.results import equivalent_stock, fixed_depth_stock, topsoil_stock
from watershed_c.kernels.bulk_density import CURVATURE, START, loosen, settling
from watershed_c.kernels.pedotransfer import adams_density
from watershed_c.state import TillageEvent, Watershed

MONTH = 1.0 / 12.0


def made(**parameters: float) -> tuple[Watershed, BulkDensity]:
    w = build.watershed()
    w.units.tillage[:] = []
    process = BulkDensity(w, sand=np.full(w.clay.size, 0.3), wet_days=12.0, **parameters)
    process.start_afresh()
    return w, process


def dry(w: Watershed) -> None:
    w.precipitation[:], w.runoff[:], w.percolation[:] = 0.0, 0.0, 0.0


def test_soil_that_nobody_touches_keeps_its_density() -> None:
    w, process = made()
    before = w.bulk_density[w.cells].copy()
    for _ in range(24):
        process.run_one_step(MONTH)
    np.testing.assert_allclose(w.bulk_density[w.cells], before, rtol=1e-13)


@pytest.mark.parametrize("parts", [1, 6])
def test_density_relaxes_to_that_of_the_organic_matter_present(parts: int) -> None:
    w, process = made(relaxation_time=5.0)
    before = w.bulk_density[w.cells].copy()
    first = process.organic_matter()[w.cells]
    w.stocks[:, :, w.constituents.of_group("soc")] *= 1.5
    expected = before * adams_density(process.organic_matter()[w.cells]) / adams_density(first)
    assert (expected < before).all()
    for _ in range(60 * parts):  # the exponential is exact whatever the step
        process.run_one_step(MONTH / parts)
    np.testing.assert_allclose(w.bulk_density[w.cells], expected + (before - expected) * np.exp(-1.0), rtol=1e-12)


def test_a_plough_loosens_its_layer_and_rain_settles_it() -> None:
    w, process = made()
    dry(w)
    before = w.bulk_density.copy()
    ploughed = w.cells[w.unit[w.cells] == 0]
    w.units.tillage[:] = [TillageEvent(0, 0.20, 0.95, 234.0)]
    process.run_one_step(MONTH)
    # layers of 5, 5, 15, 25, 50 cm: the third to two thirds; two thirds of settled density at full efficiency (EPIC)
    expected = 1.0 - 0.95 / 3.0 * np.array([1.0, 1.0, 2.0 / 3.0, 0.0, 0.0])
    np.testing.assert_allclose(w.bulk_density[ploughed] / before[ploughed], np.tile(expected, (ploughed.size, 1)))
    others = np.setdiff1d(w.cells, ploughed)
    np.testing.assert_allclose(w.bulk_density[others], before[others], rtol=1e-13)
    w.units.tillage[:] = []
    w.precipitation[:], w.percolation[:] = 60.0, 30.0
    last = process.strain[ploughed].copy()
    for _ in range(12):
        process.run_one_step(MONTH)
        assert (process.strain[ploughed] <= last).all()
        last = process.strain[ploughed].copy()
    # near the surface within a year, deeper more slowly
    assert (last[:, 0] < 0.05).all() and (last[:, 2] > last[:, 1]).all()


def test_passes_of_every_unit_are_done_in_its_order() -> None:
    """Those of a unit one after the other, whatever those of others are; who is not tilled is not driven on."""
    w, process = made(traffic=0.1)
    dry(w)
    w.unit[w.cells[::2]] = 1
    passes = [(0, 0.20, 0.95), (1, 0.10, 0.5), (0, 0.08, 0.4), (0, 0.04, 0.7)]
    w.units.tillage[:] = [TillageEvent(unit, depth, efficiency, 0.0) for unit, depth, efficiency in passes]
    process.run_one_step(MONTH)
    for unit in (0, 1):
        strain = np.zeros(5)
        for number, depth, efficiency in passes:
            if number == unit:
                strain = loosen(
                    strain, efficiency * np.clip((depth - w.layer_top) / (w.layer_bottom - w.layer_top), 0, 1)
                )
        here = w.cells[w.unit[w.cells] == unit]
        assert here.size and np.array_equal(process.strain[here], np.tile(strain, (here.size, 1)))
    w.units.tillage[:] = [TillageEvent(1, 0.10, 0.5, 0.0)]
    process.start_afresh()
    process.run_one_step(MONTH)
    assert np.array_equal(process.driven[w.cells], w.unit[w.cells] == 1)


def test_settling_is_the_curve_of_epic() -> None:
    """A tenth of the way for a scale of 5, 95 % for 100; sand settles more, depth less; parts of a month as a month."""
    scale = np.array([5.0, 100.0])
    np.testing.assert_allclose(scale / (scale + np.exp(START - CURVATURE * scale)), [0.10, 0.95], rtol=1e-12)
    water = np.array([0.0, 2.0, 8.0, 30.0])
    shares = settling(water, np.array(20.0), np.array(0.1))
    assert shares[0] == 0.0 and (np.diff(shares) > 0.0).all() and shares[-1] < 1.0
    assert (settling(water, np.array(60.0), np.array(0.1))[1:] > shares[1:]).all()
    assert (settling(water, np.array(20.0), np.array(0.3))[1:] < shares[1:]).all()
    assert loosen(np.array([0.0, 1.0 / 3.0]), 1.0) == pytest.approx([1.0 / 3.0, 1.0 / 3.0])
    strains = []
    for parts in (1, 4):
        w, process = made()
        process.strain[:] = 0.3
        w.precipitation[:], w.percolation[:], w.runoff[:] = 60.0 / parts, 30.0 / parts, 0.0
        for _ in range(parts):
            process.run_one_step(MONTH / parts)
        strains.append(process.strain[w.cells].copy())
    np.testing.assert_allclose(strains[0], strains[1], rtol=1e-12)


def test_compaction_adds_carbon_to_a_fixed_depth_only() -> None:
    """T4.10: content the same in each parcel of soil; equivalent soil mass to the bit, fixed depth as much more."""
    w, process = made(traffic=0.10, traffic_depth=1.0, relaxation_time=0.01)
    dry(w)
    w.stocks[:] = 0.0
    w.stocks[:, :, w.constituents.of_group("soc")[0]] = 0.015 * w.mineral  # one content, one density, at all depths
    process._start[:] = 1300.0
    process.start_afresh()
    elevation, thickness = w.elevation.copy(), w.thickness()
    before = [stock(w, "soc", 0.3)[w.cells] for stock in (equivalent_stock, topsoil_stock, fixed_depth_stock)]
    w.units.tillage[:] = [TillageEvent(unit, 1e-6, 0.0, 0.0) for unit in range(w.units.cover_factor.size)]
    process.run_one_step(1.0)
    after = [stock(w, "soc", 0.3)[w.cells] for stock in (equivalent_stock, topsoil_stock, fixed_depth_stock)]
    assert np.array_equal(before[0], after[0]) and np.array_equal(before[1], after[1])
    np.testing.assert_allclose(after[2] / before[2], 1.10, rtol=1e-12)
    np.testing.assert_allclose(w.thickness(), thickness / 1.10, rtol=1e-12)
    assert np.array_equal(w.elevation, elevation)


@pytest.mark.parametrize(
    ("parameters", "message"), [({"relaxation_time": 0.0}, "above 0 yr"), ({"traffic": 0.6}, "0 to 0.5")]
)
def test_bad_parameters_are_refused(parameters: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        made(**parameters)
