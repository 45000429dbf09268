"""The weather generator: totals to the bit of round-off, the chain's own probabilities, the same numbers always."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watershed_c.kernels import weather as w

RAIN = np.array([74.0, 59, 62, 51, 52, 57, 34, 0, 58, 56, 75, 71])
WET = np.array([14.0, 11, 12, 9, 9, 8, 6, 0, 9, 10, 13, 13])
JANUARY = 2001 * 12


def by_name(values, first=JANUARY):
    names = (first + np.arange(values.size)) % 12
    return np.array([values[names == name].mean() for name in range(12)])


@pytest.mark.parametrize("shape", [0.6, 1.0, 3.0])
def test_mean_totals_are_the_normals(shape):
    rain, wet, departure = w.generate(7, JANUARY, 480, RAIN, WET, shape=shape, temperature_deviation=1.5)
    assert by_name(rain) == pytest.approx(RAIN, rel=1e-13, abs=0.0)
    assert by_name(departure) == pytest.approx(0.0, abs=1e-13)
    assert rain.std() > 10.0 and (rain >= 0.0).all()
    assert ((wet > 0.0) == (rain > 0.0)).all() and wet.max() <= 31.0
    assert departure.std() == pytest.approx(1.5, rel=0.1)


def test_every_total_is_the_normal():
    rain, wet, _ = w.generate(7, JANUARY + 3, 60, RAIN, WET, every_month=True)
    assert rain.tolist() == [RAIN[(i + 3) % 12] for i in range(60)]
    assert (wet[rain > 0.0] >= 1.0).all() and wet.std() > 1.0 and (wet[rain == 0.0] == 0.0).all()


def test_a_desert_that_must_rain_gets_a_wet_day():
    rare, amount = np.full(12, 0.05), np.full(12, 5.0)
    for every in (False, True):
        rain, wet, _ = w.generate(1, JANUARY, 12, amount, rare, every_month=every)
        assert rain == pytest.approx(5.0) and (wet >= 1.0).all()


def test_wet_days_and_spells_are_those_of_the_chain():
    """Variance of the number of wet days: n f (1 - f) of independent ones, of a chain (1 + r) / (1 - r) times that."""
    years, share = 1500, 0.3
    days = np.full(12, share * 30.0)
    counts = {}
    for persistence in (0.0, 0.25):
        _, wet, _ = w.generate(3, JANUARY, 12 * years, np.full(12, 50.0), days, persistence=persistence)
        june = wet[5::12]
        counts[persistence] = june
        assert june.mean() == pytest.approx(9.0, abs=4.0 * june.std() / np.sqrt(years))
    assert counts[0.0].var() == pytest.approx(30 * share * (1 - share), rel=0.12)
    assert counts[0.25].var() == pytest.approx(30 * share * (1 - share) * 1.25 / 0.75, rel=0.15)


def test_amounts_have_the_variance_of_their_law():
    """Where every day is wet, a month of n exponential amounts has the coefficient of variation n**-0.5."""
    rain, wet, _ = w.generate(5, JANUARY, 12 * 1500, np.full(12, 60.0), np.full(12, 31.0))
    june = rain[5::12]
    assert (wet[5::12] == 30.0).all()
    assert june.std() / june.mean() == pytest.approx(30.0**-0.5, rel=0.08)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(share=st.floats(0.01, 1.0), persistence=st.floats(0.0, 0.95))
def test_stationary_share(share, persistence):
    dry, wet = w.transition_probabilities(share, persistence)
    assert 0.0 <= dry <= wet <= 1.0 + 1e-12
    assert dry / (dry + 1.0 - wet) == pytest.approx(share)


def test_same_seed_same_bits_other_seed_others():
    one = w.generate(11, JANUARY, 120, RAIN, WET)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(one, w.generate(11, JANUARY, 120, RAIN, WET), strict=True))
    assert (one[0] != w.generate(12, JANUARY, 120, RAIN, WET)[0]).any()


def test_a_month_keeps_its_wet_days_when_the_run_gets_longer():
    short, long = (w.generate(11, JANUARY, months, RAIN, WET)[1] for months in (24, 240))
    assert short.tolist() == long[:24].tolist()
