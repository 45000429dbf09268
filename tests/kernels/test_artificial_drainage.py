"""Hooghoudt's drains: published equivalent depths and flows, the fall of a water table in closed form, budgets."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watershed_c.kernels.artificial_drainage import drain, equivalent_depth, hooghoudt, lowered

YEAR = 365.25
THICKNESS = np.array([0.1, 0.2, 0.3, 0.4, 1.0])


# -- equations --
@pytest.mark.parametrize(
    ("spacing", "depth", "radius", "wanted"),
    [(50.0, 5.0, 0.1, 2.933), (20.0, 3.0, 0.05, 1.411), (10.0, 1.0, 0.05, 0.680), (100.0, 5.0, 0.1, 3.697)],
)
def test_equivalent_depth(spacing, depth, radius, wanted):
    assert equivalent_depth(spacing, depth, radius) == pytest.approx(wanted, abs=5e-4)


def test_equivalent_depth_of_moody_is_near():
    """Moody's fit of the same theory is 3 to 4 % above it at these depths (van der Molen & Wesseling 1991)."""
    for spacing, depth, radius in ((50.0, 5.0, 0.1), (20.0, 3.0, 0.05)):
        ratio = depth / spacing
        moody = depth / (1.0 + ratio * (8.0 / math.pi * math.log(depth / radius) - 3.4))
        assert 1.02 < moody / equivalent_depth(spacing, depth, radius) < 1.05


def test_equivalent_depth_where_its_two_forms_meet_and_at_its_limits():
    at = 50.0 * 0.5 / (2.0 * math.pi)
    below, above = (equivalent_depth(50.0, at * factor, 0.1) for factor in (1.0 - 1e-9, 1.0 + 1e-9))
    assert below == pytest.approx(above, rel=1e-6)
    assert equivalent_depth(50.0, 0.0, 0.1) == 0.0
    deep = [equivalent_depth(20.0, depth, 0.05) for depth in (5.0, 20.0, 200.0)]
    assert deep[1] == pytest.approx(deep[2], rel=1e-4) and deep[0] < deep[1]
    assert equivalent_depth(200.0, 0.2, 0.15) <= 0.2


def test_hooghoudt_flow_and_spacing():
    """L 20 m, K 0.8 m/d, D 3 m, r 5 cm, h 0.5 m: 13.29 mm/d; K 0.5, h 0.6, D 5, r 0.1 at 2 mm/d: L = 65.2 m."""
    d = equivalent_depth(20.0, 3.0, 0.05)
    assert hooghoudt(0.5, 8.0 * 800.0 * d / 400.0, 4.0 * 800.0 / 400.0) == pytest.approx(13.29, abs=0.005)
    d = equivalent_depth(65.2, 5.0, 0.1)
    assert d == pytest.approx(3.247, abs=0.002)
    assert hooghoudt(0.6, 8.0 * 500.0 * d / 65.2**2, 4.0 * 500.0 / 65.2**2) == pytest.approx(2.0, abs=0.005)


@pytest.mark.parametrize(
    ("below", "above", "most"), [(3e3, 2e3, 1e9), (0.0, 2e3, 1e9), (3e3, 0.0, 1e9), (3e3, 2e3, 1500.0)]
)
def test_a_falling_water_table_is_the_solution_of_its_equation(below, above, most):
    """Against many small explicit steps, order 1; and the time to a floor is the time after which it is reached."""
    pores, time = 60.0, 0.02
    end, left = lowered(0.8, 0.0, pores, below, above, most, time)
    assert left == 0.0
    errors = []
    for steps in (2000, 4000):
        height = 0.8
        for _ in range(steps):
            height -= min(hooghoudt(height, below, above), most) * time / steps / pores
        errors.append(abs(height - end))
    assert errors[1] < 1e-4 and errors[0] / errors[1] == pytest.approx(2.0, abs=0.15)
    floor = 0.5 * (0.8 + end)
    reached, left = lowered(0.8, floor, pores, below, above, most, time)
    assert reached == floor
    assert lowered(floor, 0.0, pores, below, above, most, left)[0] == pytest.approx(end, rel=1e-12)


# -- columns --
class Field:
    """One column of five layers with drains."""

    def __init__(self, level=0.9, spacing=15.0, radius=0.05, capacity=10.0, conductivity=None, seed=0):
        generator = np.random.default_rng(seed)
        self.field_capacity = 300.0 * THICKNESS[None, :]
        self.saturation = self.field_capacity + generator.uniform(40.0, 120.0, (1, 5)) * THICKNESS
        self.water = self.field_capacity.copy()
        self.conductivity = np.full((1, 5), 500.0 * YEAR) if conductivity is None else conductivity * YEAR
        self.drained = np.zeros((1, 5))
        self.level, self.spacing = np.array([level]), np.array([spacing])
        self.equivalent = np.array([equivalent_depth(spacing, 2.0 - level, radius)])
        self.capacity = np.array([capacity * YEAR])

    def run(self, h):
        drain(
            np.array([0]), np.array([0]), self.level, self.spacing, self.equivalent, self.capacity, self.water,
            self.field_capacity, self.saturation, self.conductivity, THICKNESS, h, self.drained,
        )  # fmt: skip

    def fill(self, depth):
        """Water table at this depth."""
        bottom = np.cumsum(THICKNESS)
        share = np.clip((bottom - depth) / THICKNESS, 0.0, 1.0)
        self.water = self.field_capacity + share * (self.saturation - self.field_capacity)

    def depth(self):
        return 2.0 - sum(((self.water - self.field_capacity) / (self.saturation - self.field_capacity))[0] * THICKNESS)


@pytest.mark.parametrize("conductivity", [0.05, 500.0])
def test_one_long_fall_is_many_short_ones(conductivity):
    """The layers differ in pores; the fall is exact, so its parts are the whole, and no drain works above its depth."""
    whole, parts = (Field(conductivity=np.full((1, 5), conductivity)) for _ in range(2))
    for field in (whole, parts):
        field.fill(0.02)
    start = whole.water.sum()
    whole.run(30.0 / YEAR)
    for _ in range(300):
        parts.run(0.1 / YEAR)
    assert parts.water == pytest.approx(whole.water, rel=1e-9)
    assert start - whole.water.sum() == pytest.approx(whole.drained.sum(), rel=1e-12)
    assert whole.depth() <= 0.9 + 1e-9


def test_a_table_below_the_drains_stays():
    field = Field()
    field.fill(0.95)
    before = field.water.copy()
    field.run(1.0)
    assert (field.water == before).all() and not field.drained.any()


def test_drains_carry_no_more_than_their_coefficient():
    field = Field(capacity=4.0, spacing=5.0)
    field.fill(0.0)
    field.run(2.0 / YEAR)
    assert field.drained.sum() == pytest.approx(8.0, rel=1e-9)


@pytest.mark.parametrize("rain", [1.0, 3.0, 8.0])
def test_steady_water_table_is_that_of_hooghoudt(rain):
    """Rain of some mm/d, in parts of a day: the mean water table converges, order 1, to the closed form."""
    errors = []
    for per_day in (4, 8):
        field = Field(conductivity=np.full((1, 5), 300.0))
        field.fill(0.7)
        for _ in range(60 * per_day):
            left = rain / per_day  # percolation fills the pores from the water table up
            for layer in range(4, -1, -1):
                taken = min(left, field.saturation[0, layer] - field.water[0, layer])
                field.water[0, layer] += taken
                left -= taken
            field.run(1.0 / per_day / YEAR)
        height = 0.9 - field.depth()
        # q L^2 = 8 K d h + 4 K h^2
        d = float(field.equivalent[0])
        closed = -d + math.sqrt(d * d + rain * 15.0**2 / (4.0 * 300.0))
        errors.append(abs(height - closed) / closed)
        assert field.drained.sum() > 0.0
    assert errors[1] < 0.02 and errors[0] / errors[1] == pytest.approx(2.0, abs=0.25)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0.05, 1.95), st.floats(0.0, 2.0), st.floats(2.0, 80.0), st.floats(0.5, 30.0), st.floats(1e-4, 1.0),
    st.integers(0, 1000),
)  # fmt: skip
def test_nothing_is_lost_and_no_layer_falls_below_field_capacity(level, depth, spacing, capacity, h, seed):
    field = Field(level, spacing, 0.05, capacity, seed=seed)
    field.fill(depth)
    before = field.water.sum()
    field.run(h)
    assert before - field.water.sum() == pytest.approx(field.drained.sum(), abs=1e-9)
    assert (field.water >= field.field_capacity - 1e-9).all() and (field.drained >= 0.0).all()
    assert field.drained.sum() <= capacity * YEAR * h * (1.0 + 1e-9)
