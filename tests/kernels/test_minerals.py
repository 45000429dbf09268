"""Calcite with gypsum and dolomite against PHREEQC, the calcite solver and the charge and mass that must balance."""

from __future__ import annotations

import csv
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import shared
from watershed_c.kernels.calcite import calcite_equilibrium, log_constants
from watershed_c.kernels.minerals import (
    dissolution_rate_constants,
    log_mineral_constants,
    mineral_equilibrium,
    time_to_saturation,
)


def test_calcite_with_gypsum_or_dolomite_equals_phreeqc() -> None:
    """Table C, every row. Its README asks for 5 %; Davies beside the ion sizes of phreeqc.dat is 2.5 % high at most."""
    with open(shared("reference/calcite_phreeqc/C_calcite_gypsum_dolomite.csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 16 and {row["with_phase"] for row in rows} == {"Gypsum", "Dolomite"}
    for row in rows:
        found = mineral_equilibrium(
            float(row["T_C"]), float(row["pCO2_ppm"]) * 1e-6, row["with_phase"] == "Gypsum",
            row["with_phase"] == "Dolomite", 0.0, 0.0,
        )  # fmt: skip
        expected = [float(row[name]) for name in ("Ca_mmol", "Mg_mmol", "S_mmol", "DIC_mmol")]
        assert [1e3 * x for x in found[:4]] == pytest.approx(expected, rel=0.026, abs=1e-12), row
        assert -math.log10(found[4]) == pytest.approx(float(row["pH"]), abs=0.003), row


def test_constants_at_25_degrees() -> None:
    """The values that phreeqc.dat states beside its temperature functions, and MgHCO3+ from its CO3-- form."""
    found = log_mineral_constants(25.0)
    assert found == pytest.approx((-4.58, -17.09, 2.25, 2.37, 1.988, 11.399 - 10.329, 2.98), abs=0.005)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.floats(0.0, 40.0), st.floats(2e-4, 0.15), st.floats(-3e-3, 0.03), st.floats(0.0, 0.03))
def test_calcite_alone_is_that_of_the_calcite_solver(t: float, p: float, s: float, background: float) -> None:
    """Two ways of solving one equilibrium: the quartic in bicarbonate, whose ionic strength leaves out H+ and OH-
    (given as background here), and this one in the activity of calcium.
    """
    found = mineral_equilibrium(t, p, False, False, s, background)
    _, _, aqueous, bicarbonate, hydrogen = calcite_equilibrium(t, p, s, background)
    constants = log_constants(t)
    coefficient = 10.0 ** constants[1] * aqueous / (hydrogen * bicarbonate)
    left_out = (1.5 * 10.0 ** constants[6] / found[4] - 0.5 * found[4]) / coefficient
    calcium, carbon, _, _, hydrogen = calcite_equilibrium(t, p, s, background + left_out)
    assert found[1:3] == (0.0, 0.0)
    assert (found[0], found[3], found[4]) == pytest.approx((calcium, carbon, hydrogen), rel=2e-6)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.floats(0.0, 40.0), st.floats(2e-4, 0.1), st.booleans())
def test_gypsum_takes_the_place_of_calcite(t: float, p: float, dolomite: bool) -> None:
    """The common ion: with gypsum more calcium and less carbon, more acid water; what charge there is balances to what
    bicarbonate can carry.
    """
    bare = mineral_equilibrium(t, p, False, dolomite, 0.0, 0.0)
    both = mineral_equilibrium(t, p, True, dolomite, 0.0, 0.0)
    assert both[0] > bare[0] and both[3] < bare[3] and both[4] > bare[4]
    cations, carried = 2.0 * (both[0] + both[1] - both[2]), both[3]
    assert 0.0 < cations < 2.0 * carried


def test_rate_constants_of_plummer_wigley_and_parkhurst() -> None:
    """T1.7, mmol cm-2 s-1; both branches of the third meet at 25 degC."""
    assert dissolution_rate_constants(25.0) == pytest.approx((0.511, 3.45e-4, 1.19e-6), rel=5e-3)
    assert dissolution_rate_constants(25.001)[2] == pytest.approx(dissolution_rate_constants(25.0)[2], rel=0.01)


def test_time_to_saturation_is_that_of_the_rate_integrated() -> None:
    """The rate 1 - (c / c_eq)^2 in small steps; and the times that docs/processes/carbonate.md tells."""
    target, surface = 0.99, 2.0
    calcium, _, aqueous, _, hydrogen = calcite_equilibrium(10.0, 0.005, 0.0, 0.0)
    k = dissolution_rate_constants(10.0)
    rate = (k[0] * hydrogen + k[1] * aqueous + k[2]) * surface / calcium
    found = time_to_saturation(10.0, 0.005, surface, target)
    steps, reached = 20_000, 0.0
    for _ in range(steps):
        half = reached + 0.5 * found / steps * rate * (1.0 - reached**2)
        reached += found / steps * rate * (1.0 - half**2)
    assert reached == pytest.approx(target, rel=1e-6)
    # 1 % of calcite in soil with 0.2 kg water per kg
    silt, nodule = (6.0 / (diameter * 2710.0) * 0.01 / 0.2 for diameter in (5e-5, 5e-3))
    assert time_to_saturation(10.0, 0.005, silt) == pytest.approx(0.5 * 3600.0, rel=0.01)
    assert time_to_saturation(10.0, 0.005, nodule) == pytest.approx(50.0 * 3600.0, rel=0.01)
