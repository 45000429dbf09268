"""Moisture laws: the numbers of the published programs, the limits, and that every law is described."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from tests.kernels.test_temperature_laws import half_a_digit
from tests.support import shared
from watershed_c.kernels.laws import DRIVERS, PARAMETERS
from watershed_c.kernels.moisture_laws import MOISTURE_LAWS, deficit_ramp, moisture_law
from watershed_c.kernels.rate_modifiers import deficit_factor, layer_water_factor
from watershed_c.kernels.temperature_laws import TEMPERATURE_LAWS, temperature_law

POOLS = "reference/pools"
#: - , porosity in the table's runs of Daycent1: bulk density 1, particle density 2.65
POROSITY = 1.0 - 1.0 / 2.65
#: column of the table of SoilR 1.2.105 -> law, driver as a multiple and an offset of the table's theta
SOILR = {
    "fW.Candy_PV0.4": ("candy", 1.0 / 0.4, 0.0),
    "fW.Candy_PV0.6": ("candy", 1.0 / 0.6, 0.0),
    "fW.Gompertz": ("gompertz", 1.0, 0.0),
    "fW.Moyano": ("moyano", 1.0, 0.0),
    "fW.Skopp": ("skopp", 1.0, 0.0),
    "fW.Demeter_Msat1": ("demeter", 1.0, 0.0),
    "fW.Century_PPToverPET": ("century", 1.0, 0.0),
    "fW.Daycent1_fine_swc": ("daycent_wfps_fine", 1.0 / POROSITY, 0.0),
    "fW.Daycent1_coarse": ("daycent_wfps_coarse", 1.0 / POROSITY, 0.0),
    "fW.Daycent2_WPct_WP10_FC90": ("daycent_rwc", 100.0 / 80.0, -10.0 / 80.0),
    "fW.Standcarb_Moist500x": ("standcarb", 500.0, 0.0),
}
#: driver -> range that can occur
RANGES = {
    "none": (0.0, 1.0),
    "deficit": (0.0, 2.5),
    "relative_water": (-0.5, 3.0),
    "saturation": (0.0, 1.0),
    "volumetric_water": (0.0, 1.0),
    "water_percent_of_mass": (0.0, 900.0),
    "rain_over_pet": (0.0, 40.0),
    "rain_minus_pet": (-3000.0, 8000.0),
    "rain_per_year": (0.0, 12000.0),
}


def _rows(relative: str) -> list[dict[str, str]]:
    with shared(f"{POOLS}/{relative}").open() as file:
        return list(csv.DictReader(file))


def _at(name: str, driver: float, **given: float) -> float:
    law = MOISTURE_LAWS[name]
    return moisture_law(law.number, law.kernel_parameters(given), driver)


@pytest.mark.parametrize("column", SOILR)
def test_every_moisture_of_soilr(column: str) -> None:
    name, multiple, offset = SOILR[column]
    rows = _rows("soilr/fW_grid.csv")
    assert len(rows) == 51 and set(rows[0]) == {"theta", "fW.Daycent1_fine_wfps"} | set(SOILR)
    for row in rows:
        factor = _at(name, multiple * float(row["theta"]) + offset)
        if row[column] in ("NA", "NaN"):
            assert factor == 0.0
            continue
        published = max(0.0, float(row[column]))
        assert abs(factor - published) <= 1e-12 * published + half_a_digit(row[column]), row


def test_amg_of_holisoils() -> None:
    for row in _rows("holisoils/amg_fW.csv"):
        assert _at("amg", float(row["P_minus_PET"])) == pytest.approx(float(row["fW.AMG"]), rel=1e-12)


def test_ipcc_factor_of_a_year() -> None:
    for row in _rows("ipcc/ipcc2019_tier2.csv"):
        ratios = [float(row[f"P{month}"]) / float(row[f"PET{month}"]) for month in range(1, 13)]
        mean = sum(_at("ipcc_quad", ratio) for ratio in ratios) / 12.0
        assert mean == pytest.approx(float(row["Wfac"]), rel=1e-12)


def test_gas_fluxes_of_the_sg_model() -> None:
    """Flux = f(soil) g(WFPS) exp(p T), Hashimoto et al. (2011), all three gases of the table."""
    warmth = TEMPERATURE_LAWS["exponential"]
    for row in _rows("holisoils/sg_fluxes.csv"):
        wfps, temperature = float(row["WFPS"]), float(row["T"])
        soil = {
            "CO2": (4.95 * math.exp(0.033 * float(row["CN"])), 0.067),
            "CH4": (223.2 * math.exp(-1.76 * float(row["BD"])), 0.009),
            "N2O": (48.58 * math.exp(-0.254 * float(row["CN"])), 0.12),
        }
        for gas, (level, rate) in soil.items():
            factor = temperature_law(warmth.number, warmth.kernel_parameters({"rate": rate}), temperature)
            flux = level * _at(f"sg_{gas.lower()}", wfps) * factor
            text = row[f"{gas}_flux"]
            assert abs(flux - float(text)) <= 1e-12 * flux + half_a_digit(text), (gas, row)


def test_rothc_is_the_official_ramp() -> None:
    for share in np.linspace(0.0, 1.0, 401):
        assert _at("rothc", share) == pytest.approx(deficit_factor(-45.0 * share, -45.0), rel=1e-14)
        # of a layer with its own water
        assert _at("rothc", share) == pytest.approx(layer_water_factor(40.0 - 25.0 * share, 40.0, 15.0), rel=1e-13)
        assert deficit_ramp(-45.0 * share, -0.444 * 45.0, -45.0, 0.2) == pytest.approx(_at("rothc", share), rel=1e-14)
    assert _at("rothc", 1.7) == 0.2 and _at("rothc", 1.7, minimum=0.1) == 0.1 and _at("rothc", -0.1) == 1.0
    assert _at("rothc", 0.722, minimum=0.1) == pytest.approx(0.55, rel=1e-12)


def test_laws_without_a_table_follow_their_equations() -> None:
    for r in np.linspace(0.0, 1.0, 21):
        assert _at("century_relwc", r) == pytest.approx(1.0 / (1.0 + 30.0 * math.exp(-9.0 * r)), rel=1e-14)
        assert _at("epic_sut", r) == pytest.approx(min(1.0, max(0.05, 0.1 + 0.9 * math.sqrt(r))) if r else 0.05)
        assert _at("yasso", 2500.0 * r) == pytest.approx(1.0 - math.exp(-1.21 * 2.5 * r), rel=1e-13, abs=1e-16)
    assert _at("century_relwc", 1.4) == _at("century_relwc", 1.0)
    assert _at("century_relwc", -0.2) == _at("century_relwc", 0.0)
    assert _at("constant", 0.3) == 1.0 and _at("constant", 0.3, value=0.45) == 0.45


def test_lack_of_oxygen() -> None:
    assert _at("anaerobic", 1.5, drain=0.0) == 1.0
    assert _at("anaerobic", 2.25, drain=0.0) == pytest.approx(0.65, rel=1e-14)
    assert _at("anaerobic", 2.25, drain=0.5) == pytest.approx(0.825, rel=1e-14)
    assert _at("anaerobic", 3.0, drain=0.0) == pytest.approx(0.3, rel=1e-14)
    assert _at("anaerobic", 9.0, drain=0.0) == 0.3 == _at("anaerobic", math.inf, drain=0.0)
    # free drainage, or the sets in which nothing is least: no effect however wet
    assert _at("anaerobic", math.inf) == 1.0 == _at("anaerobic", math.inf, drain=0.0, least=1.0)


@pytest.mark.parametrize(
    ("name", "best"),
    [("daycent_wfps_coarse", 0.55), ("daycent_wfps_fine", 0.60), ("sg_co2", 0.50), ("sg_ch4", 0.073), ("sg_n2o", 1.0)],
)
def test_humps_are_one_at_their_best_and_zero_outside(name: str, best: float) -> None:
    assert _at(name, best) == 1.0
    least, most = (MOISTURE_LAWS[name].parameters[end] for end in ("least", "most"))
    assert _at(name, least) == 0.0 == _at(name, most)
    assert _at(name, least - 0.01) == 0.0 == _at(name, most + 0.01)
    assert (np.diff([_at(name, w) for w in np.linspace(least, best, 50)]) > 0.0).all()
    assert (np.diff([_at(name, w) for w in np.linspace(best, most, 50)]) < 0.0).all()


@pytest.mark.parametrize(
    "name",
    [
        "century",
        "century_relwc",
        "daycent_rwc",
        "ipcc_quad",
        "demeter",
        "candy",
        "gompertz",
        "amg",
        "yasso",
        "epic_sut",
    ],
)
def test_wetter_is_never_slower(name: str) -> None:
    low, high = RANGES[MOISTURE_LAWS[name].driver]
    assert (np.diff([_at(name, driver) for driver in np.linspace(low, high, 400)]) >= 0.0).all()


@pytest.mark.parametrize("name", MOISTURE_LAWS)
def test_a_rate_factor_is_finite_and_not_negative_wherever_it_can_be(name: str) -> None:
    low, high = RANGES[MOISTURE_LAWS[name].driver]
    for driver in np.linspace(low, high, 1001):
        factor = _at(name, driver)
        assert math.isfinite(factor) and factor >= 0.0, driver
    assert name == "constant" or math.isnan(_at(name, math.nan))


def test_dry_wet_and_beyond() -> None:
    assert _at("skopp", 0.0) == 0.0 and _at("skopp", 1.0) == 0.0 and _at("skopp", 1.2) == 0.0
    assert _at("moyano", 1.3) == 0.0 and _at("daycent_rwc", -0.5) == 0.0
    assert _at("standcarb", 0.0) == 0.0 and _at("standcarb", -5.0) == 0.0
    assert _at("yasso", 0.0) == 0.0 and _at("candy", 0.5) == 1.0
    # no evapotranspiration: the ratio is infinite
    assert _at("century", math.inf) == 1.0
    assert _at("ipcc_quad", math.inf) == _at("ipcc_quad", 1.25)


def test_every_law_is_described_and_numbered_once() -> None:
    numbers = [law.number for law in MOISTURE_LAWS.values()]
    assert sorted(numbers) == list(range(len(numbers)))
    page = (Path(__file__).resolve().parents[2] / "docs/rate_laws.md").read_text(encoding="utf-8")
    for name, law in MOISTURE_LAWS.items():
        assert law.name == name and law.driver in RANGES and f"`{name}`" in page and f"`{law.driver}`" in page
        assert law.doc and law.source and len(law.parameters) <= PARAMETERS
        for parameter in law.parameters:
            assert parameter in law.doc, (name, parameter)
    assert set(RANGES) < set(DRIVERS)
