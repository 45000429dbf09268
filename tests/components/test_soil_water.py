"""The soil water process: a closed ledger, and a year that looks like one."""

from __future__ import annotations

import numpy as np
import pytest
from landlab import RasterModelGrid

from tests.support import shared
from watershed_c.components.climate import Climate
from watershed_c.components.hydraulic_properties import set_hydraulic_properties
from watershed_c.components.soil_water import SoilWater
from watershed_c.constituents import ConstituentTable
from watershed_c.io.climate import MonthlyForcing, read_climate
from watershed_c.state import Watershed

MONTH = 1.0 / 12.0
COLD = np.array([-14.0, -11.0, -5.0, 3.0, 10.0, 15.0, 17.0, 15.0, 10.0, 4.0, -3.0, -10.0])


def build(forcing, sand=0.4, clay=0.2, carbon=0.012, curve_number=75.0, cover=1.0, **parameters):
    grid = RasterModelGrid((6, 5), xy_spacing=20.0)
    grid.add_field("topographic__elevation", 500.0 + 20.0 * grid.y_of_node / 20.0, at="node")
    bottom = np.array([0.1, 0.23, 0.5, 1.0])
    watershed = Watershed(grid, constituents=ConstituentTable(()), layer_bottom=bottom)
    n = grid.number_of_nodes
    conductivity = set_hydraulic_properties(
        watershed, sand=np.full((n, 4), sand), clay=np.full((n, 4), clay), organic_carbon=np.full((n, 4), carbon)
    ).conductivity
    watershed.units.curve_number[:] = curve_number
    watershed.units.plant_cover[:] = cover
    watershed.units.root_fraction[:] = [0.35, 0.3, 0.25, 0.1]
    options = {"conductivity": conductivity, "wet_days": 10.0, **parameters}
    climate = Climate(watershed, forcing=forcing, reference_elevation=500.0, latitude=36.0)
    return watershed, climate, SoilWater(watershed, **options)


def run(watershed, climate, soil_water, years=3):
    """Sums over the last year, kg m-2 at each node; the ledger is checked after every step."""
    watershed.ledger.open()
    totals = {}
    for year in range(years):
        totals = {name: 0.0 for name in ("precipitation", "pet", "evapotranspiration", "runoff", "baseflow", "snow")}
        for month in range(12):
            watershed.calendar_month, watershed.month = 24000 + 12 * year + month, month
            climate.run_one_step(MONTH)
            soil_water.run_one_step(MONTH)
            watershed.ledger.check("soil_water")
            for name in totals:
                totals[name] = totals[name] + getattr(watershed, name)[watershed.cells]
    return totals


@pytest.fixture
def allardt():
    return read_climate(shared("reference/jacksboro_climate/allardt_tn_normals_1971_2000.csv"))


def test_ledger_closes_and_the_year_balances(allardt):
    watershed, climate, soil_water = build(allardt)
    total = run(watershed, climate, soil_water)
    out = total["evapotranspiration"] + total["runoff"] + total["baseflow"]
    assert out == pytest.approx(total["precipitation"], rel=1e-3)
    assert watershed.ledger.worst_residual < 1.0
    assert max(watershed.ledger.cumulative_residual().values()) < 1e-12
    for array in (watershed.runoff, watershed.percolation, watershed.evapotranspiration, watershed.water):
        assert not array[watershed.grid.boundary_nodes].any()


def test_a_humid_catchment_evaporates_about_what_tennessee_does(allardt):
    """Budyko (1974) for 1415 mm rain and the year's demand, within a fifth: size, not a calibration."""
    watershed, climate, soil_water = build(allardt)
    total = {name: float(np.mean(value)) for name, value in run(watershed, climate, soil_water).items()}
    dryness = total["pet"] / total["precipitation"]
    budyko = np.sqrt(dryness * np.tanh(1.0 / dryness) * (1.0 - np.exp(-dryness)))
    assert total["evapotranspiration"] / total["precipitation"] == pytest.approx(budyko, rel=0.2)


def test_bare_soil_evaporates_less_and_recharges_more(allardt):
    cropped, bare = (run(*build(allardt, cover=cover)) for cover in (1.0, 0.0))
    assert (bare["evapotranspiration"] < cropped["evapotranspiration"]).all()
    assert (bare["baseflow"] > cropped["baseflow"]).all()


def test_runoff_follows_the_curve_number(allardt):
    totals = [float(run(*build(allardt, curve_number=number))["runoff"].mean()) for number in (55.0, 70.0, 78.0, 89.0)]
    assert totals == sorted(totals) and totals[0] < 0.1 * totals[-1]


def test_sand_is_refilled_as_often_as_it_rains(allardt):
    """One substep per wet day is within 2 % of steady rain; with four, a sandy store stands empty too long."""
    daily, steady, coarse = (
        float(run(*build(allardt, sand=0.88, clay=0.05, substeps=substeps))["evapotranspiration"].mean())
        for substeps in (None, 256, 4)
    )
    assert daily == pytest.approx(steady, rel=0.02)
    assert coarse < 0.9 * steady


def test_more_wet_days_less_runoff(allardt):
    few, many = (float(run(*build(allardt, wet_days=days))["runoff"].mean()) for days in (5.0, 20.0))
    assert few > 2.0 * many


def test_snow_lies_in_winter_melts_in_spring_and_closes():
    forcing = MonthlyForcing(COLD, np.full(12, 60.0))
    watershed, climate, soil_water = build(forcing)
    watershed.ledger.open()
    snow, liquid = [], []
    for month in [*range(9, 12), *range(9)]:
        watershed.calendar_month, watershed.month = 24000 + month, month
        climate.run_one_step(MONTH)
        soil_water.run_one_step(MONTH)
        watershed.ledger.check("soil_water")
        snow.append(float(watershed.snow[watershed.cells].mean()))
        liquid.append(float(soil_water._liquid[watershed.cells].mean()))
    assert snow[5] > 200.0 and snow[-1] == 0.0
    assert max(liquid) > 200.0
    assert sum(liquid) == pytest.approx(720.0, rel=1e-12)


def test_snow_melts_earlier_on_the_sunny_side_and_closes():
    """Half the nodes get twice the sun, the others half of it: the same snow in the end, sooner and later."""
    ratio = np.full((12, 30), 0.5)
    ratio[:, :15] = 2.0
    watershed, climate, soil_water = build(MonthlyForcing(COLD, np.full(12, 60.0)), melt_ratio=ratio)
    watershed.ledger.open()
    sunny, shady = (np.intersect1d(watershed.cells, np.arange(*ends)) for ends in ((0, 15), (15, 30)))
    liquid = np.zeros(30)
    lain = {"sunny": 0.0, "shady": 0.0}
    for month in [*range(9, 12), *range(9)]:
        watershed.calendar_month, watershed.month = 24000 + month, month
        climate.run_one_step(MONTH)
        soil_water.run_one_step(MONTH)
        watershed.ledger.check("soil_water")
        liquid += soil_water._liquid
        lain["sunny"] += watershed.snow[sunny].mean()
        lain["shady"] += watershed.snow[shady].mean()
    assert liquid[watershed.cells] + watershed.snow[watershed.cells] == pytest.approx(720.0, rel=1e-12)
    assert lain["sunny"] < lain["shady"]


def test_wet_days_of_the_climate_table_by_month():
    """A month with few events runs off more than one of the same rain with many; one without any has one event."""
    rain, mild = np.full(12, 90.0), np.full(12, 12.0)
    days = np.array([2.0, 20.0] * 6)
    totals = {}
    ways = ("table", days, None), ("two", None, 2.0), ("none", np.zeros(12), None), ("one", None, 1.0)
    for name, table, given in ways:
        forcing = MonthlyForcing(mild, rain, wet_days=table)
        watershed, climate, soil_water = build(forcing, wet_days=given, sand=0.9, clay=0.03)
        watershed.ledger.open()
        runoff = []
        for month in range(2):
            watershed.calendar_month, watershed.month = 24000 + month, month
            climate.run_one_step(MONTH)
            soil_water.run_one_step(MONTH)
            runoff.append(float(watershed.runoff[watershed.cells].mean()))
        totals[name] = runoff
    assert totals["table"][0] == totals["two"][0] and totals["table"][1] < 0.5 * totals["two"][1]
    assert totals["none"] == totals["one"]


def test_groundwater_delays_but_does_not_lose(allardt):
    """Rule 26: the longer the residence time, the steadier the stream, over the same total."""
    spread = []
    for residence in (0.01, 0.123, 1.0):
        watershed, climate, soil_water = build(allardt, groundwater_residence_time=residence)
        flows = []
        for month in range(240):
            watershed.calendar_month, watershed.month = 24000 + month, month % 12
            climate.run_one_step(MONTH)
            soil_water.run_one_step(MONTH)
            flows.append(float(watershed.baseflow[watershed.cells].mean()))
        spread.append((np.ptp(flows[-12:]), sum(flows[-12:])))
    assert spread[0][0] > spread[1][0] > spread[2][0]
    assert [total for _, total in spread] == pytest.approx([spread[0][1]] * 3, rel=1e-6)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"wet_days": 0.0}, "wet_days"),
        ({"wet_days": 45.0}, "wet_days"),
        ({"melt_ratio": np.ones(30)}, "melt_ratio"),
        ({"melt_ratio": np.full((12, 30), -1.0)}, "melt_ratio"),
        ({"initial_abstraction": 0.3}, "initial_abstraction"),
        ({"groundwater_residence_time": 0.0}, "residence"),
        ({"substeps": 0}, "substeps"),
        ({"evaporation_depth": 0.0}, "evaporation_depth"),
        ({"degree_day_factor": -1.0}, "degree_day"),
        ({"conductivity": np.zeros((30, 4))}, "conductivity"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        build(MonthlyForcing(COLD, np.full(12, 60.0)), **parameters)


def test_hydraulic_properties_must_be_set():
    grid = RasterModelGrid((4, 4), xy_spacing=20.0)
    grid.add_zeros("topographic__elevation", at="node")
    watershed = Watershed(grid, constituents=ConstituentTable(()), layer_bottom=np.array([0.3]))
    with pytest.raises(ValueError, match="must increase"):
        SoilWater(watershed, conductivity=np.ones((16, 1)), wet_days=10.0)


# -- infiltration --
def days(rain: np.ndarray) -> MonthlyForcing:
    """Three years of the same days, (12, 31) mm."""
    total = np.tile(rain.sum(axis=1), 3)
    shares = np.tile(rain / rain.sum(axis=1, keepdims=True), (3, 1))
    temperature = np.tile(np.maximum(COLD, 5.0), 3)
    return MonthlyForcing(
        temperature, total, pet=np.full(36, 60.0), rain_shares=shares, first_year=2000, is_normals=False
    )


@pytest.mark.parametrize("infiltration", ["curve_number", "curve_number_moisture", "green_ampt"])
@pytest.mark.parametrize("by_day", [False, True])
def test_every_way_of_infiltration_closes_by_month_and_by_day(infiltration, by_day):
    random = np.random.default_rng(5)
    rain = random.exponential(9.0, (12, 31)) * (random.random((12, 31)) < 0.35)
    storm = {"storm_duration": 1.0 / 8766.0} if infiltration == "green_ampt" else {}
    built = build(days(rain), sand=0.2, clay=0.35, infiltration=infiltration, by_day=by_day, **storm)
    total = run(*built)
    assert built[0].ledger.worst_residual < 1.0 and built[0].ledger.cumulative_residual()["water"] < 1e-12
    assert (total["runoff"] > 0.0).all() and (total["runoff"] < 0.6 * rain.sum()).all()


def test_days_are_the_events_of_the_curve_number():
    """By day and without moisture the year's runoff is the sum of TR-55's over the days."""
    random = np.random.default_rng(8)
    rain = random.exponential(12.0, (12, 31)) * (random.random((12, 31)) < 0.3)
    total = run(*build(days(rain), curve_number=78.0, by_day=True))
    store = 25400.0 / 78.0 - 254.0
    above = np.maximum(rain - 0.2 * store, 0.0)
    assert total["runoff"] == pytest.approx((above**2 / (rain + 0.8 * store)).sum(), rel=1e-9)


def test_wet_soil_runs_off_more_where_moisture_counts():
    """The same rain in a climate that wets the soil and in one that dries it."""
    found = {}
    for infiltration in ("curve_number", "curve_number_moisture", "green_ampt"):
        storm = {"storm_duration": 0.5 / 8766.0} if infiltration == "green_ampt" else {}
        for demand in (20.0, 140.0):
            forcing = MonthlyForcing(np.full(12, 8.0), np.full(12, 80.0), pet=np.full(12, demand))
            built = build(forcing, clay=0.35, sand=0.2, curve_number=70.0, infiltration=infiltration, **storm)
            found[infiltration, demand] = float(run(*built)["runoff"].mean())
    assert found["curve_number", 20.0] == pytest.approx(found["curve_number", 140.0], rel=1e-9)
    assert found["curve_number_moisture", 20.0] > 1.5 * found["curve_number_moisture", 140.0] > 0.0
    assert found["green_ampt", 20.0] > 1.02 * found["green_ampt", 140.0] > 0.0


def test_green_ampt_on_sand_lets_everything_in_and_needs_a_storm():
    forcing = MonthlyForcing(np.full(12, 8.0), np.full(12, 80.0), pet=np.full(12, 30.0))
    hour = 1.0 / 8766.0
    sand, loam = (
        run(*build(forcing, sand=sand, clay=clay, infiltration="green_ampt", storm_duration=hour))["runoff"].mean()
        for sand, clay in ((0.9, 0.05), (0.2, 0.4))
    )
    assert sand < 1e-3 * 960.0 < loam
    long = run(*build(forcing, sand=0.2, clay=0.4, infiltration="green_ampt", storm_duration=6 * hour))
    assert long["runoff"].mean() < loam
    with pytest.raises(ValueError, match="storm_duration"):
        build(forcing, infiltration="green_ampt")
    with pytest.raises(ValueError, match="curve_number, curve_number_moisture, green_ampt"):
        build(forcing, infiltration="horton")
    with pytest.raises(ValueError, match="conductivity_ratio"):
        build(forcing, conductivity_ratio=0.0)
