"""Closed forms of the numbers decisions rest on, against the values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from watershed_c import appraisal


def test_four_per_thousand_of_fifty_tonnes() -> None:
    """T7.1: 50 t C/ha: 0.20 t a year; over 20 years 4.0 t, or 4.156 t compounded."""
    assert appraisal.four_per_mille(50.0, 1.0) == pytest.approx(0.2, rel=1e-12)
    assert appraisal.four_per_mille(50.0, 20.0) == pytest.approx(4.0, rel=1e-12)
    assert appraisal.four_per_mille(50.0, 20.0, compound=True) == pytest.approx(4.156, abs=5e-4)


def test_relative_rate_is_the_difference_of_absolute_rates() -> None:
    """T7.2, of stocks with one start."""
    start, usual, practice = np.array([[40.0, 55.0], [38.0, 56.0], [43.0, 58.5]])
    rates = [appraisal.absolute_rate(end, start, 20.0) for end in (practice, usual)]
    np.testing.assert_allclose(appraisal.relative_rate(practice, usual, 20.0), rates[0] - rates[1], rtol=1e-12)


def test_nitrogen_in_ten_tonnes_of_soil() -> None:
    """T7.5: 10 t soil/ha of 1.5 % SOC, C:N 11, enriched 1.2 times: 16.4 kg N."""
    assert appraisal.nitrogen_of(10_000.0 * 0.015 * 1.2, 11.0) == pytest.approx(16.4, abs=0.05)


def test_costs_are_discounted_from_the_end_of_their_year() -> None:
    assert appraisal.discounted(np.array([100.0, 100.0]), 0.05) == pytest.approx(100 / 1.05 + 100 / 1.05**2, rel=1e-12)
    # 30 a year for 1 t of CO2 a year is 30 per t at any rate; money before its effect costs more per tonne of it
    even = np.full(10, 1.0)
    assert appraisal.abatement_cost(30.0 * even, even, 0.04) == pytest.approx(30.0, rel=1e-12)
    late = np.array([0.0, 1.0])
    assert appraisal.abatement_cost(np.array([30.0, 0.0]), late, 0.04) == pytest.approx(30.0 * 1.04, rel=1e-12)
    assert np.isnan(appraisal.abatement_cost(even, -even, 0.04))
