"""Temperature laws: the numbers of the published programs, the limits, and that every law is described."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from numba import njit

from tests.support import shared
from watershed_c.kernels.laws import DRIVERS, PARAMETERS
from watershed_c.kernels.moisture_laws import MOISTURE_LAWS, moisture_law
from watershed_c.kernels.rate_modifiers import temperature_factor
from watershed_c.kernels.temperature_laws import TEMPERATURE_LAWS, temperature_law

POOLS = "reference/pools"
#: column of the table of SoilR 1.2.105 -> law
SOILR = {
    "fT.Century1": "century_1987",
    "fT.Century2": "century_soilr_2",
    "fT.Daycent1": "daycent_exp",
    "fT.Daycent2": "daycent_raw",
    "fT.Demeter": "demeter",
    "fT.KB": "kirschbaum",
    "fT.LandT": "lloyd_taylor",
    "fT.linear": "linear",
    "fT.Q10": "q10",
    "fT.RothC": "rothc_soilr",
    "fT.Standcarb": "standcarb",
    "fT.Arrhenius_K": "arrhenius",
}


def _rows(relative: str) -> list[dict[str, str]]:
    with shared(f"{POOLS}/{relative}").open() as file:
        return list(csv.DictReader(file))


def _at(name: str, temperature: float, **given: float) -> float:
    law = TEMPERATURE_LAWS[name]
    return temperature_law(law.number, law.kernel_parameters(given), temperature)


def half_a_digit(text: str) -> float:
    """Half a unit in the last place that a table prints."""
    mantissa, _, exponent = text.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return 0.51 * 10.0 ** (int(exponent or 0) - decimals)


@pytest.mark.parametrize("column", SOILR)
def test_every_temperature_of_soilr(column: str) -> None:
    rows = _rows("soilr/fT_grid.csv")
    assert len(rows) == 65 and set(rows[0]) == {"T_C"} | set(SOILR)
    for row in rows:
        factor = _at(SOILR[column], float(row["T_C"]))
        if row[column] in ("NA", "NaN"):
            assert factor == 0.0
            continue
        published = max(0.0, float(row[column]))
        assert abs(factor - published) <= 1e-12 * published + half_a_digit(row[column]), row


def test_rothc_is_the_official_law_to_the_bit() -> None:
    for temperature in np.linspace(-30.0, 45.0, 1001):
        assert _at("rothc", temperature) == temperature_factor(temperature)


def test_rothc_in_the_fortran_runs() -> None:
    """Printed temperatures are rounded to 0.1 degC there, so the factor is compared with the inputs' own."""
    for case in ("fo1_vg_dryextended", "fo2_vg_stdform_barewp", "fo3_std_barewp"):
        months = _rows(f"rothc_fortran_v2/{case}_input.csv")[12:]
        printed = _rows(f"rothc_fortran_v2/{case}_monthly.csv")[1:]
        for month, row in zip(months, printed, strict=True):
            assert _at("rothc", float(month["Tmp"])) == pytest.approx(float(row["RM_TMP"]), rel=1e-6)


def test_amg_of_holisoils() -> None:
    for row in _rows("holisoils/amg_fT.csv"):
        assert _at("amg", float(row["T"])) == pytest.approx(float(row["fT.AMG"]), rel=1e-12, abs=0.0)


def test_ipcc_factor_of_a_year() -> None:
    for row in _rows("ipcc/ipcc2019_tier2.csv"):
        mean = sum(_at("ipcc", float(row[f"T{month}"])) for month in range(1, 13)) / 12.0
        assert mean == pytest.approx(float(row["Tfac"]), rel=1e-12)
        printed = sum(_at("ipcc", float(row[f"T{month}"]), factor=0.076) for month in range(1, 13)) / 12.0
        assert printed == pytest.approx(mean, rel=2e-3)


def test_daycent_on_the_wet_days_of_its_own_run() -> None:
    """DDCent17 prints bgdefac = f(T) f(W) x pulse after drought; from field capacity on f(W) is greatest, the pulse 1.

    T is the mean of the layers 2-5 and 5-10 cm; its second decimal and the fourth of bgdefac are rounded.
    """
    law = MOISTURE_LAWS["century_relwc"]
    wet = moisture_law(law.number, law.kernel_parameters(), 1.0)
    days = 0
    for row in _rows("daycent/daycent_eqt_tracegas_daily.csv"):
        if min(float(row["vswc1"]), float(row["vswc2"])) >= 0.19964:
            temperature = (3.0 * float(row["T1"]) + 5.0 * float(row["T2"])) / 8.0
            assert _at("daycent_atan", temperature) * wet == pytest.approx(float(row["bgdefac"]), abs=1.2e-4), row
            days += 1
    assert days == 67


def test_laws_without_a_table_follow_their_equations() -> None:
    for t in np.linspace(-25.0, 44.0, 24):
        g = [11.75 + 29.7 / math.pi * math.atan(math.pi * 0.031 * (x - 15.4)) for x in (t, 30.0)]
        assert _at("daycent_atan", t) == pytest.approx(max(0.01, g[0] / g[1]), rel=1e-14)
        assert _at("century4_exp", t) == pytest.approx(0.125 * math.exp(0.07 * t), rel=1e-14)
        assert _at("yasso", t) == pytest.approx(math.exp(0.096 * t - 0.0014 * t * t), rel=1e-14)
        assert _at("ctool", t) == pytest.approx(7.24 * math.exp(-3.432 + 0.168 * t * (1.0 - t / 73.8)), rel=1e-14)
        mems = math.exp(-((t / 42.0) ** 3)) * 3.0 ** ((t - 13.5) / 10.0)
        assert _at("mems", t) == pytest.approx(mems, rel=1e-13)
        assert _at("exponential", t, rate=0.12) == pytest.approx(math.exp(0.12 * t), rel=1e-14)
    assert _at("ctool", 10.0) == pytest.approx(1.0, abs=1e-3)
    assert _at("daycent_atan", 30.0) == 1.0 and _at("daycent_atan", -60.0) == 0.01
    assert _at("constant", -80.0) == 1.0 and _at("constant", 5.0, value=2.1) == 2.1


@pytest.mark.parametrize(
    ("name", "optimum"),
    [("century_1987", 35.0), ("ipcc", 33.69), ("swat_plus", 30.0), ("kirschbaum", 36.9), ("ctool", 36.9)],
)
def test_laws_with_an_optimum_rise_to_it_and_fall_after_it(name: str, optimum: float) -> None:
    below = [_at(name, t) for t in np.linspace(0.5, optimum, 40)]
    above = [_at(name, t) for t in np.linspace(optimum, 44.9, 40)]
    assert (np.diff(below) > 0.0).all() and (np.diff(above) < 0.0).all()
    if name in ("century_1987", "ipcc", "swat_plus"):
        assert below[-1] == pytest.approx(1.0, rel=1e-15)


@pytest.mark.parametrize(
    "name",
    ["rothc", "rothc_soilr", "century4_exp", "daycent_atan", "daycent_raw", "daycent_exp", "q10", "demeter", "linear"]
    + ["lloyd_taylor", "arrhenius", "amg", "yasso", "exponential"],
)
def test_the_others_never_fall_below_34_degrees(name: str) -> None:
    assert (np.diff([_at(name, t) for t in np.linspace(-60.0, 34.0, 300)]) >= 0.0).all()


@pytest.mark.parametrize("name", TEMPERATURE_LAWS)
def test_a_rate_factor_is_finite_and_not_negative_whatever_the_weather(name: str) -> None:
    special = [-273.15, -273.0, -49.0, -45.87, -18.3, -18.27, -5.0, 0.0, 45.0, 50.0]
    for temperature in [*special, *np.linspace(-90.0, 70.0, 321)]:
        factor = _at(name, temperature)
        assert math.isfinite(factor) and factor >= 0.0, temperature
    assert name == "constant" or math.isnan(_at(name, math.nan))


def test_cold_and_hot_ends() -> None:
    assert _at("rothc", -5.0001) == 0.0 and _at("rothc", -5.0) == pytest.approx(0.0162, abs=5e-5)
    assert _at("rothc_soilr", -18.3) == 0.0 and _at("rothc_soilr", -40.0) == 0.0
    for name in ("century_1987", "century_soilr_2", "ipcc"):
        assert _at(name, 45.01) == 0.0
    assert _at("century_1987", 45.0) == 0.0
    assert _at("daycent_raw", -12.0) == 0.0 < _at("daycent_raw", -11.0)
    assert _at("linear", -6.0) == 0.0 < _at("linear", -5.0)
    assert _at("lloyd_taylor", 227.13 - 273.0) == 0.0 and _at("lloyd_taylor", -60.0) == 0.0
    assert _at("amg", 0.0) == 0.0 < _at("amg", 0.01)
    assert _at("swat_plus", 0.0) == 0.0 and _at("swat_plus", 50.0) == 0.0


def test_every_law_is_described_and_numbered_once() -> None:
    numbers = [law.number for law in TEMPERATURE_LAWS.values()]
    assert sorted(numbers) == list(range(len(numbers)))
    page = (Path(__file__).resolve().parents[2] / "docs/rate_laws.md").read_text(encoding="utf-8")
    for name, law in TEMPERATURE_LAWS.items():
        assert law.name == name and law.driver == ("none" if name == "constant" else "temperature")
        assert law.doc and law.source and len(law.parameters) <= PARAMETERS
        assert f"`{name}`" in page
        for parameter in law.parameters:
            assert parameter in law.doc or name == "mems", (name, parameter)
    assert all(unit and meaning for unit, meaning in DRIVERS.values())


@njit(nogil=True)
def _sum(laws: np.ndarray, parameters: np.ndarray, temperature: float) -> float:
    total = 0.0
    for i in range(laws.size):
        total += temperature_law(laws[i], parameters[i], temperature)
    return total


def test_laws_are_called_from_the_loops_of_other_kernels() -> None:
    laws = list(TEMPERATURE_LAWS.values())
    parameters = np.stack([law.kernel_parameters() for law in laws])
    total = _sum(np.array([law.number for law in laws]), parameters, 14.0)
    assert total == pytest.approx(math.fsum(_at(law.name, 14.0) for law in laws), rel=1e-14)


def test_parameters_by_name() -> None:
    law = TEMPERATURE_LAWS["q10"]
    assert law.kernel_parameters({"q10": 3}).tolist() == [1.0, 3.0, 10.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    with pytest.raises(ValueError, match="no parameter 'Q10'; it has: scale, q10, reference"):
        law.kernel_parameters({"Q10": 3.0})
    with pytest.raises(ValueError, match="must be a finite number"):
        law.kernel_parameters({"q10": math.nan})
    law.parameters["q10"] = 3.0
    assert law.parameters["q10"] == 2.0
    with pytest.raises(AttributeError, match="cannot be changed"):
        law.number = 3
