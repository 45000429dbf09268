"""Models with microbes on Datasets: published states and runs through the front door, points, substeps, messages."""

from __future__ import annotations

import csv
import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from tests.pools.test_simulate import climate
from tests.support import shared
from watershed_c.kernels.mimics import HOURS_PER_YEAR
from watershed_c.pools.datasets import InputError
from watershed_c.pools.initial import Measured
from watershed_c.pools.loader import load_model
from watershed_c.pools.nonlinear import run_cycle
from watershed_c.pools.nonlinear_model import NonlinearPoolModel

MIMICS = ("LITm", "LITs", "MICr", "MICk", "SOMp", "SOMc", "SOMa")
MILLENNIAL = ("POM", "LMWC", "AGG", "MIC", "MAOM")
#: steps a year where a step is a day
DAILY = 365.25
#: kg m-2 of 30 cm per mg cm-3
MG = 0.3
KINETICS = {"V2_MM": "", "V2_ECA": "equilibrium_chemistry", "V2_LIN": "linear"}
SETS = {("fit", ""): "fit", ("default", ""): "default", ("default", "linear"): "linear",
        ("default", "equilibrium_chemistry"): "equilibrium_chemistry", ("fit", "linear"): "fit_linear",
        ("fit", "equilibrium_chemistry"): "fit_equilibrium_chemistry"}  # fmt: skip
SOIL: dict[str, dict[str, Any]] = {
    "mimics": {"clay": 20.0, "depth": 25.0},
    "millennial": {"clay": 20.0, "silt": 40.0, "ph": 6.5, "bulk_density": 1400.0, "depth": 25.0},
}


def table(name: str) -> list[dict[str, str]]:
    with shared(f"reference/pools/{name}").open() as file:
        return list(csv.DictReader(file))


def column(rows: list[dict[str, str]], name: str) -> np.ndarray:
    return np.array([float(row[name]) for row in rows])


def kilograms(values: Any, *dims: str) -> xr.DataArray:
    return xr.DataArray(values, dims=dims, attrs={"units": "kg m-2"})


def weather(name: str, steps: int = 24) -> dict[str, np.ndarray]:
    """A made-up climate, every year alike."""
    one = climate(steps)
    wave = np.cos(2.0 * np.pi * (np.arange(steps) % 12 - 6) / 12.0)
    given = {key: one[key] for key in ("temperature", "plant")}
    return given | ({"moisture": 0.25 - 0.08 * wave} if name == "millennial" else {})


def sites(warming: float, steps: int) -> tuple[xr.Dataset, xr.Dataset]:
    """The published sites of MIMICS; a step is a day, and a year of the program 8760 h."""
    rows = table("mimics/mimics_steady_state.csv")
    productivity = column(rows, "anpp_gC") / 1000.0
    forcing = xr.Dataset(
        {
            "temperature": (("time", "site"), np.tile(column(rows, "T") + warming, (steps, 1))),
            "plant": kilograms(productivity * HOURS_PER_YEAR / 8760.0 / DAILY, "site"),
            "lignin_nitrogen": (0.85 - 0.38464225) / 0.013,
        },
        coords={"site": [row["site"] for row in rows]},
    )
    soil = {
        "clay": ("site", 100.0 * column(rows, "clay")),
        "metabolic_fraction": 0.38464225,
        "productivity": ("site", productivity),
        "depth": 30.0,
    }
    return forcing, xr.Dataset(soil)


def test_published_steady_states_of_mimics() -> None:
    forcing, soil = sites(0.0, 1)
    run = load_model("mimics").simulate(forcing, soil, spin_up=forcing, steps_per_year=DAILY)
    rows = table("mimics/mimics_steady_state.csv")
    expected = np.array([column(rows, name) for name in MIMICS]) * MG
    np.testing.assert_allclose(run.initial_soil_carbon, expected, rtol=1e-8)
    np.testing.assert_allclose(run.soil_carbon[0], expected, rtol=1e-8)
    assert run.cSoil.attrs["units"] == "kg m-2" and run.attrs["scheme"] == "rk4"


def test_published_courses_of_mimics_after_warming() -> None:
    """Ten years of days at seven sites, +3 K."""
    forcing, soil = sites(3.0, 3650)
    rows = table("mimics/mimics_plus3K.csv")
    first = {row["site"]: row for row in rows if row["t_h"] == "24"}
    start = xr.Dataset(
        {
            pool.lower(): kilograms([MG * float(first[str(s)][f"{pool}0"]) for s in forcing.site.values], "site")
            for pool in MIMICS
        }
    )
    run = load_model("mimics").simulate(forcing, soil, start, steps_per_year=DAILY)
    for row in rows:
        found = run.soil_carbon.sel(site=row["site"]).isel(time=int(row["t_h"]) // 24 - 1)
        np.testing.assert_allclose(found, [MG * float(row[name]) for name in MIMICS], rtol=1e-6)
    assert len(rows) == 28


def test_published_steady_states_of_millennial() -> None:
    rows = table("millennial/millennial_v2_mm_steady_state.csv")
    forcing = xr.Dataset(
        {
            "temperature": (("time", "case"), column(rows, "T")[None]),
            "moisture": ("case", column(rows, "theta")),
            "plant": kilograms(column(rows, "npp") / 1000.0, "case"),
        }
    )
    soil = xr.Dataset({"clay": 0.0, "silt": ("case", column(rows, "claysilt")), "ph": ("case", column(rows, "pH")),
                       "bulk_density": ("case", column(rows, "bulkd"))})  # fmt: skip
    run = load_model("millennial:fit").simulate(forcing, soil, spin_up=forcing, steps_per_year=DAILY)
    expected = np.array([column(rows, name) for name in MILLENNIAL])
    np.testing.assert_allclose(1000.0 * run.initial_soil_carbon, expected, rtol=1e-8)
    # what leaves is what comes: respired and leached
    out = run.respired + run.leached
    np.testing.assert_allclose(out[0], forcing.plant, rtol=1e-9)


@pytest.mark.parametrize("model", KINETICS)
def test_published_runs_of_millennial(model: str) -> None:
    """Five years of the authors' rk4: forcing runs linearly from day to day, the first row is the start."""
    rows = [row for row in table("millennial/millennial_v2_runs_rk4_1day.csv") if row["model"] == model]
    forcing = table("millennial/millennial_forcing_365d.csv")
    for case in {row["case"] for row in rows}:
        ours = [row for row in rows if row["case"] == case]
        one = ours[0]
        days = {name: np.tile(column(forcing, name), 5) for name in ("T_soil_C", "theta", "npp_gC_m2_d")}
        given = {
            "temperature": days["T_soil_C"] + float(one["dT"]),
            "moisture": days["theta"],
            "plant": kilograms(days["npp_gC_m2_d"] * float(one["npp"]) / 1000.0, "time"),
        }
        soil = {"clay": 0.0, "silt": float(one["cs"]), "ph": float(one["pH"]), "bulk_density": float(one["bulkd"])}
        start = {pool.lower(): kilograms(1e-3) for pool in MILLENNIAL}
        run = load_model(f"millennial:{SETS[one['pf'], KINETICS[model]]}").simulate(
            given, soil, start, scheme="rk4_interpolated", steps_per_year=DAILY
        )
        assert run.sizes["time"] == 5 * 365 - 1
        respired = np.cumsum(run.respired.values)
        for row in ours[1:]:
            m = int(row["time"]) - 2
            found = 1000.0 * run.soil_carbon.values[m]
            np.testing.assert_allclose(found, [float(row[name]) for name in MILLENNIAL], rtol=1e-8)
            np.testing.assert_allclose(1000.0 * respired[m], float(row["CO2"]), rtol=1e-8)


def many(name: str) -> tuple[xr.Dataset, xr.Dataset]:
    """Weather by station, plant input by treatment, soils on a grid; thin layers, of which some are warm."""
    one = weather(name)
    forcing = xr.Dataset({key: ("time", values) for key, values in one.items()})
    forcing["temperature"] = (("time", "station"), one["temperature"][:, None] + np.array([-3.0, 4.0, 12.0]))
    forcing["plant"] = (("time", "treatment"), one["plant"][:, None] * np.array([1.0, 1.6]))
    station = np.arange(130).reshape(13, 10) % 3
    soil = {key: value for key, value in SOIL[name].items() if key != "clay"} | {"depth": 10.0}
    soil |= {"clay": (("y", "x"), np.linspace(5.0, 45.0, 130).reshape(13, 10)), "station": (("y", "x"), station)}
    return forcing, xr.Dataset(soil)


@pytest.mark.parametrize("name", SOIL)
def test_every_point_is_the_run_of_that_point_alone(name: str) -> None:
    """To the last bit, though points take different substeps; at equilibrium; and nothing is lost."""
    model = load_model(name)
    forcing, soil = many(name)
    together = model.simulate(forcing, soil)
    assert together.soil_carbon.dims == ("time", "pool", "treatment", "y", "x")
    for treatment, y, x in ((0, 0, 0), (1, 12, 9), (1, 5, 3), (0, 7, 7)):
        at = {"treatment": treatment, "y": y, "x": x}
        place = soil.isel(y=y, x=x)
        alone = model.simulate(
            forcing.isel(treatment=treatment, station=int(place.station)), place.drop_vars("station")
        )
        for what in ("soil_carbon", "respired", "initial_soil_carbon"):
            np.testing.assert_array_equal(together[what].isel(at), alone[what])
    np.testing.assert_allclose(together.soil_carbon[11], together.initial_soil_carbon, rtol=1e-8)
    leached = together.leached.sum("time") if "leached" in together else 0.0
    entered = forcing.plant.sum("time")
    lost = together.initial_soil_carbon.sum("pool") + entered - together.respired.sum("time") - leached
    assert float(abs(lost - together.cSoil[-1]).max()) < 1e-11


@pytest.mark.parametrize("name", SOIL)
def test_equilibrium_is_where_ten_thousand_years_end(name: str) -> None:
    """From half of it and from twice of it; the slowest mode of these models takes some tens of years."""
    model, given = load_model(name), weather(name, 12)
    found = model.simulate(given, SOIL[name])
    long = {key: np.tile(values, 10_000) for key, values in given.items()}
    if name == "mimics":  # the litter of the place is that of the cycle in both
        assert "productivity" in found.attrs["assumptions"]
    start = {pool: xr.DataArray(float(stock) * np.array([0.5, 2.0]), dims="start")
             for pool, stock in zip(model.pools, found.initial_soil_carbon.values, strict=True)}  # fmt: skip
    run = model.simulate(long, SOIL[name], start, every="end")
    expected = np.repeat(found.initial_soil_carbon.values[:, None], 2, axis=1)
    np.testing.assert_allclose(run.soil_carbon[-1], expected, rtol=1e-8)


def test_substeps_of_millennial_follow_its_fastest_pool() -> None:
    """10 cm at 26 degC: a month as good as in substeps of half an hour; fixed substeps of a day leave a fifth of it."""
    model = load_model("millennial")
    soil = SOIL["millennial"] | {"depth": 10.0}
    given = {"temperature": np.full(12, 26.0), "moisture": np.full(12, 0.3), "plant": np.full(12, 0.5)}
    start = {"pom": 15.0, "lmwc": 0.1, "agg": 30.0, "mic": 1.0, "maom": 30.0}
    assert isinstance(model, NonlinearPoolModel) and model.substep_days == 1.0
    monthly = model.simulate(given, soil, start, every="end")
    reference = replace(model, substep_days=0.02).simulate(given, soil, start, every="end")
    np.testing.assert_allclose(monthly.soil_carbon, reference.soil_carbon, rtol=1e-4)
    daily = run_cycle(model.kernel, *forcing_of(model, given, soil, start), 1.0 / 12.0, 31)[0]
    assert abs(10.0 * daily.sum() / float(reference.cSoil[-1]) - 1.0) > 0.05


def forcing_of(model: NonlinearPoolModel, given: Any, soil: Any, start: Any) -> tuple[np.ndarray, ...]:
    """State, rates and inputs of one point, by hand."""
    rate = np.empty((12, len(model.kernel.RATES), 1))
    known = soil | {"thickness": 0.01 * soil["depth"]}
    for m in range(12):
        now = known | {name: given[name][m] for name in ("temperature", "moisture")}
        model.kernel.rates(*(np.array([now[name]]) for name in model.arguments), model.vector, rate[m])
    inputs = (1.2 * given["plant"][:, None] * model.allocate("plant"))[:, :, None]
    return np.array([[0.1 * start[pool]] for pool in model.pools]), rate, inputs


def test_shared_weather_is_not_repeated_for_every_point() -> None:
    """20 000 points, 10 series, 20 years: a table of the forcing of them all would take 77 MB, of rates a gigabyte."""
    mimics = load_model("mimics")
    steps, stations, points = 240, 10, 20_000
    one = weather("mimics", steps)
    forcing = xr.Dataset({key: ("time", values) for key, values in one.items()})
    forcing["temperature"] = (("time", "station"), one["temperature"][:, None] + 0.1 * np.arange(stations))
    soil = xr.Dataset({"clay": 20.0, "station": ("point", np.arange(points) % stations)})
    start = {pool: 5.0 for pool in mimics.pools}
    few = mimics.simulate(forcing, soil.isel(point=slice(stations)), start, every="end")  # compiled
    tracemalloc.start()
    run = mimics.simulate(forcing, soil, start, every="end")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40e6, f"{peak / 1e6:.0f} MB"
    np.testing.assert_array_equal(run.cSoil[-1, -stations:], few.cSoil[-1])


@pytest.mark.parametrize("name", SOIL)
def test_lazy_input_gives_a_lazy_result(name: str) -> None:
    pytest.importorskip("dask")
    model = load_model(name)
    forcing, soil = many(name)
    soil = soil.isel(y=slice(2), x=slice(3))
    eager = model.simulate(forcing, soil, every="year")
    lazy = model.simulate(forcing.chunk(treatment=1), soil.chunk(y=1), every="year")
    assert all(lazy[what].chunks for what in eager.data_vars)
    xr.testing.assert_identical(lazy.compute(), eager)


@pytest.mark.parametrize("name", SOIL)
def test_starts_from_a_measured_stock(name: str) -> None:
    model, soil, given = load_model(name), SOIL[name] | {"clay": np.array([10.0, 30.0])}, weather(name)
    sought = model.simulate(given, soil, Measured(np.array([30.0, 60.0])))
    np.testing.assert_allclose(sought.initial_soil_carbon.sum("pool"), [30.0, 60.0], rtol=1e-9)
    assert "one factor" in sought.attrs["assumptions"]
    # with that input the stock is what an equilibrium would be
    scaled = given | {"plant": given["plant"][:, None] * sought.input_scale.values}
    again = model.simulate(scaled, soil)
    np.testing.assert_allclose(again.initial_soil_carbon, sought.initial_soil_carbon, rtol=1e-7)
    shares = model.simulate(given, soil, Measured(np.array([30.0, 60.0]), "fractions"))
    np.testing.assert_allclose(shares.initial_soil_carbon.sum("pool"), [30.0, 60.0], rtol=1e-12)
    # a result is a start
    after = model.simulate(given, soil, sought.isel(time=[-1]), every="end")
    np.testing.assert_allclose(after.initial_soil_carbon, sought.soil_carbon[-1], rtol=1e-15)


def test_properties_of_the_litter_come_from_the_plant_input() -> None:
    mimics = load_model("mimics")
    given = weather("mimics")
    plain = mimics.simulate(given, {"clay": 20.0})
    assert "productivity: amount of a year" in plain.attrs["assumptions"] and "30 cm" in plain.attrs["assumptions"]
    yearly = 0.1 * given["plant"][:12].sum()
    said = {"clay": 20.0, "productivity": yearly, "metabolic_fraction": 0.85 - 0.013 * 35.8, "depth": 30.0}
    same = mimics.simulate(given, said)
    np.testing.assert_allclose(plain.soil_carbon, same.soil_carbon, rtol=1e-10)
    with pytest.raises(InputError, match="productivity = .* outside 0 to 3 kg C m-2 yr-1"):
        mimics.simulate(given | {"plant": np.full(24, 100.0)}, {"clay": 20.0})
    layered = {"clay": 20.0, "layer_top": xr.DataArray([0.0, 10.0], dims="layer"),
               "layer_bottom": xr.DataArray([10.0, 40.0], dims="layer")}  # fmt: skip
    layers = mimics.simulate(given, layered)
    np.testing.assert_allclose(layers.soil_carbon.isel(layer=1), plain.soil_carbon, rtol=1e-12)
    upside = layered | {"layer_bottom": layered["layer_top"]}
    with pytest.raises(InputError, match="layer_bottom  must lie below"):
        mimics.simulate(given, upside)


def test_time_steps() -> None:
    """A dated day is a day, a month a twelfth of a year; held rows converge to interpolated ones with order 1."""
    model, soil = load_model("mimics"), SOIL["mimics"]
    days = {name: np.full(30, value) for name, value in (("temperature", 12.0), ("plant", 0.01))}
    dated = xr.Dataset(
        {name: ("time", values) for name, values in days.items()},
        {"time": np.datetime64("2001-03-01", "ns") + np.arange(30) * np.timedelta64(1, "D")},
    )
    start = {pool: 5.0 for pool in model.pools}
    np.testing.assert_array_equal(
        model.simulate(dated, soil, start).soil_carbon,
        model.simulate(days, soil, start, steps_per_year=DAILY).soil_carbon,
    )

    def end(parts: int, scheme: str) -> np.ndarray:
        at = np.linspace(0.0, 1.0, 12 * parts + 1)
        given = {"temperature": 10.0 + 9.0 * np.sin(2.0 * np.pi * at), "plant": np.full(at.size, 1.0 / parts)}
        if scheme != "rk4_interpolated":
            given = {name: values[:-1] for name, values in given.items()}
        run = model.simulate(given, soil | {"productivity": 0.3, "metabolic_fraction": 0.4}, start, every="end",
                             scheme=scheme, steps_per_year=12 * parts)  # fmt: skip
        return np.asarray(run.soil_carbon[-1])

    exact = end(24, "rk4_interpolated")
    held = [np.abs(end(parts, "") / exact - 1.0).max() for parts in (6, 12)]
    between = [np.abs(end(parts, "rk4_interpolated") / exact - 1.0).max() for parts in (3, 6)]
    assert 1.7 < held[0] / held[1] < 2.3 and 3.5 < between[0] / between[1] < 4.8


def test_all_mistakes_at_once() -> None:
    millennial = load_model("millennial")
    given = weather("millennial") | {"modifier": np.ones(24)}
    given["moisure"] = given.pop("moisture")
    given["modifier.pom"] = np.ones(24)
    with pytest.raises(InputError) as told:
        millennial.simulate(given, {"clay": 20.0, "silt": 40.0, "ph": 14.0})
    text = str(told.value)
    for line in (
        "forcing.modifier  is for linear models: the fluxes of millennial are not linear.",
        "forcing.modifier.pom  is for linear models",
        'forcing.moisure  is not known. Did you mean "moisture"?',
        "forcing.moisture  is missing: millennial needs it.",
        "soil.ph = 14  must be 3 to 11",
        "soil.bulk_density  is missing: millennial needs it (kg m-3).",
    ):
        assert line in text, line
    given = weather("millennial")
    for change, words in (
        ({"scheme": "exact"}, "must be one of rk4, rk4_interpolated"),
        ({"initial": Measured(50.0, "weihermueller")}, "is for the pools of RothC"),
        ({"steps_per_year": 0.5}, "must be a number from 1 to 366"),
        ({"initial": {"pom": 1.0}}, "initial.mic  is missing"),
    ):
        with pytest.raises(InputError, match=words):
            millennial.simulate(given, SOIL["millennial"], **change)
    wet = given | {"moisture": np.where(np.arange(24) == 4, 1.5, 0.3)}
    with pytest.raises(InputError, match=r"forcing.moisture = 1.5 m3 m-3  must be 0 to 1 m3 m-3 \(time 4\)"):
        millennial.simulate(wet, SOIL["millennial"])
    dry = given | {"moisture": np.zeros(24)}
    with pytest.raises(InputError, match="has no equilibrium: microbes cannot live"):
        millennial.simulate(dry, SOIL["millennial"])
    with pytest.raises(InputError, match="cannot be sustained by any plant input"):
        millennial.simulate(given | {"plant": np.zeros(24)}, SOIL["millennial"], Measured(50.0))
    with pytest.raises(InputError, match="must have 2 rows"):
        one = {name: values[:1] for name, values in given.items()}
        millennial.simulate(one, SOIL["millennial"], {p: 1.0 for p in millennial.pools}, scheme="rk4_interpolated")
