"""A thousand years of wash and tillage on a slope: ``python benchmarks/stability.py [--figure FILE]``.

The convex-concave slope of the scenario ``hillslope`` (400 m, 30 m high, 10 m cells) under noise of 5 cm, which holds
waves of all lengths, among them those of two cells, and one pit; yearly steps of wash (2 to 3 t ha-1 yr-1) and, where
it is on, a pass of the plough. What must not grow are waves of two to two and a half cells down the slope, which only a
grid makes. Rills, waves across the slope that run down all of it, do grow where nothing smooths them: they are what
wash does to a surface, and their spacing is of the grid. See docs/processes/flow_routing.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
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
    """The slope with noise, one field of it, its soil and its books."""
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


def age(w: Watershed, tilled: bool, threshold: float = 0.0, **routing: str) -> tuple[float, float]:
    """Let the years go by: the deepest depression there ever was over the deepest at the start; yield, t ha-1 yr-1."""
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
    return deepest / first, float(wash.exported.sum() / w.cells.size * 10.0 / YEARS)


def roughness(w: Watershed) -> np.ndarray:
    """(rows, cols) cm, the surface less its mean across the slope."""
    z = w.elevation.reshape(w.shape)[1:-1, 1:-1]
    return np.asarray(100.0 * (z - z.mean(axis=1, keepdims=True)))


def draw(surfaces: dict[str, np.ndarray], file: Path) -> None:
    """A map of each surface, one scale."""
    import matplotlib

    from watershed_c.plots.style import STYLE, panels

    most = 50.0
    with matplotlib.rc_context(STYLE):
        figure = panels(4.4, "The hillslope, 400 m by 200 m in cells of 10 m, after 1000 years of wash without tillage")
        axes = figure.subplots(1, len(surfaces), sharey=True)
        for ax, (title, surface) in zip(axes, surfaces.items(), strict=True):
            image = ax.imshow(surface, origin="lower", extent=(0, 200, 0, 400), cmap="PuOr", vmin=-most, vmax=most)
            ax.set_title(title)
            ax.set_xlabel("across the slope (m)")
        axes[0].set_ylabel("up the slope (m)")
        figure.colorbar(image, ax=axes, label="height above the mean of the row (cm)", extend="both", shrink=0.8)
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file)


def main() -> None:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", type=Path, help="write the figure to this file (.png, .pdf)")
    chosen = parser.parse_args()
    start = hillslope()
    surfaces = {"start": roughness(start)}
    print("waves of 2 to 2.5 cells, cm rms: down the slope {:.2f}, across it {:.2f}".format(*(100.0 * np.array(short_waves(start)))))
    print("| slopes | method | tilled | down the slope, cm | across it, cm | deepest pit, over the first | yield, t ha-1 yr-1 |")
    for slopes in ("central", "downslope"):
        for method in ("multiple", "d8", "d_infinity"):
            for tilled in (True, False):
                w = hillslope()
                deepest, lost = age(w, tilled, method=method, slopes=slopes)
                down, across = (100.0 * np.array(short_waves(w))).tolist()
                print(f"| {slopes} | {method} | {tilled} | {down:.2f} | {across:.2f} | {deepest:.1f} | {lost:.2f} |", flush=True)
                if method == "multiple" and not tilled:
                    surfaces["downslope (default)" if slopes == "downslope" else slopes] = roughness(w)
    if chosen.figure:
        draw(surfaces, chosen.figure)


if __name__ == "__main__":
    main()
