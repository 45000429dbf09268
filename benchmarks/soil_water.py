"""Time of soil water per cell, layer and month: ``python benchmarks/soil_water.py [--quick]``. See README.md.

The catchment of ``catchment.py`` with twelve events a month, by what makes its soil water: plain, Green & Ampt's front,
day by day, drains, flow from cell to cell, and all of it. One thread; CPU seconds of the process of soil water alone,
bookings in the ledger included, shortest year of several.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
TILES = """
[[processes.artificial_drainage.system]]
classes = ["fields"]
spacing = "15 m"
depth   = "90 cm"
"""
GREEN_AMPT = 'infiltration = "green_ampt"\nstorm_duration = "3 h"\n'
DAYS, BASE = "by_day = true\n", 'base_conductivity = "1 mm/day"\n'
SIDEWAYS = "[processes.subsurface_flow]\n"
#: processes that are not what is measured
OFF = ("water_erosion", "tillage_erosion", "soil_column", "decomposition", "carbonate", "dissolved_carbon")
#: name -> keys of soil water, tables of other processes, whether rain is that of days
CASES = {
    "a month at once, curve number": ("", "", False),
    "Green & Ampt, 12 events": (GREEN_AMPT, "", False),
    "30 days, curve number": (DAYS, "", True),
    "tiles on fields": (BASE, TILES, False),
    "subsurface flow": (BASE, SIDEWAYS, False),
    "subsurface flow and tiles": (BASE, SIDEWAYS + TILES, False),
    "all of it, 30 days": (GREEN_AMPT + BASE + DAYS, SIDEWAYS + TILES, True),
}


def write_days(path: Path) -> None:
    """Ten years of days; two of five have rain, 1000 mm a year."""
    date = np.arange(np.datetime64("2001-01-01"), np.datetime64("2011-01-01"))
    random = np.random.default_rng(1)
    rain = np.where(random.random(date.size) < 0.4, random.exponential(6.8, date.size), 0.0)
    warmth = 9.5 - 9.0 * np.cos(2.0 * np.pi * (np.arange(date.size) / 365.25 - 0.05))
    rows = (f"{day},{degrees:.2f},{depth:.2f}" for day, degrees, depth in zip(date, warmth, rain, strict=True))
    path.write_text("date,temperature_degC,precipitation_mm\n" + "\n".join(rows) + "\n")


def model(folder: Path, size: int, keys: str, tables: str, days: bool) -> Any:
    """The loop of the catchment: its water and nothing else."""
    import catchment

    from watershed_c.assembly import assemble
    from watershed_c.scenario.load import load
    from watershed_c.scenario.resolve import resolve

    path = catchment.write(folder, size, 10)
    text = path.read_text()
    begin, end = text.index("[processes.water_erosion]"), text.index("[land]")
    text = text[:begin] + "".join(f"[processes.{name}]\nenabled = false\n" for name in OFF) + tables + text[end:]
    text = text.replace("rain_days = 12.0\n", f"rain_days = 12.0\n{keys}")
    if days:
        write_days(folder / "days.csv")
        text = text.replace('"constant"', '"days.csv"')
        text = text[: text.index("[climate.constant]")] + text[text.index("[climate.erosivity]") :]
    path.write_text(text)
    assembly = assemble(resolve(load(path), overwrite=True, available_memory=math.inf))
    assembly.watershed.ledger.start_afresh()
    return assembly.model


def month(model: Any) -> float:
    """Take a step; CPU seconds of its soil water."""
    w = model.watershed
    w.at(model.clock.step(model.index))
    spent = 0.0
    for name, process in model.processes.items():
        started = time.thread_time()
        process.run_one_step(1.0 / 12.0)
        spent += (time.thread_time() - started) * (name == "soil_water")
    w.ledger.check("of this step")
    w.ledger.close()
    model.index += 1
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="a quarter of the cells, fewer years")
    quick = parser.parse_args().quick
    from watershed_c.parallel import set_threads

    set_threads(1)
    size, years = (128, 2) if quick else (256, 4)
    print(f"soil water of {size} x {size} cells, 5 layers, one thread")
    print(f"{'':<32s} {'ns per cell-layer-month':>24s} {'the most of a month':>20s}")
    for name, case in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            one = model(Path(folder), size, *case)
        per = 1e9 / (one.watershed.cells.size * one.watershed.layer_bottom.size)
        best = np.full(12, math.inf)
        for year in range(years + 1):
            found = [month(one) for _ in range(12)]
            best = np.minimum(best, found) if year else best
        print(f"{name:<32s} {best.mean() * per:24.0f} {best.max() * per:20.0f}", flush=True)


if __name__ == "__main__":
    main()
