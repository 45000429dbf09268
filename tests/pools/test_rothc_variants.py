"""Variants of RothC's topsoil moisture with the engine: the official Fortran's options, and SoilR's function."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.support import shared
from watershed_c.kernels.moisture_laws import deficit_ramp
from watershed_c.kernels.rate_modifiers import temperature_factor
from watershed_c.kernels.topsoil_moisture import TopsoilMoisture
from watershed_c.pools.compiled import CompiledPoolModel
from watershed_c.pools.loader import load_model
from watershed_c.pools.points import Drivers, run_points
from watershed_c.pools.site import point, site_drivers, spin_up

T_HA = 10.0  # t ha-1 per kg m-2
POOLS = ("DPM", "RPM", "BIO", "HUM", "IOM")
CASES = ("fo1_vg_dryextended", "fo2_vg_stdform_barewp", "fo3_std_barewp")
#: t/ha: the program's literals are single precision (reference/pools/README.md)
SINGLE = 2e-5


def rows(relative: str) -> list[dict[str, str]]:
    with shared(f"reference/pools/{relative}").open() as file:
        return list(csv.DictReader(file))


def column(table: list[dict[str, str]], name: str) -> np.ndarray:
    return np.array([float(row[name]) for row in table])


def fortran_drivers(model: CompiledPoolModel, months: list[dict[str, str]]) -> Drivers:
    inputs = np.array(
        [
            float(month["C_inp"]) * model.allocate("plant", dpm_rpm=float(month["DPM_RPM"]))
            + float(month["FYM"]) * model.allocate("manure")
            for month in months
        ]
    )
    weather = {name: column(months, there) for name, there in (("temperature", "Tmp"), ("rain", "Rain"))}
    weather["pet"] = 0.75 * column(months, "Evap")
    return site_drivers(weather, column(months, "PC"), inputs / T_HA)


@pytest.mark.parametrize("case", CASES)
def test_every_row_of_the_fortran_runs(case: str) -> None:
    """Equilibrium from empty pools, 30 years after it, CO2: the options by way of ``Soil.limits``."""
    model = load_model("rothc")
    summary: dict[str, Any] = next(row for row in rows("rothc_fortran_v2_summary.csv") if row["case"] == case)
    value = {name: float(text) for name, text in summary.items() if name != "case"}
    printed = rows(f"rothc_fortran_v2/{case}_monthly.csv")
    options = TopsoilMoisture("rothc", int(value["opt_RMmoist"]), int(value["opt_SMDbare"]), value["minRM_Moist"])
    texture = {
        "clay": np.array([value["clay"]]),
        "silt": np.array([value["silt"]]),
        "bulk_density": np.array([value["BD"]]),
        "organic_carbon": np.array([value["OC"]]),
    }
    depth = value["depth_cm"] / 100.0
    soil = replace(
        point({"clay": value["clay"]}, depth),
        limits=options.limits(texture, depth),
        driest_factor=np.array([options.driest_factor]),
    )
    drivers = fortran_drivers(model, rows(f"rothc_fortran_v2/{case}_input.csv"))
    inert = np.array([0.0, 0.0, 0.0, 0.0, value["iom_tC_ha"] / T_HA])
    stocks, deficit, years = spin_up(model, drivers.rows(0, 12), soil, inert)
    assert 12 * years == int(value["spinup_months"])
    run = run_points(model, drivers.rows(12, None), soil, stocks.reshape(1, -1, 1), deficit=deficit)
    expected = np.column_stack([column(printed, f"{pool}_t_C_ha") for pool in POOLS])
    found = np.vstack((stocks, run.pools[:, 0, :, 0])) * T_HA
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=SINGLE)
    released = np.cumsum(run.respired[:, 0, 0]) * T_HA
    np.testing.assert_allclose(released, column(printed, "CO2_t_C_ha")[1:], rtol=0.0, atol=4.0 * SINGLE)
    assert run.deficit[0] == pytest.approx(float(printed[-1]["SMD_mm"]), abs=2e-5)


def options_of(case: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Moisture as a user names it, and soil, of an official run."""
    summary: dict[str, Any] = next(row for row in rows("rothc_fortran_v2_summary.csv") if row["case"] == case)
    value = {name: float(text) for name, text in summary.items() if name != "case"}
    moist = int(value["opt_RMmoist"])
    asked: dict[str, Any] = {"opt_rmmoist": moist, "opt_smdbare": int(value["opt_SMDbare"])}
    soil = {"clay": value["clay"], "depth": value["depth_cm"], "iom": value["iom_tC_ha"]}
    if moist > 1:
        asked["minrm_moist"] = value["minRM_Moist"]
        soil |= {"silt": value["silt"], "bulk_density": value["BD"], "organic_carbon": value["OC"]}
    return asked, soil


@pytest.mark.parametrize("case", CASES)
def test_fortran_runs_by_the_front_door_with_radiocarbon(case: str) -> None:
    """The program's equilibrium run from empty pools, then every month of 30 years; radiocarbon goes along."""
    model = load_model("rothc")
    asked, soil = options_of(case)
    printed = rows(f"rothc_fortran_v2/{case}_monthly.csv")
    months = rows(f"rothc_fortran_v2/{case}_input.csv")
    names = {"Tmp": "temperature", "Rain": "rain", "Evap": "pan_evaporation", "C_inp": "plant", "FYM": "manure",
             "PC": "plant_cover", "DPM_RPM": "dpm_rpm", "modern": "percent_modern"}  # fmt: skip
    forcing = {new: column(months, old) for old, new in names.items()}
    nothing: dict[str, Any] = {pool.lower(): 0.0 for pool in POOLS} | {"iom": soil["iom"]}
    nothing |= {f"modern.{pool.lower()}": 0.0 for pool in POOLS}
    summary = next(row for row in rows("rothc_fortran_v2_summary.csv") if row["case"] == case)
    cycle = np.arange(int(summary["spinup_months"])) % 12
    year = {name: values[:12][cycle] for name, values in forcing.items()}
    start = model.simulate(year, soil, nothing, moisture=asked, every="end")
    later = {name: values[12:] for name, values in forcing.items()}
    run = model.simulate(later, soil, start, moisture=asked)
    expected = np.column_stack([column(printed, f"{pool}_t_C_ha") for pool in POOLS])[1:]
    np.testing.assert_allclose(run.soil_carbon, expected, rtol=0.0, atol=SINGLE)
    assert float(run.deficit) == pytest.approx(float(printed[-1]["SMD_mm"]), abs=2e-5)
    assert f"opt_RMmoist {asked['opt_rmmoist']}" in run.attrs["assumptions"]
    # the same soil many times, by arrays and with its spin-up solved
    twice = {name: np.full(2, value) for name, value in soil.items()}
    many = model.simulate(later, twice, moisture=asked, spin_up={name: v[:12] for name, v in forcing.items()})
    np.testing.assert_allclose(many.soil_carbon.isel(point=1), expected, rtol=0.0, atol=3e-4)
    assert np.isfinite(run.Delta14C).all() and np.ptp(run.Delta14C.values) > 1.0
    # and it is not that of the official moisture
    official = model.simulate(later, {name: soil[name] for name in ("clay", "depth", "iom")}, start)
    assert abs(official.Delta14C - run.Delta14C).max() > 0.1


def test_mistakes_of_the_moisture_chosen() -> None:
    model = load_model("rothc")
    _, soil = options_of(CASES[0])
    month = {"temperature": 10.0, "rain": 60.0, "pet": 50.0, "plant_cover": 1.0, "plant": 0.1}
    weather = {name: np.full(12, value) for name, value in month.items()}
    for asked, given, said in (
        ({"opt_rmmoist": 2}, {"clay": 20.0, "iom": 1.0}, "soil.bulk_density  is missing: the moisture chosen needs it"),
        ({"opt_rmmoits": 2}, soil, 'moisture.opt_rmmoits  is not known. Did you mean "opt_rmmoist"?'),
        ({"opt_rmmoist": 4}, soil, "opt_RMmoist must be 1, 2 or 3"),
        ({"minrm_moist": 0.1}, soil, "minRM_Moist is read with opt_RMmoist 2 or 3 only"),
        ({"opt_rmmoist": 2}, soil | {"bulk_density": 9.0}, "must be 0.1 to 2.65 g cm-3"),
        ("rothc_soilr", soil, "moisture.it  is not known"),
    ):
        with pytest.raises(ValueError, match=re.escape(said)):
            model.simulate(weather, given, moisture=asked)
    with pytest.raises(ValueError, match="icbm has a law of its own"):
        load_model("icbm").simulate({"plant": np.full(12, 0.1)}, {}, moisture={"variant": "rothc_soilr"})
    with pytest.raises(ValueError, match="has no effect: the forcing gives the modifier"):
        plain = {"modifier": np.ones(12), "plant": np.full(12, 0.1)}
        model.simulate(plain, {"clay": 20.0, "iom": 1.0}, moisture={"variant": "rothc_soilr"})


@pytest.mark.parametrize("case", CASES)
def test_the_options_are_what_makes_the_difference(case: str) -> None:
    """The same soil by RothC-26.3 departs from the Fortran's months by far more than the tolerance."""
    model = load_model("rothc")
    summary: dict[str, Any] = next(row for row in rows("rothc_fortran_v2_summary.csv") if row["case"] == case)
    printed = rows(f"rothc_fortran_v2/{case}_monthly.csv")
    drivers = fortran_drivers(model, rows(f"rothc_fortran_v2/{case}_input.csv"))
    start = np.array([float(printed[0][f"{pool}_t_C_ha"]) for pool in POOLS]) / T_HA
    soil = point({"clay": float(summary["clay"])}, float(summary["depth_cm"]) / 100.0)
    run = run_points(model, drivers.rows(12, None), soil, start.reshape(1, -1, 1))
    total = column(printed, "SOC_t_C_ha")[1:]
    assert np.abs(run.pools[:, 0, :, 0].sum(axis=1) * T_HA - total).max() > 1000.0 * SINGLE


@pytest.mark.parametrize(
    ("variant", "pan", "clay", "depth", "prefix"),
    [
        ("rothc_soilr", 0.75, 23.4, 0.23, ""),
        ("rothc_soilr_bare", 0.75, 23.4, 0.23, "bare."),
        ("rothc_soilr", 1.0, 40.0, 0.30, "pE1."),
    ],
)
def test_soilr_moisture_with_the_engine(variant: str, pan: float, clay: float, depth: float, prefix: str) -> None:
    """Deficit month by month, and the factor as RPM feels it: one pass from 0, whatever the cover."""
    model = load_model("rothc")
    table = rows("soilr/fW_RothC_rothamsted.csv")
    weather = {"temperature": np.full(12, 12.0), "rain": column(table, "P"), "pet": pan * column(table, "E")}
    drivers = site_drivers(weather, np.zeros(12), np.zeros((12, 5)))
    limits = TopsoilMoisture(variant).limits({"clay": np.array([clay])}, np.array([depth]))
    soil = replace(point({"clay": clay}, depth), limits=limits)
    start = np.array([0.0, 5.0, 0.0, 0.0, 0.0]).reshape(1, -1, 1)
    run = run_points(model, drivers, soil, start)
    left = np.concatenate(([5.0], run.pools[:, 0, 1, 0]))
    factor = -np.log(left[1:] / left[:-1]) * 12.0 / (0.3 * temperature_factor(12.0))
    np.testing.assert_allclose(factor, column(table, f"{prefix}b"), rtol=0.0, atol=1e-12)
    for month, expected in enumerate(column(table, f"{prefix}Acc.TSMD"), start=1):
        deficit = run_points(model, drivers, soil, start, steps=month).deficit[0]
        assert deficit == pytest.approx(expected, abs=6e-13)
    if variant.endswith("bare"):  # the official programs stop at 0.84 (pull request 6 of SoilR)
        assert factor.min() == pytest.approx(0.2, abs=1e-12)


def test_options_without_effect_or_sense_are_refused() -> None:
    for wrong, match in (
        ({"variant": "rothc_py"}, "one of rothc, rothc_soilr"),
        ({"moisture_option": 4}, "opt_RMmoist must be 1, 2 or 3"),
        ({"bare_option": 0}, "opt_SMDbare 1 or 2"),
        ({"moisture_option": 2, "driest_factor": 1.5}, "minRM_Moist must be 0 to 1"),
        ({"driest_factor": 0.1}, "read with opt_RMmoist 2 or 3 only"),
        ({"variant": "rothc_soilr", "moisture_option": 2}, "rothc_soilr has no opt_RMmoist"),
    ):
        with pytest.raises(ValueError, match=match):
            TopsoilMoisture(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="needs silt, organic_carbon"):
        TopsoilMoisture("rothc", 2).limits({"clay": np.array([20.0]), "bulk_density": np.array([1.3])})


def test_dry_soil_keeps_the_least_factor() -> None:
    """With opt_RMmoist 2 the deficit passes the end of the ramp; the factor does not fall with it."""
    properties = {"clay": 25.0, "silt": 40.0, "bulk_density": 1.35, "organic_carbon": 1.1}
    columns = {name: np.array([value]) for name, value in properties.items()}
    start, end, covered, _ = TopsoilMoisture("rothc", 2, 1, 0.1).limits(columns)
    assert covered[0] < end[0] < start[0] < 0.0
    assert deficit_ramp(float(covered[0]), float(start[0]), float(end[0]), 0.1) == 0.1
