"""Isotopes by themselves: conventions, the atmosphere, and single pools against their closed forms."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from landlab import RasterModelGrid

from tests.support import shared
from watershed_c import isotopes
from watershed_c.components.decomposition import Decomposition
from watershed_c.components.isotopes import IsotopeTwins
from watershed_c.constituents import ConstituentTable, soc_pool
from watershed_c.data import data_path
from watershed_c.isotopes import Atmosphere, AtmosphereError, permil, read_atmosphere
from watershed_c.pools import load_model
from watershed_c.state import Watershed

GRAVEN = data_path("models", "atmosphere", "graven2017.csv")
#: Delta14C, per mil, by mean residence time (yr) in 1965, 1990, 2010 and 2015, northern hemisphere
BOMB = {
    5: (435.0, 206.4, 61.6, 36.7),
    10: (265.5, 254.1, 94.4, 66.1),
    30: (93.8, 214.7, 147.7, 128.2),
    100: (15.2, 83.4, 81.3, 78.0),
    300: (-27.7, -0.9, 2.4, 2.2),
    1000: (-107.1, -98.6, -97.1, -97.0),
}
MODEL = """
schema = 2
name = "one"
title = "one pool"
description = "for tests"
scheme = "exact"
steps_per_year = 1
substeps = 1
calibration_depth_m = 0.25
default_set = ""
sources = ["test"]
[citations]
test = "made up"
[parameters]
rate = { value = RATE, units = "yr-1", range = [0.0001, 2.0], source = "test" }
[[pools]]
name = "only"
long_name = "all carbon"
rate_per_yr = "rate"
carrier = "mineral"
[inputs.plant]
description = "plants"
fractions = { only = "1" }
[inputs.manure]
description = "manure"
fractions = { only = "1" }
"""


def one_pool(folder: Path, residence: float, *, scheme: str = "exact") -> tuple[Watershed, Decomposition]:
    """A cell with one pool in its steady state under 1 kg m-2 yr-1, its twins at ratio 1."""
    folder.mkdir(exist_ok=True)
    (folder / "model.toml").write_text(MODEL.replace("RATE", repr(1.0 / residence)))
    model = load_model(folder)
    grid = RasterModelGrid((3, 3), xy_spacing=1.0)
    grid.add_field("topographic__elevation", np.zeros(9), at="node", units="m")
    pool = soc_pool("only", "mineral")
    rows = [pool, *isotopes.twins([pool], "c14"), *isotopes.twins([pool], "c13")]
    w = Watershed(grid, constituents=ConstituentTable(rows), layer_bottom=np.array([0.25]), pools=1)
    w.mineral[w.cells] = 300.0
    w.reference[:] = w.mineral
    w.clay[w.cells] = 0.2
    w.stocks[w.cells] = residence
    air = read_atmosphere(GRAVEN, "north")
    twins = IsotopeTwins(w, ("c14", "c13"), air, np.zeros(1))
    process = Decomposition(w, model, twins=twins, scheme=scheme)
    w.ledger.open()
    return w, process


def years(w: Watershed, process: Decomposition, first: int, last: int, dt: float = 1.0) -> None:
    """Years of 1 kg m-2 yr-1 of plant input."""
    for year in range(first, last + 1):
        for part in range(round(1.0 / dt)):
            w.calendar_month = 12 * year + round(12.0 * part * dt)
            w.units.inputs[:] = dt
            process.run_one_step(dt)
            w.ledger.check("decomposition", process.transforms)


def delta(w: Watershed, isotope: str) -> float:
    row = w.constituents.of_group(isotope)[0]
    return float(permil(w.stocks[w.cells[0], 0, row] / w.stocks[w.cells[0], 0, 0]))


def test_fraction_modern_of_a_later_year() -> None:
    assert isotopes.delta_of_fraction_modern(np.array(1.0), 2015) == pytest.approx(-7.83, abs=0.005)
    assert isotopes.MEAN_LIFE_14C == pytest.approx(8267.0, abs=0.5)


def test_pedogenic_carbonate_of_c3_and_c4_plants() -> None:
    """T1.11."""
    found = isotopes.pedogenic_carbonate_delta13(np.array([-27.0, -12.5]), np.array([15.0, 15.0]))
    assert found == pytest.approx([-12.4, 2.08], abs=0.05)


def test_steady_pool_under_a_constant_atmosphere() -> None:
    """A9: F = k / (k + 1/8267), -6.012 per mil for k = 0.02."""
    with shared("reference/analytic/analytic.csv").open() as file:
        expected = next(float(row["value"]) for row in csv.DictReader(file) if row["id"] == "A9")
    decay = math.log(2.0) / isotopes.HALF_LIFE_14C
    assert permil(np.array(0.02 / (0.02 + decay))) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("residence", BOMB)
def test_bomb_carbon_in_one_pool(tmp_path: Path, residence: int) -> None:
    w, process = one_pool(tmp_path / "one", float(residence))
    row, cell = w.constituents.of_group("c14")[0], w.cells[0]
    decay = math.log(2.0) / isotopes.HALF_LIFE_14C
    first = 1.0 + read_atmosphere(GRAVEN, "north").c14[0] / 1000.0
    w.stocks[cell, 0, row] *= first / (1.0 + decay * residence)
    w.ledger.open()
    found, last = [], 1849
    for year in (1965, 1990, 2010, 2015):
        years(w, process, last + 1, year)
        found.append(delta(w, "c14"))
        last = year
    np.testing.assert_allclose(found, BOMB[residence], atol=0.5)
    assert w.stocks[cell, 0, 0] == pytest.approx(residence, rel=1e-12)


def test_months_and_years_give_the_same(tmp_path: Path) -> None:
    found = []
    for dt in (1.0, 1.0 / 12.0):
        w, process = one_pool(tmp_path / "one", 30.0)
        years(w, process, 1950, 1970, dt)
        found.append(delta(w, "c14"))
    assert found[0] == pytest.approx(found[1], abs=0.1)


def test_labelling_with_c4_plants(tmp_path: Path) -> None:
    """C3 of -27 per mil to C4 of -12.5: after 20 yr a pool of 30 yr has 48.66 % of it and -19.94 per mil."""
    w, process = one_pool(tmp_path / "one", 30.0)
    assert process.twins is not None
    twins = process.twins
    twins.slower["c13"] = 1.0
    against = isotopes.DISCRIMINATION
    air = Atmosphere(2000, np.zeros(1), np.array([-27.0 + against["c3"]]))
    twins.atmosphere = air
    row, cell = w.constituents.of_group("c13")[0], w.cells[0]
    w.stocks[cell, 0, row] = w.stocks[cell, 0, 0] * (1.0 - 0.027)
    w.ledger.open()
    twins.c4_share[:] = (14.5) / (against["c3"] - against["c4"])  # -12.5 per mil
    years(w, process, 2001, 2020)
    share = -math.expm1(-20.0 / 30.0)
    assert share == pytest.approx(0.4866, abs=5e-5)
    assert delta(w, "c13") == pytest.approx(-27.0 + 14.5 * share, abs=1e-9)
    assert delta(w, "c13") == pytest.approx(-19.94, abs=0.02)


@pytest.mark.parametrize(("residence", "expected"), [(10.0, -8.207), (50.0, -7.547), (200.0, -6.965)])
def test_carbon_follows_the_air_with_its_age(tmp_path: Path, residence: float, expected: float) -> None:
    """One pool that follows the 13C of the air (-8.44 in 2015) from its steady state in 1850."""
    w, process = one_pool(tmp_path / "one", residence)
    assert process.twins is not None
    process.twins.slower["c13"] = 1.0
    row, cell = w.constituents.of_group("c13")[0], w.cells[0]
    offset = isotopes.DISCRIMINATION["c3"]
    first = process.twins.atmosphere.c13[0]
    w.stocks[cell, 0, row] = w.stocks[cell, 0, 0] * (1.0 + (first - offset) / 1000.0)
    w.ledger.open()
    years(w, process, 1850, 2015)
    assert delta(w, "c13") + offset == pytest.approx(expected, abs=0.005)


def test_slower_decay_of_13c_enriches_by_what_it_says(tmp_path: Path) -> None:
    """In a steady state the pool is heavier than its input by 1/0.9988, and what is respired equals the input."""
    w, process = one_pool(tmp_path / "one", 2.0)
    assert process.twins is not None
    process.twins.standing = 1900
    years(w, process, 1900, 1960)
    ratio = process.twins.input_ratio("c13")[0]
    assert 1.0 + delta(w, "c13") / 1000.0 == pytest.approx(ratio / isotopes.SLOWER_13C, rel=1e-9)


# -- the atmosphere ----------------------------------------------------------------------------------------------------


def test_shipped_atmosphere_is_the_published_one() -> None:
    with shared("reference/isotopes/atm_isotopes_graven2017_annual_1850_2015.csv").open() as file:
        rows = list(csv.DictReader(file))
    for zone, column in (("north", "NHc14"), ("tropics", "Tropicsc14"), ("south", "SHc14")):
        air = read_atmosphere(GRAVEN, zone)
        assert (air.first_year, air.last_year) == (1850, 2015)
        np.testing.assert_array_equal(air.c14, [float(row[column]) for row in rows])
        np.testing.assert_array_equal(air.c13, [float(row["Globalc13"]) for row in rows])
    assert read_atmosphere(GRAVEN, "north").c14.max() == 835.7


def test_first_and_last_year_are_held() -> None:
    air = read_atmosphere(GRAVEN, "north")
    no_c4 = np.zeros(1)
    assert air.ratio("c14", 1000, no_c4) == air.ratio("c14", 1850, no_c4) == pytest.approx(1.0 - 0.0023)
    assert air.ratio("c14", 2100, no_c4) == air.ratio("c14", 2015, no_c4)
    assert permil(air.ratio("c13", 2015, np.array([0.0, 1.0]))) == pytest.approx([-28.44, -12.94])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "years that follow"),
        ("year,c14\n2000,1\n", "must have a year, c14 and c13"),
        ("year,c14,c13\n2000,1,much\n", "must have a year, c14 and c13"),
        ("year,c14,c13\n2000,1,-8\n2002,1,-8\n", "years that follow"),
        ("year,c14,c13\n2000,1,-800\n", "within 100 per mil"),
        ("year,c14,c13\n2000,nan,-8\n", "within 2000"),
    ],
)
def test_what_is_no_atmosphere(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "air.csv"
    path.write_text(text)
    with pytest.raises(AtmosphereError, match=message):
        read_atmosphere(path, "north")


def test_twins_must_be_of_all_pools() -> None:
    grid = RasterModelGrid((3, 3))
    grid.add_field("topographic__elevation", np.zeros(9), at="node", units="m")
    pools = [soc_pool("fast", "particulate"), soc_pool("slow", "mineral")]
    table = ConstituentTable([*pools, *isotopes.twins(pools[:1], "c14")])
    w = Watershed(grid, constituents=table, layer_bottom=np.array([0.25]), pools=2)
    with pytest.raises(ValueError, match="rows of c14 must be the twins of all pools"):
        IsotopeTwins(w, ("c14",), read_atmosphere(GRAVEN, "north"), np.zeros(1))
