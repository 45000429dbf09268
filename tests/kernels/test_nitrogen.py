"""Mineral nitrogen of a cell: nothing is lost, debts are paid, and the acid is that of the published conventions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watershed_c.kernels.growth import fed_share
from watershed_c.kernels.nitrogen import (
    ACID_OF_FIXATION,
    DAYS,
    FIXED,
    FLUXES,
    MINERALISED,
    NITROGEN_MASS,
    REMOVED,
    ROOT_UPTAKE,
    TAKEN,
    denitrify,
    organic_nitrogen,
    turn_over_nitrogen,
)
from watershed_c.management.library import load_library
from watershed_c.management.nitrogen import CALCITE_PER_CHARGE

CELLS, UNIT = np.array([0]), np.array([0])
ROOTS = np.array([[0.6, 0.3, 0.1]])
MINERAL = np.full((1, 3), 130.0)
#: roots that find everything at once, unless a test says otherwise
AT_ONCE = 1e6


class Cell:
    """One cell of three layers under one crop."""

    def __init__(self, nitrogen=(0.0, 0.0, 0.0)) -> None:
        self.nitrogen, self.acid, self.owed = np.array([nitrogen], dtype=float), np.zeros((1, 3)), np.zeros((1, 3))
        self.needed, self.taken, self.returned = np.zeros((3, 1))
        self.fluxes = np.zeros((len(FLUXES), 1))

    def step(
        self, brought=0.0, acid=0.0, deposited=0.0, released=(0.0, 0.0, 0.0), need=0.0, fixed=0.0, reaped=0.0,
        kept=0.0, charge=0.0, dt=AT_ONCE, moist=1.0, green=1.0, manured=0.0, settled=False,
    ) -> float:  # fmt: skip
        """Take a step and return the acid it made, mol charge m-2."""
        before = self.acid.sum()
        turn_over_nitrogen(
            CELLS, UNIT, np.array([0]), UNIT, ROOTS, np.array([brought]), np.array([acid]), deposited,
            np.array([released]), self.owed, np.array([1.0]), np.array([need]), np.ones(1), np.array([fixed]),
            np.array([reaped]), np.array([kept]), np.zeros(1), np.array([charge]), np.ones(1), np.array([green]),
            MINERAL, np.full((1, 3), 10.0 + 20.0 * moist), np.full((1, 3), 10.0), np.full((1, 3), 30.0), dt,
            np.array([manured]), settled, self.returned, self.needed, self.taken, np.zeros((1, 3)), self.nitrogen,
            self.acid, self.fluxes,
        )  # fmt: skip
        return float(self.acid.sum() - before)


#: T1.8: kg CaCO3 per kg N, all leached and with half of it taken up (the convention of AOAC)
@pytest.mark.parametrize(
    ("name", "leached", "half"),
    [
        ("ammonium-sulphate", 7.15, 5.36), ("map", 7.15, 5.36), ("dap", 5.36, 3.57), ("urea", 3.57, 1.79),
        ("ammonium-nitrate", 3.57, 1.79), ("uan", 3.57, 1.79), ("calcium-nitrate", 0.0, -1.79),
    ],
)  # fmt: skip
def test_acidity_of_fertilisers(name: str, leached: float, half: float) -> None:
    brought = 0.01
    for share, expected in ((0.0, leached), (0.5, half)):
        cell = Cell()
        made = cell.step(brought, brought * load_library().fertilisers[name].acid, need=share * brought)
        assert cell.nitrogen.sum() == pytest.approx((1.0 - share) * brought, rel=1e-12)  # what is left to leach
        assert made * CALCITE_PER_CHARGE / brought == pytest.approx(expected, abs=0.01)


def test_acid_of_legumes_and_of_bases_that_leave() -> None:
    cell = Cell((0.004, 0.0, 0.0))
    made = cell.step(need=0.01, fixed=0.7, reaped=0.5, kept=0.005, charge=0.4)
    assert cell.fluxes[TAKEN, 0] == pytest.approx(0.003) and cell.fluxes[FIXED, 0] == pytest.approx(0.007)
    assert cell.fluxes[REMOVED, 0] == pytest.approx(0.0075), "0.01 less 0.005 per kg that stays"
    assert made == pytest.approx((ACID_OF_FIXATION * 0.007 - 0.003) / NITROGEN_MASS + 0.5 * 0.4)
    # lucerne hay of 10 t ha-1: 65 kg CaCO3 each (Slattery et al. 1991)
    lucerne = load_library().crops["lucerne"]
    assert 1e4 * 1.0 * lucerne.product_alkalinity == pytest.approx(650.0)


def test_a_legume_fixes_what_the_soil_lacks_and_others_go_without() -> None:
    for fixed, taken in ((0.6, 0.01), (0.0, 0.002)):
        cell = Cell((0.001, 0.001, 0.0))
        cell.step(need=0.01, fixed=fixed)
        assert cell.taken[0] == pytest.approx(taken) and cell.needed[0] == 0.01
    cell.step(brought=0.02, need=0.0)
    assert cell.taken[0] == pytest.approx(0.01), "what lacked is made up for"


def test_organic_matter_that_finds_no_nitrogen_is_paid_later() -> None:
    cell = Cell((0.002, 0.0, 0.0))
    cell.step(released=(-0.005, 0.0, 0.0))
    assert cell.nitrogen.sum() == 0.0 and cell.owed.sum() == pytest.approx(0.003)
    assert cell.fluxes[MINERALISED, 0] == pytest.approx(-0.002)
    cell.step(released=(0.004, 0.0, 0.0))
    assert cell.owed.sum() == 0.0 and cell.nitrogen[0, 0] == pytest.approx(0.001)


amounts = st.floats(0.0, 0.05)
layers = st.tuples(*[st.floats(-0.02, 0.02)] * 3)


@settings(max_examples=60, deadline=None)
@given(st.tuples(amounts, amounts, amounts), amounts, layers, amounts, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_nothing_is_lost_and_nothing_is_negative(start, brought, released, need, fixed, green) -> None:
    cell = Cell(start)
    made = cell.step(brought, brought, 1e-4, released, need, fixed, dt=1.0 / 12.0, green=green)
    mineralised, taken, fixed_now = (cell.fluxes[row, 0] for row in (MINERALISED, TAKEN, FIXED))
    assert (cell.nitrogen >= 0.0).all() and (cell.owed >= 0.0).all() and taken >= 0.0 and fixed_now >= 0.0
    assert cell.nitrogen.sum() == pytest.approx(sum(start) + brought + 1e-4 + mineralised - taken, abs=1e-15)
    assert mineralised == pytest.approx(sum(released) + cell.owed.sum(), abs=1e-15)
    charge = brought + 1e-4 + mineralised - taken + ACID_OF_FIXATION * fixed_now
    assert made * NITROGEN_MASS == pytest.approx(charge, abs=1e-14)


def test_nitrogen_goes_with_the_carbon_of_the_pools() -> None:
    """RothC-like: litter of C:N 80 into humus of 10; what is set free is what came in less what the pools gained."""
    per_carbon, stocks, released = np.array([[1 / 80.0, 0.1]]), np.zeros((1, 1, 2)), np.zeros((1, 1))
    stocks[0, 0] = 0.5, 4.0
    plant, amendment = np.array([[[0.1, 0.0]]]), np.array([[[0.0, 0.02]]])
    common = CELLS, stocks, 0, UNIT, per_carbon, plant, np.array([1.5]), np.array([3.0]), amendment
    returned = np.zeros(1)
    organic_nitrogen(*common, True, released, returned)
    assert released[0, 0] == pytest.approx(0.5 / 80.0 + 0.4)
    stocks[0, 0] = 0.55, 4.01
    organic_nitrogen(*common, False, released, returned)
    assert returned[0] == pytest.approx(0.5 * 0.1 / 80.0 + 0.002), "by the yield, half of the input given"
    # 0.1 of litter decayed, 0.01 more humus than was brought is less than 0.02: humus lost 0.01
    assert released[0, 0] == pytest.approx(0.1 / 80.0 + 0.1 * (0.02 - 0.01))


def test_roots_reach_little_of_thin_solutions() -> None:
    """dN/dt = -k N^2 / M: what is left is N / (1 + k c t), in one step or ten; none without leaves or water."""
    start, dt = 0.004, 1.0 / 12.0
    left = start / (1.0 + ROOT_UPTAKE * 1e6 * start / MINERAL[0, 0] * DAYS * dt)
    for parts in (1, 10):
        cell = Cell((start, 0.0, 0.0))
        for _ in range(parts):
            cell.step(need=1.0 / parts, dt=dt / parts)
        assert cell.nitrogen[0, 0] == pytest.approx(left, rel=1e-12)
    assert left < 0.06 * start, "of 31 mg kg-1 most in a month"
    thin = Cell((1e-4, 0.0, 0.0))
    thin.step(need=1.0, dt=dt)
    assert thin.nitrogen[0, 0] > 0.65e-4, "of 0.8 mg kg-1 a third"
    for lack in ({"green": 0.0}, {"moist": 0.0}, {"moist": -0.2}):
        cell = Cell((start, 0.0, 0.0))
        cell.step(need=1.0, dt=dt, **lack)
        assert cell.taken[0] == 0.0


def test_a_crop_short_of_nitrogen_is_lean() -> None:
    """f (rho + (1 - rho) f) = found: all at 1, in proportion where nothing can be leaner, 1 / rho times at first."""
    for leanest in (0.5, 0.7, 1.0):
        for share in np.linspace(0.0, 1.0, 11):
            assert fed_share(share * (leanest + (1.0 - leanest) * share), leanest) == pytest.approx(share, abs=1e-12)
        assert fed_share(1e-9, leanest) == pytest.approx(1e-9 / leanest) and fed_share(2.0, leanest) == 1.0


def test_what_comes_back_of_a_season_is_what_the_crop_had() -> None:
    """Pools took 0.006 by their ratio where the crop left 0.004: the rest is owed, and the year closes."""
    cell = Cell((0.01, 0.0, 0.0))
    cell.returned[:] = 0.005
    cell.step(manured=0.001, need=0.005, reaped=0.5, kept=0.004, settled=True)
    assert cell.fluxes[REMOVED, 0] == pytest.approx(0.003) and cell.returned[0] == 0.0
    assert cell.owed.sum() == pytest.approx(0.005 - 0.001 - (0.005 - 0.003))
    np.testing.assert_allclose(cell.owed[0] / cell.owed.sum(), ROOTS[0])


def test_denitrification_is_of_soil_wetter_than_field_capacity_and_warmer_than_5() -> None:
    """CERES: k = 6e-4 (24.5 + 0.0031 C) f(W) f(T) a day, C in mg kg-1; a nitrate takes a proton."""
    stocks, nitrogen, acid, lost = np.full((1, 3, 1), 1.3), np.full((1, 3), 0.01), np.zeros((1, 3)), np.zeros(1)
    water, dt = np.array([[45.0, 30.0, 60.0]]), 1.0 / 12.0
    denitrify(
        CELLS, stocks, 0, 1, MINERAL, water, np.full((1, 3), 30.0), np.full((1, 3), 60.0), np.array([10.0]),
        np.array([0.0, 0.0, -6.0]), dt, nitrogen, acid, lost,
    )  # fmt: skip
    rate = 6e-4 * (24.5 + 0.0031 * 1e4) * 0.5 * 0.1 * np.exp(0.46)
    assert nitrogen[0, 0] == pytest.approx(0.01 * np.exp(-rate * DAYS * dt), rel=1e-12)
    assert (nitrogen[0, 1:] == 0.01).all() and lost[0] == pytest.approx(0.01 - nitrogen[0, 0])
    assert acid[0, 0] == pytest.approx(-lost[0] / NITROGEN_MASS)
