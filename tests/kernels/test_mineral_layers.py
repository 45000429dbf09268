"""Calcite, gypsum and dolomite in layers: PHREEQC's waters, the layers of calcite alone, budgets, and rates."""

from __future__ import annotations

import csv
import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import shared
from watershed_c.kernels.acidity import acidity_at
from watershed_c.kernels.calcite import (
    CALCIUM_PER_CARBON,
    MOLAR_MASS_CALCIUM,
    MOLAR_MASS_CARBON,
    calcite_equilibrium,
    equilibrium_table,
)
from watershed_c.kernels.carbonate import (
    ACID_EXPORT,
    ACIDITY_HELD,
    CALCIUM_EXPORT,
    CHARGE_PER_CALCIUM,
    DIC_EXPORT,
    GAS_EXCHANGE,
    LITHOGENIC_DISSOLVED,
    PEDOGENIC_DISSOLVED,
    PRECIPITATED,
    carbonate_step,
)
from watershed_c.kernels.mineral_layers import (
    CALCIUM_PER_DOLOMITE_CARBON,
    CALCIUM_PER_SULFUR,
    GYPSUM_DISSOLVED,
    MAGNESIUM_EXPORT,
    MAGNESIUM_PER_DOLOMITE_CARBON,
    SULFATE_EXPORT,
    mineral_step,
)
from watershed_c.kernels.minerals import (
    MOLAR_MASS_MAGNESIUM,
    MOLAR_MASS_SULFUR,
    MOLAR_VOLUME_DOLOMITE,
    dolomite_rate,
    mineral_equilibrium,
)
from watershed_c.kernels.soil_gas import SECONDS_PER_YEAR

LITHOGENIC, PEDOGENIC, ACIDITY, GYPSUM, LIME, DOLOMITE = range(6)
SHARES = np.array([0.5])
MONTH = SECONDS_PER_YEAR / 12.0


class Column(NamedTuple):
    """Arguments of ``mineral_step`` but rows, sizes and the length of the step."""

    stocks: np.ndarray
    mineral: np.ndarray
    calcium: np.ndarray
    dic: np.ndarray
    strong_acid: np.ndarray
    acid: np.ndarray
    sulfate: np.ndarray
    magnesium: np.ndarray
    groundwater_calcium: np.ndarray
    groundwater_dic: np.ndarray
    groundwater_acid: np.ndarray
    groundwater_sulfate: np.ndarray
    groundwater_magnesium: np.ndarray
    water: np.ndarray
    percolation: np.ndarray
    aside: np.ndarray
    groundwater: np.ndarray
    baseflow: np.ndarray
    temperature: np.ndarray
    layer_temperature: np.ndarray
    carbon_dioxide: np.ndarray
    buffer: np.ndarray
    ph: np.ndarray
    exchange: np.ndarray
    traded: np.ndarray
    lime_dissolved: np.ndarray
    dolomite_dissolved: np.ndarray
    carried: np.ndarray

    def step(self, *, size: float = 5e-5, seconds: float = MONTH, exchanges: bool = False) -> np.ndarray:
        cells = np.arange(self.water.shape[0], dtype=np.int64)
        mineral_step(
            cells, LITHOGENIC, PEDOGENIC, ACIDITY if exchanges else -1, np.array([LIME]), SHARES, GYPSUM,
            np.array([DOLOMITE]), np.ones(1), np.array([size]), seconds, *self,
        )  # fmt: skip
        return self.exchange[:, 0]


def column(
    layers: int = 1, *, calcite: float = 0.0, gypsum: float = 0.0, dolomite: float = 0.0, water: float = 60.0,
    percolation: float = 0.0, aside: float | None = None, temperature: float = 10.0, carbon_dioxide: float = 5e-3,
) -> Column:  # fmt: skip
    stocks = np.zeros((1, layers, 6))
    stocks[:, :, LITHOGENIC], stocks[:, :, GYPSUM], stocks[:, :, DOLOMITE] = calcite, gypsum, dolomite
    full = np.zeros((1, layers))
    return Column(
        stocks, full + 260.0, *np.zeros((6, 1, layers)), *np.zeros((5, 1)), full + water, full + percolation,
        np.zeros((0, layers)) if aside is None else full + aside, np.full(1, 200.0), np.full(1, percolation),
        np.full(1, temperature), np.zeros(layers), full + carbon_dioxide, full + 7.8, full + 7.0, np.zeros((10, 1)),
        np.zeros((3, 1)), np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((5, 1, layers)),
    )  # fmt: skip


def totals(c: Column) -> dict[str, float]:
    """Of a column and its groundwater, kg m-2 and mol m-2."""
    solid = c.stocks[0].sum(axis=0)
    carbonate = float(solid[[LITHOGENIC, PEDOGENIC, LIME]].sum())
    dolomite, gypsum = float(solid[DOLOMITE]), float(solid[GYPSUM])
    charge = c.strong_acid.sum() + c.acid.sum() + c.groundwater_acid.sum()
    charge += 2.0 * gypsum / MOLAR_MASS_SULFUR - dolomite / MOLAR_MASS_CARBON
    return {
        "calcium": carbonate * CALCIUM_PER_CARBON + dolomite * CALCIUM_PER_DOLOMITE_CARBON + gypsum * CALCIUM_PER_SULFUR
        - float(solid[ACIDITY]) / CHARGE_PER_CALCIUM + c.calcium.sum() + c.groundwater_calcium.sum(),
        "carbon": carbonate + dolomite + c.dic.sum() + c.groundwater_dic.sum(),
        "sulfur": gypsum + c.sulfate.sum() + c.groundwater_sulfate.sum(),
        "magnesium": dolomite * MAGNESIUM_PER_DOLOMITE_CARBON + c.magnesium.sum() + c.groundwater_magnesium.sum(),
        "charge": charge,
    }  # fmt: skip


def test_layers_with_gypsum_or_dolomite_equal_phreeqc() -> None:
    """Table C through the layers, all rows, to the 5 % its README asks for (2.5 % found)."""
    with open(shared("reference/calcite_phreeqc/C_calcite_gypsum_dolomite.csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 16
    for row in rows:
        has_gypsum = row["with_phase"] == "Gypsum"
        c = column(
            2, calcite=4.0, gypsum=8.0 * has_gypsum, dolomite=8.0 * (not has_gypsum),
            temperature=float(row["T_C"]), carbon_dioxide=float(row["pCO2_ppm"]) * 1e-6, percolation=20.0,
        )  # fmt: skip
        c.step(size=1e-6, seconds=12.0 * MONTH)
        for layer in range(2):
            found = {
                "Ca_mmol": c.calcium / MOLAR_MASS_CALCIUM, "DIC_mmol": c.dic / MOLAR_MASS_CARBON,
                "Mg_mmol": c.magnesium / MOLAR_MASS_MAGNESIUM, "S_mmol": c.sulfate / MOLAR_MASS_SULFUR,
            }  # fmt: skip
            for name, held in found.items():
                expected = float(row[name])
                # water of the second layer has met the first's
                assert 1e3 * held[0, layer] / 60.0 == pytest.approx(expected, rel=0.026, abs=1e-12), (row, name)
            assert c.ph[0, layer] == pytest.approx(float(row["pH"]), abs=0.004)


@pytest.mark.parametrize("exchanges", [False, True])
def test_without_other_minerals_it_is_calcite_alone(exchanges: bool) -> None:
    """Three years of seasons with acid, lime and a layer that runs out, against ``carbonate_step``, which takes pH and
    carbon of water that calcite does not saturate from those it would saturate.
    """
    table, constants = equilibrium_table()
    ours, theirs = column(4, percolation=25.0, aside=5.0), column(4, percolation=25.0, aside=5.0)
    for c in (ours, theirs):
        c.stocks[0, :, LITHOGENIC], c.stocks[0, 0, LIME] = (0.0, 2e-3, 3.0, 0.0), 0.01
        c.stocks[0, 0, ACIDITY] = acidity_at(5.0, 7.0, 7.8) if exchanges else 0.0
    for month in range(36):
        for c in (ours, theirs):
            c.acid[0, 0] = 0.02
            c.carbon_dioxide[:] = 0.004 + 0.003 * math.sin(month / 2.0)
            c.percolation[0, 2:] = 25.0 if month % 12 < 8 else 0.0
        ours.step(exchanges=exchanges)
        b = theirs.buffer if exchanges else theirs.buffer[:0]
        carbonate_step(
            np.zeros(1, dtype=np.int64), LITHOGENIC, PEDOGENIC, ACIDITY if exchanges else -1, np.array([LIME]), SHARES,
            *theirs[:2], *theirs[2:6], *theirs[8:11], *theirs[13:21], table, constants, b, theirs.ph, theirs.exchange,
            theirs.lime_dissolved, *theirs.carried[:3],
        )  # fmt: skip
        for name in ("stocks", "calcium", "dic", "strong_acid", "exchange"):
            a, b = getattr(ours, name), getattr(theirs, name)
            close = 0.04 if exchanges else 6e-3
            np.testing.assert_allclose(a, b, rtol=close, atol=5e-3 * abs(b).max(), err_msg=f"{name} in month {month}")
        np.testing.assert_allclose(ours.ph, theirs.ph, atol=0.03)
    assert not ours.sulfate.any() and not ours.magnesium.any() and not ours.traded.any()
    assert ours.stocks[0, 1, LITHOGENIC] == 0.0 and ours.stocks[0, :, PEDOGENIC].sum() > 0.0


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.integers(0, 10**6), st.booleans(), st.booleans())
def test_calcium_carbon_sulfur_magnesium_and_charge_are_conserved(seed: int, exchanges: bool, sideways: bool) -> None:
    random = np.random.default_rng(seed)
    c = column(4, aside=4.0 if sideways else None, temperature=random.uniform(-3.0, 30.0))
    c.stocks[0] = random.random((4, 6)) * 10.0 ** random.uniform(-5.0, 0.5, (4, 6)) * (random.random((4, 6)) < 0.6)
    c.stocks[0, :, ACIDITY] *= exchanges
    c.water[:] = 10.0 ** random.uniform(-2.0, 2.0, (1, 4)) * (random.random((1, 4)) < 0.9)
    c.mineral[0, 3] *= random.random() < 0.7
    c.sulfate[:] = random.random((1, 4)) * 0.01
    c.magnesium[:] = random.random((1, 4)) * 0.005
    c.calcium[:] = random.random((1, 4)) * 0.02
    c.strong_acid[:] = 2.0 * c.sulfate / MOLAR_MASS_SULFUR - 2.0 * c.magnesium / MOLAR_MASS_MAGNESIUM
    for _ in range(6):
        c.percolation[:] = random.uniform(0.0, 60.0, (1, 4)) * (random.random((1, 4)) < 0.7)
        c.carbon_dioxide[:] = 10.0 ** random.uniform(-3.4, -1.0, (1, 4))
        c.acid[:] = random.random((1, 4)) * 0.05
        before = totals(c)
        e = c.step(exchanges=exchanges)
        after, gone = totals(c), c.carried[:, 0].sum(axis=1)
        bases = e[9] if exchanges else 0.0
        out = {
            "calcium": gone[0] + e[CALCIUM_EXPORT] - bases / CHARGE_PER_CALCIUM,
            "carbon": gone[1] + e[DIC_EXPORT] - e[GAS_EXCHANGE],
            "charge": gone[2] + e[ACID_EXPORT] - bases,
            "sulfur": gone[3] + c.traded[SULFATE_EXPORT, 0],
            "magnesium": gone[4] + c.traded[MAGNESIUM_EXPORT, 0],
        }
        for name, amount in out.items():
            size = abs(before[name]) + abs(after[name]) + abs(amount) + 0.2
            assert before[name] - after[name] - amount == pytest.approx(0.0, abs=1e-12 * size), name
        assert min(a.min() for a in (c.stocks, c.calcium, c.dic, c.sulfate, c.magnesium)) >= 0.0
        assert np.isfinite(c.ph).all()
    solid = e[LITHOGENIC_DISSOLVED] + e[PEDOGENIC_DISSOLVED] - e[PRECIPITATED] + c.lime_dissolved.sum()
    assert np.isfinite(solid)


def test_gypsum_dissolves_beside_calcite_and_brings_no_alkalinity() -> None:
    """Calcium of gypsum takes the place of that of calcite, which precipitates; its sulfate is as much strong acid."""
    c = column(calcite=1.0)
    c.step()
    dic = c.dic[0, 0]
    c.stocks[0, 0, GYPSUM] = 5.0
    e = c.step()
    assert e[PRECIPITATED] > 0.0 and c.dic[0, 0] < dic
    assert c.strong_acid[0, 0] == pytest.approx(2.0 * c.sulfate[0, 0] / MOLAR_MASS_SULFUR, rel=1e-12)
    assert c.traded[GYPSUM_DISSOLVED, 0] == pytest.approx(c.sulfate[0, 0], rel=1e-12)
    expected = mineral_equilibrium(10.0, 5e-3, True, False, 0.0, 0.0)[2]
    assert c.sulfate[0, 0] == pytest.approx(expected * 60.0 * MOLAR_MASS_SULFUR, rel=1e-5)
    # 2 t ha-1 are 0.0372 kg of sulfur: gone with the water that can take them
    c = column(calcite=1.0, gypsum=0.0372, water=15.0, percolation=20.0)
    per_step = expected * 35.0 * MOLAR_MASS_SULFUR
    c.step()
    assert c.stocks[0, 0, GYPSUM] == pytest.approx(0.0372 - per_step, rel=0.01)
    for _ in range(3):
        c.step()
    assert c.stocks[0, 0, GYPSUM] == 0.0


def test_gypsum_precipitates_below_calcite_where_water_is_drawn_up() -> None:
    """Water of calcium bicarbonate and sulfate that is concentrated from layer to layer: carbonate, then gypsum."""
    c = column(5, water=30.0, carbon_dioxide=4e-3, temperature=20.0)
    c.percolation[0] = (50.0, 25.0, 9.0, 3.0, 0.0)
    for _ in range(240):
        # 60 mm a month of 1.0 mmol Ca(HCO3)2 and 1.5 mmol CaSO4 L-1
        c.calcium[0, 0] += 60.0 * 2.5e-3 * MOLAR_MASS_CALCIUM
        c.dic[0, 0] += 60.0 * 2.0e-3 * MOLAR_MASS_CARBON
        c.sulfate[0, 0] += 60.0 * 1.5e-3 * MOLAR_MASS_SULFUR
        c.strong_acid[0, 0] += 60.0 * 3.0e-3
        c.step()
    calcite, gypsum = c.stocks[0, :, PEDOGENIC], c.stocks[0, :, GYPSUM]
    depth = np.arange(5)
    assert (calcite @ depth) / calcite.sum() + 1.0 < (gypsum @ depth) / gypsum.sum()
    assert gypsum[0] == gypsum[1] == 0.0 and calcite[1] > 0.0 and gypsum[4] > 0.0


def test_dolomite_dissolves_as_its_rate_and_surface_say_and_not_beyond_equilibrium() -> None:
    c = column(dolomite=2.0, water=200.0, temperature=25.0)
    c.step(size=5e-3, seconds=600.0)
    # the rate is that at the pH without it: pure water with CO2 (T1.1)
    hydrogen = math.sqrt(10.0**-1.468 * 5e-3 * 10.0**-6.352)
    surface = 2.0 / (2.0 * MOLAR_MASS_CARBON) * 6.0 * MOLAR_VOLUME_DOLOMITE / 5e-3
    expected = dolomite_rate(25.0, hydrogen, 5e-3) * surface * 600.0
    assert c.magnesium[0, 0] / MOLAR_MASS_MAGNESIUM == pytest.approx(expected, rel=0.02)
    for _ in range(40):
        c.step()
    # alone as much magnesium as calcium, at its solubility product, and no more dissolves
    molar = c.calcium[0, 0] / MOLAR_MASS_CALCIUM
    assert c.magnesium[0, 0] / MOLAR_MASS_MAGNESIUM == pytest.approx(molar, rel=1e-9)
    c.step()
    assert c.calcium[0, 0] / MOLAR_MASS_CALCIUM == pytest.approx(molar, rel=1e-5)
    alone = calcite_equilibrium(25.0, 5e-3, 0.0, 0.0)[0]
    assert 0.5 < molar / 200.0 / alone < 0.9
    # beside calcite it turns into it, until there is as much magnesium as at equilibrium with both
    c.stocks[0, 0, LITHOGENIC] = 1.0
    c.percolation[:] = c.baseflow[:] = 50.0
    c.dolomite_dissolved[:] = 0.0
    for _ in range(12):
        e = c.step(size=1e-3)
    both = mineral_equilibrium(25.0, 5e-3, False, True, 0.0, 0.0)
    assert c.dolomite_dissolved[0, 0] > 0.0 and e[LITHOGENIC_DISSOLVED] < c.dolomite_dissolved[0, 0]
    ratio = c.magnesium[0, 0] / c.calcium[0, 0] * MOLAR_MASS_CALCIUM / MOLAR_MASS_MAGNESIUM
    assert 0.2 < ratio / (both[1] / both[0]) < 1.0001


def test_dolomite_neutralises_an_acid_soil_by_four_charges() -> None:
    c = column(dolomite=0.05, water=60.0)
    c.stocks[0, 0, ACIDITY] = acidity_at(5.0, 7.0, 7.8)
    held = 0.0
    for _ in range(120):
        held += c.step(exchanges=True)[ACIDITY_HELD]
    dissolved = 0.05 - c.stocks[0, 0, DOLOMITE]
    assert dissolved == pytest.approx(0.05, rel=1e-3)
    in_water = c.calcium[0, 0] * CHARGE_PER_CALCIUM - c.strong_acid[0, 0]
    assert -held == pytest.approx(2.0 * dissolved / MOLAR_MASS_CARBON - in_water, rel=1e-5)


def test_layers_without_soil_hand_on_what_water_brings() -> None:
    c = column(3, calcite=0.0, gypsum=0.0, percolation=30.0)
    c.stocks[0, 0, LITHOGENIC] = c.stocks[0, 0, GYPSUM] = 1.0
    c.mineral[0, 1:], c.water[0, 1:] = 0.0, 1e-3
    c.carbon_dioxide[0, 1:] = 5e-4
    for _ in range(3):
        c.step()
    assert not c.stocks[0, 1:].any()
    for name in ("calcium", "dic", "sulfate"):
        held = getattr(c, name)[0]
        assert held[2] / held[0] == pytest.approx(1e-3 / 60.0, rel=1e-3)
