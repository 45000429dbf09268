"""One point against the official programs and closed forms."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from tests.support import shared
from watershed_c.pools.loader import available_models, load_model
from watershed_c.pools.periodic import periodic_deficit, periodic_state
from watershed_c.pools.points import Drivers, run_points
from watershed_c.pools.site import point, reference_difference, site_drivers, spin_up

T_HA = 10.0  # t ha-1 per kg m-2
POOLS = ("DPM", "RPM", "BIO", "HUM", "IOM")
CASES = {
    # clay %, depth cm, as in rothc_py_summary.csv
    "o1_temperate_arable": (23.4, 23.0),
    "o2_sandy_wet_grass": (5.0, 30.0),
    "o3_clay60_mediterranean": (60.0, 30.0),
    "o4_fym_no_iom": (18.0, 25.0),
    "o5_tropical_forest": (40.0, 30.0),
    "o6_boreal_subzero": (15.0, 30.0),
}


def official(case: str) -> tuple[Drivers, np.ndarray, np.ndarray, int]:
    """Drivers, monthly states, equilibrium state (t/ha) and months of spin-up of an official run."""
    model = load_model("rothc")
    folder = shared("reference/pools/rothc_py")
    with (folder / f"{case}_input.csv").open() as file:
        rows = list(csv.DictReader(file))
    inputs = np.array(
        [
            float(r["C_inp"]) * model.allocate("plant", dpm_rpm=float(r["DPM_RPM"]))
            + float(r["FYM"]) * model.allocate("manure")
            for r in rows
        ]
    )
    weather = {
        "temperature": np.array([float(r["Tmp"]) for r in rows]),
        "rain": np.array([float(r["Rain"]) for r in rows]),
        "pet": 0.75 * np.array([float(r["Evap"]) for r in rows]),
    }
    drivers = site_drivers(weather, np.array([float(r["PC"]) for r in rows]), inputs / T_HA)
    with (folder / f"{case}_monthly.csv").open() as file:
        monthly = np.array([[float(r[f"{p}_t_C_ha"]) for p in POOLS] for r in csv.DictReader(file)])
    with (folder / f"{case}_yearly.csv").open() as file:
        first = next(csv.DictReader(file))
    return drivers, monthly, np.array([float(first[f"{p}_t_C_ha"]) for p in POOLS]), int(first["Month"])


@pytest.mark.parametrize("case", CASES)
def test_official_rothc_every_month(case: str) -> None:
    model = load_model("rothc")
    clay, depth = CASES[case]
    drivers, monthly, at_equilibrium, months = official(case)
    soil = point({"clay": clay}, depth / 100.0)
    year, rest = drivers.rows(0, 12), drivers.rows(12, None)
    inert = np.array([0.0, 0.0, 0.0, 0.0, at_equilibrium[4] / T_HA])
    stocks, deficit, years = spin_up(model, year, soil, inert)
    assert years * 12 == months
    np.testing.assert_allclose(stocks * T_HA, at_equilibrium, rtol=0.0, atol=1e-9)
    run = run_points(model, rest, soil, stocks.reshape(1, -1, 1), deficit=deficit)
    np.testing.assert_allclose(run.pools[:, 0, :, 0] * T_HA, monthly, rtol=0.0, atol=1e-9)
    # the carbon that the official program does not report
    stock = np.concatenate(([stocks.sum()], run.pools[:, 0, :, 0].sum(axis=1)))
    np.testing.assert_allclose(
        np.diff(stock), rest.amount[:, :, 0].sum(axis=1) - run.respired[:, 0, 0], rtol=0.0, atol=1e-13
    )
    # the official stop rule ends below the equilibrium by no more than 3e-4 t/ha
    steady, _ = periodic_state(model, year, soil, inert=inert[4])
    short = (steady[0, :, 0] - stocks) * T_HA
    assert 0.0 < short.sum() < 3e-4


def manual_year() -> Drivers:
    model = load_model("rothc")
    folder = shared("reference/rothc_manual_worked_example")
    with (folder / "tsmd_table2.csv").open() as file:
        table = list(csv.DictReader(file))
    with (folder / "rothamsted_mean_temperature.csv").open() as file:
        temperature = np.array([float(r["tmean_C"]) for r in csv.DictReader(file)])
    cover = np.array([1.0] * 7 + [0.0] * 4 + [1.0])
    weather = {
        "temperature": temperature,
        "rain": np.array([float(r["rain_mm"]) for r in table]),
        "pet": 0.75 * np.array([float(r["pan_evap_mm"]) for r in table]),
    }
    return site_drivers(weather, cover, cover[:, None] * 0.0212 * model.allocate("plant", dpm_rpm=1.44))


def test_manuals_equilibrium_and_january_step() -> None:
    model = load_model("rothc")
    with shared("reference/rothc_manual_worked_example/equilibrium_and_january_step.csv").open() as file:
        printed = {(r["item"][:7], r["pool"]): float(r["value"]) for r in csv.DictReader(file)}
    year = manual_year()
    soil = point({"clay": 23.4}, 0.23)
    state = periodic_state(model, year, soil, inert=0.27)[0][0, :, 0]
    for pool, stock in zip(POOLS, state * T_HA, strict=True):
        assert stock == pytest.approx(printed["equilib", pool], abs=2e-4), pool
    assert state.sum() * T_HA == pytest.approx(printed["equilib", "Total"], abs=3e-4)

    january = year.rows(0, 1)
    bare = site_drivers({k: v[:, 0] for k, v in january.weather.items()}, np.zeros(1), np.zeros((1, 5)))
    start = np.array([printed["equilib", pool] for pool in POOLS]) / T_HA
    step = run_points(model, bare, soil, start.reshape(1, -1, 1))
    # DPM falls by exp(-10 abc / 12)
    factor = -1.2 * np.log(step.pools[0, 0, 0, 0] / start[0])
    assert factor == pytest.approx(printed["January", "abc rate modifier"], abs=1e-4)
    for pool, stock in zip(POOLS[:4], step.pools[0, 0, :, 0] * T_HA, strict=False):
        assert stock == pytest.approx(printed["January", f"{pool} after"], abs=1e-4), pool
    total = sum(printed["January", f"CO2-C {pool}"] for pool in POOLS[:4])
    assert step.respired[0, 0, 0] * T_HA == pytest.approx(total, abs=4e-4)


def test_closed_form_steady_states() -> None:
    """Case A2, continuous limit and official monthly stepping: they differ by 0.6 %."""
    model = load_model("rothc")
    with shared("reference/analytic/analytic.csv").open() as file:
        rows = [r for r in csv.DictReader(file) if r["id"] == "A2"]
    monthly = {r["quantity"]: float(r["value"]) for r in rows if "monthly RothC" in r["desc"]}
    continuous = {r["quantity"]: float(r["value"]) for r in rows if "continuous" in r["desc"].split(",")[-1]}
    assert len(monthly) == len(continuous) == 5

    def at(steps_per_year: int) -> np.ndarray:
        plant = 0.2 / steps_per_year * model.allocate("plant", dpm_rpm=1.44)[None, :]
        step = site_drivers({"modifier": np.ones(1)}, np.zeros(1), plant)
        state, _ = periodic_state(model, step, point({"clay": 23.4}, 0.23), steps_per_year=steps_per_year)
        return state[0, :, 0] * T_HA

    for number, pool in enumerate(POOLS[:4]):
        assert at(12)[number] == pytest.approx(monthly[pool], abs=1e-6), pool
        # short steps approach the continuous form, first order in the step
        errors = [at(n)[number] - continuous[pool] for n in (1200, 12000)]
        assert errors[0] / errors[1] == pytest.approx(10.0, rel=0.02), pool
        assert at(1_200_000)[number] == pytest.approx(continuous[pool], abs=1.5e-6), pool
    assert at(12)[:4].sum() == pytest.approx(monthly["active total"], abs=1e-6)


@pytest.mark.parametrize("name", available_models())
def test_every_model_reproduces_its_reference(name: str) -> None:
    model = load_model(name, reference=True)
    assert model.reference is not None
    assert reference_difference(model) <= model.reference.tolerance


def test_deficit_repeats_yearly_also_in_a_climate_that_dries_or_wets_for_ever() -> None:
    model = load_model("rothc")
    for rain, expected in ((10.0, -44.944), (100.0, 0.0)):
        weather = {"temperature": np.full(12, 15.0), "rain": np.full(12, rain), "pet": np.full(12, 50.0)}
        dry = site_drivers(weather, np.ones(12), np.zeros((12, 5)))
        deficit = periodic_deficit(model, dry, point({"clay": 23.4}, 0.23))
        assert deficit[0] == pytest.approx(expected, abs=1e-3)


def test_nothing_decays_means_no_equilibrium() -> None:
    model = load_model("rothc")
    weather = {"temperature": np.full(12, -20.0), "rain": np.zeros(12), "pet": np.zeros(12)}
    frozen = site_drivers(weather, np.zeros(12), np.full((12, 5), 0.01))
    soil = point({"clay": 20.0}, 0.23)
    with pytest.raises(ValueError, match="no equilibrium"):
        spin_up(model, frozen, soil, np.zeros(5), most_years=20)
    assert np.isnan(periodic_state(model, frozen, soil)[0][0, :4]).all()
