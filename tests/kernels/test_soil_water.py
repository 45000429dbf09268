"""Soil water: closure on random soils, the exact expected runoff, limits, observed order in time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from watershed_c.kernels.soil_water import (
    CURVE_NUMBERS,
    IRRIGATION_COLUMNS,
    event_runoff,
    expected_runoff,
    retention,
    retention_low_abstraction,
    water_balance,
)

MONTH = 1.0 / 12.0


class Case:
    """Arguments of water_balance, some of them random, and its outputs."""

    def __init__(self, n=1, layers=4, units=1, seed=0, **changes):
        generator = np.random.default_rng(seed)
        wilting_point = generator.uniform(5.0, 20.0, (n, layers))
        available = generator.uniform(5.0, 40.0, (n, layers))
        drainable = generator.uniform(5.0, 40.0, (n, layers))
        field_capacity, saturation = wilting_point + available, wilting_point + available + drainable
        share = generator.uniform(0.0, 1.0, (n, layers))
        roots = generator.uniform(0.0, 1.0, (units, layers))
        self.cells = np.arange(n, dtype=np.int64)
        self.water = wilting_point + share * (saturation - wilting_point)
        self.groundwater = generator.uniform(0.0, 300.0, n)
        self.rain = generator.uniform(0.0, 400.0, n)
        self.pet = generator.uniform(0.0, 250.0, n)
        self.wet_days = 10.0
        self.retention = retention(generator.uniform(40.0, 98.0, units))
        self.abstraction = 0.2
        self.crop_coefficient = generator.uniform(0.3, 1.2, units)
        self.cover = generator.uniform(0.0, 1.0, units)
        self.unit = generator.integers(0, units, n)
        self.root_fraction = roots / roots.sum(axis=1, keepdims=True)
        self.evaporation_fraction = np.eye(layers)[0].copy()
        self.wilting_point, self.field_capacity, self.saturation = wilting_point, field_capacity, saturation
        self.conductivity = 10.0 ** generator.uniform(2.0, 6.0, (n, layers))
        self.residence_time = 0.12
        self.base_conductivity, self.surface_runoff = np.zeros((2, 0))
        self.irrigation, self.brought = np.zeros((0, IRRIGATION_COLUMNS)), np.zeros(0)
        self.substeps, self.dt, self.first = 4, MONTH, True
        self.__dict__.update(changes)

    def step(self):
        n, layers = self.water.shape
        if self.first:
            self.runoff, self.baseflow = np.full((2, n), np.nan)
            self.percolation, self.evapotranspiration = np.full((2, n, layers), np.nan)
        water_balance(
            self.cells,
            self.water,
            self.groundwater,
            self.rain,
            self.pet,
            self.wet_days,
            self.retention,
            self.abstraction,
            self.surface_runoff,
            self.crop_coefficient,
            self.cover,
            self.unit,
            self.root_fraction,
            self.evaporation_fraction,
            self.wilting_point,
            self.field_capacity,
            self.saturation,
            self.conductivity,
            self.base_conductivity,
            self.residence_time,
            self.substeps,
            self.dt,
            self.first,
            self.irrigation,
            self.brought,
            self.runoff,
            self.percolation,
            self.evapotranspiration,
            self.baseflow,
        )
        return self

    def stock(self):
        return self.water.sum(axis=1) + self.groundwater


# -- runoff --
@pytest.mark.parametrize(("number", "rain", "runoff"), [(75, 50, 9.29), (85, 100, 61.00), (60, 100, 18.57)])
def test_curve_number(number, rain, runoff):
    assert event_runoff(rain, float(retention(number)), 0.2) == pytest.approx(runoff, abs=0.005)


@pytest.mark.parametrize(("number", "rain", "runoff"), [(75, 50, 10.50), (85, 100, 57.90), (60, 100, 18.81)])
def test_curve_number_with_low_abstraction(number, rain, runoff):
    assert event_runoff(rain, float(retention_low_abstraction(number)), 0.05) == pytest.approx(runoff, abs=0.005)


def test_retention_value():
    assert float(retention(75)) == pytest.approx(84.67, abs=0.005)
    assert float(retention(100)) == 0.0


@pytest.mark.parametrize("abstraction", [0.2, 0.05])
@pytest.mark.parametrize("ratio", [0.01, 0.3, 1.0, 1.99, 2.01, 3.0, 10.0, 80.0])
def test_expected_runoff_is_the_integral(ratio, abstraction):
    mean = 12.0
    store = ratio * mean

    def density(excess):
        return (
            event_runoff(excess + abstraction * store, store, abstraction)
            * np.exp(-(excess + abstraction * store) / mean)
            / mean
        )

    exact = quad(density, 0.0, 60.0 * mean, epsabs=0.0, epsrel=1e-12, limit=400)[0]
    assert expected_runoff(mean, store, abstraction) == pytest.approx(exact, rel=1e-10)


def test_expected_runoff_limits():
    assert expected_runoff(0.0, 50.0, 0.2) == 0.0
    assert expected_runoff(20.0, 0.0, 0.2) == 20.0
    assert expected_runoff(1e-6, 50.0, 0.2) == 0.0


def test_a_monthly_curve_number_would_not_do():
    """120 mm in ten wet days on CN 75: treating the month as one storm gives several times the runoff."""
    store = float(retention(75))
    assert event_runoff(120.0, store, 0.2) > 4.0 * 10.0 * expected_runoff(12.0, store, 0.2)


def test_runoff_rises_with_curve_number_and_rain():
    totals = np.array(
        [
            [10.0 * expected_runoff(rain / 10.0, float(retention(number)), 0.2) for rain in range(5, 400, 20)]
            for number in range(30, 99, 4)
        ]
    )
    assert (np.diff(totals, axis=0) > 0.0).all() and (np.diff(totals, axis=1) > 0.0).all()
    assert all(list(row) == sorted(row) for row in CURVE_NUMBERS.values())


# -- balance --
@settings(max_examples=40, derandomize=True, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    layers=st.sampled_from([1, 4]),
    substeps=st.integers(1, 12),
    wet_days=st.floats(0.5, 31.0),
    residence=st.floats(1e-3, 50.0),
    dry=st.booleans(),
)
def test_water_closes(seed, layers, substeps, wet_days, residence, dry):
    case = Case(40, layers, 3, seed, substeps=substeps, wet_days=wet_days, residence_time=residence)
    if dry:
        case.rain[:] = 0.0
    before = case.stock()
    case.step()
    out = case.runoff + case.evapotranspiration.sum(axis=1) + case.baseflow
    assert np.abs(before + case.rain - out - case.stock()).max() <= 1e-11
    assert (case.water >= case.wilting_point - 1e-9).all() and (case.water <= case.saturation + 1e-9).all()
    assert (case.groundwater >= 0.0).all()
    for flux in (case.runoff, case.percolation, case.evapotranspiration, case.baseflow):
        assert (flux >= -1e-12).all()
    demand = case.pet * case.crop_coefficient[case.unit]
    assert (case.evapotranspiration.sum(axis=1) <= demand * (1.0 + 1e-12)).all()
    assert (case.runoff <= case.rain + 1e-9).all()


def test_each_layer_closes():
    """Water of every layer changes by what percolates in and out and by evapotranspiration: what solutes ride on."""
    case = Case(200, 5, 2, 3)
    before = case.water.copy()
    case.step()
    inflow = np.column_stack((case.rain - case.runoff, case.percolation[:, :-1]))
    assert inflow - case.percolation - case.evapotranspiration == pytest.approx(case.water - before, abs=1e-10)


def test_no_rain_dries_to_the_wilting_point_and_no_further():
    case = Case(10, 4, 1, 5, rain=np.zeros(10), pet=np.full(10, 200.0), cover=np.ones(1))
    for _ in range(600):
        case.step()
    assert case.water == pytest.approx(case.wilting_point, abs=1e-3)
    assert case.groundwater == pytest.approx(np.zeros(10), abs=1e-9)
    assert not case.runoff.any()


def test_no_demand_no_loss_to_the_air():
    case = Case(50, pet=np.zeros(50)).step()
    assert not case.evapotranspiration.any()


def test_steady_state_passes_all_infiltration_to_the_stream():
    case = Case(20, 4, 1, 7, pet=np.zeros(20), conductivity=np.full((20, 4), 1e6))
    for _ in range(60):
        case.step()
    assert case.baseflow == pytest.approx(case.rain - case.runoff, rel=1e-9)
    assert case.water == pytest.approx(case.field_capacity, rel=1e-9)


def test_saturated_soil_that_cannot_drain_sheds_all_rain():
    case = Case(20, 3, 1, 9, pet=np.zeros(20), conductivity=np.full((20, 3), 1e-9))
    case.water[:] = case.saturation
    case.step()
    assert case.runoff == pytest.approx(case.rain, rel=1e-9)


def test_a_tight_layer_backs_water_up():
    """Water stands above the layer of low conductivity, fills the profile from there, and then runs off."""
    slow = np.full((1, 3), 1e6)
    slow[0, 1] = 10.0
    case = Case(
        1, 3, 1, 11, pet=np.zeros(1), rain=np.full(1, 150.0), conductivity=slow, retention=retention(np.array([40.0]))
    )
    case.water[:] = case.field_capacity
    for _ in range(12):
        case.step()
    assert case.water[0, :2] == pytest.approx(case.saturation[0, :2])
    assert case.water[0, 2] == pytest.approx(case.field_capacity[0, 2], rel=1e-3)
    assert 100.0 < case.runoff[0] < 150.0


def test_plants_draw_below_the_reach_of_evaporation():
    bare = Case(1, 4, 1, 13, rain=np.zeros(1), pet=np.full(1, 100.0), cover=np.zeros(1))
    bare.water[:] = bare.field_capacity
    sown = Case(1, 4, 1, 13, rain=np.zeros(1), pet=np.full(1, 100.0), cover=np.ones(1))
    sown.water[:] = sown.field_capacity
    bare.step()
    sown.step()
    assert not bare.evapotranspiration[0, 1:].any()
    assert (sown.evapotranspiration[0] > 0.0).all()
    assert sown.evapotranspiration.sum() > bare.evapotranspiration.sum()


def test_demand_is_met_in_wet_soil():
    case = Case(30, 4, 1, 15, rain=np.zeros(30), pet=np.full(30, 2.0))
    case.water[:] = case.field_capacity
    case.step()
    assert case.evapotranspiration.sum(axis=1) == pytest.approx(case.pet * case.crop_coefficient[0], rel=1e-12)


def test_groundwater_recession_is_exact():
    case = Case(5, 2, 1, 17, rain=np.zeros(5), pet=np.zeros(5))
    case.water[:] = case.wilting_point
    start = case.groundwater.copy()
    case.step()
    assert case.groundwater == pytest.approx(start * np.exp(-MONTH / 0.12), rel=1e-13)
    half = Case(5, 2, 1, 17, rain=np.zeros(5), pet=np.zeros(5), dt=MONTH / 2)
    half.water[:] = half.wilting_point
    half.step().step()
    assert half.groundwater == pytest.approx(case.groundwater, rel=1e-12)


def test_substeps_converge_with_first_order():
    """Splitting the processes of a substep: in the asymptotic range the error halves with the substep."""

    def fluxes(substeps):
        case = Case(40, 4, 1, 19, substeps=substeps, rain=np.full(40, 60.0), pet=np.full(40, 80.0), wet_days=15.0)
        case.conductivity[:] = 1e4
        case.step()
        return np.column_stack((case.evapotranspiration.sum(axis=1), case.percolation[:, -1]))

    exact = fluxes(1 << 14)
    errors = np.array([np.abs(fluxes(count) - exact).mean(axis=0) for count in (32, 64, 128, 256)])
    orders = np.log2(errors[:-1] / errors[1:])
    assert orders == pytest.approx(np.ones((3, 2)), abs=0.15)


def test_units_and_cells_are_kept_apart():
    """Cells not listed stay as they are; a cell's answer does not depend on its neighbours."""
    case = Case(10, 3, 2, 21, cells=np.array([2, 5], dtype=np.int64))
    before = case.water.copy()
    case.step()
    untouched = np.setdiff1d(np.arange(10), [2, 5])
    assert np.array_equal(case.water[untouched], before[untouched])
    whole = Case(10, 3, 2, 21).step()
    assert np.array_equal(whole.water[[2, 5]], case.water[[2, 5]])


# -- a tight base --
def test_a_tight_base_lets_through_what_it_conducts_and_closes():
    column = Case(n=40, layers=5, seed=4, base_conductivity=np.full(40, 120.0))
    before = column.stock()
    column.step()
    out = column.runoff + column.evapotranspiration.sum(axis=1) + column.baseflow
    assert column.stock() - before == pytest.approx(column.rain - out, abs=1e-11)
    assert (column.percolation[:, -1] <= 120.0 * MONTH * (1.0 + 1e-12)).all() and (column.percolation >= -1e-12).all()
    assert (column.water <= column.saturation * (1.0 + 1e-12)).all()


def test_water_rises_from_a_closed_base_layer_by_layer():
    """Without evaporation and curve number the soil fills from below, and what finds no room runs off."""
    wide = {"conductivity": np.full((1, 4), 1e7), "pet": np.zeros(1), "retention": np.array([1e9]), "substeps": 30}
    column = Case(layers=4, rain=np.array([40.0]), base_conductivity=np.zeros(1), **wide)
    column.water = column.field_capacity.copy()
    room = float((column.saturation - column.field_capacity).sum())
    filled = 0.0
    while filled + 40.0 < room:
        column.step()
        filled += 40.0
        full = (column.water[0] - column.field_capacity[0]) / (column.saturation - column.field_capacity)[0]
        inside = np.flatnonzero((full > 1e-9) & (full < 1.0 - 1e-9))
        assert inside.size <= 1 and (full[: inside[0]] < 1e-6).all() if inside.size else True
        assert float((column.water - column.field_capacity).sum()) == pytest.approx(filled, rel=1e-12)
        assert column.runoff[0] == pytest.approx(0.0, abs=1e-12)
    column.step()
    assert column.runoff[0] == pytest.approx(filled + 40.0 - room, rel=1e-10)
    assert column.baseflow[0] < 300.0


def test_parts_of_a_step_add_up():
    whole, parts = (Case(n=7, seed=9, substeps=6) for _ in range(2))
    whole.step()
    parts.rain, parts.wet_days, parts.dt, parts.substeps = parts.rain / 6, parts.wet_days / 6, MONTH / 6, 1
    parts.crop_coefficient = parts.crop_coefficient / 6
    for part in range(6):
        parts.first = part == 0
        parts.step()
    for name in ("water", "runoff", "percolation", "evapotranspiration"):
        assert getattr(parts, name) == pytest.approx(getattr(whole, name), rel=1e-9, abs=1e-9), name
    # each part's recharge enters groundwater in its own part, not evenly through the step
    assert parts.groundwater + parts.baseflow == pytest.approx(whole.groundwater + whole.baseflow, rel=1e-9)


# -- irrigation --
def watered(trigger, refill, most=np.inf, efficiency=1.0, reaching=1.0, fixed=0.0):
    return np.array([[fixed, trigger, refill, most, efficiency, reaching]])


def wetness(case):
    """Available water weighted by the roots of each cell."""
    share = (case.water - case.wilting_point) / (case.field_capacity - case.wilting_point)
    return (np.clip(share, 0.0, 1.0) * case.root_fraction[case.unit]).sum(axis=1)


@pytest.mark.parametrize("refill", [0.6, 0.9, 1.0])
def test_a_turn_refills_to_the_share_asked_for(refill):
    """Nothing else moves: under the trigger the roots' share is met to 1e-12, above it the soil stays as it is."""
    dry = {"rain": np.zeros(60), "pet": np.zeros(60), "conductivity": np.full((60, 4), 1e9), "substeps": 1}
    irrigation = watered(0.5, refill, efficiency=0.75, reaching=0.75)
    case = Case(n=60, seed=4, brought=np.zeros(60), irrigation=irrigation, **dry)
    share = 0.9 * np.random.default_rng(1).random((60, 4))
    case.water = case.wilting_point + share * (case.field_capacity - case.wilting_point)
    before, held = wetness(case), case.water.copy()
    case.step()
    under = before < 0.5
    assert under.any() and not under.all()
    assert wetness(case)[under] == pytest.approx(refill, rel=1e-12)
    assert np.array_equal(case.water[~under], held[~under]) and (case.brought[~under] == 0.0).all()
    assert 0.75 * case.brought == pytest.approx((case.water - held).sum(axis=1), rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("parts", [1, 5])
def test_irrigation_closes_and_keeps_to_the_most_of_a_month(parts):
    case = Case(n=40, seed=6, substeps=10, brought=np.zeros(40), rain=np.full(40, 5.0), pet=np.full(40, 200.0))
    case.irrigation = watered(0.5, 0.9, most=100.0, efficiency=0.75, reaching=0.75, fixed=12 * 20.0)
    case.water = case.wilting_point + 0.2 * (case.field_capacity - case.wilting_point)
    case.rain, case.crop_coefficient, case.dt = case.rain / parts, case.crop_coefficient / parts, MONTH / parts
    case.wet_days, case.substeps = case.wet_days / parts, case.substeps // parts
    before = case.stock()
    for part in range(parts):
        case.first = part == 0
        case.step()
    arrived = 5.0 + 0.75 * (20.0 + case.brought)
    out = case.runoff + case.evapotranspiration.sum(axis=1) + case.baseflow
    assert before + arrived - out - case.stock() == pytest.approx(0.0, abs=1e-10)
    assert case.brought.max() == pytest.approx(100.0) and case.brought.min() > 0.0
