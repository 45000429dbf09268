"""RUSLE factors against closed forms and the handbook's table; routed sediment against conservation and limits."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from tests.support import shared
from watershed_c.kernels.flow_routing import in_flow_order
from watershed_c.kernels.sediment import Selectivity, Transit, route_sediment
from watershed_c.kernels.water_erosion import (
    CAPACITY_VAN_OOST_2000,
    CAPACITY_VERSTRAETEN_2007,
    LENGTH_MCCOOL_1989,
    LENGTH_VAN_OOST_2003,
    SLOPE_MCCOOL_1987,
    SLOPE_NEARING_1997,
    capacity_of_terrain,
    ls_factor,
    potential_soil_loss,
    transport_capacity,
)
from watershed_c.parallel import over_cells

NO_CAP = 1e30


def plane(
    cells: int, dx: float, tangent: float, length_code: int, slope_code: int, largest_area: float = NO_CAP
) -> np.ndarray:
    """LS of a straight slope one cell wide, flow along the axis."""
    node = np.arange(cells)
    ls = np.full(cells, np.nan)
    ls_factor(
        node,
        node * dx * dx,
        np.zeros(cells),
        np.full(cells, tangent),
        dx,
        largest_area,
        length_code,
        slope_code,
        ls,
    )
    return ls


def mccool_exponent(tangent: float) -> float:
    sine = math.sin(math.atan(tangent))
    beta = (sine / 0.0896) / (3 * sine**0.8 + 0.56)
    return beta / (1 + beta)


def nearing(tangent: float) -> float:
    return -1.5 + 17 / (1 + math.exp(2.3 - 6.1 * math.sin(math.atan(tangent))))


# -- LS ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("exponent", [0.2, 0.4, 0.6])
@pytest.mark.parametrize(("cells", "dx"), [(1, 10.0), (10, 10.0), (37, 3.0)])
def test_mean_slope_length_factor_of_a_plane_telescopes(exponent: float, cells: int, dx: float) -> None:
    tangent = brentq(lambda t: mccool_exponent(t) - exponent, 1e-4, 2.0, xtol=1e-16, rtol=1e-15)
    length = plane(cells, dx, tangent, LENGTH_MCCOOL_1989, SLOPE_NEARING_1997) / nearing(tangent)
    assert length.mean() == pytest.approx((cells * dx / 22.13) ** exponent, rel=1e-12)


def test_slope_length_factor_of_the_published_case() -> None:
    tangent = brentq(lambda t: mccool_exponent(t) - 0.4, 1e-4, 2.0, xtol=1e-16, rtol=1e-15)
    length = plane(10, 10.0, tangent, LENGTH_MCCOOL_1989, SLOPE_NEARING_1997) / nearing(tangent)
    assert length.mean() == pytest.approx(1.828131511, rel=1e-9)
    assert length[-1] == pytest.approx(2.507129463, rel=1e-9)


def test_ls_of_handbook_703() -> None:
    """USDA AH-703 table 4-2 (moderate ratio), lengths from 15 ft up; tolerance of the table's README."""
    seen = 0
    with open(shared("reference/rusle_ls_tables/rusle_ah703_table4-2_moderate.csv"), newline="") as file:
        for row in csv.DictReader(file):
            if not row["LS_formula"] or float(row["length_ft"]) < 15:
                continue
            tangent, length = float(row["slope_pct"]) / 100, float(row["length_ft"]) * 22.13 / 72.6
            ls = plane(5, length / 5, tangent, LENGTH_MCCOOL_1989, SLOPE_MCCOOL_1987).mean()
            table = float(row["LS_table"])
            assert abs(ls - table) <= max(0.02 * table, 0.012), row
            # the file prints its own formula with four figures
            assert ls == pytest.approx(float(row["LS_formula"]), rel=5e-3), row
            seen += 1
    assert seen == 149


def test_slope_length_exponent_of_van_oost_stops_at_0_72() -> None:
    dx, tangent = 20.0, 0.05
    area = np.array([0.0, 1000.0, 2.0e4, 5.0e5])
    ls = np.zeros(4)
    zero = np.zeros(4)
    ls_factor(
        np.arange(4),
        area,
        np.full(4, tangent),
        zero,
        dx,
        NO_CAP,
        LENGTH_VAN_OOST_2003,
        SLOPE_NEARING_1997,
        ls,
    )
    for i, exponent in enumerate([0.3, 0.3 + 0.1**0.8, 0.72, 0.72]):
        one = exponent + 1
        expected = ((area[i] + dx**2) ** one - area[i] ** one) / (dx ** (one + 1) * 22.13**exponent)
        assert ls[i] == pytest.approx(expected * nearing(tangent), rel=1e-12)


def test_upslope_area_is_capped() -> None:
    tangent, dx = 0.08, 10.0
    ls = plane(200, dx, tangent, LENGTH_MCCOOL_1989, SLOPE_NEARING_1997, largest_area=50 * dx * dx)
    assert (np.diff(ls[:51]) > 0).all()
    assert (ls[50:] == ls[50]).all()


def test_diagonal_flow_is_wider_by_root_two() -> None:
    area, tangent, dx = np.full(2, 3000.0), 0.1, 10.0
    gradient_x, gradient_y = (
        np.array([tangent, tangent / math.sqrt(2)]),
        np.array([0.0, -tangent / math.sqrt(2)]),
    )
    ls = np.zeros(2)
    ls_factor(np.arange(2), area, gradient_x, gradient_y, dx, NO_CAP, LENGTH_MCCOOL_1989, SLOPE_NEARING_1997, ls)
    assert ls[0] / ls[1] == pytest.approx(math.sqrt(2) ** mccool_exponent(tangent), rel=1e-12)


def test_only_the_cells_given_are_written() -> None:
    out = np.full(3, np.nan)
    one = np.ones(3)
    ls_factor(np.array([1]), one, one, one, 1.0, NO_CAP, LENGTH_MCCOOL_1989, SLOPE_MCCOOL_1987, out)
    assert np.isnan(out).tolist() == [True, False, True]


# -- RUSLE and capacity ------------------------------------------------------------------------------------------------
def test_unit_plot_loses_r_times_k() -> None:
    """On bare unit plot (LS = C = P = 1), R 1000 and K 0.04 mean 40 t ha-1, that is 4 kg m-2."""
    one, out = np.ones(1), np.zeros(1)
    potential_soil_loss(np.arange(1), 1000 * one, 0.04 * one, one, np.zeros(1, dtype=np.int64), one, one, out)
    assert out[0] == pytest.approx(4.0, rel=1e-14)


def capacity_of(
    code: int,
    coefficient: float,
    ls: float,
    tangent: float,
    potential: float = 0.7,
    area: float = 5000.0,
    cap: float = NO_CAP,
) -> float:
    one, out = np.ones(1), np.zeros(1)
    cell, unit = np.arange(1), np.zeros(1, dtype=np.int64)
    terrain = np.zeros(1)
    capacity_of_terrain(cell, code, ls * one, area * one, tangent * one, 0 * one, 10.0, cap, terrain)
    transport_capacity(
        cell, terrain, 800 * one, 0.035 * one, unit, coefficient * one, potential * one, out
    )  # fmt: skip
    return float(out[0])


def test_transport_capacity_by_hand() -> None:
    bare = 0.1 * 800 * 0.035
    assert capacity_of(CAPACITY_VAN_OOST_2000, 12.0, 2.0, 0.1) == pytest.approx(
        12 * bare * (2 - 4.116 * 0.1**0.8) / 10, rel=1e-12
    )
    # negative rill potential: ktc E
    assert capacity_of(CAPACITY_VAN_OOST_2000, 12.0, 0.1, 0.1) == pytest.approx(12 * 0.7 / 10, rel=1e-12)
    power = 1e-4 * bare * 5000.0**1.4 * 0.1**1.4 / 10
    assert capacity_of(CAPACITY_VERSTRAETEN_2007, 1e-4, 2.0, 0.1) == pytest.approx(power, rel=1e-12)
    assert capacity_of(CAPACITY_VERSTRAETEN_2007, 1e-4, 2.0, 0.1, cap=1250.0) == pytest.approx(
        power / 4**1.4, rel=1e-12
    )


# -- routed sediment ---------------------------------------------------------------------------------------------------
DRY = np.array([1.724, 1.724, 8.333, 0.0])


class Field:
    """A network and its columns, and the arrays the pass writes."""

    def __init__(
        self,
        receivers: np.ndarray,
        weights: np.ndarray,
        is_soil: np.ndarray,
        mineral: np.ndarray,
        stocks: np.ndarray,
    ) -> None:
        n = is_soil.size
        self.receivers, self.weights, self.is_soil = receivers, weights, is_soil
        self.order = np.arange(n)
        self.in_depression = np.zeros(n, dtype=bool)
        self.mineral, self.stocks = mineral.copy(), stocks.copy()
        rows = stocks.shape[2]
        self.deposit_mineral, self.deposit = np.zeros(n), np.zeros((n, rows))
        self.kept: np.ndarray | None = None
        self.load, self.carried = np.zeros(n), np.zeros((n, rows + 1))
        self.load_rows, self.load_mineral = self.carried[:, :-1], self.carried[:, -1]
        self.eroded, self.deposited = np.zeros(n), np.zeros(n)
        self.net_mineral, self.net = np.zeros(n), np.zeros((n, rows))

    def route(
        self,
        potential: np.ndarray,
        capacity: np.ndarray,
        enrichment: np.ndarray | None = None,
        trap: bool = False,
        selectivity: Selectivity | None = None,
        transit: Transit | None = None,
    ) -> Field:
        rows = self.stocks.shape[2]
        potential = potential.copy()
        if selectivity is None:
            selectivity = Selectivity.constant(np.ones(rows) if enrichment is None else enrichment)
        route_sediment(
            over_cells, np.flatnonzero(self.is_soil), self.order,
            *in_flow_order(self.order, self.receivers, self.weights), self.is_soil,
            self.in_depression, trap, potential, capacity,
            self.mineral, self.stocks, DRY[:rows].copy(), selectivity,
            self.deposit_mineral, self.deposit, self.load, self.carried,
            self.eroded, self.deposited, self.net_mineral, self.net, transit,
        )  # fmt: skip
        return self


def line(cells: int, layers: int = 3, rows: int = 4, seed: int = 0, mass: float = 100.0) -> Field:
    """Cells in a row, each draining to the next, the last an outlet."""
    random = np.random.default_rng(seed)
    receivers = np.arange(1, cells + 1).reshape(-1, 1)
    receivers[-1] = -1
    is_soil = np.ones(cells, dtype=bool)
    is_soil[-1] = False
    return Field(
        receivers,
        np.ones((cells, 1)),
        is_soil,
        np.full((cells, layers), mass),
        random.uniform(0.5, 3.0, (cells, layers, rows)),
    )


def network(seed: int, cells: int = 60, fan: int = 3, layers: int = 4) -> tuple[Field, np.random.Generator]:
    """A random network with branching flow, sinks, channels, depressions, thin layers and empty rows."""
    random = np.random.default_rng(seed)
    receivers, weights = np.full((cells, fan), -1), np.zeros((cells, fan))
    for node in range(cells - 1):
        count = int(random.integers(0 if random.random() < 0.1 else 1, fan + 1))
        targets = random.choice(np.arange(node + 1, cells), size=min(count, cells - 1 - node), replace=False)
        receivers[node, : targets.size] = targets
        weights[node, : targets.size] = random.dirichlet(np.ones(targets.size)) if targets.size else 0.0
    is_soil = random.random(cells) > 0.1
    is_soil[-1] = False
    mineral = random.uniform(0.0, 8.0, (cells, layers)) * (random.random((cells, layers)) > 0.05)
    stocks = (
        random.uniform(0.0, 0.4, (cells, layers, 4))
        * (random.random((cells, layers, 4)) > 0.2)
        * (mineral > 0)[:, :, None]
    )
    field = Field(receivers, weights, is_soil, mineral, stocks)
    field.in_depression = random.random(cells) < 0.1
    return field, random


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), trap=st.booleans(), selective=st.booleans())
def test_nothing_is_lost(seed: int, trap: bool, selective: bool) -> None:
    field, random = network(seed)
    mineral, stocks = field.mineral.copy(), field.stocks.copy()
    potential, capacity = (
        random.exponential(6.0, 60),
        random.exponential(15.0, 60) * (random.random(60) > 0.1),
    )
    enrichment = random.uniform(0.0, 4.0, 4) if selective else np.ones(4)
    field.route(potential, capacity, enrichment, trap)

    assert (field.mineral >= 0).all() and (field.stocks >= 0).all()
    change = (field.mineral - mineral).sum(axis=1) + field.deposit_mineral
    scale = np.abs(mineral).sum() + np.abs(stocks).sum()
    np.testing.assert_allclose(change, field.net_mineral, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose((field.stocks - stocks).sum(axis=1) + field.deposit, field.net, rtol=1e-12, atol=1e-12)
    out = ~field.is_soil
    assert abs(field.net_mineral.sum() + field.load_mineral[out].sum()) <= 1e-12 * scale
    assert np.abs(field.net.sum(axis=0) + field.load_rows[out].sum(axis=0)).max() <= 1e-12 * scale
    # the dry soil that limits the pass is the dry soil of what moves
    np.testing.assert_allclose(
        field.load[out], field.load_mineral[out] + field.load_rows[out] @ DRY, rtol=1e-11, atol=1e-12
    )
    np.testing.assert_allclose(
        field.deposited[field.is_soil] - field.eroded[field.is_soil],
        (field.net_mineral + field.net @ DRY)[field.is_soil], rtol=1e-10, atol=1e-11,
    )  # fmt: skip
    assert (field.eroded <= potential * (1 + 1e-14)).all()


def test_uniform_soil_exports_and_deposits_its_own_composition() -> None:
    """The enrichment that is not subtracted from the donor (WATEM_C: 1.872) would show here as a ratio above 1."""
    field = line(8)
    field.stocks[:] = np.array([1.5, 0.5, 0.25, 3.0])
    stocks = field.stocks.copy()
    field.route(np.full(8, 2.0), np.array([9.0, 9.0, 9.0, 3.0, 9.0, 4.0, 9.0, 0.0]))
    lost = (stocks - field.stocks).sum(axis=(0, 1))
    kept = field.deposit.sum(axis=0)
    np.testing.assert_allclose((field.load_rows[-1] + kept) / lost, 1.0, rtol=1e-13)
    ratio = np.array([0.015, 0.005, 0.0025, 0.03])
    np.testing.assert_allclose(field.load_rows[-1] / field.load_mineral[-1], ratio, rtol=1e-13)
    assert field.deposit_mineral[3] > 0 and field.deposit_mineral[5] > 0
    np.testing.assert_allclose(field.deposit[3] / field.deposit_mineral[3], ratio, rtol=1e-13)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), share=st.floats(0.0, 1.0))
def test_what_is_mineralised_in_transit_is_neither_moved_nor_lost(seed: int, share: float) -> None:
    field, random = network(seed)
    stocks = field.stocks.copy()
    potential, capacity = random.exponential(6.0, 60), random.exponential(15.0, 60)
    ratio = random.uniform(0.5, 3.0, 60)
    follows = np.array([True, False, False, False])
    transit = Transit(np.array([0, 1]), share, np.zeros((60, 4)))
    field.route(potential, capacity, selectivity=Selectivity(np.ones(4), follows, ratio), transit=transit)
    change = (field.stocks - stocks).sum(axis=1) + field.deposit
    np.testing.assert_allclose(change, field.net + transit.mineralised, rtol=1e-12, atol=1e-12)
    out = ~field.is_soil
    total = field.net.sum(axis=0) + field.load_rows[out].sum(axis=0)
    assert np.abs(total).max() <= 1e-12 * stocks.sum()
    taken = (stocks - field.stocks).sum(axis=(0, 1))
    np.testing.assert_allclose(-transit.mineralised.sum(axis=0)[:2], share * taken[:2], rtol=1e-11, atol=1e-13)
    assert not transit.mineralised[:, 2:].any()


def test_rows_that_follow_it_have_the_ratio_of_their_cell() -> None:
    field = line(3)
    stocks, mineral = field.stocks.copy(), field.mineral.copy()
    ratio = np.zeros(3)

    def judge() -> None:
        ratio[:2] = 1.0 + field.eroded[:2]

    follows = np.array([True, False, True, False])
    chosen = Selectivity(np.array([1.0, 1.0, 1.5, 1.0]), follows, ratio, judge)
    field.route(np.array([0.5, 0.0, 0.0]), np.full(3, 50.0), selectivity=chosen)
    content, source = field.load_rows[2] / field.load_mineral[2], stocks[0, 0] / mineral[0, 0]
    np.testing.assert_allclose(content / source, [1.5, 1.0, 2.25, 1.0], rtol=1e-12)


@pytest.mark.parametrize("ratio", [0.5, 1.872, 3.0])
def test_enriched_sediment_is_what_the_donor_lost(ratio: float) -> None:
    field = line(2)
    stocks, mineral = field.stocks.copy(), field.mineral.copy()
    enrichment = np.array([ratio, 1.0, 1.0, 1.0])
    field.route(np.array([2.0, 0.0]), np.full(2, 50.0), enrichment)
    np.testing.assert_allclose((stocks - field.stocks)[0].sum(axis=0), field.load_rows[1], rtol=1e-12)
    content, source = field.load_rows[1] / field.load_mineral[1], stocks[0, 0] / mineral[0, 0]
    np.testing.assert_allclose(content / source, enrichment, rtol=1e-12)
    # the potential is kept whatever the enrichment
    assert field.load_mineral[1] + field.load_rows[1] @ DRY == pytest.approx(2.0, rel=1e-13)


def test_enrichment_is_bounded_by_content() -> None:
    field = line(2)
    stocks = field.stocks.copy()
    field.route(np.array([60.0, 0.0]), np.full(2, 500.0), np.array([1.0, 4.0, 1.0, 1.0]))
    assert field.load_rows[1, 1] == stocks[0, 0, 1] and field.stocks[0, 0, 1] == 0.0
    assert field.load_mineral[1] + field.load_rows[1] @ DRY == pytest.approx(60.0, rel=1e-13)


def test_thick_cut_goes_on_into_deeper_layers() -> None:
    field = line(2)
    mineral, stocks = field.mineral.copy(), field.stocks.copy()
    whole = mineral[0] + stocks[0] @ DRY
    field.route(np.array([whole[0] + 0.25 * whole[1], 0.0]), np.full(2, 1e3))
    np.testing.assert_allclose(field.mineral[0], [0.0, 75.0, 100.0], rtol=1e-12)
    np.testing.assert_allclose(field.load_rows[1], stocks[0, 0] + 0.25 * stocks[0, 1], rtol=1e-12)


def test_donor_gives_no_more_than_it_has() -> None:
    field = line(2)
    mineral, stocks = field.mineral.copy(), field.stocks.copy()
    field.route(np.array([1e5, 0.0]), np.full(2, 1e9))
    assert not field.mineral[0].any() and not field.stocks[0].any()
    np.testing.assert_allclose(field.load_rows[1], stocks[0].sum(axis=0), rtol=1e-13)
    assert field.eroded[0] == pytest.approx(mineral[0].sum() + (stocks[0] @ DRY).sum(), rel=1e-13)


def test_capacity_limits_detachment_then_deposits() -> None:
    field = line(4)
    field.route(np.full(4, 10.0), np.array([4.0, 6.0, 1.0, 0.0]))
    np.testing.assert_allclose(field.eroded[:3], [4.0, 2.0, 0.0], rtol=1e-12)
    np.testing.assert_allclose(field.deposited[:3], [0.0, 0.0, 5.0], rtol=1e-12)
    assert field.load[3] == pytest.approx(1.0, rel=1e-12)


def test_no_capacity_deposits_everything() -> None:
    field = line(4)
    field.route(np.full(4, 10.0), np.array([4.0, 6.0, 0.0, 0.0]))
    assert field.load[3] == field.load_mineral[3] == 0.0
    assert field.deposited[2] == pytest.approx(6.0, rel=1e-12)


def test_sink_keeps_and_does_not_detach() -> None:
    field = line(5)
    field.receivers[2] = -1
    field.route(np.full(5, 10.0), np.full(5, 4.0))
    assert field.deposited[2] == pytest.approx(4.0, rel=1e-12) and field.eroded[2] == 0.0
    assert field.load[4] == pytest.approx(4.0, rel=1e-12)


def test_depressions_trap_or_breach() -> None:
    potential, capacity = np.full(5, 10.0), np.array([4.0, 4.0, 1.0, 8.0, 0.0])
    trapped, breached = line(5), line(5)
    trapped.in_depression[2] = breached.in_depression[2] = True
    trapped.route(potential, capacity, trap=True)
    breached.route(potential, capacity, trap=False)
    assert trapped.deposited[2] == pytest.approx(4.0, rel=1e-12) and trapped.eroded[3] == pytest.approx(8.0, rel=1e-12)
    assert breached.deposited[2] == 0.0 and breached.eroded[3] == pytest.approx(4.0, rel=1e-12)


def year_of_export(cover: np.ndarray) -> tuple[float, float]:
    """Export of twelve monthly passes, and of one with the year's erosivity and its erosivity-weighted C."""
    erosivity = np.array([1.0, 1, 2, 4, 8, 12, 16, 14, 8, 4, 2, 1]) * 10
    ls, one, cells = np.linspace(0.3, 3.0, 12), np.ones(12), np.arange(12)
    ls[[4, 9, 10]] = 0.2
    slope, zero = np.linspace(0.02, 0.12, 12), np.zeros(12)

    def export(steps: list[tuple[float, float]]) -> float:
        field = line(13, mass=1e5)
        total = 0.0
        for r, c in steps:
            potential, capacity, terrain = np.zeros(12), np.zeros(12), np.zeros(12)
            potential_soil_loss(cells, r * one, 0.04 * one, ls, cells, c * one, one, potential)
            capacity_of_terrain(cells, CAPACITY_VAN_OOST_2000, ls, zero, slope, zero, 10.0, NO_CAP, terrain)
            transport_capacity(cells, terrain, r * one, 0.04 * one, cells, 4 * one, potential, capacity)
            field.load[:], field.carried[:] = 0.0, 0.0
            field.route(np.append(potential, 0.0), np.append(capacity, 0.0))
            total += field.load[-1]
        return total

    annual_cover = float((erosivity * cover).sum() / erosivity.sum())
    return export(list(zip(erosivity, cover, strict=True))), export([(float(erosivity.sum()), annual_cover)])


def test_months_of_constant_cover_sum_to_the_year() -> None:
    months, year = year_of_export(np.full(12, 0.3))
    assert year > 0 and months == pytest.approx(year, rel=1e-10)


def test_months_of_varying_cover_give_no_more_than_the_year() -> None:
    months, year = year_of_export(np.array([0.5, 0.5, 0.6, 0.9, 0.8, 0.3, 0.05, 0.02, 0.1, 0.6, 0.5, 0.5]))
    assert 0.5 * year < months < year
