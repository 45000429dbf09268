"""Mineral nitrogen of a cell: nothing is lost, debts are paid, and the acid is that of the published conventions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watershed_c.kernels.nitrogen import (
    ACID_OF_FIXATION,
    FIXED,
    MINERALISED,
    NITROGEN_MASS,
    REMOVED,
    TAKEN,
    organic_nitrogen,
    turn_over_nitrogen,
)
from watershed_c.management.library import load_library
from watershed_c.management.nitrogen import CALCITE_PER_CHARGE

CELLS, UNIT = np.array([0]), np.array([0])
ROOTS = np.array([[0.6, 0.3, 0.1]])


class Cell:
    """One cell of three layers under one crop."""

    def __init__(self, nitrogen=(0.0, 0.0, 0.0)) -> None:
        self.nitrogen, self.acid, self.owed = np.array([nitrogen], dtype=float), np.zeros((1, 3)), np.zeros((1, 3))
        self.needed, self.taken, self.fluxes = np.zeros(1), np.zeros(1), np.zeros((5, 1))

    def step(
        self, brought=0.0, acid=0.0, deposited=0.0, released=(0.0, 0.0, 0.0), need=0.0, fixed=0.0, reaped=0.0,
        removed=0.0, charge=0.0,
    ) -> float:  # fmt: skip
        """Take a step and return the acid it made, mol charge m-2."""
        before = self.acid.sum()
        turn_over_nitrogen(
            CELLS, UNIT, np.array([0]), UNIT, ROOTS, np.array([brought]), np.array([acid]), deposited,
            np.array([released]), self.owed, np.array([1.0]), np.array([need]), np.ones(1), np.array([fixed]),
            np.array([reaped]), np.array([removed]), np.array([charge]), np.ones(1), self.needed, self.taken,
            self.nitrogen, self.acid, self.fluxes,
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
    made = cell.step(need=0.01, fixed=0.7, reaped=0.5, removed=0.015, charge=0.4)
    assert cell.fluxes[TAKEN, 0] == pytest.approx(0.003) and cell.fluxes[FIXED, 0] == pytest.approx(0.007)
    assert cell.fluxes[REMOVED, 0] == pytest.approx(0.0075)
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
@given(st.tuples(amounts, amounts, amounts), amounts, layers, amounts, st.floats(0.0, 1.0))
def test_nothing_is_lost_and_nothing_is_negative(start, brought, released, need, fixed) -> None:
    cell = Cell(start)
    made = cell.step(brought, brought, 1e-4, released, need, fixed)
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
    common = CELLS, stocks, 0, UNIT, per_carbon, plant, np.array([1.5]), amendment
    organic_nitrogen(*common, True, released)
    assert released[0, 0] == pytest.approx(0.5 / 80.0 + 0.4)
    stocks[0, 0] = 0.55, 4.01
    organic_nitrogen(*common, False, released)
    # 0.1 of litter decayed, 0.01 more humus than was brought is less than 0.02: humus lost 0.01
    assert released[0, 0] == pytest.approx(0.1 / 80.0 + 0.1 * (0.02 - 0.01))
