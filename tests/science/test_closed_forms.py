"""Closed forms of eroding carbon (A1 to A4 of the analytic cases) through soil column, decomposition and ledger."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from landlab import RasterModelGrid

from tests.support import shared
from watershed_c.components.decomposition import Decomposition
from watershed_c.components.soil_column import SoilColumn
from watershed_c.constituents import ConstituentTable, soc_pool
from watershed_c.kernels.soil_column import take_from_top
from watershed_c.ledger import Term
from watershed_c.pools import PoolModel, load_model
from watershed_c.state import Watershed

MONTH = 1.0 / 12.0
#: t C ha-1 yr-1, yr-1
INPUT, RATE, LOSS = 2.0, 0.02, 0.005
ONE_POOL = """
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
rate = { value = 0.02, units = "yr-1", range = [0.0001, 2.0], source = "test" }
[[pools]]
name = "only"
long_name = "all carbon"
rate_per_yr = "rate"
carrier = "mineral"
[inputs.plant]
description = "plants"
fractions = { only = "1" }
"""


@cache
def cases() -> dict[tuple[str, str, str], float]:
    """Value by case, description and quantity."""
    with shared("reference/analytic/analytic.csv").open() as file:
        return {(row["id"], row["desc"], row["quantity"]): float(row["value"]) for row in csv.DictReader(file)}


def case(name: str, quantity: str, description: str = "") -> float:
    found = [v for (i, desc, q), v in cases().items() if i == name and q.startswith(quantity) and description in desc]
    assert len(found) == 1, (name, quantity, found)
    return found[0]


class Slope:
    """Cells in a row: the first loses soil at a constant rate, the last gets it, or what is not oxidised of its carbon.

    Stocks are in t C ha-1: nothing here depends on the unit.
    """

    def __init__(self, model: PoolModel, layers: list[float], cells: int, mass: float = 1300.0) -> None:
        grid = RasterModelGrid((3, cells + 2), xy_spacing=1.0)
        grid.add_field("topographic__elevation", np.zeros(3 * (cells + 2)), at="node", units="m")
        rows = [soc_pool(name, carrier) for name, carrier in zip(model.pools, model.carriers, strict=True)]
        bottom = np.cumsum(layers)
        self.w = w = Watershed(grid, constituents=ConstituentTable(rows), layer_bottom=bottom, pools=len(rows))
        w.mineral[w.cells] = mass * np.array(layers)
        w.reference[:] = w.mineral
        w.clay[w.cells] = 0.234
        w.temperature[:] = 15.0
        w.precipitation[:] = 1000.0  # never dry
        self.column = SoilColumn(w)
        self.decomposition = Decomposition(w, model, depth_scale=np.inf)  # type: ignore[arg-type]
        w.ledger.declare({"moved": Term("lateral", "by the test"), "oxidised": Term("vertical", "in transport")})
        self.exported = self.oxidised = 0.0

    def start(self) -> None:
        self.w.ledger.start_afresh()

    def month(self, share: float, oxidised: float = 0.0, dt: float = MONTH) -> None:
        """A step in which ``share`` per year of the mass of the top layer of the first cell goes."""
        w = self.w
        donor, receiver = w.cells[0], w.cells[-1]
        taken = np.zeros(len(w.constituents))
        mass = take_from_top(int(donor), share * dt * w.reference[donor, 0], w.mineral, w.stocks, taken)
        net, rows, lost = np.zeros(w.elevation.size), np.zeros(w.deposit.shape), np.zeros(w.elevation.size)
        net[donor], rows[donor] = -mass, -taken
        if receiver == donor:
            w.ledger.export("moved", "soil", mass)
            w.ledger.export("moved", "soc", float(taken.sum()))
            self.exported += float(taken.sum())
        else:
            net[receiver], rows[receiver] = mass, taken
            w.deposit_mineral[receiver] += mass
            w.deposit[receiver] += (1.0 - oxidised) * taken
            lost[receiver] = -oxidised * taken.sum()
            self.oxidised -= lost[receiver]
        w.ledger.book("moved", "soil", net)
        w.ledger.book("moved", "rows", rows)
        if oxidised > 0.0:
            w.ledger.book("oxidised", "soc", lost)
        self.column.run_one_step(dt)
        self.decomposition.run_one_step(dt)
        w.ledger.check("of this test", ("soc",))

    @property
    def carbon(self) -> np.ndarray:
        """Of each cell."""
        return self.w.stock("soc")[self.w.cells]

    def total(self, term: str) -> float:
        return self.w.ledger.run_totals.amounts["soc", term]


@pytest.fixture
def one(tmp_path: Path) -> PoolModel:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "model.toml").write_text(ONE_POOL)
    return load_model(tmp_path / "one")


def test_a1_eroding_layer(one: PoolModel) -> None:
    """A well mixed layer loses 0.5 % a year, carbon-free subsoil is mixed in: 50 years, 1e-3.

    What is replaced, a small difference, has the error of splitting: 1.6e-3 with months, half of it with half-months.
    """
    slope = Slope(one, [0.25], 1)
    w, dt = slope.w, MONTH / 2.0
    w.stocks[w.cells, 0, 0] = INPUT / RATE
    w.units.inputs[:] = INPUT * dt
    slope.start()
    for _ in range(1200):
        slope.month(LOSS, dt=dt)
    assert slope.carbon[0] == pytest.approx(case("A1", "C(t)"), rel=1e-3)
    assert slope.exported == pytest.approx(case("A1", "cumulative eroded C"), rel=1e-3)
    replaced = slope.total("plant_input") + slope.total("respired")
    assert replaced == pytest.approx(case("A1", "cumulative replaced C"), rel=1e-3)
    assert replaced / slope.exported == pytest.approx(case("A1", "replaced/eroded"), rel=1e-3)
    assert "substratum_import" not in {term for label, term in w.ledger.run_totals.amounts if label == "soc"} or (
        slope.total("substratum_import") == 0.0
    )


@pytest.mark.parametrize(
    ("rate", "ratio"), [(0.01, 0.22), (0.02, 0.37), (0.03, 0.49)], ids=["slow", "as given", "fast"]
)
def test_a1_the_share_that_is_replaced_depends_on_turnover_hardly_on_erosion(
    one: PoolModel, rate: float, ratio: float
) -> None:
    found = []
    for loss in (0.001, 0.01):
        slope = Slope(one, [0.25], 1)
        slope.decomposition.rates[:] = rate
        slope.w.stocks[slope.w.cells, 0, 0] = INPUT / rate
        slope.w.units.inputs[:] = INPUT * MONTH
        slope.start()
        for _ in range(600):
            slope.month(loss)
        found.append((slope.total("plant_input") + slope.total("respired")) / slope.exported)
    assert found == pytest.approx([ratio, ratio], abs=0.025)


#: degC at which RothC's temperature factor, 47.91 / (1 + exp(106.06 / (T + 18.27))), is 1
UNITY = 106.06 / np.log(46.91) - 18.27


def rothc(layers: int = 1) -> Slope:
    """A cell of RothC whose rate modifiers are 1, with its even plant input."""
    model = load_model("rothc")
    slope = Slope(model, [0.23 / layers] * layers, 1)
    slope.w.units.inputs[:] = INPUT * MONTH * model.allocate("plant", dpm_rpm=1.44) / layers
    slope.w.temperature[:] = UNITY
    return slope


def test_a2_steady_state_of_the_stepping_program() -> None:
    """The state of RothC 1.0.0 at the ends of months stays, however many layers its 23 cm are."""
    names = ("DPM", "RPM", "BIO", "HUM")
    expected = np.array([case("A2", name, "stepping") for name in names])
    for layers in (1, 3):
        slope = rothc(layers)
        w = slope.w
        w.stocks[w.cells, :, :4] = expected / layers
        slope.start()
        for _ in range(240):
            slope.month(0.0)
        np.testing.assert_allclose(slope.decomposition.modifier[w.cells], 1.0, rtol=1e-9)
        np.testing.assert_allclose(w.stocks[w.cells[0], :, :4].sum(axis=0), expected, rtol=1e-6)


def test_a3_steady_state_with_erosion() -> None:
    """Loss of 0.5 % a year of all pools: state, export and respiration to 2e-3 of the continuous form; the identity
    input less respiration = export likewise.

    RothC's steps hold 0.6 % more at the ends of months than the continuous form, which A3 is of: what the steps do
    without erosion is taken off.
    """
    names = ("DPM", "RPM", "BIO", "HUM")
    continuous = np.array([case("A2", name, "continuous") for name in names])
    stepping = np.array([case("A2", name, "stepping") for name in names])
    expected = np.array([case("A3", name) for name in names]) * stepping / continuous
    slope = rothc()
    w = slope.w
    w.stocks[w.cells, 0, :4] = expected
    slope.start()
    for _ in range(1800):
        slope.month(LOSS)
    np.testing.assert_allclose(w.stocks[w.cells[0], 0, :4], expected, rtol=2e-3)
    slope.start()
    slope.exported = 0.0
    for _ in range(12):
        slope.month(LOSS)
    held = stepping.sum() / continuous.sum()
    assert slope.exported == pytest.approx(held * case("A3", "C export"), rel=2e-3)
    assert -slope.total("respired") == pytest.approx(case("A3", "Rh"), rel=2e-3)
    assert slope.total("plant_input") + slope.total("respired") == pytest.approx(slope.exported, rel=2e-3)


@pytest.mark.parametrize(("oxidised", "slower"), [(0.0, 1.0), (0.2, 0.5)], ids=["null", "as given"])
def test_a4_two_cells(one: PoolModel, oxidised: float, slower: float) -> None:
    """Lateral transfer alone makes no sink: the sum of two cells is 2 I/k to 1e-6. With 20 % oxidised on the way and
    half the rate where it settles: 80 and 232, a sink of 112.
    """
    slope = Slope(one, [0.25] * 8, 2)
    w, top = slope.w, slope.w.cells
    rates = np.full((1, w.elevation.size), RATE)
    rates[0, top[-1]] = slower * RATE
    slope.decomposition.rates = rates
    null = slower == 1.0
    # the null holds whatever the step; the state itself has the error of monthly splitting
    dt, years = (1.0, 800) if null else (MONTH, 100)
    w.units.inputs[0, 0, 0] = INPUT * dt
    w.stocks[top, 0, 0] = (INPUT / RATE, INPUT / RATE) if null else (case("A4", "C1 eroding"), case("A4", "C2"))
    slope.start()
    for _ in range(round(years / dt)):
        slope.month(LOSS, oxidised, dt)
    first, second = slope.carbon
    assert abs(slope.total("burial_below_profile")) < 1e-6 * slope.total("plant_input")
    if null:
        assert abs(first + second - 2.0 * INPUT / RATE) < 1e-6 * (first + second)
        assert first < 81.0 < 119.0 < second
    else:
        assert first == pytest.approx(case("A4", "C1 eroding"), rel=1e-3)
        assert second == pytest.approx(case("A4", "C2 depositional"), rel=1e-3)
        assert first + second - 2.0 * INPUT / RATE == pytest.approx(case("A4", "C1+C2 minus 2I/k"), rel=3e-3)
