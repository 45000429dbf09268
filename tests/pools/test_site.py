"""One point against the official programs and closed forms."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from tests.support import shared
from watershed_c.pools.loader import available_models, load_model
from watershed_c.pools.site import (
    SiteDrivers,
    equilibrium,
    periodic_deficit,
    reference_difference,
    simulate,
    spin_up,
)
from watershed_c.pools.steady import steady_state

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


def official(case: str) -> tuple[SiteDrivers, np.ndarray, np.ndarray, int]:
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
    drivers = SiteDrivers(
        np.array([float(r["Tmp"]) for r in rows]),
        np.array([float(r["Rain"]) for r in rows]),
        0.75 * np.array([float(r["Evap"]) for r in rows]),
        np.array([float(r["PC"]) for r in rows]),
        inputs / T_HA,
    )
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
    place = {"properties": {"clay": clay}, "depth": depth / 100.0}
    inert = np.array([0.0, 0.0, 0.0, 0.0, at_equilibrium[4] / T_HA])
    last_year, years = spin_up(model, drivers.rows(0, 12), inert=inert, **place)
    assert years * 12 == months
    np.testing.assert_allclose(last_year.stocks[-1] * T_HA, at_equilibrium, rtol=0.0, atol=1e-9)
    run = simulate(
        model, drivers.rows(12, None), start=last_year.stocks[-1], deficit=last_year.deficit[-1], **place
    )
    np.testing.assert_allclose(run.stocks * T_HA, monthly, rtol=0.0, atol=1e-9)
    # the carbon that the official program does not report
    stock = np.concatenate(([last_year.stocks[-1].sum()], run.stocks.sum(axis=1)))
    np.testing.assert_allclose(
        np.diff(stock), drivers.inputs[12:].sum(axis=1) - run.respired, rtol=0.0, atol=1e-13
    )
    # the official stop rule ends below the equilibrium by no more than 3e-4 t/ha
    short = (equilibrium(model, drivers.rows(0, 12), inert=inert, **place) - last_year.stocks[-1]) * T_HA
    assert 0.0 < short.sum() < 3e-4


def manual_year() -> SiteDrivers:
    model = load_model("rothc")
    folder = shared("reference/rothc_manual_worked_example")
    with (folder / "tsmd_table2.csv").open() as file:
        table = list(csv.DictReader(file))
    with (folder / "rothamsted_mean_temperature.csv").open() as file:
        temperature = np.array([float(r["tmean_C"]) for r in csv.DictReader(file)])
    cover = np.array([1.0] * 7 + [0.0] * 4 + [1.0])
    return SiteDrivers(
        temperature,
        np.array([float(r["rain_mm"]) for r in table]),
        0.75 * np.array([float(r["pan_evap_mm"]) for r in table]),
        cover,
        cover[:, None] * 0.0212 * model.allocate("plant", dpm_rpm=1.44),
    )


def test_manuals_equilibrium_and_january_step() -> None:
    model = load_model("rothc")
    with shared("reference/rothc_manual_worked_example/equilibrium_and_january_step.csv").open() as file:
        printed = {(r["item"][:7], r["pool"]): float(r["value"]) for r in csv.DictReader(file)}
    year = manual_year()
    place = {"properties": {"clay": 23.4}, "depth": 0.23}
    state = equilibrium(model, year, inert=np.array([0.0, 0.0, 0.0, 0.0, 0.27]), **place)
    for pool, stock in zip(POOLS, state * T_HA, strict=True):
        assert stock == pytest.approx(printed["equilib", pool], abs=2e-4), pool
    assert state.sum() * T_HA == pytest.approx(printed["equilib", "Total"], abs=3e-4)

    january = year.rows(0, 1)
    bare = SiteDrivers(
        january.temperature, january.rain, january.evapotranspiration, np.zeros(1), np.zeros((1, 5))
    )
    start = np.array([printed["equilib", pool] for pool in POOLS]) / T_HA
    step = simulate(model, bare, start=start, **place)
    assert step.modifier[0] == pytest.approx(printed["January", "abc rate modifier"], abs=1e-4)
    for pool, stock in zip(POOLS[:4], step.stocks[0] * T_HA, strict=False):
        assert stock == pytest.approx(printed["January", f"{pool} after"], abs=1e-4), pool
    total = sum(printed["January", f"CO2-C {pool}"] for pool in POOLS[:4])
    assert step.respired[0] * T_HA == pytest.approx(total, abs=4e-4)


def test_closed_form_steady_states() -> None:
    """Case A2, continuous limit and official monthly stepping: they differ by 0.6 %."""
    model = load_model("rothc")
    with shared("reference/analytic/analytic.csv").open() as file:
        rows = [r for r in csv.DictReader(file) if r["id"] == "A2"]
    monthly = {r["quantity"]: float(r["value"]) for r in rows if "monthly RothC" in r["desc"]}
    continuous = {r["quantity"]: float(r["value"]) for r in rows if "continuous" in r["desc"].split(",")[-1]}
    assert len(monthly) == len(continuous) == 5
    cell = np.zeros(1, dtype=np.int64)

    def at(steps_per_year: int) -> np.ndarray:
        plant = np.zeros((1, 1, 1, 5))
        plant[0, 0, 0] = 0.2 / steps_per_year * model.allocate("plant", dpm_rpm=1.44)
        stocks, _ = steady_state(
            model,
            cell,
            coefficients=model.coefficients({"clay": 23.4}),
            modifier=np.ones((1, 1, 1)),
            unit=cell,
            plant_by_unit=plant,
            manure_by_unit=np.zeros_like(plant),
            dt=1.0 / steps_per_year,
        )
        return stocks[0, 0] * T_HA

    for number, pool in enumerate(POOLS[:4]):
        assert at(12)[number] == pytest.approx(monthly[pool], abs=1e-6), pool
        # short steps approach the continuous form, first order in the step
        errors = [at(n)[number] - continuous[pool] for n in (1200, 12000)]
        assert errors[0] / errors[1] == pytest.approx(10.0, rel=0.02), pool
        assert at(1_200_000)[number] == pytest.approx(continuous[pool], abs=1.5e-6), pool
    assert at(12)[:4].sum() == pytest.approx(monthly["active total"], abs=1e-6)


@pytest.mark.parametrize("name", available_models())
def test_every_model_reproduces_its_reference(name: str) -> None:
    model = load_model(name)
    assert model.reference is not None
    assert reference_difference(model) <= model.reference.tolerance


def test_deficit_repeats_yearly_also_in_a_climate_that_dries_or_wets_for_ever() -> None:
    model = load_model("rothc")
    for rain, expected in ((10.0, -44.944), (100.0, 0.0)):
        dry = SiteDrivers(
            np.full(12, 15.0), np.full(12, rain), np.full(12, 50.0), np.ones(12), np.zeros((12, 5))
        )
        modifier, deficit = periodic_deficit(model, dry, properties={"clay": 23.4}, depth=0.23)
        assert deficit == pytest.approx(expected, abs=1e-3)
        np.testing.assert_allclose(modifier, modifier[0], rtol=1e-14)


def test_nothing_decays_means_no_equilibrium() -> None:
    model = load_model("rothc")
    frozen = SiteDrivers(np.full(12, -20.0), np.zeros(12), np.zeros(12), np.zeros(12), np.full((12, 5), 0.01))
    with pytest.raises(ValueError, match="no equilibrium"):
        spin_up(model, frozen, properties={"clay": 20.0}, inert=np.zeros(5), depth=0.23, most_years=20)
