"""Calcite equilibrium against PHREEQC and hand-computed tables; the layer algorithm against its budgets."""

from __future__ import annotations

import csv
import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import shared
from watershed_c.kernels.acid_waters import LANES, Waters, equilibrate
from watershed_c.kernels.acidity import acidity_at, buffered_ph, lime_requirement, ph_of_water
from watershed_c.kernels.calcite import (
    CALCIUM_PER_CARBON,
    MOLAR_MASS_CALCIUM,
    MOLAR_MASS_CARBON,
    calcite_equilibrium,
    equilibrium_table,
    interpolated_equilibrium,
    log_constants,
)
from watershed_c.kernels.carbonate import (
    ACID_EXPORT,
    ACID_HELD,
    ACIDITY_HELD,
    CALCIUM_EXPORT,
    CHARGE_PER_CALCIUM,
    DIC_EXPORT,
    GAS_EXCHANGE,
    LITHOGENIC_DISSOLVED,
    NEUTRALISED,
    PEDOGENIC_DISSOLVED,
    PRECIPITATED,
    carbonate_step,
)

LITHOGENIC, PEDOGENIC, ACIDITY, LIME = 1, 2, 3, 4
SOLID = [LITHOGENIC, PEDOGENIC, LIME, LIME + 1]
#: shares of two kinds of lime that may dissolve in a step
SHARES = np.array([0.5, 0.05])
TABLE, CONSTANTS = equilibrium_table()


class Column(NamedTuple):
    """Arguments of ``carbonate_step`` after ``cells`` and the two rows."""

    stocks: np.ndarray
    mineral: np.ndarray
    calcium: np.ndarray
    dic: np.ndarray
    strong_acid: np.ndarray
    acid: np.ndarray
    groundwater_calcium: np.ndarray
    groundwater_dic: np.ndarray
    groundwater_acid: np.ndarray
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
    lime_dissolved: np.ndarray
    calcium_carried: np.ndarray
    dic_carried: np.ndarray
    acid_carried: np.ndarray

    def step_cells(self, cells: np.ndarray) -> None:
        acidity = ACIDITY if self.buffer.size else -1
        lime = np.arange(LIME, LIME + self.lime_dissolved.shape[0], dtype=np.int64)
        rows = (LITHOGENIC, PEDOGENIC, acidity, lime, SHARES[: lime.size])
        carbonate_step(cells, *rows, *self[:17], TABLE, CONSTANTS, *self[17:])

    def step(self) -> np.ndarray:
        cells = np.arange(self.water.shape[0], dtype=np.int64)
        self.step_cells(cells)
        return self.exchange.T


def column(
    layers: int = 4, *, nodes: int = 1, lithogenic: float = 5.0, pedogenic: float = 0.0, water: float = 60.0,
    percolation: float = 25.0, temperature: float = 10.0, carbon_dioxide: float = 5e-3,
) -> Column:  # fmt: skip
    stocks = np.full((nodes, layers, 6), 7.0)
    stocks[:, :, ACIDITY:] = 0.0
    stocks[:, :, LITHOGENIC] = lithogenic
    stocks[:, :, PEDOGENIC] = pedogenic
    return Column(
        stocks, np.full((nodes, layers), 260.0), *np.zeros((4, nodes, layers)), *np.zeros((3, nodes)),
        np.full((nodes, layers), water), np.full((nodes, layers), percolation), np.zeros((0, layers)),
        np.full(nodes, 200.0),
        np.full(nodes, percolation), np.full(nodes, temperature), np.zeros(layers),
        np.full((nodes, layers), carbon_dioxide), np.zeros((0, layers)), np.zeros((nodes, layers)),
        np.zeros((10, nodes)), np.zeros((0, nodes)), *np.zeros((3, nodes, layers)),
    )  # fmt: skip


def total_calcium(c: Column) -> np.ndarray:
    solid = c.stocks[:, :, SOLID].sum(axis=(1, 2)) * CALCIUM_PER_CARBON
    return solid + c.calcium.sum(axis=1) + c.groundwater_calcium


def total_acid(c: Column) -> np.ndarray:
    return c.strong_acid.sum(axis=1) + c.acid.sum(axis=1) + c.groundwater_acid


def total_carbon(c: Column) -> np.ndarray:
    return c.stocks[:, :, SOLID].sum(axis=(1, 2)) + c.dic.sum(axis=1) + c.groundwater_dic


def phreeqc(name: str) -> list[dict[str, str]]:
    with open(shared(f"reference/calcite_phreeqc/{name}.csv"), newline="") as file:
        return list(csv.DictReader(file))


def ph(hydrogen_activity: float) -> float:
    return -float(np.log10(hydrogen_activity))


# -- equilibrium ----
@pytest.mark.parametrize(
    ("temperature", "expected"),
    [
        (25.0, (-1.468, -6.352, -10.329, -8.480, 1.106, 3.224, -13.995)),
        (10.0, (-1.269, -6.463, -10.488, -8.410, 0.968, 3.134, -14.533)),
    ],
)
def test_constants_of_plummer_and_busenberg(temperature: float, expected: tuple[float, ...]) -> None:
    assert log_constants(temperature) == pytest.approx(expected, abs=0.001)


@pytest.mark.parametrize(
    ("temperature", "expected"),
    [
        (0.0, (0.807, 1.417, 2.528, 4.583)),
        (5.0, (0.741, 1.301, 2.319, 4.202)),
        (10.0, (0.682, 1.195, 2.128, 3.854)),
        (15.0, (0.628, 1.099, 1.955, 3.537)),
        (25.0, (0.535, 0.931, 1.652, 2.982)),
        (35.0, (0.457, 0.791, 1.398, 2.516)),
    ],
)
def test_saturation_calcium_table(temperature: float, expected: tuple[float, ...]) -> None:
    found = [calcite_equilibrium(temperature, p, 0.0, 0.0)[0] * 1e3 for p in (400e-6, 2000e-6, 0.01, 0.05)]
    assert found == pytest.approx(expected, rel=0.002, abs=0.0006)


def test_pure_water_equals_phreeqc() -> None:
    for row in phreeqc("A_calcite_open"):
        found = calcite_equilibrium(float(row["T_C"]), float(row["pCO2_ppm"]) * 1e-6, 0.0, 0.0)
        assert found[0] * 1e3 == pytest.approx(float(row["Ca_mmol"]), rel=0.01), row
        assert found[1] * 1e3 == pytest.approx(float(row["DIC_mmol"]), rel=0.01), row
        assert ph(found[4]) == pytest.approx(float(row["pH"]), abs=0.01), row


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.floats(0.0, 60.0), st.floats(math.log(1e-4), 0.0))
def test_table_of_equilibria_equals_their_solution(t: float, log_pressure: float) -> None:
    p = math.exp(log_pressure)
    calcium, carbon, aqueous, _, hydrogen = calcite_equilibrium(t, p, 0.0, 0.0)
    found = interpolated_equilibrium(TABLE, CONSTANTS, t, log_pressure)
    assert found[:2] == pytest.approx((calcium, (carbon - aqueous) / calcium), rel=1e-7)
    assert found[2] == pytest.approx(aqueous / p, rel=2e-7)
    assert found[3] == pytest.approx(ph(hydrogen), abs=1e-6)


def waters(t: np.ndarray, p: np.ndarray, s: np.ndarray) -> Waters:
    """Waters with strong acid, solved from what the table has without."""
    solved = Waters(*np.empty((19, -(-t.size // LANES) * LANES)))
    solved.temperature[: t.size], solved.pressure[: t.size], solved.acid[: t.size] = t, p, s
    bare = [interpolated_equilibrium(TABLE, CONSTANTS, a, math.log(b))[:2] for a, b in zip(t, p, strict=True)]
    solved.bicarbonate[: t.size] = np.prod(bare, axis=1)
    equilibrate(solved, t.size, CONSTANTS)
    return solved


@pytest.mark.parametrize(
    ("bounds", "close"),
    [
        (((0.0, 20.0), (1e-3, 0.03), (0.0, 0.01)), (4e-5, 1e-6, 4e-5)),  # soil water; nine of ten: a hundredth of it
        (((0.0, 60.0), (1e-4, 1.0), (-0.1, 0.1)), (3e-4, 3e-4, 1e-3)),
    ],
)
def test_waters_with_acid_side_by_side_equal_each_solved_by_itself(bounds: tuple, close: tuple) -> None:
    random, n = np.random.default_rng(3), 4000
    t, log_p, s = (random.uniform(*np.log(b) if i == 1 else b, n) for i, b in enumerate(bounds))
    found, p = waters(t, np.exp(log_p), s), np.exp(log_p)
    alone = [calcite_equilibrium(*one, 0.0) for one in zip(t, p, s, strict=True)]
    calcium, carbon, aqueous, h, hydrogen = np.array(alone).T
    errors = np.array([
        np.abs(found.calcium[:n] - calcium) / (calcium + h),
        np.abs(found.ratio[:n] * (2.0 * calcium - s) / (carbon - aqueous) - 1.0),
        np.abs(np.log10(found.hydrogen[:n] / hydrogen)),
    ])  # fmt: skip
    assert (errors.max(axis=1) < close).all(), errors.max(axis=1)
    assert (np.quantile(errors, 0.9, axis=1) < 0.03 * np.array(close)).all(), np.quantile(errors, 0.9, axis=1)
    # each has the same bits in other company
    some = random.permutation(n)[:37]
    again = waters(t[some], p[some], s[some])
    for name in ("calcium", "ratio", "hydrogen"):
        assert np.array_equal(getattr(again, name)[:37], getattr(found, name)[some]), name


def test_frozen_soil_counts_as_water_at_its_melting_point() -> None:
    found = interpolated_equilibrium(TABLE, CONSTANTS, -12.0, math.log(5e-3))
    assert found == interpolated_equilibrium(TABLE, CONSTANTS, 0.0, math.log(5e-3))


def test_strong_acid_equals_phreeqc() -> None:
    """Part of an acid is met by less bicarbonate: between a third and half a calcium per proton."""
    for row in phreeqc("D_acid_open"):
        temperature, pressure = float(row["T_C"]), float(row["pCO2_ppm"]) * 1e-6
        acid = float(row["HNO3_mmol"]) * 1e-3
        extra = (
            calcite_equilibrium(temperature, pressure, acid, 0.0)[0]
            - calcite_equilibrium(temperature, pressure, 0.0, 0.0)[0]
        )
        assert extra / acid == pytest.approx(float(row["dCa_per_H"]), abs=0.003), row


#: table B: acid excess and ionic strength of what takes no part, mol kg-1, and how close to come. Sulfate and magnesium
#: pairs are not there: 5 % where they matter, as the README has it
BACKGROUND = {
    "NaCl10": (0.0, 0.01, 0.01),
    "NaCl50": (0.0, 0.05, 0.01),
    "CaCl2_2": (4e-3, 0.0, 0.01),
    "NaHCO3_3": (-3e-3, 0.0, 0.01),
    "MgSO4_2": (0.0, 8e-3, 0.05),
}


def test_other_salts_in_the_water_equal_phreeqc() -> None:
    rows = phreeqc("B_calcite_background")
    assert {row["background"] for row in rows} == set(BACKGROUND)
    for row in rows:
        acid, strength, close = BACKGROUND[row["background"]]
        found = calcite_equilibrium(float(row["T_C"]), float(row["pCO2_ppm"]) * 1e-6, acid, strength)
        assert found[0] * 1e3 == pytest.approx(float(row["Ca_mmol"]), rel=close), row
        assert found[1] * 1e3 == pytest.approx(float(row["DIC_mmol"]), rel=close), row
        assert ph(found[4]) == pytest.approx(float(row["pH"]), abs=0.03 if close > 0.01 else 0.01), row


def test_closed_dissolution_equals_phreeqc() -> None:
    """Table E: water that had its CO2 and no more. The CO2 at which carbon is what came and one for each calcium."""
    for row in phreeqc("E_calcite_closed"):
        temperature, came = float(row["T_C"]), float(row["DIC_initial_mmol"]) * 1e-3
        low, high = math.log(1e-7), 0.0
        for _ in range(60):
            middle = 0.5 * (low + high)
            calcium, carbon, _, _, hydrogen = calcite_equilibrium(temperature, math.exp(middle), 0.0, 0.0)
            low, high = (low, middle) if carbon - calcium > came else (middle, high)
        assert calcium * 1e3 == pytest.approx(float(row["Ca_mmol"]), rel=0.02), row
        assert carbon * 1e3 == pytest.approx(float(row["DIC_mmol"]), rel=0.02), row
        assert ph(hydrogen) == pytest.approx(float(row["pH"]), abs=0.01), row


def test_calcium_follows_the_cube_root_of_carbon_dioxide_and_rises_with_it() -> None:
    pressures = np.geomspace(1e-4, 0.15, 40)
    calcium = np.array([calcite_equilibrium(10.0, p, 0.0, 0.0)[0] for p in pressures])
    slope = np.diff(np.log(calcium)) / np.diff(np.log(pressures))
    assert (slope > 0.32).all() and (slope < 0.39).all()  # 1/3 for ideal water; more as ionic strength rises


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.floats(0.0, 40.0), st.floats(2e-4, 0.15), st.floats(-0.01, 0.01))
def test_solution_satisfies_charge_balance_and_calcite_solubility(t: float, p: float, s: float) -> None:
    calcium, carbon, aqueous, h, hydrogen = calcite_equilibrium(t, p, s, 0.0)
    henry, first, second, calcite, pairing, neutral, water = (10.0**x for x in log_constants(t))
    assert aqueous == pytest.approx(henry * p, rel=1e-12)
    g1 = first * aqueous / (hydrogen * h)
    free = calcite / (second * g1 * h / hydrogen * g1**4)  # [Ca] = Kc / (a(CO3) g2)
    pair = pairing * g1**4 * free * h
    carbonate = second * g1 * h / hydrogen / g1**4
    positive = 2.0 * free + pair + hydrogen / g1
    negative = h + 2.0 * carbonate + water / (hydrogen * g1)
    assert positive - negative == pytest.approx(
        s, abs=3e-5 * (positive + negative)
    )  # g1 is one Newton step old
    assert calcium == pytest.approx(free + pair + neutral * calcite, rel=1e-4)
    assert carbon == pytest.approx(aqueous + h + carbonate + pair + neutral * calcite, rel=1e-4)
    strength = 0.5 * (4.0 * free + pair + h + 4.0 * carbonate + abs(s))
    root = np.sqrt(strength)
    davies = -(0.4883 + 8.074e-4 * t) * (root / (1.0 + root) - 0.3 * strength)
    assert np.log10(g1) == pytest.approx(davies, abs=2e-4)


# -- the layer algorithm ----
def annual(c: Column) -> np.ndarray:
    """Twelve steps after the column has forgotten how it began."""
    for _ in range(240):
        c.step()
    return sum((c.step().copy() for _ in range(12)), np.zeros_like(c.exchange.T))


def test_carbonic_weathering_consumes_carbon_dioxide() -> None:
    """10 degC, 5000 ppm, 250 mm: SIC loss 4.974, DIC export 10.727, CO2 uptake 5.753 g C m-2 yr-1."""
    total = annual(column(percolation=250.0 / 12.0))[0] * 1e3
    assert total[LITHOGENIC_DISSOLVED] == pytest.approx(4.974, rel=2e-3)
    assert total[DIC_EXPORT] == pytest.approx(10.727, rel=2e-3)
    assert total[GAS_EXCHANGE] == pytest.approx(5.753, rel=2e-3)


@pytest.mark.parametrize(
    ("t", "p", "percolation", "loss"), [(15.0, 0.01, 300.0, 7.04), (20.0, 0.003, 100.0, 1.40)]
)
@pytest.mark.parametrize("layers", [1, 5])
def test_leaching_of_carbonate(t: float, p: float, percolation: float, loss: float, layers: int) -> None:
    c = column(layers, percolation=percolation / 12.0, temperature=t, carbon_dioxide=p)
    assert annual(c)[0, LITHOGENIC_DISSOLVED] * 1e3 == pytest.approx(loss, rel=5e-3)


def test_biogenic_inorganic_carbon_of_a_grassland_is_in_the_observed_range() -> None:
    """Kindler et al. (2011): 24.1 +- 7.2 g C m-2 yr-1 under grass; 400 mm at 2.5 % CO2 gives 15 to 25."""
    total = annual(column(percolation=400.0 / 12.0, carbon_dioxide=0.025))[0] * 1e3
    assert 15.0 < total[GAS_EXCHANGE] < 25.0


def test_acid_in_a_layer_equals_phreeqc() -> None:
    """Table D through the layers: water of the acid's molality leaves, more calcium in it by dCa/dH."""
    rows = phreeqc("D_acid_open")
    c = column(3, nodes=2 * len(rows), lithogenic=50.0)
    values = [[float(row[key]) for key in ("T_C", "pCO2_ppm", "HNO3_mmol")] for row in rows for _ in range(2)]
    c.temperature[:], pressure, acid = np.array(values).T
    c.carbon_dioxide[:] = 1e-6 * pressure[:, None]
    acid[1::2] = 0.0
    for _ in range(240):
        c.acid[:, 0] = 1e-3 * acid * c.percolation[:, 0]
        e = c.step()
    assert e[::2, ACID_EXPORT] == pytest.approx(1e-3 * acid[::2] * 25.0, rel=1e-6)
    extra = (e[::2, CALCIUM_EXPORT] - e[1::2, CALCIUM_EXPORT]) / MOLAR_MASS_CALCIUM
    assert extra / e[::2, ACID_EXPORT] == pytest.approx([float(row["dCa_per_H"]) for row in rows], abs=0.003)


@pytest.mark.parametrize("layers", [1, 5])
def test_strong_acid_and_carbonic_acid_dissolve_together(layers: int) -> None:
    """T1.3: 100 kg N ha-1 of nitrified urea at 10 degC, 5000 ppm and 250 mm. Not leaching and half the acid: 8.4.

    Each carbonate takes up a CO2, and each charge of acid sets one free.
    """
    c, total = column(layers, percolation=250.0 / 12.0, lithogenic=50.0), 0.0
    acid = 10.0 / 14.007  # mol m-2 yr-1
    for month in range(252):
        c.acid[:, 0] = acid / 12.0
        total += 1e3 * c.step()[0] * (month >= 240)
    assert total[ACID_EXPORT] * 1e-3 == pytest.approx(acid, rel=1e-4)
    # the simple cubic of section 1.2 gives 8.26 and, without acid, 4.88 where ion pairs and activities give 4.97
    assert total[LITHOGENIC_DISSOLVED] == pytest.approx(8.26, rel=0.02)
    assert total[LITHOGENIC_DISSOLVED] < 4.974 + 0.4 * 1e3 * MOLAR_MASS_CARBON * acid
    assert total[NEUTRALISED] == pytest.approx(1e3 * MOLAR_MASS_CARBON * acid, rel=1e-9)
    dissolved_as_such = total[GAS_EXCHANGE] - total[LITHOGENIC_DISSOLVED] + total[NEUTRALISED]
    assert dissolved_as_such == pytest.approx(0.78, abs=0.05)  # CO2(aq), as without acid


def test_acid_passes_a_layer_without_carbonate_and_dissolves_what_is_below() -> None:
    """The strong-acid limit: half a carbonate per charge, and as much CO2 as was carbonate."""
    c = column(2, lithogenic=0.0, carbon_dioxide=4e-4)
    c.stocks[0, 1, LITHOGENIC] = 50.0
    for _ in range(120):
        c.acid[:, 0] = 2.0
        e = c.step()[0]
    assert c.calcium[0, 0] == 0.0 and c.dic[0, 0] < 0.1 * c.dic[0, 1]
    assert e[LITHOGENIC_DISSOLVED] / MOLAR_MASS_CARBON == pytest.approx(1.0, rel=0.01)
    assert -e[GAS_EXCHANGE] == pytest.approx(e[LITHOGENIC_DISSOLVED], rel=0.01)
    assert c.calcium[0, 1] * CHARGE_PER_CALCIUM == pytest.approx(c.strong_acid[0, 1], rel=0.01)


def test_season_of_carbon_dioxide_dissolves_less_than_its_mean() -> None:
    seasonal = column(carbon_dioxide=1.0, lithogenic=20.0)
    level = column(carbon_dioxide=5e-3, lithogenic=20.0)
    lost = np.zeros(2)
    for month in range(120):
        seasonal.carbon_dioxide[:] = 5e-3 * (1.0 + 0.8 * np.sin(2.0 * np.pi * month / 12.0))
        lost += seasonal.step()[0, CALCIUM_EXPORT], level.step()[0, CALCIUM_EXPORT]
    assert 0.9 < lost[0] / lost[1] < 0.995


def test_moved_and_evaporated_water_equals_phreeqc() -> None:
    for row in phreeqc("F_water_move_evap"):
        first = calcite_equilibrium(float(row["T1_C"]), float(row["p1_ppm"]) * 1e-6, 0.0, 0.0)
        c = column(
            1,
            lithogenic=0.0,
            percolation=0.0,
            water=float(row["water_fraction_left"]),
            temperature=float(row["T2_C"]),
            carbon_dioxide=float(row["p2_ppm"]) * 1e-6,
        )
        c.calcium[:] = first[0] * MOLAR_MASS_CALCIUM
        c.dic[:] = first[1] * MOLAR_MASS_CARBON
        expected = float(row["calcite_precip_mmol_per_kg_initial_water"]) * 1e-3 * MOLAR_MASS_CARBON
        assert c.step()[0, PRECIPITATED] == pytest.approx(expected, rel=0.03), row
        assert c.stocks[0, 0, PEDOGENIC] == pytest.approx(expected, rel=0.03)
        assert c.stocks[0, 0, LITHOGENIC] == 0.0


@pytest.mark.parametrize("layers", [1, 3])
def test_hard_irrigation_water_leaves_its_carbonate_and_half_its_carbon_as_gas(layers: int) -> None:
    """500 mm a year with 4 meq of calcium bicarbonate: 12.0 g C m-2 yr-1 precipitate where none of it drains, and as
    much leaves as CO2. A leaching fraction of 0.3 keeps what that water holds at equilibrium in solution.
    """
    lost = []
    for leaching in (0.0, 0.3):
        c = column(layers, lithogenic=0.0, carbon_dioxide=3e-3, percolation=0.0, temperature=20.0)
        c.percolation[:] = leaching * 500.0 / 12.0
        c.baseflow[:] = c.percolation[:, -1]
        for _ in range(600):
            c.calcium[:, 0] += 500.0 / 12.0 * 2e-3 * MOLAR_MASS_CALCIUM
            c.dic[:, 0] += 500.0 / 12.0 * 4e-3 * MOLAR_MASS_CARBON
            e = c.step()[0].copy()
        lost.append(12.0 * e)
    assert 1e3 * lost[0][PRECIPITATED] == pytest.approx(12.0, abs=0.02)
    assert -lost[0][GAS_EXCHANGE] == pytest.approx(lost[0][PRECIPITATED], rel=1e-9)
    held = calcite_equilibrium(20.0, 3e-3, 0.0, 0.0)[0] * 150.0 * MOLAR_MASS_CARBON
    net = lost[1][PRECIPITATED] - lost[1][LITHOGENIC_DISSOLVED] - lost[1][PEDOGENIC_DISSOLVED]
    assert net == pytest.approx(lost[0][PRECIPITATED] - held, rel=1e-6)


_amount = st.floats(0.0, 20.0) | st.just(0.0) | st.floats(0.0, 1e-3)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.data())
def test_calcium_and_carbon_close_to_round_off(data: st.DataObject) -> None:
    nodes, layers = 2, 4
    c = column(layers, nodes=nodes)
    if data.draw(st.booleans()):
        c = c._replace(buffer=np.zeros((nodes, layers)), lime_dissolved=np.zeros((2, nodes)))

    def draw(array: np.ndarray, strategy: st.SearchStrategy[float]) -> None:
        array.flat = [data.draw(strategy) for _ in range(array.size)]

    draw(c.water, st.floats(0.0, 100.0))
    draw(c.percolation, st.floats(0.0, 80.0) | st.just(0.0))
    draw(c.temperature, st.floats(-10.0, 35.0))
    draw(c.carbon_dioxide, st.floats(4e-4, 0.15))
    for row in (LITHOGENIC, PEDOGENIC):
        c.stocks[:, :, row] = np.reshape([data.draw(_amount) for _ in range(nodes * layers)], (nodes, layers))
    draw(c.calcium, st.floats(0.0, 0.05))
    draw(c.dic, st.floats(0.0, 0.05))
    draw(c.strong_acid, st.floats(-1.0, 1.0) | st.just(0.0))
    draw(c.acid, st.floats(-1.0, 1.0) | st.just(0.0))
    draw(c.groundwater_acid, st.floats(-1.0, 1.0))
    draw(c.buffer, st.floats(0.01, 10.0) | st.just(0.0))
    if c.buffer.size:
        c.stocks[:, :, ACIDITY] = np.reshape([data.draw(st.floats(0.0, 5.0)) for _ in range(8)], (2, 4))
        c.stocks[:, :, LIME:] = data.draw(st.floats(0.0, 0.1))
    draw(c.baseflow, st.floats(0.0, 50.0) | st.just(0.0))
    draw(c.groundwater, st.floats(0.0, 300.0) | st.just(0.0))
    calcium, carbon = total_calcium(c), total_carbon(c)
    acid = total_acid(c)
    exported = np.zeros((3, nodes))
    gas, bases, held = np.zeros((3, nodes))
    acidity = c.stocks[:, :, ACIDITY].sum(axis=1)
    for _ in range(3):
        solid = c.stocks[:, :, LITHOGENIC].sum(axis=1), c.stocks[:, :, PEDOGENIC].sum(axis=1)
        e = c.step()
        exported += e[:, CALCIUM_EXPORT], e[:, DIC_EXPORT], e[:, ACID_EXPORT]
        assert (c.acid == 0.0).all() and (c.ph > 2.99).all() and (c.ph < 12.0).all()
        if not c.buffer.size:
            assert (e[:, NEUTRALISED] >= -1e-14).all()
        bases += e[:, ACID_HELD]
        held += e[:, ACIDITY_HELD]
        gas += e[:, GAS_EXCHANGE]
        scale = 1e-14 * (1.0 + solid[0] + solid[1])
        assert (
            abs(c.stocks[:, :, LITHOGENIC].sum(axis=1) - solid[0] + e[:, LITHOGENIC_DISSOLVED]) < scale
        ).all()
        change = c.stocks[:, :, PEDOGENIC].sum(axis=1) - solid[1]
        assert (abs(change + e[:, PEDOGENIC_DISSOLVED] - e[:, PRECIPITATED]) < scale).all()
    assert c.stocks[:, :, ACIDITY].sum(axis=1) == pytest.approx(acidity + held, rel=1e-12, abs=1e-13)
    brought = (held + bases) / CHARGE_PER_CALCIUM
    assert total_calcium(c) + exported[0] - brought == pytest.approx(calcium, rel=1e-12, abs=1e-14)
    assert total_acid(c) + exported[2] - bases == pytest.approx(acid, rel=1e-13, abs=1e-13)
    assert total_carbon(c) + exported[1] - gas == pytest.approx(carbon, rel=1e-13, abs=1e-15)
    for array in (c.stocks, c.calcium, c.dic, c.groundwater_calcium, c.groundwater_dic):
        assert (array >= 0.0).all()
    assert (c.stocks[:, :, 0] == 7.0).all() and (c.stocks >= 0.0).all()


def test_what_dissolves_and_precipitates_again_returns_the_totals() -> None:
    c = column(1, lithogenic=3.0, pedogenic=1.0, percolation=0.0, carbon_dioxide=0.02)
    c.step()
    dissolved = c.exchange[:, 0].copy()
    assert dissolved[LITHOGENIC_DISSOLVED] == pytest.approx(3.0 * dissolved[PEDOGENIC_DISSOLVED], rel=1e-12)
    c.water[:] = 1e-9  # dried out
    back = c.step()[0]
    assert back[PRECIPITATED] == pytest.approx(
        dissolved[LITHOGENIC_DISSOLVED] + dissolved[PEDOGENIC_DISSOLVED], rel=1e-9
    )
    assert c.stocks[0, 0, 1:].sum() == pytest.approx(4.0, rel=1e-12)
    assert c.dic[0, 0] == pytest.approx(0.0, abs=1e-10)
    assert c.stocks[0, 0, PEDOGENIC] > 1.0 and c.stocks[0, 0, LITHOGENIC] < 3.0


def test_exhausted_carbonate_limits_dissolution() -> None:
    c = column(1, lithogenic=4e-6, pedogenic=1e-6, percolation=0.0)
    e = c.step()[0]
    assert c.stocks[0, 0, LITHOGENIC] == 0.0 and c.stocks[0, 0, PEDOGENIC] == 0.0
    assert e[LITHOGENIC_DISSOLVED] == 4e-6 and e[PEDOGENIC_DISSOLVED] == 1e-6
    assert c.calcium[0, 0] == pytest.approx(5e-6 * CALCIUM_PER_CARBON, rel=1e-14)


def test_cell_without_carbonate_holds_dissolved_carbon_dioxide() -> None:
    c = column(2, lithogenic=0.0, temperature=25.0, carbon_dioxide=0.01, percolation=0.0)
    e = c.step()[0]
    assert c.dic[0] == pytest.approx(10.0**-1.468 * 0.01 * 60.0 * MOLAR_MASS_CARBON, rel=2e-3)
    assert e[GAS_EXCHANGE] == pytest.approx(c.dic.sum(), rel=1e-14)
    assert (c.calcium == 0.0).all() and e[[0, 1, 2, 4, 5]].tolist() == [0.0] * 5


def test_no_percolation_no_export() -> None:
    c = column(percolation=0.0)
    e = c.step()[0]
    assert e[DIC_EXPORT] == 0.0 and e[CALCIUM_EXPORT] == 0.0
    assert c.groundwater_dic[0] == 0.0 and c.groundwater_calcium[0] == 0.0


def test_groundwater_delays_the_export() -> None:
    """A reservoir of 200 mm fed with 25 mm a month answers like one mixed tank: 1 - (200/225)^n."""
    c = column()
    c.step()
    share = [c.step()[0, CALCIUM_EXPORT] for _ in range(24)]
    inflow = interpolated_equilibrium(TABLE, CONSTANTS, 10.0, float(np.log(5e-3)))[0] * 25.0 * MOLAR_MASS_CALCIUM
    expected = inflow * (1.0 - (200.0 / 225.0) ** np.arange(2, 26))
    assert share == pytest.approx(expected, rel=1e-12)


def test_dry_layer_of_the_profile_collects_pedogenic_carbonate() -> None:
    """Water saturated in the topsoil and drawn up by roots below leaves its carbonate there: a Bk horizon."""
    c = column(3, lithogenic=0.0)
    c.stocks[0, 0, LITHOGENIC] = 5.0
    c.percolation[0] = (25.0, 0.0, 0.0)
    c.baseflow[:] = 0.0
    for _ in range(12):
        e = c.step()
    assert c.stocks[0, 1, PEDOGENIC] > 0.0 and c.stocks[0, 2, PEDOGENIC] == 0.0
    assert e[0, PRECIPITATED] == pytest.approx(e[0, LITHOGENIC_DISSOLVED], rel=1e-9)


def test_cells_do_not_depend_on_their_chunk() -> None:
    """With acid in some layers, and exchange that takes other bases of it."""
    rng, n = np.random.default_rng(5), 40
    whole, parts = acid_soil(5.0, nodes=n, layers=4), acid_soil(5.0, nodes=n, layers=4)
    for c in (whole, parts):
        random = np.random.default_rng(7)
        c.carbon_dioxide[:] = random.uniform(4e-4, 0.1, c.carbon_dioxide.shape)
        c.acid[:] = random.choice([0.0, -0.3, 0.2], c.acid.shape)
        c.percolation[:] = random.uniform(0.0, 40.0, c.percolation.shape)
        c.stocks[:, :, LITHOGENIC] = random.choice([0.0, 5.0], c.acid.shape)
        c.stocks[:, :, ACIDITY] *= c.stocks[:, :, LITHOGENIC] == 0.0
    whole.step()
    assert whole.exchange[ACID_HELD].any()
    for cells in np.array_split(rng.permutation(n).astype(np.int64), 3):
        parts.step_cells(cells)
    for a, b in zip(whole, parts, strict=True):
        assert np.array_equal(a, b)


def test_where_no_acid_can_come_and_no_ph_is_asked_for_the_rest_has_the_same_bits() -> None:
    with_it, without = column(nodes=6), column(nodes=6)
    nothing = np.zeros((0, 4))
    without = without._replace(strong_acid=nothing, acid=nothing, groundwater_acid=np.zeros(0), ph=nothing)
    for c in (with_it, without):
        random = np.random.default_rng(7)
        c.carbon_dioxide[:] = random.uniform(4e-4, 0.1, c.carbon_dioxide.shape)
        c.stocks[:, :, LITHOGENIC] = random.choice([0.0, 1e-3, 5.0], c.water.shape)
        for _ in range(3):
            c.step()
    for name in ("stocks", "calcium", "dic", "groundwater_calcium", "groundwater_dic", "exchange"):
        assert np.array_equal(getattr(with_it, name), getattr(without, name)), name


def test_water_that_leaves_sideways_takes_its_share_and_the_budget_closes() -> None:
    """As much sideways as downward: equal amounts of both solutes, and nothing is lost."""
    c = column(3)._replace(aside=np.full((1, 3), 25.0))
    for _ in range(4):
        calcium, carbon = total_calcium(c), total_carbon(c)
        e = c.step()
        gone = c.calcium_carried.sum() + e[0, CALCIUM_EXPORT]
        assert float((calcium - total_calcium(c))[0]) == pytest.approx(gone, rel=1e-9)
        change = float((total_carbon(c) - carbon)[0])
        assert change == pytest.approx(e[0, GAS_EXCHANGE] - c.dic_carried.sum() - e[0, DIC_EXPORT], rel=1e-9)
    assert c.calcium_carried[0, 0] == pytest.approx(c.calcium[0, 0] * 25.0 / 60.0, rel=1e-12)
    assert c.dic_carried[0, 0] == pytest.approx(c.dic[0, 0] * 25.0 / 60.0, rel=1e-12)
    c.acid[0, 1] = 0.3
    before = total_acid(c)
    e = c.step()
    assert before - total_acid(c) == pytest.approx(c.acid_carried.sum(axis=1) + e[:, ACID_EXPORT], rel=1e-12)
    assert c.acid_carried[0, 1] == pytest.approx(0.3 * 25.0 / 110.0, rel=1e-12)


def test_layers_without_soil_hand_on_what_water_brings() -> None:
    """Water films on rock would lose calcite to it where soil air has less CO2."""
    c = column(3, lithogenic=0.0)
    c.stocks[0, 0, LITHOGENIC] = 5.0
    c.mineral[0, 1:], c.water[0, 1:], c.carbon_dioxide[0, 1:] = 0.0, 1e-3, 5e-4
    for _ in range(3):
        before = total_carbon(c) + 0.0
        e = c.step()[0]
        change = float((total_carbon(c) - before)[0])
        assert change == pytest.approx(e[GAS_EXCHANGE] - e[DIC_EXPORT], rel=1e-9)
    assert not c.stocks[0, 1:, SOLID].any() and e[PRECIPITATED] == 0.0
    for held in (c.calcium[0], c.dic[0]):
        assert held[2] / held[0] == pytest.approx(1e-3 / 60.0, rel=1e-3)


# -- soil without carbonate ----
def acid_soil(
    ph_before: float, *, capacity: float = 0.03, water: float = 60.0, nodes: int = 1, layers: int = 1
) -> Column:
    """A plough layer, or layers, of 260 kg m-2 without carbonate."""
    buffer = np.full((nodes, layers), capacity * 260.0)
    c = column(layers, nodes=nodes, lithogenic=0.0, percolation=0.0, water=water)
    c = c._replace(buffer=buffer, lime_dissolved=np.zeros((2, nodes)))
    c.stocks[:, :, ACIDITY] = acidity_at(ph_before, 7.0, buffer[0, 0])
    return c


def test_lime_requirement_raises_the_ph_as_far_as_it_says() -> None:
    """T1.9: 30 mmol kg-1 per pH, 20 cm at 1.3 g cm-3: 3.90 t ha-1 for one pH, and that amount of lime does it."""
    need = lime_requirement(5.5, 6.5, 0.030, 1300.0, 0.2)
    assert need * 10.0 == pytest.approx(3.90, abs=0.01)
    c = acid_soil(5.5, water=1.0)
    c.step()
    assert c.ph[0, 0] == pytest.approx(5.5, abs=0.01)
    c.stocks[0, 0, LIME] = need * MOLAR_MASS_CARBON / 0.100087
    heights = []
    for _ in range(40):
        e = c.step()[0]
        heights.append(float(c.ph[0, 0]))
    assert heights[-1] == pytest.approx(6.5, abs=0.01) and (np.diff(heights) > -1e-9).all()
    # half of the lime may dissolve in a step
    assert (heights[0] - 5.5) / (heights[-1] - 5.5) == pytest.approx(0.5, abs=0.02)
    assert e[LITHOGENIC_DISSOLVED] == 0.0


@pytest.mark.parametrize(("before", "after"), [(6.0, 5.8718), (4.25, 4.1843)])
def test_acid_lowers_the_ph_by_the_buffer_capacity(before: float, after: float) -> None:
    """1 mol m-2 over 7.8 mol per pH; below pH 4.2 aluminium buffers five times as much."""
    c = acid_soil(before, water=60.0)
    c.acid[:] = 1.0
    e = c.step()[0]
    assert c.ph[0, 0] == pytest.approx(after, abs=2e-3)
    assert e[ACIDITY_HELD] == pytest.approx(1.0, rel=0.01)
    # its anions stay in solution with the calcium that it took from exchange, and no CO2 is set free
    assert c.calcium[0, 0] * CHARGE_PER_CALCIUM == pytest.approx(1.0, rel=0.01)
    assert abs(e[NEUTRALISED]) < 0.01 * MOLAR_MASS_CARBON


def test_ph_is_that_of_calcite_until_it_is_gone_and_falls_then() -> None:
    c = acid_soil(7.0)
    c.stocks[0, 0, LITHOGENIC] = 0.02
    c.temperature[:], c.carbon_dioxide[:] = 15.0, 0.01
    c.step()
    assert c.ph[0, 0] == pytest.approx(7.3084, abs=0.002)  # table F
    found = []
    for _ in range(20):
        c.acid[:] = 0.5
        c.step()
        found.append(float(c.ph[0, 0]))
    assert (np.diff(found) < 1e-9).all() and found[-1] < 6.3
    assert c.stocks[0, 0, [LITHOGENIC, PEDOGENIC]].sum() == 0.0
    carbonate = 2.0 * 0.02 / MOLAR_MASS_CARBON
    assert c.stocks[0, 0, ACIDITY] == pytest.approx(10.0 - carbonate, abs=0.25)  # but for what the water holds


def test_carbonic_acid_acidifies_a_soil_that_drains() -> None:
    """Bicarbonate leaves with calcium of exchange: pH falls ever more slowly and no further than carbonic acid can."""
    c = acid_soil(7.0)
    c.percolation[:] = c.baseflow[:] = 40.0
    found = []
    for _ in range(1200):
        c.step()
        found.append(float(c.ph[0, 0]))
    assert (np.diff(found) < 0.0).all()
    assert 5.0 < found[-1] < 6.5 and found[0] - found[119] > found[-120] - found[-1]


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.floats(-30.0, 0.5), st.floats(0.0, 500.0), st.floats(1e-4, 0.02), st.floats(6.2, 8.5), st.floats(0.05, 50.0))
def test_exchange_and_water_share_the_bases(
    total: float, water: float, saturated: float, highest: float, buffer: float
) -> None:
    total = min(total, 0.999 * water * saturated)
    found = buffered_ph(total, water, saturated, highest, buffer)
    hydrogen = 10.0**-highest
    alkalinity = (saturated + hydrogen) * 10.0 ** (found - highest) - hydrogen * 10.0 ** (highest - found)
    held = acidity_at(found, min(7.0, highest), buffer)
    scale = 1.0 + abs(total) + held
    assert found <= highest
    assert found < 1.0001 or water * alkalinity - held == pytest.approx(total, abs=1e-8 * scale)
    if buffer > 1.0 and found > 4.3:
        assert ph_of_water(alkalinity, saturated, highest) == pytest.approx(found, abs=1e-6)
