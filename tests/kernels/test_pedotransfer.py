"""Saxton & Rawls (2006) against the paper's own table, and its limits."""

from __future__ import annotations

import numpy as np
import pytest

from watershed_c.kernels.pedotransfer import HOURS_PER_YEAR, adams_density, saxton_rawls, water_held, wosten_1999
from watershed_c.kernels.retention import wosten, wosten_conductivity

#: Saxton & Rawls (2006) table 3, organic matter 2.5 %: sand, clay, then wilting point, field capacity, saturation (%),
#: K (mm/h), computed independently from the printed equations to one more digit than the paper prints
TABLE = [
    ("sand", 0.88, 0.05, 5.0, 10.3, 46.2, 108.2),
    ("sandy loam", 0.65, 0.10, 8.1, 17.9, 45.0, 50.3),
    ("loam", 0.40, 0.20, 13.7, 28.0, 45.9, 15.5),
    ("silt loam", 0.20, 0.15, 11.0, 30.5, 47.9, 16.1),
    ("clay loam", 0.30, 0.35, 21.8, 35.8, 47.7, 4.3),
    ("clay", 0.25, 0.50, 29.8, 42.1, 49.8, 1.1),
]


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_published_table(row):
    _, sand, clay, wilting_point, field_capacity, saturation, conductivity = row
    got = saxton_rawls(np.array([sand]), np.array([clay]), np.array([2.5]))
    assert [100.0 * float(value[0]) for value in got[:3]] == pytest.approx(
        [wilting_point, field_capacity, saturation], abs=0.06
    )
    assert float(got[3][0]) / HOURS_PER_YEAR == pytest.approx(conductivity, abs=0.06)


def test_order_holds_for_every_texture():
    sand, clay, organic_matter = (
        a.ravel() for a in np.meshgrid(np.linspace(0, 1, 41), np.linspace(0, 1, 41), [0.0, 1.0, 8.0, 60.0])
    )
    possible = sand + clay <= 1.0
    wilting_point, field_capacity, saturation, conductivity = saxton_rawls(
        sand[possible], clay[possible], organic_matter[possible]
    )
    assert (wilting_point > 0.0).all() and (saturation < 1.0).all()
    assert (field_capacity - wilting_point >= 0.01 - 1e-12).all() and (
        saturation - field_capacity >= 0.01 - 1e-12
    ).all()
    assert np.isfinite(conductivity).all() and (conductivity > 0.0).all()


def test_organic_matter_adds_available_water_in_sand_and_loam():
    """+10 g OC kg-1 gives about +1 mm per 100 mm (S&R; Minasny & McBratney 2018 say 1.16): sign and size."""
    for sand, clay in ((0.65, 0.10), (0.40, 0.20)):
        low, high = (saxton_rawls(np.array([sand]), np.array([clay]), np.array([om])) for om in (1.724, 2 * 1.724))
        gain = 100.0 * float(((high[1] - high[0]) - (low[1] - low[0]))[0])
        assert 0.5 < gain < 1.5


def test_water_of_a_layer_is_reduced_by_stones():
    assert water_held(np.array([0.3]), np.array([0.25]), 0.2)[0] == pytest.approx(60.0)


#: printed in the documentation of the R package euosi (gerardhros/euosi, MIT): clay, silt, organic matter (%), topsoil,
#: density, then saturation, alpha and n. Its conductivity is left out: it differs from the printed equation.
HYPRES = [
    (25.0, 15.0, 4.5, 1.124447, 0.5098983, 0.05413231, 1.169909),
    (45.0, 3.0, 4.5, 1.124447, 0.5043651, 0.04231467, 1.177021),
]


@pytest.mark.parametrize("row", HYPRES, ids=["loam", "clay"])
def test_published_examples_of_wosten(row):
    clay, silt, matter, density, saturation, alpha, n = row
    got = wosten(clay, silt, density, matter)
    assert [float(value) for value in got] == pytest.approx([saturation, alpha, n], rel=2e-6)
    ours = wosten_1999(
        np.array([1.0 - (clay + silt) / 100.0]), np.array([clay / 100.0]), np.array([matter]),
        np.array([1000.0 * density]), np.array([1.0]),
    )  # fmt: skip
    suction = 10.1972 * np.array([1500.0, 33.0])
    content = 0.01 + (saturation - 0.01) / (1.0 + (alpha * suction) ** n) ** (1.0 - 1.0 / n)
    assert [float(value[0]) for value in ours[:3]] == pytest.approx([*content, saturation], rel=1e-5)


def test_conductivity_of_wosten_by_hand():
    """The printed equation term by term, clay 20, silt 40, density 1.4, organic matter 2 %, subsoil: ln K = 1.6777."""
    terms = [7.755, 1.408, 0.0, -1.89532, -0.1936, -0.5152, 0.000025, -0.0374]
    terms += [-0.643 * 3.6888794541, -0.39144, -0.46844, 0.0, 0.0]
    assert float(wosten_conductivity(20.0, 40.0, 1.4, 2.0, 0.0)) == pytest.approx(np.exp(sum(terms)), rel=1e-9)


def test_order_holds_for_every_texture_and_density_with_wosten():
    axes = (np.linspace(0, 1, 21), np.linspace(0, 1, 21), [0.0, 1.0, 8.0, 60.0], [900.0, 1300.0, 1800.0], [0.0, 1.0])
    sand, clay, matter, density, topsoil = (a.ravel() for a in np.meshgrid(*axes))
    possible = sand + clay <= 1.0
    wilting_point, field_capacity, saturation, conductivity = wosten_1999(
        *(values[possible] for values in (sand, clay, matter, density, topsoil))
    )
    assert (wilting_point > 0.0).all() and (saturation < 1.0).all()
    assert (np.diff([wilting_point, field_capacity, saturation], axis=0) >= 0.01 - 1e-12).all()
    assert np.isfinite(conductivity).all() and (conductivity > 0.0).all()


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_organic_matter_adds_available_water_with_wosten_where_density_follows(row):
    """+10 g OC kg-1: saturation +2.95, available +1.16 mm per 100 mm (Minasny & McBratney 2018): sign and size.

    At a held density the functions of Wosten et al. take available water from loam and clay.
    """
    sand, clay = np.array([row[1]]), np.array([row[2]])
    ratio = 1350.0 / adams_density(np.array([1.724]))
    low, high = (
        wosten_1999(sand, clay, np.array([om]), ratio * adams_density(np.array([om])), np.array([1.0]))
        for om in (1.724, 2 * 1.724)
    )
    assert 100.0 * float((high[2] - low[2])[0]) == pytest.approx(2.95, abs=0.2)
    assert 0.1 < 100.0 * float(((high[1] - high[0]) - (low[1] - low[0]))[0]) < 2.6


def test_density_of_adams():
    """1.493, 1.400, 1.275 and 1.043 g cm-3 for 1.724, 3, 5 and 10 % of organic matter."""
    got = adams_density(np.array([1.724, 3.0, 5.0, 10.0]))
    assert got == pytest.approx([1493.0, 1400.0, 1275.0, 1043.0], abs=0.6)
