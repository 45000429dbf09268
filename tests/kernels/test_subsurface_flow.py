"""Lateral flow: the kinematic hillslope in closed form, full layers, budgets; solutes go where their water goes."""

from __future__ import annotations

import numpy as np
import pytest

from watershed_c.kernels.subsurface_flow import (
    deliver,
    flow_downslope,
    passing_shares,
    saturated_height,
    water_table_depth,
)

DAY = 1.0 / 365.25
THICKNESS = np.array([0.2, 0.3, 0.5])
PORES = 100.0  # kg m-2 per m


class Slope:
    """A row of cells down a plane; the last node is the stream."""

    def __init__(self, cells=40, size=10.0, slope=0.1, conductivity=1000.0 / DAY):
        n = cells + 1
        self.n, self.size = n, size
        self.order = np.arange(cells, dtype=np.int64)
        self.first = np.arange(cells + 1, dtype=np.int64)
        self.receivers, self.weights = np.arange(1, n, dtype=np.int64), np.ones(cells)
        self.is_soil = np.arange(n) < cells
        self.field_capacity = np.broadcast_to(300.0 * THICKNESS, (n, 3)).copy()
        self.saturation = self.field_capacity + PORES * THICKNESS
        self.water = self.field_capacity.copy()
        self.conductivity = np.full((n, 3), conductivity)
        self.gradient = np.full(n, -slope)
        self.arriving, self.lateral = np.zeros((n, 3)), np.zeros((n, 3))
        self.gained, self.lost, self.returned = np.zeros((3, n))

    def flow(self, h):
        shares = np.full((self.n, 3, 5), np.nan)
        passing_shares(
            self.order, self.field_capacity, self.saturation, self.conductivity, THICKNESS, self.gradient,
            np.zeros(self.n), self.size, self.size, h, shares,
        )  # fmt: skip
        flow_downslope(
            self.order, self.first, self.receivers, self.weights, self.is_soil, self.water, shares, self.arriving,
            self.lateral, self.gained, self.lost, self.returned,
        )  # fmt: skip

    def recharge(self, amount):
        """Fill pores from the base up."""
        for node in np.flatnonzero(self.is_soil):
            left = amount
            for layer in (2, 1, 0):
                taken = min(left, self.saturation[node, layer] - self.water[node, layer])
                self.water[node, layer] += taken
                left -= taken

    def height(self):
        return np.array(
            [saturated_height(self.water[i], self.field_capacity[i], self.saturation[i], THICKNESS) for i in self.order]
        )


def test_steady_hillslope_is_the_kinematic_one():
    """h = R x / (K sin(beta) cos(beta)) with x the distance of the lower edge of the cell from the ridge."""
    slope = Slope()
    rain = 0.2  # mm/d
    for _ in range(3000):
        slope.recharge(rain * 0.25)
        slope.flow(0.25 * DAY)
    distance = (np.arange(40) + 1.0) * slope.size
    wanted = rain * distance / (1000.0 * 0.1 / 1.01)
    assert wanted[-1] > 0.5 > wanted[0]  # through more than one layer
    # half of a part's rain lies above the mean of the part
    assert slope.height() == pytest.approx(wanted, rel=0.03)
    assert slope.returned.sum() == 0.0


def test_a_steady_state_has_no_error_of_time_where_inflow_is_steady():
    """One cell fed from above: outflow equals inflow, whatever the length of the part."""
    for parts in (1, 7):
        slope = Slope(cells=2)
        slope.conductivity[0] = 1e12  # the first passes all it gets
        out = []
        for _ in range(800):
            for _ in range(parts):
                slope.water[0, 2] += 2.0 / parts
                slope.flow(2.0 * DAY / parts)
            out.append(slope.arriving[2].sum())
        assert np.diff(out)[-1] == pytest.approx(2.0, rel=1e-6)
        store = float((slope.water[1] - slope.field_capacity[1]).sum())
        assert store == pytest.approx(1.0 / (1000.0 * 0.1 / 1.01 / 10.0 / PORES), rel=1e-5)  # inflow 1 mm/d over k


def test_recession_is_exact_in_time():
    """Without inflow E falls by exp(-k t), k = K sin(beta) cos(beta) d / (pores of the layer x length of the cell)."""
    whole, parts = Slope(cells=1), Slope(cells=1)
    for slope in (whole, parts):
        slope.water[0, 2] += 30.0
    whole.flow(20.0 * DAY)
    for _ in range(40):
        parts.flow(0.5 * DAY)
    left = 30.0 * np.exp(-1000.0 * 0.1 / 1.01 / 10.0 / PORES * 20.0)
    for slope in (whole, parts):
        assert slope.water[0, 2] - slope.field_capacity[0, 2] == pytest.approx(left, rel=1e-10)


def test_full_layers_pass_water_up_and_out():
    """A flat foot under a slope: its table rises layer by layer and the rest comes out; nothing is lost."""
    slope = Slope(cells=3)
    slope.gradient[2] = 0.0
    before = slope.water.sum()
    total = 0.0
    for _ in range(200):
        slope.water[0, 2] += 2.0
        total += 2.0
        slope.flow(1.0 * DAY)
    assert slope.height()[2] == pytest.approx(1.0, rel=1e-9)
    assert slope.returned[2] > 0.0 and slope.returned[:2].sum() == 0.0
    left = slope.returned.sum() + slope.arriving[3].sum()
    assert slope.water.sum() - before == pytest.approx(total - left, rel=1e-10)
    change = slope.water - slope.field_capacity
    assert change[2].sum() == pytest.approx(slope.gained[2] - slope.lost[2] - slope.returned[2], rel=1e-9)


def test_water_arriving_in_dry_soil_stays_there():
    slope = Slope(cells=2)
    slope.water[1] = slope.field_capacity[1] - 20.0
    slope.water[0, 2] += 15.0
    for _ in range(500):
        slope.flow(1.0 * DAY)
    assert slope.arriving[2].sum() == 0.0
    assert slope.water[1, 2] == pytest.approx(slope.field_capacity[1, 2] - 5.0, rel=1e-6)


def test_depth_of_the_water_table_is_that_of_the_drained_volume():
    slope = Slope(cells=2)
    slope.water[0, 0] = slope.saturation[0, 0]  # 20 mm, that fill 0.2 m above the base
    slope.water[1] -= 30.0
    depth = np.zeros(3)
    water_table_depth(slope.order, slope.water, slope.field_capacity, slope.saturation, THICKNESS, depth)
    assert depth[:2] == pytest.approx([0.8, 1.0])
    slope.water[0] = slope.saturation[0]
    water_table_depth(slope.order, slope.water, slope.field_capacity, slope.saturation, THICKNESS, depth)
    assert depth[0] == pytest.approx(0.0, abs=1e-12)


def test_solutes_go_where_their_water_goes_and_none_is_lost():
    slope = Slope(cells=3)
    drained, lateral = np.zeros((4, 3)), np.zeros((4, 3))
    drained[1], lateral[0], lateral[1], lateral[2] = 3.0, 2.0, 1.0, 4.0
    carried = np.zeros((4, 3))
    carried[:3] = [[1.0, 0, 0], [0, 8.0, 0], [0, 0, 2.0]]
    solute = np.zeros((4, 3))
    piped, gained, lost, left = np.full((4, 4), np.nan)
    deliver(
        slope.order, slope.first, slope.receivers, slope.weights, slope.is_soil, drained, lateral, carried, solute,
        piped, gained, lost, left,
    )  # fmt: skip
    assert solute[1, 0] == 1.0 and solute[2, 1] == 2.0 and not solute[3].any()
    assert piped[:3].tolist() == [0.0, 6.0, 0.0] and left[3] == 2.0
    assert gained[:3].tolist() == [0.0, 1.0, 2.0] and lost[:3].tolist() == [1.0, 2.0, 2.0]
    assert solute.sum() + piped[:3].sum() + left[3] == carried.sum()
