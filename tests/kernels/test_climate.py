"""Climate functions against published examples, another program, and closed forms."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from tests.support import shared
from watershed_c.kernels import climate as c

#: Rothamsted monthly means (degC) as used in the worked value of the annual Thornthwaite total
ROTHAMSTED = np.array([3.4, 3.6, 5.1, 7.3, 11.0, 13.9, 16.0, 16.0, 13.5, 10.2, 6.1, 4.6])


def test_extraterrestrial_radiation_fao_example_8():
    """FAO-56 example 8: 3 September (day 246), 20 S: 32.2 MJ m-2 d-1; example 9: 11.7 h of daylight."""
    assert float(c.extraterrestrial_radiation(-20.0, np.array([246.0]))[0]) == pytest.approx(32.2, abs=0.05)
    assert float(c.daylight_hours(-20.0, np.array([246.0]))[0]) == pytest.approx(11.7, abs=0.05)


def test_sun_at_the_poles_and_the_equator():
    days = np.arange(1.0, 366.0)
    assert np.allclose(c.daylight_hours(0.0, days), 12.0)
    assert set(np.round(c.daylight_hours(89.9, np.array([172.0, 355.0])), 6)) == {0.0, 24.0}
    assert (c.extraterrestrial_radiation(80.0, days) >= 0.0).all()
    # over a year every latitude has half its hours in the light, but for the rounding of 0.409 and 1.39
    assert c.monthly_daylight(50.0) @ c.DAYS_IN_MONTH / 365.25 == pytest.approx(12.0, abs=0.05)


def test_hargreaves_fao_example_20():
    """FAO-56 example 20 (Lyon, July): Tmean 20.7, range 11.8, Ra 40.6: 5.0 mm d-1."""
    value = c.hargreaves_samani(np.array([20.7]), np.array([14.8]), np.array([26.6]), 40.6)
    assert float(value[0]) == pytest.approx(5.04, abs=0.01)


def test_hargreaves_and_radiation_against_pyet():
    """116 days anywhere: radiation to 0.1 %, Hargreaves to 2 % (pyet's latent heat follows temperature)."""
    with shared("reference/pet_pyet/G_pet_pyet.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 100
    column = {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
    radiation = np.array(
        [
            float(c.extraterrestrial_radiation(lat, np.array([day]))[0])
            for lat, day in zip(column["lat_deg"], column["doy"], strict=True)
        ]
    )
    assert radiation == pytest.approx(column["ra_MJ"], rel=1e-3, abs=1e-9)
    ours = c.hargreaves_samani(column["tmean_C"], column["tmin_C"], column["tmax_C"], column["ra_MJ"])
    theirs = column["hargreaves"]
    warm = column["tmean_C"] > -17.8
    assert ours[warm] == pytest.approx(theirs[warm], rel=0.02, abs=1e-6)


def test_thornthwaite_rothamsted():
    heat = c.heat_index(ROTHAMSTED)
    assert float(heat) == pytest.approx(33.28, abs=0.005)
    leap = c.DAYS_IN_MONTH.copy()
    leap[1] = 29.0  # the worked value is of a leap year
    pet = c.thornthwaite(ROTHAMSTED, heat, c.monthly_daylight(51.8), leap)
    assert pet[6] == pytest.approx(110.2, abs=0.05)
    assert pet.sum() == pytest.approx(617.6, abs=0.1)


def test_thornthwaite_limits():
    heat = np.array(60.0)
    hot = c.thornthwaite(np.array([26.5, 30.0, 37.5, 45.0]), heat, 12.0, 30.0)
    assert (np.diff(hot) >= 0.0).all()
    assert hot[1] == pytest.approx(-415.85 + 32.24 * 30.0 - 0.43 * 900.0)
    assert c.thornthwaite(np.array([-5.0, 0.0]), heat, 12.0, 30.0).tolist() == [0.0, 0.0]
    assert np.isfinite(c.thornthwaite(np.array([1.0, -20.0]), np.array([0.0, 0.0]), 12.0, 30.0)).all()


def test_renard_freimund():
    assert float(c.renard_freimund(np.full(12, 80.0))) == pytest.approx(2662.1, abs=0.05)
    seasonal = np.array([20, 20, 30, 50, 80, 100, 120, 100, 70, 50, 30, 20.0])
    assert float(c.renard_freimund(seasonal)) == pytest.approx(2511.7, abs=0.05)
    assert float(c.renard_freimund(np.zeros(12))) == 0.0


def test_renard_freimund_branches_meet():
    """Copies with 0.07397 jump by a factor of ten at F = 55: the printed coefficients jump by less than 6 %."""
    below, above = (float(c.renard_freimund(np.full(12, f))) for f in (55.0 - 1e-9, 55.0 + 1e-9))
    assert below == pytest.approx(above, rel=0.06)


def test_erosivity_keeps_its_annual_mean():
    rain = np.array([20, 20, 30, 50, 80, 100, 120, 100, 70, 50, 30, 20.0])
    months = c.monthly_erosivity(700.0, np.concatenate((rain, 2.0 * rain)))
    assert months.mean() * 12.0 == pytest.approx(700.0)
    assert months[12:].sum() == pytest.approx(4.0 * months[:12].sum())
    assert c.monthly_erosivity(0.0, np.zeros(12)).tolist() == [0.0] * 12


def test_snow_fraction_and_rain_factor():
    assert c.snow_fraction(np.array([-5.0, -1.0, 1.0, 3.0, 10.0])).tolist() == [1.0, 1.0, 0.5, 0.0, 0.0]
    assert c.rain_factor(np.array([-5.0, -0.1, 1.0, 3.0, 10.0])).tolist() == [0.0, 0.0, 0.5, 1.0, 1.0]


def test_snow_mass_closes():
    generator = np.random.default_rng(1)
    snow = np.zeros(50)
    fallen, melted = np.zeros(50), np.zeros(50)
    for _ in range(24):
        rain, temperature = generator.uniform(0.0, 150.0, 50), generator.uniform(-15.0, 10.0, 50)
        snow, liquid = c.snow_balance(rain, temperature, snow, 3.0, 1.0 / 12.0)
        fallen += rain
        melted += liquid
        assert (snow >= 0.0).all() and (liquid >= 0.0).all()
        assert not snow[temperature > 10.0].any()
    assert fallen == pytest.approx(melted + snow, rel=1e-13)


def test_snow_melt_has_its_limits():
    """None below 0 degC or with factor 0, never more than there is; else factor x degrees x days, cell by cell."""
    temperature = np.array([-20.0, 0.0, 4.0, 4.0, 4.0])
    lying = np.array([80.0, 80.0, 1000.0, 1000.0, 5.0])
    factor = np.array([6.0, 6.0, 0.0, 3.0, 3.0])
    snow, liquid = c.snow_balance(np.zeros(5), temperature, lying, factor, 1.0 / 12.0)
    melt = 3.0 * 4.0 * 365.25 / 12.0
    assert liquid == pytest.approx([0.0, 0.0, 0.0, melt, 5.0], rel=1e-14)
    assert snow + liquid == pytest.approx(lying, rel=1e-14)


def test_renard_freimund_from_the_year():
    """690 mm: 1796.8; 960 mm: 3200.7. The branches differ by 0.15 % where they meet."""
    assert float(c.renard_freimund_annual(690.0)) == pytest.approx(1796.8, abs=0.05)
    assert float(c.renard_freimund_annual(960.0)) == pytest.approx(3200.7, abs=0.05)
    below, above = c.renard_freimund_annual(np.array([850.0 - 1e-6, 850.0]))
    assert abs(above / below - 1.0) < 0.002
    assert float(c.renard_freimund_annual(0.0)) == 0.0


def test_damping_depth():
    """kappa 5e-7 m2 s-1: 2.241 m for the year; amplitude 0.640 and lag 25.94 d at 1 m."""
    depth = c.damping_depth(5e-7)
    assert depth == pytest.approx(2.241, abs=0.0005)
    assert np.exp(-1.0 / depth) == pytest.approx(0.640, abs=0.0005)
    assert 365.25 / (2.0 * np.pi) / depth == pytest.approx(25.94, abs=0.005)


def test_harmonic_is_recovered():
    months = 9.0 + 7.5 * np.cos(2.0 * np.pi * (np.arange(12) + 0.5) / 12.0 - 3.4)
    mean, amplitude, phase = c.annual_harmonic(months)
    assert (mean, amplitude, phase % (2.0 * np.pi)) == pytest.approx((9.0, 7.5, 3.4))


def test_layer_temperature_is_the_wave_at_a_point():
    """A thin layer at 1 m has the amplitude and the lag of the damped wave."""
    depth = c.damping_depth(5e-7)
    top, bottom = np.array([0.0, 1.0 - 1e-4]), np.array([0.2, 1.0 + 1e-4])
    moments = np.arange(0.0, 12.0, 0.01)
    deep = np.array([c.layer_temperature(0.0, m, 10.0, 8.0, 3.5, top, bottom, depth)[1] for m in moments])
    surface = 10.0 + 8.0 * np.cos(2.0 * np.pi * (moments + 0.5) / 12.0 - 3.5)
    assert np.ptp(deep) / np.ptp(surface) == pytest.approx(0.640, abs=0.001)
    lag = (moments[deep.argmax()] - moments[surface.argmax()]) * 365.25 / 12.0
    assert lag == pytest.approx(25.94, abs=0.35)


def test_layer_temperature_is_additive_and_air_in_the_plough_layer():
    whole = np.array([0.0, 0.23]), np.array([0.23, 1.23])
    split = np.array([0.0, 0.1, 0.3, 0.8]), np.array([0.1, 0.3, 0.8, 1.23])
    coarse = c.layer_temperature(21.0, 6, 11.0, 9.0, 3.5, *whole, 2.2)
    fine = c.layer_temperature(21.0, 6, 11.0, 9.0, 3.5, *split, 2.2)
    assert coarse[0] == pytest.approx(21.0)
    assert fine[0] == pytest.approx(21.0)
    assert (split[1] - split[0]) @ fine == pytest.approx((whole[1] - whole[0]) @ coarse)


def test_depth_has_the_mean_and_lapse_shifts_all():
    far = c.layer_temperature(30.0, 6, 11.0, 9.0, 3.5, np.array([30.0]), np.array([31.0]), 2.2)
    assert far[0] == pytest.approx(11.0, abs=1e-4)
    assert c.lapse_offset(np.array([1500.0]), 500.0)[0] == pytest.approx(-6.5)
    assert c.precipitation_factor(np.array([700.0, 5000.0]), 500.0, -0.0005).tolist() == pytest.approx([0.9, 0.0])
