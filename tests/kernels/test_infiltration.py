"""Green & Ampt against its implicit solution and many small steps; curve number by moisture at its three points."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from watershed_c.kernels.infiltration import (
    dry_curve_number,
    expected_green_ampt_runoff,
    front_suction,
    green_ampt,
    moist_retention,
    ponding_depth,
    wet_curve_number,
)
from watershed_c.kernels.soil_water import retention

HOUR = 1.0 / 8766.0


# -- Green & Ampt --
def test_infiltration_is_the_implicit_solution():
    """t = t_p + (F - F_p - s ln((s + F) / (s + F_p))) / K gives back the duration."""
    conductivity, storage = 6.0 / HOUR, 30.0
    for rain, hours in ((60.0, 2.0), (200.0, 3.0), (35.0, 0.5)):
        depth = green_ampt(rain, hours * HOUR, conductivity, storage)
        intensity = rain / hours
        at_ponding = 6.0 * storage / (intensity - 6.0)
        gone = depth - at_ponding - storage * math.log((storage + depth) / (storage + at_ponding))
        assert at_ponding < depth < rain
        assert at_ponding / intensity + gone / 6.0 == pytest.approx(hours, rel=1e-10)


def test_small_steps_converge_to_it():
    """dF/dt = min(i, K (1 + s / F)) by explicit steps: order 1."""
    closed = green_ampt(60.0, 2.0 * HOUR, 6.0 / HOUR, 30.0)
    errors = []
    for steps in (4000, 8000, 16000):
        depth = 0.0
        for _ in range(steps):
            rate = 30.0 if depth == 0.0 else min(30.0, 6.0 * (1.0 + 30.0 / depth))
            depth += rate * 2.0 / steps
        errors.append(abs(depth - closed))
    assert errors[-1] < 1e-3
    assert errors[0] / errors[1] == pytest.approx(2.0, abs=0.2) and errors[1] / errors[2] == pytest.approx(2.0, abs=0.2)


def test_limits_of_green_ampt():
    assert green_ampt(10.0, 2.0 * HOUR, 6.0 / HOUR, 30.0) == 10.0  # slower than the conductivity
    assert green_ampt(40.0, HOUR, 6.0 / HOUR, 0.0) == pytest.approx(6.0, rel=1e-12)  # no suction: conductivity
    least = ponding_depth(2.0 * HOUR, 6.0 / HOUR, 30.0)
    assert green_ampt(least, 2.0 * HOUR, 6.0 / HOUR, 30.0) == least
    assert least * (least - 12.0) == pytest.approx(12.0 * 30.0, rel=1e-12)


@settings(max_examples=200, deadline=None)
@given(st.floats(0.01, 500.0), st.floats(0.05, 48.0), st.floats(0.01, 200.0), st.floats(0.0, 300.0))
def test_infiltration_is_bounded_and_grows_with_everything(rain, hours, conductivity, storage):
    depth = green_ampt(rain, hours * HOUR, conductivity / HOUR, storage)
    assert 0.0 <= depth <= rain and depth >= min(rain, conductivity * hours) * (1.0 - 1e-9)
    more = (
        green_ampt(1.1 * rain, hours * HOUR, conductivity / HOUR, storage),
        green_ampt(rain, 1.1 * hours * HOUR, conductivity / HOUR, storage),
        green_ampt(rain, hours * HOUR, 1.1 * conductivity / HOUR, storage),
        green_ampt(rain, hours * HOUR, conductivity / HOUR, 1.1 * storage),
    )
    assert all(value >= depth * (1.0 - 1e-9) for value in more)


@pytest.mark.parametrize("mean", [3.0, 10.0, 40.0])
@pytest.mark.parametrize("storage", [2.0, 30.0, 150.0])
def test_expected_runoff_of_green_ampt_is_the_integral(mean, storage):
    arguments = 3.0 * HOUR, 4.0 / HOUR, storage

    def density(rain):
        return (rain - green_ampt(rain, *arguments)) * math.exp(-rain / mean) / mean

    least = ponding_depth(*arguments)
    wanted = quad(density, least, least + 60.0 * mean, epsabs=1e-14, epsrel=1e-10, limit=400)[0]
    assert expected_green_ampt_runoff(mean, *arguments) == pytest.approx(wanted, rel=2e-3, abs=1e-12)


def test_front_suction_of_three_soils():
    """Within the range of Rawls et al. (1983): loam 1.3 to 59 cm, clay 6 to 157 cm; the curve is Brooks & Corey's."""
    loam, clay = front_suction(0.137, 0.280, 0.459), front_suction(0.298, 0.421, 0.498)
    assert 13.0 < loam < 594.0 and 64.0 < clay < 1570.0 and clay > loam
    exponent = math.log(1500.0 / 33.0) / math.log(0.280 / 0.137)
    entry = 33.0 * 101.972 * (0.459 / 0.280) ** -exponent
    lam = 1.0 / exponent
    assert loam == pytest.approx((2.0 + 3.0 * lam) / (1.0 + 3.0 * lam) * entry / 2.0, rel=1e-12)


# -- curve number --
def test_dry_and_wet_curve_numbers():
    """Table 10.1 of the National Engineering Handbook 4, to 2: CN 70 -> 51 and 85, 80 -> 63 and 91, 60 -> 40 and 78."""
    for average, dry, wet in ((70.0, 51.0, 85.0), (80.0, 63.0, 91.0), (60.0, 40.0, 78.0)):
        assert float(dry_curve_number(average)) == pytest.approx(dry, abs=2.0)
        assert float(wet_curve_number(average)) == pytest.approx(wet, abs=2.0)


@settings(max_examples=100, deadline=None)
@given(st.floats(35.0, 95.0), st.floats(20.0, 400.0), st.floats(5.0, 300.0))
def test_retention_by_soil_moisture_meets_its_three_points_and_falls(number, capacity, drainable):
    dry, wet = (float(retention(convert(number))) for convert in (dry_curve_number, wet_curve_number))
    full = capacity + drainable
    assert moist_retention(0.0, capacity, full, dry, wet) == pytest.approx(dry)
    if wet > 2.54:
        assert moist_retention(capacity, capacity, full, dry, wet) == pytest.approx(wet, rel=1e-9)
        assert moist_retention(full, capacity, full, dry, wet) == pytest.approx(2.54, rel=1e-6)
    found = [moist_retention(share * capacity, capacity, full, dry, wet) for share in np.linspace(0.0, 1.0, 20)]
    assert all(a >= b - 1e-9 for a, b in zip(found, found[1:], strict=False))
