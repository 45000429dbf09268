"""LS, soil loss, capacity and routed sediment against runs of WaTEM/SEDEM (watem-sedem 4fe0efa, float32 output).

Each case feeds the reference's own slope, aspect, contributing area and routing table, so that terrain analysis is not
in question. Where the reference differs from us by design the test says how:

- its L uses the contributing area with the cell's own area; the kernel takes the area it is told;
- its Verstraeten capacity takes the slope in radians; the kernel takes the gradient it is told;
- routing parts that sum to less than 1, and the two cells of one map without an entry in the routing table, are
  sediment the reference drops (up to the capacity of the cell); here it is sent to an extra node and added up. Our own
  cells without a receiver keep what enters them.

Data: langegracht from Digitaal Vlaanderen, DHMV I / GRB; synthetic valley of this project.
"""

from __future__ import annotations

import json
from collections import deque
from types import SimpleNamespace

import numpy as np
import pytest

from tests.support import shared
from watershed_c.kernels.flow_routing import in_flow_order
from watershed_c.kernels.sediment import Selectivity, route_sediment
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

CASES = (
    "langegracht20_default",
    "langegracht20_mccool_adjslope",
    "langegracht5_clip_default",
    "synthetic_valley_default",
    "synthetic_valley_mccool_v2007",
)
#: sediment dropped by the reference, over gross erosion (its routing parts say so; 0-1.15 %)
LARGEST_DROPPED_SHARE = 0.012
RIVER = -1


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> SimpleNamespace:
    path = shared(f"reference/watem_sedem/{request.param}.npz")
    about = json.loads(path.with_suffix(".json").read_text())
    with np.load(path) as arrays:
        columns = arrays["in_dtm"].shape[1]
        table = arrays["routing_table"]
        maps = {name: arrays[name].astype(np.float64).ravel() for name in arrays.files if name != "routing_table"}
    dx, options, parameters = about["resolution_m"], about["options"], about["parameters"]
    n = maps["in_prc"].size
    cells = np.flatnonzero((maps["in_prc"] != 0) & (maps["in_prc"] != RIVER))
    # a routing slope of exactly zero still has an aspect in the reference
    slope, aspect = np.maximum(maps["out_SLOPE"], 1e-9), maps["out_AspectMap"]
    erosivity, erodibility = np.full(n, float(parameters["R"])), maps["in_K"] / 1000.0
    ls, potential, capacity = np.zeros(n), np.zeros(n), np.zeros(n)
    ls_factor(
        cells, maps["out_UPAREA"], np.tan(slope) * np.sin(aspect), np.tan(slope) * np.cos(aspect), dx, np.inf,
        LENGTH_VAN_OOST_2003 if options["L"] == "Desmet1996_Vanoost2003" else LENGTH_MCCOOL_1989,
        SLOPE_NEARING_1997 if options["S"] == "Nearing1997" else SLOPE_MCCOOL_1987, ls,
    )  # fmt: skip
    every = np.arange(n)
    potential_soil_loss(cells, erosivity, erodibility, ls, every, maps["in_C"], maps["in_P"], potential)
    van_oost = options["TC"] == "VanOost2000"
    gradient = np.tan(slope) if van_oost else slope
    terrain = np.zeros(n)
    capacity_of_terrain(
        cells, CAPACITY_VAN_OOST_2000 if van_oost else CAPACITY_VERSTRAETEN_2007, ls, maps["out_UPAREA"],
        gradient * np.sin(aspect), gradient * np.cos(aspect), dx, np.inf, terrain,
    )  # fmt: skip
    transport_capacity(cells, terrain, erosivity, erodibility, every, maps["out_ktcmap"], potential, capacity)
    rill = np.abs(ls - 4.116 * gradient**0.8) if van_oost else ls
    return SimpleNamespace(
        name=request.param, cells=cells, maps=maps, table=table, columns=columns, dx=dx, ls=ls, potential=potential,
        capacity=capacity, cancellation=np.maximum(1.0, ls / np.maximum(rill, 1e-30)), text=about["total_sediment_txt"],
    )  # fmt: skip


def test_slope_factors(case: SimpleNamespace) -> None:
    np.testing.assert_allclose(case.ls[case.cells], case.maps["out_LS"][case.cells], rtol=1e-5)


def test_potential_soil_loss(case: SimpleNamespace) -> None:
    np.testing.assert_allclose(case.potential[case.cells], case.maps["out_RUSLE"][case.cells], rtol=1e-5)


def test_transport_capacity(case: SimpleNamespace) -> None:
    """1e-5; where LS - 4.116 tan^0.8 cancels, 1e-5 of LS (the reference subtracts in single precision)."""
    expected = case.maps["out_Capacity"][case.cells]
    error = np.abs(case.capacity[case.cells] * case.dx**2 - expected)
    assert (error <= 1e-5 * expected * case.cancellation[case.cells]).all()


def routing(table: np.ndarray, columns: int, cells: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Order, receivers and weights of a routing table; what it drops goes to the extra node n."""
    source = ((table[:, 1] - 1) * columns + table[:, 0] - 1).astype(np.int64)
    receivers, weights = np.full((n + 1, 3), -1), np.zeros((n + 1, 3))
    count, waiting = np.zeros(n + 1, dtype=np.int64), np.zeros(n + 1, dtype=np.int64)
    for first in (2, 6):
        real = (table[:, first] > 0) & (table[:, first + 2] > 0)
        node, target = (
            source[real],
            ((table[real, first + 1] - 1) * columns + table[real, first] - 1).astype(np.int64),
        )
        receivers[node, count[node]], weights[node, count[node]] = target, table[real, first + 2]
        count[node] += 1
        np.add.at(waiting, target, 1)
    source = np.union1d(source, cells)
    dropped = 1.0 - weights.sum(axis=1)
    node = source[dropped[source] > 1e-6]
    receivers[node, count[node]], weights[node, count[node]] = n, dropped[node]
    weights[source] /= weights[source].sum(axis=1, keepdims=True)
    listed = np.zeros(n + 1, dtype=bool)
    listed[source] = True
    order, queue = [], deque(source[waiting[source] == 0].tolist())
    while queue:
        here = queue.popleft()
        order.append(here)
        for target in receivers[here]:
            if target in (-1, n):
                continue
            waiting[target] -= 1
            if waiting[target] == 0 and listed[target]:
                queue.append(int(target))
    assert len(order) == source.size, "the routing table has a cycle"
    return np.array(order), receivers, weights


def test_routed_sediment(case: SimpleNamespace) -> None:
    n, area, maps = case.ls.size, case.dx**2, case.maps
    order, receivers, weights = routing(case.table, case.columns, case.cells, n)
    assert order.size - case.table.shape[0] <= 2
    is_soil = np.zeros(n + 1, dtype=bool)
    is_soil[order] = True
    mineral, stocks = np.full((n + 1, 1), 1e6), np.full((n + 1, 1, 2), 2e4)
    load, carried = np.zeros(n + 1), np.zeros((n + 1, 3))
    eroded, deposited, net_mineral, net = (
        np.zeros(n + 1),
        np.zeros(n + 1),
        np.zeros(n + 1),
        np.zeros((n + 1, 2)),
    )
    route_sediment(
        over_cells, np.sort(order), order, *in_flow_order(order, receivers, weights), is_soil,
        np.zeros(n + 1, dtype=bool), False, np.append(case.potential, 0.0), np.append(maps["out_Capacity"] / area, 0.0),
        mineral, stocks, np.array([1.724, 0.0]), Selectivity.constant(np.ones(2)), np.zeros(n + 1),
        np.zeros((n + 1, 2)), load, carried, eroded, deposited, net_mineral, net,
    )  # fmt: skip

    change = area * (deposited - eroded)
    # what flows in and out of each cell follows from what each kept or gave
    inflow, outflow = np.zeros(n + 1), np.zeros(n + 1)
    for node in order:
        outflow[node] = inflow[node] - change[node]
        for target, weight in zip(receivers[node], weights[node], strict=True):
            if target >= 0:
                inflow[target] += weight * outflow[node]
    np.testing.assert_allclose(outflow[order], maps["out_SediOut_kg"][order], rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(inflow[order], maps["out_SediIn_kg"][order], rtol=1e-4, atol=1e-3)
    passing = np.maximum(maps["out_SediOut_kg"], maps["out_SediIn_kg"])[order]
    assert (np.abs(change[order] - maps["out_WATEREROS_kg_per_gridcel"][order]) <= 1e-4 * passing + 1e-3).all()

    total = [float(line.split(":")[1].split("(")[0]) for line in case.text.splitlines() if "(kg)" in line]
    exported = area * load[:n]
    ours = [
        change[change < 0].sum(),
        change[change > 0].sum(),
        exported[maps["in_prc"] == RIVER].sum(),
        exported[maps["in_prc"] == 0].sum(),
    ]
    np.testing.assert_allclose(ours, total, rtol=1e-5, atol=0.005)
    dropped = area * load[n]
    assert 0.0 <= dropped <= LARGEST_DROPPED_SHARE * -total[0]
    assert sum(ours) + dropped == pytest.approx(0.0, abs=1e-9 * -total[0])
    # carbon leaves in the proportion in which it was lost
    lost = -net[net[:, 0] < 0, 0].sum()
    kept = net[net[:, 0] > 0, 0].sum()
    assert (carried[~is_soil, 0].sum() + kept) / lost == pytest.approx(1.0, rel=1e-12)
