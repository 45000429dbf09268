"""Error of cell size and step: ``python benchmarks/convergence.py [--figure FILE] [--quick]``. See docs/convergence.md.

One terrain of 1.44 km by 1.44 km, known at 5 m, is averaged to cells of 10, 20, 40 and 90 m; the same square is land in
all, with a ring of one cell round it over which water leaves. Two years of the coupled model, winter wheat ploughed every
autumn. Then the same at 20 m in steps of a year (of the wash alone), a month, and parts of a month down to a day.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from watershed_c.assembly import Assembly, assemble
from watershed_c.budget import budget_of
from watershed_c.components.base import Process
from watershed_c.io.rasters import Raster, write_raster
from watershed_c.scenario.load import load
from watershed_c.scenario.resolve import resolve

#: m
FINEST, SIDE, MARGIN = 5, 1440, 90
SIZES = (5, 10, 20, 40, 90)
#: parts of a month; 0 stands for wash once a year
PARTS = (0, 1, 2, 4, 8, 30)
STEP_SIZE = 20
YEARS = 2
#: m, longest and shortest wave of the relief, and its standard deviation; fall to the south
LONGEST, SHORTEST, RELIEF, FALL = 700.0, 60.0, 5.0, 0.02
#: shares of SOC in DPM, RPM, BIO, HUM, IOM that a run begins with
SHARES = (0.005, 0.14, 0.02, 0.75, 0.085)
SCENARIO = """\
schema = 1
title  = "Convergence"
[domain]
dem    = "dem.nc"
outlet = "edges"
[time]
start = "2001-01"
end   = "2002-12"
[climate]
source   = "constant"
latitude = 51.0
pet      = "thornthwaite"
[climate.constant]
temperature   = [2.5, 3.0, 6.0, 9.0, 13.0, 16.0, 18.0, 18.0, 14.5, 10.5, 6.0, 3.5]
precipitation = [70.0, 55.0, 60.0, 50.0, 65.0, 70.0, 75.0, 75.0, 65.0, 75.0, 80.0, 80.0]
[climate.erosivity]
annual = 880
[soil]
layers       = ["10 cm", "15 cm", "25 cm", "50 cm"]
clay         = "15 %"
sand         = "15 %"
bulk_density = "1.40 g/cm3"
soc          = { value = "50 t/ha", depth = "30 cm", profile = "exponential", e_folding_depth = "25 cm" }
erodibility  = 0.04
[soil.substratum]
soc = "0.2 %"
[carbon]
plant_input = "prescribed"
initial     = { method = "steady" }
[processes.soil_water]
rain_days = 16.0
[processes.water_erosion]
ktc_low  = 3
ktc_high = 12
[processes.tillage_erosion]
[processes.soil_column]
[land]
[[land.rules]]
class = "wheat"
[rotation.wheat]
years = ["winter-wheat"]
[[rotation.wheat.event]]
id = "plough"
on = "09-20"
do = "till"
implement = "mouldboard-plough"
[output]
figures = false
"""
QUANTITIES = {
    "sediment yield": "t ha-1 yr-1",
    "SOC export": "kg C ha-1 yr-1",
    "detached by water": "t ha-1 yr-1",
    "moved by tillage": "t ha-1 yr-1",
    "mean slope": "%",
}


def relief(seed: int = 3) -> np.ndarray:
    """(cells, cells) m at 5 m, margin included: a self-affine surface without waves below ``SHORTEST`` on a slope."""
    cells = (SIDE + 2 * MARGIN) // FINEST
    random = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(cells, FINEST)[:, None], np.fft.rfftfreq(cells, FINEST)[None, :])
    waves = (frequency >= 1.0 / LONGEST) & (frequency <= 1.0 / SHORTEST)
    amplitude = np.zeros_like(frequency)
    amplitude[waves] = frequency[waves] ** -2.0
    surface = np.fft.irfft2(amplitude * np.exp(2j * np.pi * random.random(frequency.shape)), s=(cells, cells))
    return 100.0 + RELIEF * surface / surface.std() + FALL * FINEST * np.arange(cells)[:, None]


def averaged(fine: np.ndarray, size: int) -> np.ndarray:
    """The square and a ring of one cell round it, means over cells of ``size`` m."""
    times = size // FINEST
    first = (MARGIN - size) // FINEST
    cells = SIDE // size + 2
    part = fine[first : first + cells * times, first : first + cells * times]
    return part.reshape(cells, times, cells, times).mean(axis=(1, 3))


class YearlyWash(Process):
    """Wash of a year at once, in its last month, with the C of the year weighted by erosivity."""

    _name = "YearlyWash"

    def __init__(self, wash: Any) -> None:
        super().__init__(wash.watershed)
        self._wash, self._months, self._erosivity = wash, 0, np.zeros_like(wash.watershed.erosivity)
        self._info, self.ledger_terms = wash._info, wash.ledger_terms

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_wash"], name)

    def run_one_step(self, dt: float) -> None:
        """Gather erosivity; wash in December."""
        w = self.watershed
        self._erosivity += w.erosivity
        self._months += 1
        if self._months % 12:
            return
        of_month, cover = w.erosivity.copy(), w.units.cover_factor.copy()
        w.erosivity[:], w.units.cover_factor[:] = self._erosivity, w.units.cover_factor_annual
        self._wash.run_one_step(dt)
        w.erosivity[:], w.units.cover_factor[:], self._erosivity[:] = of_month, cover, 0.0


def assembled(folder: Path, size: int, changes: Mapping[str, Any]) -> Assembly:
    """The terrain at that cell size, every process ready, SOC in fixed shares."""
    write_raster(folder / "dem.nc", Raster(averaged(relief(), size), float(size), float(size)), name="elevation", units="m")
    path = folder / "convergence.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    assembly = assemble(resolve(load(path, dict(changes)), overwrite=True, available_memory=math.inf))
    w, column = assembly.watershed, assembly.inputs.column
    for row, share in zip(w.constituents.of_group("soc"), SHARES, strict=True):
        w.stocks[:, :, row] = np.nan_to_num(column.soc * share)
        w.substratum[:, row] = np.nan_to_num(column.substratum_soc * share)
    w.ledger.start_afresh()
    return assembly


def run(size: int, parts: int = 1, changes: Mapping[str, Any] | None = None) -> np.ndarray:
    """The quantities (5,) of two years in cells of ``size`` m and ``parts`` of a month (0: wash once a year)."""
    with tempfile.TemporaryDirectory() as folder:
        assembly = assembled(Path(folder), size, {"time.steps_per_month": max(parts, 1), **(changes or {})})
    w, model = assembly.watershed, assembly.model
    if parts == 0:
        model.processes["water_erosion"] = YearlyWash(model.processes["water_erosion"])
    slope = np.hypot(w.gradient_x, w.gradient_y)[w.cells].mean()
    while not model.done:
        model.step()
    budget = budget_of(w.ledger, cells=w.cells, cell_area=w.cell_area, years=YEARS)
    wash: Any = model.processes["water_erosion"]
    moved: Any = model.processes["tillage_erosion"]
    return np.array(
        [
            budget.sediment_yield,
            -1e3 * budget.carbon["soc"].terms["water_erosion"] / budget.area / YEARS,
            10.0 * wash.gross_erosion[w.cells].mean() / YEARS,
            10.0 * np.maximum(moved.net_erosion[w.cells], 0.0).mean() / YEARS,
            100.0 * slope,
        ]
    )


def tell(title: str, labels: list[str], values: np.ndarray, default: int) -> None:
    """Print values (k, 5) and what they differ from the last (finest) row; the default is marked."""
    print(f"\n| {title} | " + " | ".join(f"{name}, {unit}" for name, unit in QUANTITIES.items()) + " |\n|" + 6 * "---|")
    for k, (label, found) in enumerate(zip(labels, values, strict=True)):
        off = 100.0 * (found / values[-1] - 1.0)
        cells = " | ".join(f"{number:.4g} ({error:+.2g} %)" for number, error in zip(found, off, strict=True))
        print(f"| {label}{' (default)' if k == default else ''} | {cells} |")


def draw(by_size: np.ndarray, by_step: np.ndarray, sizes: tuple[int, ...], parts: tuple[int, ...], file: Path) -> None:
    """Two panels: percent of the finest, over cell size and over step."""
    import matplotlib
    from matplotlib.ticker import FuncFormatter, NullLocator

    from watershed_c.plots.style import BLUE, GREEN, GREY, PURPLE, STYLE, VERMILION, panels

    looks = zip(QUANTITIES, (VERMILION, PURPLE, GREEN, BLUE, GREY), ("s", "^", "v", "D", "o"), ("--", ":", "-", "-.", "-"), strict=True)
    with matplotlib.rc_context(STYLE):
        figure = panels(3.4, "One square of 1.44 km of rolling land, two years: what cell size and step do")
        left, right = figure.subplots(1, 2)
        for q, (name, colour, marker, dashes) in enumerate(looks):
            style = {"color": colour, "marker": marker, "ls": dashes, "lw": 1.5, "ms": 5, "label": name}
            left.semilogx(sizes, 100.0 * by_size[:, q] / by_size[0, q], **style)
            if name in ("sediment yield", "SOC export"):
                days = [365.25 if n == 0 else 30.44 / n for n in parts]
                right.semilogx(days, 100.0 * by_step[:, q] / by_step[-1, q], **style)
        for ax, title, label in (
            (left, "Cell size, monthly steps", "cell size (m)"),
            (right, f"Step, cells of {STEP_SIZE} m", "step"),
        ):
            ax.axhline(100.0, color=GREY, lw=0.8)
            ax.set_title(title)
            ax.set_xlabel(label)
            ax.xaxis.set_minor_locator(NullLocator())
        left.set_xticks(sizes, [str(size) for size in sizes])
        left.axvline(10.0, color=GREY, lw=0.8, ls=":")
        left.annotate("teaching terrain", (10.5, 0.94), xycoords=("data", "axes fraction"), color=GREY, size=8)
        right.set_xticks([1.0, 7.6, 30.44, 365.25], ["day", "week", "month", "year\n(wash only)"])
        right.axvline(30.44, color=GREY, lw=0.8, ls=":")
        right.annotate("default", (27.0, 0.94), xycoords=("data", "axes fraction"), color=GREY, size=8, ha="right")
        for ax in (left, right):
            ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        left.set_ylabel(f"% of {sizes[0]} m")
        right.set_ylabel(f"% of {'a day' if parts[-1] == 30 else 'the shortest'}")
        figure.legend(handles=list(left.lines)[: len(QUANTITIES)], loc="outside lower center", ncols=len(QUANTITIES), handlelength=2.6)
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file)


def main() -> None:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", type=Path, help="write the figure to this file (.png, .pdf)")
    parser.add_argument("--quick", action="store_true", help="cells from 10 m, steps down to a quarter of a month")
    chosen = parser.parse_args()
    sizes = SIZES[1:] if chosen.quick else SIZES
    parts = PARTS[:4] if chosen.quick else PARTS
    started = time.process_time()
    by_size = np.array([run(size) for size in sizes])
    tell("cell size", [f"{size} m" for size in sizes[::-1]], by_size[::-1], -1)
    central = np.array([run(size, changes={"processes.flow_routing.slopes": "central"}) for size in sizes])
    tell("cell size, central slopes", [f"{size} m" for size in sizes[::-1]], central[::-1], -1)
    by_step = np.array([run(STEP_SIZE, n) for n in parts])
    labels = ["a year (wash)" if n == 0 else f"1/{n} month" if n > 1 else "a month" for n in parts]
    tell(f"step, {STEP_SIZE} m", labels, by_step, parts.index(1))
    print(f"\n{time.process_time() - started:.0f} s of the processor")
    if chosen.figure:
        draw(by_size, by_step, sizes, parts, chosen.figure)


if __name__ == "__main__":
    main()
