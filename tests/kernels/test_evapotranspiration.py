"""Penman-Monteith and Priestley-Taylor against another program, the examples of FAO-56, and limits."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from tests.support import shared
from watershed_c.kernels import climate
from watershed_c.kernels import evapotranspiration as e


@pytest.fixture(scope="module")
def pyet():
    """116 days by pyet 1.5.0 (our own run)."""
    with shared("reference/pet_pyet/G_pet_pyet.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def net_of(c):
    pressure = e.actual_vapour_pressure(c["tmin_C"], c["tmax_C"], c["rhmin"], c["rhmax"])
    net = e.net_radiation(c["rs_MJ"], c["ra_MJ"], c["tmin_C"], c["tmax_C"], pressure, c["elev_m"])
    return net, pressure


def test_penman_monteith_against_pyet(pyet):
    """To 1e-6 mm/d, as the README of the reference states."""
    net, pressure = net_of(pyet)
    ours = e.penman_monteith(
        pyet["tmean_C"], pyet["tmin_C"], pyet["tmax_C"], net, 0.0, pyet["u2"], pressure, pyet["elev_m"]
    )
    assert ours.size > 100 and ours == pytest.approx(np.maximum(pyet["pm_fao56"], 0.0), rel=0.0, abs=1e-6)


def test_priestley_taylor_against_pyet(pyet):
    """To 1e-6 mm/d: the README states 3e-7, and the file is rounded to 1e-6."""
    net, _ = net_of(pyet)
    ours = e.priestley_taylor(pyet["tmean_C"], net, 0.0, pyet["elev_m"])
    assert ours == pytest.approx(pyet["priestley_taylor"], rel=0.0, abs=1e-6)


def test_fao_example_18():
    """Uccle, 6 July: 3.9 mm/d in the book, 3.88 unrounded; radiation above the atmosphere by our own eq. 21."""
    extraterrestrial = climate.extraterrestrial_radiation(50.8, np.array([187.0]))
    pressure = e.actual_vapour_pressure(12.3, 21.5, 63.0, 84.0)
    net = e.net_radiation(22.07, extraterrestrial, 12.3, 21.5, pressure, 100.0)
    assert float(net[0]) == pytest.approx(13.28, abs=0.05)
    demand = e.penman_monteith(16.9, 12.3, 21.5, net, 0.0, 2.078, pressure, 100.0)
    assert float(demand[0]) == pytest.approx(3.88, abs=0.01)


def test_fao_example_17_with_the_soil_heat_of_a_month():
    """Bangkok, April: 5.72 mm/d in the book; n = 8.5 h, eq. 35 gives Rs; T of March 29.2, of April 30.2 degC."""
    days = np.arange(91.0, 121.0)
    extraterrestrial = float(climate.extraterrestrial_radiation(13.73, days).mean())
    solar = (0.25 + 0.5 * 8.5 / float(climate.daylight_hours(13.73, days).mean())) * extraterrestrial
    heat = e.SOIL_HEAT_END * (30.2 - 29.2)
    net = e.net_radiation(solar, extraterrestrial, 25.6, 34.8, 2.85, 2.0)
    demand = e.penman_monteith(30.2, 25.6, 34.8, net, heat, 2.0, 2.85, 2.0)
    assert float(demand) == pytest.approx(5.72, abs=0.05)


def test_wind_at_ten_metres_fao_example_14():
    """3.2 m/s at 10 m are 2.4 m/s at 2 m; 2 m stays 2 m to the rounding of the equation."""
    assert float(e.wind_at_two_metres(3.2, 10.0)) == pytest.approx(2.4, abs=0.05)
    assert float(e.wind_at_two_metres(1.0, 2.0)) == pytest.approx(1.0, abs=2e-3)


def test_saturated_still_air_evaporates_with_its_energy_alone():
    """Without wind and deficit Penman-Monteith is the equilibrium rate: Priestley-Taylor without 1.26."""
    equilibrium = e.penman_monteith(20.0, 20.0, 20.0, 12.0, 1.0, 0.0, e.saturation_vapour_pressure(20.0), 300.0)
    wet = e.priestley_taylor(20.0, 12.0, 1.0, 300.0) / e.PRIESTLEY_TAYLOR
    assert float(equilibrium) == pytest.approx(float(wet) * 0.408 * (2.501 - 0.002361 * 20.0), rel=1e-12)


def test_demand_is_never_negative_and_the_polar_night_is_finite():
    net = e.net_radiation(np.array([0.0, 0.0]), np.array([0.0, 5.0]), -30.0, -20.0, 0.03, 10.0)
    assert np.isfinite(net).all() and (net < 0.0).all()
    assert e.penman_monteith(-25.0, -30.0, -20.0, net, 0.0, 0.0, 0.03, 10.0).tolist() == [0.0, 0.0]
    assert e.priestley_taylor(-25.0, net, 0.0, 10.0).tolist() == [0.0, 0.0]
    # oversaturated vapour, as a lapse of temperature leaves it, is no negative deficit
    assert float(e.penman_monteith(5.0, 5.0, 5.0, 0.0, 0.0, 3.0, 2.0, 0.0)) == 0.0


def test_soil_heat_of_a_year_cancels():
    months = 10.0 - 8.0 * np.cos(2.0 * np.pi * np.arange(12) / 12.0)
    flux = e.soil_heat_flux(months, cyclic=True)
    assert flux.sum() == pytest.approx(0.0, abs=1e-12) and flux[3] == pytest.approx(0.07 * (months[4] - months[2]))
    series = e.soil_heat_flux(np.tile(months, 2), cyclic=False)
    assert series[1:-1] == pytest.approx(np.tile(flux, 2)[1:-1])
    assert series[0] == pytest.approx(0.14 * (months[1] - months[0]))
    assert e.soil_heat_flux(np.array([3.0]), cyclic=False).tolist() == [0.0]


def test_slope_changes_shortwave_only():
    flat = e.net_radiation(20.0, 40.0, 10.0, 20.0, 1.2, 100.0)
    shaded = e.net_radiation(20.0, 40.0, 10.0, 20.0, 1.2, 100.0, slope_ratio=0.5)
    assert float(flat - shaded) == pytest.approx(0.77 * 10.0)
