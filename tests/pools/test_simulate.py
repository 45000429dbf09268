"""Pool models on Datasets: official runs with radiocarbon, dimensions that are shared, units, messages, lazy input."""

from __future__ import annotations

import csv
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from tests.support import shared
from watershed_c.pools.compiled import CompiledPoolModel
from watershed_c.pools.datasets import InputError
from watershed_c.pools.initial import Measured
from watershed_c.pools.loader import available_models, load_model
from watershed_c.pools.simulate import simulate

CASES = {
    "o1_temperate_arable": (23.4, 23.0),
    "o2_sandy_wet_grass": (5.0, 30.0),
    "o3_clay60_mediterranean": (60.0, 30.0),
    "o4_fym_no_iom": (18.0, 25.0),
    "o5_tropical_forest": (40.0, 30.0),
    "o6_boreal_subzero": (15.0, 30.0),
}
NAMES = {
    "Tmp": "temperature", "Rain": "rain", "Evap": "pan_evaporation", "C_inp": "plant", "FYM": "manure",
    "PC": "plant_cover", "DPM_RPM": "dpm_rpm", "modern": "percent_modern",
}  # fmt: skip
POOLS = ("DPM", "RPM", "BIO", "HUM", "IOM")
SOIL = {"clay": 23.4, "depth": 23.0, "iom": 2.7}


def table(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def official(case: str) -> xr.Dataset:
    rows = table(shared("reference/pools/rothc_py") / f"{case}_input.csv")
    return xr.Dataset({new: ("time", [float(row[old]) for row in rows]) for old, new in NAMES.items()})


def climate(steps: int = 24) -> dict[str, np.ndarray]:
    """A made-up climate, every year alike."""
    month = np.arange(steps) % 12
    wave = np.cos(2.0 * np.pi * (month - 6) / 12.0)
    return {
        "temperature": 9.0 + 7.0 * wave,
        "rain": 60.0 - 20.0 * wave,
        "pet": 50.0 + 45.0 * wave,
        "plant_cover": ((month > 2) & (month < 8)).astype(float),
        "plant": np.where(month == 7, 2.4, 0.05),
    }


@pytest.mark.parametrize("case", CASES)
def test_official_rothc_with_radiocarbon_every_month(case: str) -> None:
    """Pools to 1e-9 t/ha and Delta-14C to 1e-6 per mil, from the official equilibrium run on; a result is a start."""
    rothc = load_model("rothc")
    given = official(case)
    folder = shared("reference/pools/rothc_py")
    at_equilibrium = table(folder / f"{case}_yearly.csv")[0]
    clay, depth = CASES[case]
    soil = {"clay": clay, "depth": depth}
    nothing = {pool: 0.0 for pool in rothc.pools} | {"iom": float(at_equilibrium["IOM_t_C_ha"])}
    nothing |= {f"modern.{pool}": 0.0 for pool in rothc.pools}
    year = given.isel(time=np.arange(int(at_equilibrium["Month"])) % 12)
    equilibrium = rothc.simulate(year, soil, nothing, every="end")
    np.testing.assert_allclose(
        equilibrium.soil_carbon[-1], [float(at_equilibrium[f"{p}_t_C_ha"]) for p in POOLS], rtol=0.0, atol=1e-9
    )
    assert float(equilibrium.Delta14C[-1]) == pytest.approx(float(at_equilibrium["deltaC"]), abs=1e-6)

    run = rothc.simulate(given.isel(time=slice(12, None)), soil, equilibrium)
    monthly = table(folder / f"{case}_monthly.csv")
    pools = [[float(row[f"{pool}_t_C_ha"]) for pool in POOLS] for row in monthly]
    np.testing.assert_allclose(run.soil_carbon, pools, rtol=0.0, atol=1e-9)
    np.testing.assert_allclose(run.Delta14C, [float(row["deltaC"]) for row in monthly], rtol=0.0, atol=1e-6)

    # in closed form: as much above the official stop as that is below its equilibrium
    closed = rothc.simulate(
        given.isel(time=slice(12, None)),
        {**soil, "iom": float(at_equilibrium["IOM_t_C_ha"])},
        spin_up=given.isel(time=slice(12)),
    )
    short = float(closed.initial_soil_carbon.sum()) - float(at_equilibrium["SOC_t_C_ha"])
    assert 0.0 < short < 3e-4
    np.testing.assert_allclose(closed.Delta14C, run.Delta14C, rtol=0.0, atol=2e-3)


def test_radiocarbon_of_the_equilibrium_is_that_of_ten_thousand_years() -> None:
    rothc = load_model("rothc")
    year = climate(12) | {"fraction_modern": np.ones(12)}
    closed = rothc.simulate(year, SOIL)
    start = {pool: 0.0 for pool in rothc.pools} | {"iom": 2.7} | {f"modern.{pool}": 0.0 for pool in rothc.pools}
    long = rothc.simulate({name: np.tile(v, 10_000) for name, v in year.items()}, SOIL, start, every="end")
    np.testing.assert_allclose(closed.soil_carbon[-1], long.soil_carbon[-1], rtol=1e-9)
    np.testing.assert_allclose(closed.modern_carbon, long.modern_carbon, rtol=1e-9)
    assert float(closed.Delta14C[-1]) == pytest.approx(float(long.Delta14C[-1]), abs=1e-6)
    percent = climate(12) | {"percent_modern": np.full(12, 100.0)}
    np.testing.assert_array_equal(rothc.simulate(percent, SOIL).Delta14C, closed.Delta14C)


def many() -> tuple[xr.Dataset, xr.Dataset]:
    """Weather by site, manure by treatment, cover for all, plant input by member and kind parameter by site."""
    one = climate()
    sites, members, treatments = 3, 4, 2
    forcing = xr.Dataset(
        {
            "temperature": (("time", "site"), one["temperature"][:, None] + np.arange(sites)),
            "rain": ("time", one["rain"]),
            "pet": ("time", one["pet"]),
            "plant_cover": ("time", one["plant_cover"]),
            "plant": (("member", "time"), one["plant"] * np.array([1.0, 0.8, 1.2, 0.0])[:, None]),
            "manure": (("time", "treatment"), np.outer(np.arange(24) % 12 == 10, [0.0, 3.0])),
            "dpm_rpm": ("site", [1.44, 0.67, 1.44]),
        },
        coords={"site": ["a", "b", "c"], "latitude": ("site", [50.0, 51.0, 52.0])},
    )
    soil = xr.Dataset({"clay": ("site", [10.0, 20.0, 30.0]), "iom": ("treatment", [1.0, 2.0]), "depth": 25.0})
    assert members == forcing.sizes["member"] and treatments == forcing.sizes["treatment"]
    return forcing, soil


def test_every_point_is_the_run_of_that_point_alone() -> None:
    rothc = load_model("rothc")
    forcing, soil = many()
    together = rothc.simulate(forcing, soil, every="year")
    assert together.soil_carbon.dims == ("time", "pool", "site", "member", "treatment")
    assert dict(together.sizes) == {"time": 2, "pool": 5, "site": 3, "member": 4, "treatment": 2}
    assert together.latitude.dims == ("site",) and list(together.pool.values) == list(rothc.pools)
    for site, member, treatment in ((0, 0, 0), (1, 3, 1), (2, 2, 1)):
        at = {"site": site, "member": member, "treatment": treatment}
        alone = rothc.simulate(forcing.isel(at, missing_dims="ignore"), soil.isel(at, missing_dims="ignore"))
        for name in ("soil_carbon", "cSoil"):
            np.testing.assert_allclose(together[name].isel(at), alone[name].isel(time=[11, 23]), rtol=1e-13)
        yearly = alone.respired.values.reshape(2, 12).sum(axis=1)
        np.testing.assert_allclose(together.respired.isel(at), yearly, rtol=1e-12)
        np.testing.assert_allclose(together.deficit.isel(at), alone.deficit, rtol=1e-13)


@pytest.mark.parametrize("timed", [False, True])
def test_nothing_is_lost(timed: bool) -> None:
    """Start + input - CO2 = end, with shares of the input that differ by point, and from month to month."""
    rothc = load_model("rothc")
    forcing, soil = many()
    if timed:
        forcing["dpm_rpm"] = forcing.dpm_rpm * xr.DataArray(1.0 + 0.1 * np.arange(24), dims="time")
    run = rothc.simulate(forcing, soil)
    entered = forcing.plant.sum("time") + forcing.manure.sum("time")
    lost = run.initial_soil_carbon.sum("pool") + entered - run.respired.sum("time") - run.cSoil.isel(time=-1)
    assert float(abs(lost).max()) < 1e-11


def test_weather_by_station_is_looked_up_by_name() -> None:
    rothc = load_model("rothc")
    one = climate()
    forcing = xr.Dataset({name: ("time", values) for name, values in one.items()})
    forcing["temperature"] = (("time", "station"), one["temperature"][:, None] + np.array([0.0, 3.0, 6.0]))
    forcing = forcing.assign_coords(station=["low", "middle", "high"])
    soil = xr.Dataset({"clay": 20.0, "iom": 2.0, "station": (("y", "x"), [["high", "low"], ["low", "middle"]])})
    run = rothc.simulate(forcing, soil)
    assert run.cSoil.dims == ("time", "y", "x")
    for place, station in (((0, 0), "high"), ((1, 1), "middle")):
        alone = rothc.simulate(forcing.sel(station=station, drop=True), {"clay": 20.0, "iom": 2.0})
        np.testing.assert_allclose(run.cSoil[(slice(None), *place)], alone.cSoil, rtol=1e-13)
    wrong = soil.assign(station=(("y", "x"), [["high", "low"], ["low", "hihg"]]))
    with pytest.raises(InputError, match="soil.station = hihg  must be a place in the dimension station"):
        rothc.simulate(forcing, wrong)


def test_shared_forcing_is_not_repeated_for_every_point() -> None:
    """50 000 points, 20 series of weather, 50 years: each table would take 240 MB if it were."""
    rothc = load_model("rothc")
    steps, stations, points = 600, 20, 50_000
    one = climate(steps)
    forcing = xr.Dataset({name: ("time", values) for name, values in one.items()})
    forcing["temperature"] = (("time", "station"), one["temperature"][:, None] + 0.1 * np.arange(stations))
    soil = xr.Dataset({"clay": 20.0, "iom": 2.0, "station": ("point", np.arange(points) % stations)})
    few = rothc.simulate(forcing, soil.isel(point=slice(stations)), every="end")  # compiled
    tracemalloc.start()
    run = rothc.simulate(forcing, soil, every="end")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6, f"{peak / 1e6:.0f} MB"
    np.testing.assert_allclose(run.cSoil[-1, -stations:], few.cSoil[-1], rtol=1e-13)


def test_numpy_arrays_and_numbers_do() -> None:
    rothc = load_model("rothc")
    one = climate()
    one["temperature"] = one["temperature"][:, None] + np.array([0.0, 5.0])
    run = simulate(rothc, one, {"clay": np.array([10.0, 30.0]), "iom": 2.0})
    assert run.cSoil.dims == ("time", "point") and run.sizes["point"] == 2
    pools = rothc.simulate(one, {"clay": np.array([10.0, 30.0])}, np.array([0.1, 5.0, 1.0, 30.0, 2.0]), every="end")
    np.testing.assert_allclose(pools.initial_soil_carbon.isel(point=1), [0.1, 5.0, 1.0, 30.0, 2.0], rtol=1e-15)
    assert pools.sizes["time"] == 1 and "field capacity" in pools.attrs["assumptions"]


def test_units_are_those_of_the_input() -> None:
    rothc = load_model("rothc")
    forcing = xr.Dataset({name: ("time", values) for name, values in climate().items()})
    plain = rothc.simulate(forcing, SOIL)
    assert plain.cSoil.attrs["units"] == "t ha-1"
    assert plain.cSoil.attrs["standard_name"] == "soil_mass_content_of_carbon"
    other = forcing.assign(
        plant=(forcing.plant * 0.1).assign_attrs(units="kg m-2"),
        temperature=(forcing.temperature + 273.15).assign_attrs(units="K"),
        rain=(forcing.rain * 0.1).assign_attrs(units="cm"),
    )
    soil = xr.Dataset({"clay": ((), 0.234, {"units": "1"}), "depth": ((), 0.23, {"units": "m"}), "iom": 2.7})
    kilograms = rothc.simulate(other, soil)
    assert kilograms.cSoil.attrs["units"] == kilograms.soil_carbon.attrs["units"] == "kg m-2"
    np.testing.assert_allclose(kilograms.cSoil, 0.1 * plain.cSoil, rtol=1e-12)
    again = rothc.simulate(other, soil, kilograms.isel(time=[-1]))  # its own attribute is heeded
    np.testing.assert_allclose(again.initial_soil_carbon, kilograms.soil_carbon[-1], rtol=1e-14)


def test_all_mistakes_at_once_with_the_nearest_name() -> None:
    rothc = load_model("rothc")
    one = climate()
    one["temprature"] = one.pop("temperature")
    one["rain"] = np.where(np.arange(24) == 3, -1.0, one["rain"])
    one["plant_cover"] = one["plant_cover"] + 0.5
    one["plant"] = np.where(np.arange(24) == 5, np.nan, one["plant"])
    with pytest.raises(InputError) as told:
        rothc.simulate(one, {"clya": 20.0, "depth": -1.0})
    text = str(told.value)
    for line in (
        'forcing.temprature  is not known. Did you mean "temperature"?',
        "forcing.temperature  is missing",
        "forcing.rain = -1 mm  must be 0 to 20000 mm (time 3).",
        "forcing.plant_cover = 0.5  must be 0 or 1 (time 0).",
        "forcing.plant  is missing (time 5).",
        'soil.clya  is not known. Did you mean "clay"?',
        "soil.clay  is missing",
        "soil.depth = -1 cm  must be 0.1 to 1000 cm.",
        "soil.iom  is missing",
    ):
        assert line in text, line
    assert isinstance(told.value, ValueError)
    for wrong, words in (
        ({"scheme": "eulre"}, 'Did you mean "euler"?'),
        ({"every": "day"}, "must be one of step, month, year, end"),
        ({"initial": "steady"}, 'must be "equilibrium"'),
        ({"initial": {"dpm": 1.0}}, "initial.rpm  is missing"),
        ({"steps_per_year": 400}, "from 1 to 366"),
    ):
        with pytest.raises(InputError, match=words.replace("?", r"\?")):
            rothc.simulate(climate(), SOIL, **wrong)
    with pytest.raises(InputError, match="must have a year"):
        rothc.simulate(climate(8), SOIL)
    dated = xr.Dataset({name: ("time", v) for name, v in climate().items()})
    dated = dated.assign_coords(time=np.datetime64("2001-01-15", "ns") + np.arange(24) * np.timedelta64(30, "D"))
    with pytest.raises(InputError, match="does not fit the time coordinate: a step is 30 days"):
        rothc.simulate(dated, SOIL, steps_per_year=52)
    assert rothc.simulate(dated, SOIL, every="year").time.size == 2
    with pytest.raises(InputError, match="radiocarbon"):
        rothc.simulate(climate() | {"percent_modern": np.full(24, 100.0)}, SOIL, np.ones(5))


def test_what_is_masked_stays_masked() -> None:
    rothc = load_model("rothc")
    one = climate()
    sea = one["temperature"][:, None] + np.array([0.0, np.nan, 1.0])
    run = rothc.simulate(one | {"temperature": sea}, {"clay": np.array([20.0, 20.0, np.nan]), "iom": 2.0})
    assert np.isfinite(run.cSoil.values[:, 0]).all() and np.isnan(run.cSoil.values[:, 1:]).all()
    with pytest.raises(InputError, match="clay  is missing"):
        rothc.simulate(one, {"clay": np.nan, "iom": 2.0})


LINEAR = [name for name in available_models() if isinstance(load_model(name), CompiledPoolModel)]


@pytest.mark.parametrize("name", LINEAR)
def test_any_linear_model_keeps_its_books(name: str) -> None:
    """With ``modifier`` in place of weather, two inputs and the defaults of their parameters."""
    model = load_model(name)
    forcing: dict[str, np.ndarray] = {"modifier": np.linspace(0.2, 1.5, 24), "manure": np.full(24, 0.03)}
    for kind, record in model.inputs.items():
        if all(quantity.default is not None for quantity in record.parameters.values()):
            forcing[kind] = np.linspace(0.0, 0.3, 24)
    middle = {key: 0.5 * (q.low + q.high) for key, q in model.properties.items()}
    run = model.simulate(forcing, middle | {"silt": 30.0} if "silt" in middle else middle,
                         {pool: 3.0 for pool in model.pools})  # fmt: skip
    entered = sum(float(forcing[kind].sum()) for kind in model.inputs if kind in forcing)
    end = float(run.cSoil[-1]) + float(run.respired.sum())
    assert end == pytest.approx(3.0 * len(model.pools) + entered, rel=1e-11)


def test_rain_of_the_year_is_made_from_that_of_the_steps() -> None:
    """YASSO wants rain per year: the sum of the last twelve months, of the first twelve in the first year."""
    yasso = load_model("yasso07")
    one = climate(36)
    given = {name: one[name] for name in ("temperature", "rain", "plant")}
    given["rain"] = given["rain"] + np.repeat([0.0, 10.0, 0.0], 12)
    run = yasso.simulate(given, {})
    yearly = np.array([given["rain"][max(0, i - 11) : max(i + 1, 12)].sum() for i in range(36)])
    other = yasso.simulate({name: given[name] for name in ("temperature", "plant")} | {"rain_per_year": yearly}, {})
    np.testing.assert_allclose(run.soil_carbon, other.soil_carbon, rtol=1e-13)


def test_lazy_input_gives_a_lazy_result() -> None:
    pytest.importorskip("dask")
    rothc = load_model("rothc")
    forcing, soil = many()
    forcing["fraction_modern"] = ("time", np.ones(24))
    eager = rothc.simulate(forcing, soil, every="year")
    lazy = rothc.simulate(forcing.chunk(site=2), soil.chunk(treatment=1), every="year")
    assert all(lazy[name].chunks for name in eager.data_vars)
    assert lazy.cSoil.chunks == ((2,), (2, 1), (4,), (1, 1))
    xr.testing.assert_allclose(lazy.compute(), eager, rtol=1e-13)
    assert lazy.attrs == eager.attrs and lazy.cSoil.attrs == eager.cSoil.attrs
    with pytest.raises(InputError, match="temprature"):
        rothc.simulate(forcing.rename(temperature="temprature").chunk(site=2), soil)
    forcing = forcing.isel(member=slice(3))  # the last gets no plant input: its equilibrium has no proportions
    start = Measured(xr.DataArray([50.0, 60.0, 70.0], {"site": ["a", "b", "c"]}), "fractions")
    for initial, cycle in ((start, None), ("equilibrium", forcing.isel(time=slice(12)))):
        eager = rothc.simulate(forcing, soil, initial, spin_up=cycle, every="end")
        lazy = rothc.simulate(forcing.chunk(site=1), soil, initial, spin_up=cycle, every="end")
        xr.testing.assert_allclose(lazy.compute(), eager, rtol=1e-13)
