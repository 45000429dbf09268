"""Enrichment laws: what their sources print, bounds, and the factor hidden in the step."""

from __future__ import annotations

import numpy as np
import pytest

from watershed_c.kernels.enrichment import (
    MENZEL_1980,
    SWAT,
    WATEM_C,
    by_amount,
    by_concentration,
    by_lowering,
)

CELL = np.arange(1)


def amount(law: tuple[float, float], loss: float, largest: float = 12.0) -> float:
    out = np.zeros(1)
    by_amount(CELL, *law, np.array([loss]), largest, out)
    return float(out[0])


def test_menzel_is_7_4_s_to_the_minus_a_fifth() -> None:
    """CREAMS prints 7.4 S^-0.2, S in kg ha-1: 1 t ha-1 is enriched 1.86 times."""
    assert amount(MENZEL_1980, 0.1) == pytest.approx(7.4 * 1000.0**-0.2, rel=2e-3)


def test_menzel_of_months_is_1_64_times_that_of_the_year() -> None:
    year, month = amount(MENZEL_1980, 0.5), amount(MENZEL_1980, 0.5 / 12)
    assert month / year == pytest.approx(12.0**0.2, rel=1e-12) and round(12.0**0.2, 2) == 1.64


def test_ratios_stay_between_one_and_the_largest() -> None:
    assert amount(MENZEL_1980, 1e3) == 1.0
    assert amount(MENZEL_1980, 1e-9) == amount(MENZEL_1980, 0.0) == 12.0
    assert amount(MENZEL_1980, 1e-9, largest=3.0) == 3.0


def test_swat_by_concentration() -> None:
    """0.01 kg m-2 in 10 mm of runoff is 1 g L-1 = 0.001 Mg m-3."""
    out = np.zeros(1)
    by_concentration(CELL, *SWAT, np.array([0.01]), np.array([10.0]), 12.0, out)
    assert out[0] == pytest.approx(0.78 * 0.001**-0.2468, rel=1e-12)
    by_concentration(CELL, *SWAT, np.array([0.01]), np.array([0.0]), 12.0, out)
    assert out[0] == 1.0


def test_watem_c_of_its_own_figures() -> None:
    """2 at trickle erosion, 1.37 at 0.5 mm a year."""
    out, density = np.zeros(1), np.full((1, 2), 1350.0)
    by_lowering(CELL, *WATEM_C, np.zeros(1), density, 12.0, out)
    assert out[0] == 2.0
    by_lowering(CELL, *WATEM_C, np.array([0.5e-3 * 1350.0]), density, 12.0, out)
    assert out[0] == pytest.approx(1.37, abs=0.005)
