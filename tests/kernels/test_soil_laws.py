"""Laws of the soil: the numbers of the published programs, the limits, and that every law is described."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from tests.support import shared
from watershed_c.kernels.laws import DRIVERS, PARAMETERS
from watershed_c.kernels.soil_laws import SOIL_LAWS, soil_law


def _at(name: str, driver: float, **given: float) -> float:
    law = SOIL_LAWS[name]
    return soil_law(law.number, law.kernel_parameters(given), driver)


def test_amg_clay_and_carbonate_of_holisoils() -> None:
    """The table's CaCO3 stands in the column of clay: both run over the same grid."""
    with shared("reference/pools/holisoils/amg_soil.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 13
    for row in rows:
        content = float(row["clay_gkg"])
        for version in "12":
            clay, carbonate = float(row[f"fCl.AMG{version}"]), float(row[f"fCaCO3.AMG{version}"])
            assert _at(f"clay_amg_{version}", content) == pytest.approx(clay, rel=1e-12)
            assert _at(f"carbonate_amg_{version}", content) == pytest.approx(carbonate, rel=1e-12)


def test_ph_of_century() -> None:
    names = ("ph_metabolic", "ph_structural", "ph_passive")
    for name, (x, step) in zip(names, ((4.8, 1.14), (4.0, 1.1), (3.0, 1.1)), strict=True):
        raw = [0.5 + step / math.pi * math.atan(math.pi * 0.7 * (ph - x)) for ph in np.linspace(0.0, 14.0, 57)]
        got = [_at(name, ph) for ph in np.linspace(0.0, 14.0, 57)]
        np.testing.assert_allclose(got, np.clip(raw, 0.0, 1.0), rtol=1e-14, atol=1e-15)
        assert (np.diff(got) >= 0.0).all() and _at(name, x) == 0.5
    # the same pH hinders the fast pools more than the passive one
    assert _at("ph_metabolic", 5.0) < _at("ph_structural", 5.0) < _at("ph_passive", 5.0)


def test_amg_optima() -> None:
    assert _at("ph_amg", 8.5) == 1.0 and _at("ph_amg", 5.5) == pytest.approx(math.exp(-0.112 * 9.0), rel=1e-15)
    assert _at("carbon_to_nitrogen_amg", 11.0) == 1.0
    assert _at("carbon_to_nitrogen_amg", 40.0) == pytest.approx(0.2, abs=1e-15)
    assert _at("constant", 3.0, value=0.5) == 0.5


@pytest.mark.parametrize("name", SOIL_LAWS)
def test_a_rate_factor_is_finite_and_not_negative(name: str) -> None:
    low, high = {"ph": (0.0, 14.0), "carbon_to_nitrogen": (3.0, 300.0)}.get(
        SOIL_LAWS[name].driver, (0.0, 1000.0)
    )
    for driver in np.linspace(low, high, 501):
        factor = _at(name, driver)
        assert 0.0 <= factor <= 1.0, driver
    assert name == "constant" or math.isnan(_at(name, math.nan))


def test_every_law_is_described_and_numbered_once() -> None:
    numbers = [law.number for law in SOIL_LAWS.values()]
    assert sorted(numbers) == list(range(len(numbers)))
    page = (Path(__file__).resolve().parents[2] / "docs/rate_laws.md").read_text(encoding="utf-8")
    for name, law in SOIL_LAWS.items():
        assert law.name == name and law.driver in DRIVERS and f"`{name}`" in page
        assert law.doc and law.source and len(law.parameters) <= PARAMETERS
        for parameter in law.parameters:
            assert parameter in law.doc, (name, parameter)
