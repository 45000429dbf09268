"""A thousand years of wash and tillage: no checkerboards, no pits that run away.

The convex-concave slope of the scenario ``hillslope`` (400 m, 30 m high, 10 m cells) under noise of 5 cm, which holds
waves of all lengths, among them those of two cells, and one pit; yearly steps of wash (2 to 3 t ha-1 yr-1) and, where
it is on, a pass of the plough. What must not grow are waves of two to two and a half cells down the slope, which only a
grid makes. Rills, waves across the slope that run down all of it, do grow where nothing smooths them: they are what
wash does to a surface, and their spacing is of the grid.
"""

from __future__ import annotations

import numpy as np
import pytest
from landlab import RasterModelGrid

from watershed_c.components.flow_routing import FlowRouter
from watershed_c.components.soil_column import SoilColumn
from watershed_c.components.tillage import Tillage
from watershed_c.components.water_erosion import WaterErosion
from watershed_c.constituents import ConstituentTable, soc_pool
from watershed_c.scenario.terrain import convex_concave_slope
from watershed_c.state import TillageEvent, Watershed

YEARS = 1000
NOISE = 0.05
PLOUGH = TillageEvent(0, 0.25, 0.95, 234.0)


def hillslope() -> Watershed:
    slope = convex_concave_slope(length=400.0, width=200.0, height=30.0, cell=10.0)
    z = slope.values.copy()
    z[0, 1:-1] = 2.0 * z[1, 1:-1] - z[2, 1:-1]
    z[1:-1, 1:-1] += NOISE * np.random.default_rng(1).standard_normal(z[1:-1, 1:-1].shape)
    grid = RasterModelGrid(z.shape, xy_spacing=10.0)
    grid.add_field("topographic__elevation", np.nan_to_num(z).ravel(), at="node", units="m")
    status = np.where(np.isnan(z), grid.BC_NODE_IS_CLOSED, grid.BC_NODE_IS_CORE).astype(np.uint8)
    status[0, 1:-1] = grid.BC_NODE_IS_FIXED_VALUE
    grid.status_at_node = status.ravel()
    table = ConstituentTable([soc_pool("carbon", "mineral")])
    w = Watershed(grid, constituents=table, layer_bottom=np.array([0.25, 0.5, 1.0]), check_every_process=False)
    w.reference[w.cells] = 1350.0 * (w.layer_bottom - w.layer_top)
    w.mineral[:] = w.reference
    w.stocks[:] = 0.015 * w.mineral[:, :, None]
    w.substratum[w.cells] = 0.003
    w.erosivity[:], w.erodibility[:] = 700.0, 0.035
    w.units.cover_factor[:] = w.units.cover_factor_annual[:] = 0.2
    w.field[w.cells] = 0
    return w


def short_waves(w: Watershed) -> tuple[float, float]:
    """Root mean square, m, of what waves of two to two and a half cells down the slope and across it hold."""
    z = w.elevation.reshape(w.shape)[1:-1, 1:-1]
    power = np.abs(np.fft.fft2(z - z.mean(axis=1, keepdims=True)) / z.size) ** 2
    down, across = (np.abs(np.fft.fftfreq(size)) > 0.4 for size in z.shape)
    return float(np.sqrt(power[down].sum())), float(np.sqrt(power[:, across].sum()))


def age(w: Watershed, tilled: bool, threshold: float = 0.0, **routing: str) -> float:
    """Let years go by; the deepest depression there ever was, over the deepest at the start."""
    router = FlowRouter(w, reroute_threshold=threshold, **routing)
    wash, tillage, soil = WaterErosion(w, transport_capacity_coefficient=(3.0, 12.0)), Tillage(w), SoilColumn(w)
    w.units.tillage[:] = [PLOUGH] if tilled else []
    deepest = first = float(router.depression_depth.max())
    w.ledger.open()
    for _ in range(YEARS):
        for process in (router, wash, tillage, soil):
            process.run_one_step(1.0)
        deepest = max(deepest, float(router.depression_depth.max()))
    w.ledger.check("SoilColumn")
    assert 1.0 < wash.exported.sum() / w.cells.size * 10.0 / YEARS < 5.0  # t ha-1 yr-1
    return deepest / first


@pytest.mark.parametrize(
    ("method", "tilled"),
    [("multiple", True), ("d8", True), ("d_infinity", True), ("multiple", False), ("d8", False)],
)
def test_waves_of_two_cells_and_pits_do_not_grow(method: str, tilled: bool) -> None:
    w = hillslope()
    before = short_waves(w)
    assert age(w, tilled, method=method) <= 1.0
    after = short_waves(w)
    assert after[0] < 0.5 * before[0]
    if tilled:
        assert after[0] < 0.1 * before[0]
    if tilled and method != "d_infinity":
        assert after[1] < before[1]


def test_nor_where_the_surface_is_routed_seldom() -> None:
    """At the default threshold, where slopes are those of a surface up to 5 cm ago."""
    w = hillslope()
    before = short_waves(w)
    assert age(w, True, threshold=0.05) <= 1.0
    after = short_waves(w)
    assert after[0] < 0.5 * before[0] and after[1] < before[1]


def test_central_differences_are_why() -> None:
    """They do not see waves of two cells: with them the same waves grow, and so do pits."""
    w = hillslope()
    before = short_waves(w)
    assert age(w, False, method="multiple", slopes="central") > 3.0
    assert short_waves(w)[0] > 5.0 * before[0]
