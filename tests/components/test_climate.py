"""The climate of every cell."""

from __future__ import annotations

import numpy as np
import pytest
from landlab import RasterModelGrid

from watershed_c.components.climate import Climate
from watershed_c.constituents import ConstituentTable
from watershed_c.io.climate import MonthlyForcing
from watershed_c.kernels import climate as kernel
from watershed_c.kernels import evapotranspiration as e
from watershed_c.state import Watershed

MONTH = 1.0 / 12.0
MEAN = np.array([-4.0, -1.0, 3.0, 8.0, 13.0, 17.0, 19.0, 18.0, 14.0, 9.0, 3.0, -2.0])
RAIN = np.array([40.0, 35, 45, 55, 80, 90, 100, 85, 70, 60, 50, 45])


def build(elevation=None, layer_bottom=(0.1, 0.23, 0.6, 1.0), **parameters):
    grid = RasterModelGrid((5, 4), xy_spacing=10.0)
    grid.add_field("topographic__elevation", np.full(20, 500.0) if elevation is None else elevation, at="node")
    watershed = Watershed(grid, constituents=ConstituentTable(()), layer_bottom=np.array(layer_bottom))
    options = {"forcing": MonthlyForcing(MEAN, RAIN), "reference_elevation": 500.0, "latitude": 45.0, **parameters}
    return watershed, Climate(watershed, **options)


def step(watershed, climate, month, year=2001, dt=MONTH):
    watershed.calendar_month, watershed.month = year * 12 + month, month
    climate.run_one_step(dt)


def test_at_the_reference_elevation_the_station_is_reproduced():
    watershed, climate = build()
    cells = watershed.cells
    for month in range(12):
        step(watershed, climate, month)
        assert watershed.temperature[cells] == pytest.approx(MEAN[month])
        assert watershed.precipitation[cells] == pytest.approx(RAIN[month])
    assert not watershed.temperature[watershed.grid.boundary_nodes].any()


def test_higher_is_colder_wetter_and_less_erosive():
    elevation = np.full(20, 500.0)
    elevation[10] = 1000.0
    watershed, climate = build(elevation, precipitation_gradient=0.0005, erosivity=600.0)
    total = {5: 0.0, 10: 0.0}
    for month in range(12):
        step(watershed, climate, month)
        assert watershed.temperature[5] - watershed.temperature[10] == pytest.approx(3.25)
        assert watershed.precipitation[10] == pytest.approx(1.25 * watershed.precipitation[5])
        assert watershed.pet[10] <= watershed.pet[5]
        for node in total:
            total[node] += watershed.erosivity[node]
        if MEAN[month] < 0.0:
            assert watershed.erosivity[5] == 0.0
    assert total[10] < total[5] < 600.0


def test_erosivity_sums_to_the_annual_value_without_snow():
    share = np.arange(12.0) / 66.0
    for options in ({"erosivity": 600.0}, {"erosivity": 600.0, "erosivity_share": share}):
        watershed, climate = build(snow_reduces_erosivity=False, **options)
        months = []
        for month in range(12):
            step(watershed, climate, month)
            months.append(watershed.erosivity[5])
        assert sum(months) == pytest.approx(600.0)
    assert np.array(months) == pytest.approx(600.0 * share)
    _, default = build()
    assert default.monthly_erosivity.sum() == pytest.approx(float(kernel.renard_freimund(RAIN)))


def test_parts_of_a_month_add_up():
    watershed, climate = build()
    step(watershed, climate, 6)
    whole = watershed.precipitation[5], watershed.pet[5], watershed.erosivity[5]
    step(watershed, climate, 6, dt=MONTH / 2)
    assert (2 * watershed.precipitation[5], 2 * watershed.pet[5], 2 * watershed.erosivity[5]) == pytest.approx(whole)


def test_each_way_to_potential_evapotranspiration():
    extremes = {"temperature_min": MEAN - 5.0, "temperature_max": MEAN + 6.0}
    table = MonthlyForcing(MEAN, RAIN, pet=np.arange(12.0), **extremes)
    watershed, climate = build(forcing=table)
    step(watershed, climate, 6)
    assert watershed.pet[5] == 6.0
    watershed, climate = build(forcing=table, pet="thornthwaite")
    step(watershed, climate, 6)
    heat = kernel.heat_index(MEAN)
    assert watershed.pet[5] == pytest.approx(kernel.thornthwaite(MEAN[6], heat, kernel.monthly_daylight(45.0)[6], 31.0))
    watershed, climate = build(forcing=table, pet="hargreaves")
    step(watershed, climate, 6)
    daily = 0.0023 * 0.408 * kernel.monthly_radiation(45.0)[6] * (MEAN[6] + 17.8) * 11.0**0.5
    assert watershed.pet[5] == pytest.approx(31.0 * daily)


def energy_table(**more):
    columns = {"radiation": np.full(12, 15.0), "wind": np.full(12, 2.0), **more}
    return MonthlyForcing(MEAN, RAIN, temperature_min=MEAN - 5.0, temperature_max=MEAN + 6.0, **columns)


@pytest.mark.parametrize("pet", ["priestley_taylor", "penman_monteith"])
def test_potential_evapotranspiration_from_the_energy_balance(pet):
    """At the station it is the kernel's; higher up, with the same relative humidity, there is less."""
    elevation = np.full(20, 500.0)
    elevation[10] = 1000.0
    table = energy_table(humidity_min=np.full(12, 55.0), humidity_max=np.full(12, 90.0))
    watershed, climate = build(elevation, forcing=table, pet=pet)
    step(watershed, climate, 6)
    low, high = MEAN[6] - 5.0, MEAN[6] + 6.0
    vapour = e.actual_vapour_pressure(low, high, 55.0, 90.0)
    net = e.net_radiation(15.0, kernel.monthly_radiation(45.0)[6], low, high, vapour, 500.0)
    heat = 0.07 * (MEAN[7] - MEAN[5])
    daily = (
        e.priestley_taylor(MEAN[6], net, heat, 500.0)
        if pet == "priestley_taylor"
        else e.penman_monteith(MEAN[6], low, high, net, heat, 2.0, vapour, 500.0)
    )
    assert watershed.pet[5] == pytest.approx(31.0 * float(daily), rel=1e-12)
    assert 0.0 < watershed.pet[10] < watershed.pet[5]
    # the vapour pressure itself says the same as the humidities it belongs to
    watershed, climate = build(forcing=energy_table(vapour_pressure=np.full(12, float(vapour))), pet=pet)
    step(watershed, climate, 6)
    assert watershed.pet[5] == pytest.approx(31.0 * float(daily), rel=1e-12)


def test_slope_and_aspect_scale_demand():
    """More towards the sun, less away from it; where demand is as radiation, both together as much as on the plan."""
    grid_x, grid_y = np.arange(20) % 4 * 10.0, np.arange(20) // 4 * 10.0
    humid = {"humidity_min": np.full(12, 55.0), "humidity_max": np.full(12, 90.0)}
    table = energy_table(pet=np.full(12, 50.0), **humid)
    for pet in e.INPUTS:
        found = {}
        for name, elevation in (("flat", 0.0 * grid_x), ("south", 0.3 * grid_y), ("north", -0.3 * grid_y)):
            watershed, climate = build(500.0 + elevation, forcing=table, pet=pet, slope_radiation=True, lapse_rate=0.0)
            step(watershed, climate, 2)
            found[name] = watershed.pet[9]
            if name == "flat":
                assert climate.radiation_ratio == pytest.approx(1.0, abs=1e-12)
                plain, without = build(500.0 + elevation, forcing=table, pet=pet, lapse_rate=0.0)
                step(plain, without, 2)
                assert plain.pet[9] == pytest.approx(watershed.pet[9]) and without.radiation_ratio is None
            elif pet in ("given", "thornthwaite", "hargreaves"):
                assert watershed.pet[9] == pytest.approx(climate.radiation_ratio[2, 9] * found["flat"])
        assert found["north"] < found["flat"] < found["south"]
        if pet != "penman_monteith" and pet != "priestley_taylor":
            assert found["north"] + found["south"] == pytest.approx(2.0 * found["flat"], rel=1e-3)


def test_wet_days_of_every_month_are_told():
    watershed, climate = build(forcing=MonthlyForcing(MEAN, RAIN, wet_days=np.arange(12.0)))
    step(watershed, climate, 6)
    assert watershed.wet_days == 6.0
    watershed, climate = build()
    step(watershed, climate, 6)
    assert watershed.wet_days == 0.0


def test_layer_temperature_departs_from_air_below_the_plough_layer():
    watershed, climate = build()
    yearly = []
    for month in range(12):
        step(watershed, climate, month)
        assert watershed.layer_temperature[:2] == pytest.approx([0.0, 0.0], abs=1e-12)
        yearly.append(watershed.layer_temperature + MEAN[month])
    yearly = np.array(yearly)
    spread = np.ptp(yearly, axis=0)
    assert spread[1] > spread[2] > spread[3]
    assert yearly.mean(axis=0) == pytest.approx(MEAN.mean(), abs=1e-9)
    assert yearly[6, 3] < MEAN[6] and yearly[0, 3] > MEAN[0]


def test_subsoil_follows_a_warming():
    years = 40
    warming = np.repeat(np.arange(years) * 0.05, 12)
    forcing = MonthlyForcing(np.tile(MEAN, years) + warming, np.tile(RAIN, years), first_year=2000, is_normals=False)
    watershed, climate = build(forcing=forcing)
    deep = []
    for year in range(2000, 2000 + years):
        annual = 0.0
        for month in range(12):
            step(watershed, climate, month, year)
            annual += (watershed.layer_temperature[3] + forcing.temperature[forcing.index(year, month + 1)]) / 12.0
        deep.append(annual)
    assert deep[-1] - deep[0] == pytest.approx(0.05 * (years - 1), abs=0.05)
    with pytest.raises(IndexError, match="2000-01 to 2039-12"):
        step(watershed, climate, 0, 2040)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"latitude": 120.0}, "latitude"),
        ({"lapse_rate": -6.5}, "lapse rate"),
        ({"precipitation_gradient": 0.5}, "gradient"),
        ({"pet": "penman"}, "pet must be one of"),
        ({"pet": "given"}, "needs potential evapotranspiration"),
        ({"latitude": None}, "needs the latitude"),
        ({"pet": "hargreaves"}, r"tmin_degC\) and mean daily maximum"),
        ({"pet": "penman_monteith"}, r"tmin_.*tmax_.*radiation_MJ_m2_day.*humidity_%.*wind_2m_m_s"),
        ({"forcing": MonthlyForcing(MEAN, RAIN, pet=RAIN), "slope_radiation": True, "latitude": None}, "slope_"),
        ({"erosivity": -1.0}, "negative"),
        ({"erosivity": 1.0, "erosivity_share": np.ones(12)}, "sum to 1"),
        ({"thermal_diffusivity": 5e-3}, "diffusivity"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        build(**parameters)
