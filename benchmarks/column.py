"""Speed of the kernels of the soil column, one thread: ``python benchmarks/column.py [--quick]``. See README.md.

CPU time of this process, least of several repeats, kernels called as a run calls them, compiled before.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from watershed_c.constituents import CARBONATE, TRACERS, Constituent, ConstituentTable, soc_pool
from watershed_c.isotopes import twins
from watershed_c.kernels.calcite import calcite_equilibrium, equilibrium_table
from watershed_c.kernels.carbonate import carbonate_step
from watershed_c.kernels.column_lanes import mix_diffusive
from watershed_c.kernels.column_remap import remap_columns
from watershed_c.kernels.soil_column import biodiffusive_exchange, homogenise
from watershed_c.kernels.soil_gas import soil_carbon_dioxide
from watershed_c.kernels.tracers import fall_and_decay

LAYERS, POOLS, REPEATS = 5, 5, 7
BOTTOM = np.array([0.05, 0.1, 0.25, 0.5, 1.0])


class Columns:
    """Random columns of a catchment, state as the kernels take it."""

    def __init__(self, cells: int, rows: list[Constituent]) -> None:
        random = np.random.default_rng(1)
        self.table = ConstituentTable(rows)
        self.cells, self.n, k = np.arange(cells, dtype=np.int64), cells, len(rows)
        thickness = np.diff(np.concatenate(([0.0], BOTTOM)))
        self.reference = np.ascontiguousarray(np.broadcast_to(1300.0 * thickness, (cells, LAYERS)))
        self.mineral = self.reference.copy()
        self.stocks = self.mineral[:, :, None] * random.uniform(0.001, 0.02, (cells, LAYERS, k))
        self.substratum = random.uniform(0.0005, 0.001, (cells, k))
        self.deposit_mineral, self.deposit = np.zeros(cells), np.zeros((cells, k))
        self.imported, self.rows = np.zeros(cells), np.zeros((cells, k))
        # a month of erosion (kg m-2) on half of the cells, of deposition on the other
        self.moved = random.uniform(0.01, 2.0, cells) * np.where(np.arange(cells) % 2, 1.0, -1.0)
        self.exchange = biodiffusive_exchange(
            self.reference, np.concatenate(([0.0], BOTTOM[:-1])), BOTTOM, np.full(cells, 0.5e-4), 0.2, 1.0 / 12.0
        )

    def disturb(self) -> None:
        """What water took from the top, and laid on it."""
        lost, gained = np.maximum(-self.moved, 0.0), np.maximum(self.moved, 0.0)
        share = lost / self.mineral[:, 0]
        self.stocks[:, 0] *= 1.0 - share[:, None]
        self.mineral[:, 0] -= lost
        self.deposit_mineral[:] = gained
        self.deposit[:] = gained[:, None] * self.stocks[:, 0] / self.mineral[:, :1]


def least(call: Callable[[], None], before: Callable[[], None] = lambda: None, repeats: int = REPEATS) -> float:
    """Least CPU seconds of a call."""
    best = np.inf
    for _ in range(repeats + 1):
        before()
        started = time.process_time()
        call()
        best = min(best, time.process_time() - started)
    return best


def transport(cells: int, name: str, rows: list[Constituent]) -> None:
    """Remap, mix and till."""
    c = Columns(cells, rows)
    per = 1e9 / (cells * LAYERS * len(rows))

    def remap(exchange: np.ndarray) -> float:
        return least(
            lambda: remap_columns(
                c.cells, c.mineral, c.stocks, c.reference, c.deposit_mineral, c.deposit, c.substratum, c.table.group,
                c.table.parent, c.imported, c.rows, exchange,
            ),
            c.disturb,
        )  # fmt: skip

    alone, both = remap(np.zeros((0, 0))), remap(c.exchange)
    mix = least(lambda: mix_diffusive(c.cells, c.mineral, c.stocks, c.exchange))
    depth, efficiency = np.full(cells, 0.25 * 1300.0), np.ones(cells)
    till = least(lambda: homogenise(c.cells, depth, efficiency, c.mineral, c.stocks))
    print(
        f"{name} ({len(rows)} rows), ns per cell-layer-constituent: remap and mix {both * per:.1f}; remap alone {alone * per:.1f}, mix alone {mix * per:.1f}, "
        f"till {till * per:.1f}"
    )
    decayed = np.zeros(cells)
    fall = least(
        lambda: fall_and_decay(c.cells, 0, 100.0, 4.0, 0.02, 1.0 / 12.0, c.mineral, c.stocks, c.deposit, decayed)
    )
    print(f"  fallout and decay of a tracer: {fall * 1e9 / (cells * LAYERS):.1f} ns per cell-layer")


def carbonate(cells: int) -> None:
    """Calcite with ion pairs, from the table and solved; CO2 of soil air."""
    random = np.random.default_rng(2)
    shape = (cells, LAYERS)
    index = np.arange(cells, dtype=np.int64)
    stocks = random.uniform(0.0, 5.0, (*shape, 2))
    calcium, dic, strong, acid = np.zeros((4, *shape))
    water, percolation = random.uniform(20.0, 80.0, shape), random.uniform(0.0, 40.0, shape)
    temperature, gas = random.uniform(0.0, 20.0, cells), random.uniform(1e-3, 3e-2, shape)
    zero, exchange = np.zeros(cells), np.zeros((10, cells))
    aside = np.zeros((0, LAYERS))  # no water leaves sideways
    table, constants = equilibrium_table()
    no_lime, lime_dissolved, ph = np.zeros(0, dtype=np.int64), np.zeros((0, cells)), np.zeros(shape)
    per = 1e9 / (cells * LAYERS)

    def take(strong: np.ndarray, acid: np.ndarray, below: np.ndarray, ph: np.ndarray) -> None:
        carbonate_step(
            index, 0, 1, -1, no_lime, np.zeros(0), stocks, water, calcium, dic, strong, acid, zero.copy(), zero.copy(),
            below, water, percolation, aside, np.full(cells, 200.0), percolation[:, -1].copy(), temperature,
            np.zeros(LAYERS), gas, table, constants, aside, ph, exchange, lime_dissolved, aside, aside, aside,
        )  # fmt: skip

    step = least(lambda: take(aside, aside, zero[:0], aside))
    without = least(lambda: take(strong, acid, zero.copy(), ph))
    strong[:] = random.uniform(0.0, 0.2, shape)
    with_acid = least(lambda: take(strong, acid, zero.copy(), ph))
    solved = least(lambda: _solve(temperature, gas))
    respired = random.uniform(0.0, 0.02, shape)
    roots, cover = np.full((1, LAYERS), 1.0 / LAYERS), np.ones(1)
    saturation = water + random.uniform(5.0, 60.0, shape)
    unit, found = np.zeros(cells, dtype=np.int64), np.zeros(shape)
    thickness = np.diff(np.concatenate(([0.0], BOTTOM)))
    air = least(
        lambda: soil_carbon_dioxide(
            index, respired, 0.85, cover, roots, unit, 1.0 / 12.0, water, saturation, thickness, temperature,
            np.zeros(LAYERS), 420e-6, 0.15, found,
        )
    )  # fmt: skip
    print(
        f"ns per cell-layer-step: carbonate with ion pairs {step * per:.0f}, where acid may come but none is {without * per:.0f}, with strong acid {with_acid * per:.0f}, both with pH (equilibrium alone, solved with strong acid and "
        f"from no first guess, {solved * per:.0f}), soil CO2 {air * per:.0f}"
    )


def _solve(temperature: np.ndarray, gas: np.ndarray) -> None:
    _solve_all(temperature, gas)


def _compiled() -> Callable[[np.ndarray, np.ndarray], float]:
    from numba import njit

    @njit
    def solve_all(temperature: np.ndarray, gas: np.ndarray) -> float:
        total = 0.0
        for cell in range(gas.shape[0]):
            for layer in range(gas.shape[1]):
                total += calcite_equilibrium(temperature[cell], gas[cell, layer], 1e-3, 0.0)[0]
        return total

    return solve_all


_solve_all = _compiled()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the cells")
    cells = 6_400 if parser.parse_args().quick else 64_000
    print(f"{cells} cells of {LAYERS} layers, one thread")
    pools = [soc_pool(f"pool{i}", "mineral") for i in range(POOLS)]
    isotopes = [*twins(pools, "c14"), *twins(pools, "c13")]
    transport(cells, "5 pools, 2 carbonates", [*pools, *CARBONATE])
    transport(cells, "and 137Cs, 210Pb", [*pools, *CARBONATE, *TRACERS.values()])
    transport(cells, "and 14C, 13C", [*pools, *isotopes, *CARBONATE, *TRACERS.values()])
    carbonate(cells)


if __name__ == "__main__":
    main()
